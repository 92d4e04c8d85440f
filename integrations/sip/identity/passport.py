"""PASSporTs in Identity headers: what a signature says of a call (RFC 8224, 8225 and 8588)."""

import json
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from infra.sip.codec import parameters

_SHAKEN = "shaken"
_ALGORITHM = "ES256"
_ATTESTATIONS = frozenset("ABC")
_MOST_DESTINATIONS = 16
_LAST_TIME = 2**40


class MalformedPassport(ValueError):
    """An Identity header that claims to be SHAKEN and is not."""


class OtherPassport(Exception):
    """A signature of another kind (div, rcd …), or in the compact form, which SHAKEN excludes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passport:
    """Claims, not yet believed."""

    token: str
    x5u: str
    attest: str
    """A, B or C."""
    issued_at: float
    """Seconds since the Unix epoch."""
    orig: str
    """The calling number: E.164 without the plus sign."""
    dest: tuple[str, ...]

    def is_signed_by(self, key: ec.EllipticCurvePublicKey) -> bool:
        """Return whether the signature is of this key."""
        try:
            jwt.api_jws.decode_complete(self.token, key, algorithms=[_ALGORITHM])
        except jwt.InvalidTokenError:
            return False
        return True


def read_identity(value: str) -> Passport:
    """Read one Identity header: ``token;info=<address>;alg=ES256;ppt=shaken``."""
    token, _, rest = value.partition(";")
    token = token.strip()
    given = parameters(f";{rest}")
    if given.get("ppt", _SHAKEN) != _SHAKEN or token.startswith(".."):
        raise OtherPassport
    try:
        header = jwt.get_unverified_header(token)
        claims = json.loads(jwt.utils.base64url_decode(token.split(".")[1]))
    except (jwt.InvalidTokenError, ValueError, RecursionError) as error:
        raise MalformedPassport("not a signed token") from error
    if header.get("ppt") != _SHAKEN:
        raise OtherPassport
    info = given.get("info", "").strip("<>")
    if header.get("typ") != "passport" or header.get("alg") != _ALGORITHM:
        raise MalformedPassport("not signed as SHAKEN demands")
    if info != header.get("x5u") or given.get("alg", _ALGORITHM) != _ALGORITHM:
        raise MalformedPassport("the parameters and the token differ")
    return _passport(token, info, claims)


def _passport(token: str, x5u: str, claims: Any) -> Passport:
    try:
        attest, issued_at = claims["attest"], claims["iat"]
        orig, dest = claims["orig"]["tn"], claims["dest"]["tn"]
    except (KeyError, TypeError, IndexError) as error:
        raise MalformedPassport("a claim is missing") from error
    numbers = dest if isinstance(dest, list) else [dest]
    if not (
        isinstance(issued_at, int | float)
        and 0 < issued_at < _LAST_TIME  # which NaN is not
        and all(isinstance(one, str) for one in [attest, orig, *numbers])
        and attest in _ATTESTATIONS
        and 1 <= len(numbers) <= _MOST_DESTINATIONS
    ):
        raise MalformedPassport("a claim is malformed")
    return Passport(
        token=token,
        x5u=x5u,
        attest=attest,
        issued_at=float(issued_at),
        orig=orig,
        dest=tuple(numbers),
    )
