"""The identities file: identities of client certificates, and revoked tokens.

Roles come from this file and never from a certificate, so a shared certificate authority cannot
grant them, and removing a line revokes them: the file is reloaded when it changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fanzha import toml_files
from fanzha.errors import InvalidConfiguration
from services.auth import claims
from services.auth.identity import Credential, Identity

KINDS = ("uri", "dns", "cn")
_DOUBLE_BRACKETS = "identity: must be [[identity]], with double brackets"
_FIELDS = {"name", "certificate", "roles", "regions", "sources", "carrier"}


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentitiesFile:
    """The content of the file."""

    certificates: Mapping[str, Identity]
    """By a name in the certificate, such as ``dns:gateway-1.carrier.example``."""
    revoked_tokens: frozenset[str]
    """Token ids (``jti``)."""


NO_IDENTITIES = IdentitiesFile(certificates={}, revoked_tokens=frozenset())


def read_identities(data: bytes) -> IdentitiesFile:
    """Read the file; raise `ValueError` naming the first fault."""
    try:
        content = toml_files.parse(data.decode())
    except ValueError as error:
        raise InvalidConfiguration("no TOML: {error}", error=error) from None
    if unknown := content.keys() - {"identity", "revoked_tokens"}:
        raise InvalidConfiguration(
            "{unknown}: unknown; known are [[identity]] and revoked_tokens", unknown=min(unknown)
        )
    revoked = content.get("revoked_tokens", [])
    if not isinstance(revoked, list) or not all(isinstance(one, str) for one in revoked):
        raise InvalidConfiguration("revoked_tokens: must be a list of token ids")
    lines = content.get("identity", [])
    if not isinstance(lines, list):
        raise ValueError(_DOUBLE_BRACKETS)  # noqa: TRY004 - it is the file's fault
    certificates: dict[str, Identity] = {}
    for place, line in enumerate(lines):
        try:
            certificate, identity = _identity(line)
        except ValueError as error:
            raise InvalidConfiguration(
                "identity {place}: {error}", place=place + 1, error=error
            ) from None
        if certificate in certificates:
            raise InvalidConfiguration(
                "identity {place}: certificate {certificate!r} is listed twice",
                place=place + 1,
                certificate=certificate,
            )
        certificates[certificate] = identity
    return IdentitiesFile(certificates=certificates, revoked_tokens=frozenset(revoked))


def _identity(line: Any) -> tuple[str, Identity]:
    if not isinstance(line, dict):
        raise ValueError(_DOUBLE_BRACKETS)  # noqa: TRY004 - it is the file's fault
    if unknown := line.keys() - _FIELDS:
        raise InvalidConfiguration(
            "{unknown}: unknown; known are {fields}",
            unknown=min(unknown),
            fields=", ".join(sorted(_FIELDS)),
        )
    certificate = line.get("certificate")
    if not isinstance(certificate, str) or certificate.partition(":")[0] not in KINDS:
        raise InvalidConfiguration("certificate: uri:…, dns:… or cn:… is required")
    return certificate, Identity(
        name=claims.name(line.get("name")),
        roles=claims.roles(line.get("roles"), strict=True),
        regions=claims.regions(line.get("regions")),
        sources=claims.sources(line.get("sources")),
        carrier=claims.carrier(line.get("carrier")),
        credential=Credential.CERTIFICATE,
    )
