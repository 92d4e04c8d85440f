"""Lists who has rights: the identities file, and who was seen, as messages."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fanzha.v1 import access_pb2 as pb
from infra.reloaded_file import ReloadedFile
from services.auth import jwks
from services.auth.identities_file import NO_IDENTITIES, IdentitiesFile, read_identities
from services.auth.identity import Credential, Identity, Role
from services.auth.known_identities import SeenCallers
from services.settings.settings import Settings

CREDENTIALS = {Credential.NONE: 0, Credential.TOKEN: 1, Credential.CERTIFICATE: 2}
"""Numbers of the credentials on the wire."""

# Our enums have the numbers of the wire; generated stubs require their own enum types.
_wire: Callable[[int], Any] = int


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityRoster:
    """Who has rights at this server."""

    seen: SeenCallers
    listed: Callable[[], IdentitiesFile]
    keys: Callable[[], Mapping[str, object]]
    token_issuer: str
    token_audience: str

    def described(self) -> pb.ListIdentitiesResponse:
        """Return it as a message."""
        listed = self.listed()
        return pb.ListIdentitiesResponse(
            identities=sorted(self._identities(listed), key=lambda one: one.name),
            since_ms=self.seen.since_ms,
            token_issuer=self.token_issuer,
            token_audience=self.token_audience if self.token_issuer else "",
            key_ids=sorted(self.keys()),
            revoked_tokens=len(listed.revoked_tokens),
            left_out=self.seen.left_out,
        )

    def _identities(self, listed: IdentitiesFile) -> Iterator[pb.KnownIdentity]:
        seen = dict(self.seen.by_name)
        for certificate, identity in listed.certificates.items():
            # A token may speak for the same name: then it is that which was seen last.
            was = seen.pop(identity.name, None)
            yield _message(
                identity if was is None else was.identity,
                certificate=certificate,
                last_seen_ms=was.last_seen_ms if was else 0,
            )
        for was in seen.values():
            yield _message(was.identity, certificate="", last_seen_ms=was.last_seen_ms)


def of(settings: Settings, seen: SeenCallers) -> IdentityRoster:
    """Return the roster of a server with *settings*."""
    listed: Callable[[], IdentitiesFile] = lambda: NO_IDENTITIES  # noqa: E731
    if settings.identities_file is not None:
        listed = ReloadedFile(settings.identities_file, read_identities).current
    keys: Callable[[], Mapping[str, object]] = dict
    if settings.jwks_file is not None:
        keys = ReloadedFile(settings.jwks_file, jwks.read_keys).current
    return IdentityRoster(
        seen=seen,
        listed=listed,
        keys=keys,
        token_issuer=settings.token_issuer if settings.jwks_file else "",
        token_audience=settings.token_audience,
    )


def _message(identity: Identity, *, certificate: str, last_seen_ms: int) -> pb.KnownIdentity:
    return pb.KnownIdentity(
        name=identity.name,
        roles=[role.value for role in Role if role in identity.roles],
        regions=sorted(identity.regions),
        sources=[_wire(source) for source in sorted(identity.sources)],
        carrier=identity.carrier,
        credential=_wire(CREDENTIALS[identity.credential]),
        certificate=certificate,
        last_seen_ms=last_seen_ms,
        expires_at_s=int(identity.expires_s),
    )
