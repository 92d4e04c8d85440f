"""Digest authentication of requests (RFC 3261, section 22, with the algorithms of RFC 8760)."""

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from infra.sip.codec import parameters, quoted

_SCHEME = "digest "
_HASHES: dict[str, Callable[[bytes], Any]] = {
    "SHA-256": hashlib.sha256,
    # What nearly every trunk still asks for; over TLS nobody else sees it.
    "MD5": lambda data: hashlib.md5(data, usedforsecurity=False),
}
"""The strongest first: of several challenges, that one is answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SipCredentials:
    """Who calls."""

    user: str
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SipChallenge:
    """A challenge of a server that can be answered."""

    realm: str
    nonce: str
    algorithm: str
    opaque: str
    with_qop: bool
    """Whether it takes ``qop=auth``; without, it is one of RFC 2069."""


def read_challenge(values: Sequence[str]) -> SipChallenge | None:
    """Return the strongest challenge among headers; None where none can be answered."""
    found = [one for one in map(_read, values) if one is not None]
    order = list(_HASHES)
    return min(found, key=lambda one: order.index(one.algorithm), default=None)


def _read(value: str) -> SipChallenge | None:
    if value[: len(_SCHEME)].lower() != _SCHEME:
        return None
    # Commas separate its parameters; a nonce may hold one in its quotes.
    fields = parameters(_semicolons(value[len(_SCHEME) :]))
    algorithm = fields.get("algorithm", "MD5").upper()
    choices = [one.strip().lower() for one in fields.get("qop", "").split(",") if one.strip()]
    if algorithm not in _HASHES or not fields.get("nonce") or (choices and "auth" not in choices):
        return None
    return SipChallenge(
        realm=fields.get("realm", ""),
        nonce=fields["nonce"],
        algorithm=algorithm,
        opaque=fields.get("opaque", ""),
        with_qop=bool(choices),
    )


def _semicolons(text: str) -> str:
    """Return a list with commas as one with semicolons, outside of quotes."""
    parts = text.split('"')
    return '"'.join(part if at % 2 else part.replace(",", ";") for at, part in enumerate(parts))


def authorization(
    challenge: SipChallenge,
    credentials: SipCredentials,
    *,
    method: str,
    uri: str,
    client_nonce: str = "",
) -> str:
    """Return the value of the header that answers *challenge*; each nonce is used once."""
    hash_of = _HASHES[challenge.algorithm]

    def digest(text: str) -> str:
        return str(hash_of(text.encode()).hexdigest())

    client_nonce = client_nonce or secrets.token_hex(8)
    secret = digest(f"{credentials.user}:{challenge.realm}:{credentials.password}")
    asked = digest(f"{method}:{uri}")
    once = f"00000001:{client_nonce}:auth:" if challenge.with_qop else ""
    fields = [
        f"username={quoted(credentials.user)}",
        f"realm={quoted(challenge.realm)}",
        f"nonce={quoted(challenge.nonce)}",
        f"uri={quoted(uri)}",
        f'response="{digest(f"{secret}:{challenge.nonce}:{once}{asked}")}"',
        f"algorithm={challenge.algorithm}",
    ]
    if challenge.with_qop:
        fields += ["qop=auth", "nc=00000001", f'cnonce="{client_nonce}"']
    if challenge.opaque:
        fields.append(f"opaque={quoted(challenge.opaque)}")
    return f"Digest {', '.join(fields)}"
