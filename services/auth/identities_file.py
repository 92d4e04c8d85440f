"""The identities file: which certificate speaks for whom, and which tokens are revoked.

Roles come from this file and never from a certificate, so that an authority that serves other
systems, too, cannot hand them out, and so that a right ends with a line here: the file is read
anew when it changes.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.auth import claims
from services.auth.identity import Credential, Identity

KINDS = ("uri", "dns", "cn")
_FIELDS = {"name", "certificate", "roles", "regions", "sources"}


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentitiesFile:
    """What the file says."""

    certificates: Mapping[str, Identity]
    """By what a certificate names: ``dns:gateway-1.carrier.example``."""
    revoked_tokens: frozenset[str]
    """Ids of tokens (``jti``)."""


NO_ROSTER = IdentitiesFile(certificates={}, revoked_tokens=frozenset())


def read_roster(data: bytes) -> IdentitiesFile:
    """Read the file; raise `ValueError` naming what is wrong with it."""
    try:
        said = tomllib.loads(data.decode())
    except ValueError as error:
        raise ValueError(f"no TOML: {error}") from None
    if unknown := said.keys() - {"identity", "revoked_tokens"}:
        raise ValueError(f"{min(unknown)}: unknown; there are [[identity]] and revoked_tokens")
    revoked = said.get("revoked_tokens", [])
    if not isinstance(revoked, list) or not all(isinstance(one, str) for one in revoked):
        raise ValueError("revoked_tokens: a list of token ids is expected")
    certificates: dict[str, Identity] = {}
    for place, line in enumerate(said.get("identity", [])):
        try:
            shows, identity = _identity(line)
        except ValueError as error:
            raise ValueError(f"identity {place + 1}: {error}") from None
        if shows in certificates:
            raise ValueError(f"identity {place + 1}: certificate {shows!r} is there twice")
        certificates[shows] = identity
    return IdentitiesFile(certificates=certificates, revoked_tokens=frozenset(revoked))


def _identity(line: Any) -> tuple[str, Identity]:
    if not isinstance(line, dict):
        raise ValueError("[[identity]] is expected, with double brackets")  # noqa: TRY004 - it is the file's fault
    if unknown := line.keys() - _FIELDS:
        raise ValueError(f"{min(unknown)}: unknown; there are {', '.join(sorted(_FIELDS))}")
    shows = line.get("certificate")
    if not isinstance(shows, str) or shows.partition(":")[0] not in KINDS:
        raise ValueError("certificate: uri:…, dns:… or cn:… is required")
    return shows, Identity(
        name=claims.name(line.get("name")),
        roles=claims.roles(line.get("roles"), strict=True),
        regions=claims.regions(line.get("regions")),
        sources=claims.sources(line.get("sources")),
        credential=Credential.CERTIFICATE,
    )
