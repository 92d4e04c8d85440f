"""Public keys that verify tokens: a JWKS file (RFC 7517) of Ed25519 and RSA keys.

A file with a shared secret (``oct``) is refused as a whole, since everyone who verifies tokens
could issue them. So is one with a private key, or with a key without an id.
"""

import json
from collections.abc import Mapping
from typing import Any, TypeAlias

from jwt import PyJWK
from jwt.exceptions import PyJWTError

from fanzha.errors import InvalidConfiguration

KeySet: TypeAlias = Mapping[str, PyJWK]
"""By key id."""

ALGORITHMS = {"OKP": "EdDSA", "RSA": "RS256"}
"""Algorithm by key type; the token's own header is ignored."""
LEAST_RSA_BITS = 2048
_PRIVATE = {"d", "p", "q", "k"}


def read_keys(data: bytes) -> KeySet:
    """Read a JWKS file; raise `ValueError` naming the first fault."""
    try:
        listed = json.loads(data)["keys"]
    except (ValueError, KeyError, TypeError, RecursionError):
        listed = None
    if not isinstance(listed, list):
        raise InvalidConfiguration('not a JWKS: must be {"keys": […]}')
    keys: dict[str, PyJWK] = {}
    for place, key in enumerate(listed):
        kid, read = _key(key, f"keys[{place}]")
        if kid in keys:
            raise InvalidConfiguration(
                "keys[{place}]: kid {kid!r} is listed twice", place=place, kid=kid
            )
        keys[kid] = read
    if not keys:
        raise InvalidConfiguration("keys: must not be empty")
    return keys


def _key(key: Any, where: str) -> tuple[str, PyJWK]:
    if not isinstance(key, dict):
        raise InvalidConfiguration("{where}: no key", where=where)
    kid, kind = key.get("kid"), key.get("kty")
    algorithm = ALGORITHMS.get(str(kind))
    if not isinstance(kid, str) or not kid:
        raise InvalidConfiguration("{where}: kid is required", where=where)
    if algorithm is None or (kind == "OKP" and key.get("crv") != "Ed25519"):
        raise InvalidConfiguration(
            "{where}: must be an Ed25519 or RSA key, not {kind!r}", where=where, kind=kind
        )
    if key.get("alg", algorithm) != algorithm or key.get("use", "sig") != "sig":
        raise InvalidConfiguration(
            "{where}: must be for signatures with {algorithm}", where=where, algorithm=algorithm
        )
    if _PRIVATE & key.keys():
        raise InvalidConfiguration("{where}: a private key has no business here", where=where)
    try:
        read = PyJWK(key, algorithm)
    except PyJWTError as error:
        raise InvalidConfiguration("{where}: {error}", where=where, error=error) from None
    if kind == "RSA" and read.key.key_size < LEAST_RSA_BITS:
        raise InvalidConfiguration(
            "{where}: RSA keys need {least_rsa_bits} bits or more",
            where=where,
            least_rsa_bits=LEAST_RSA_BITS,
        )
    return kid, read
