"""The public keys that tokens are signed with: a JWKS file (RFC 7517), Ed25519 and RSA only.

A shared secret (``oct``) in the file would let everybody who can check a token make one, so such a
file is refused whole, as is one with a private key, or with a key that has no id.
"""

import json
from collections.abc import Mapping
from typing import Any, TypeAlias

from jwt import PyJWK
from jwt.exceptions import PyJWTError

KeySet: TypeAlias = Mapping[str, PyJWK]
"""By key id."""

ALGORITHMS = {"OKP": "EdDSA", "RSA": "RS256"}
"""Algorithm by type of key: a token has no say in it."""
LEAST_RSA_BITS = 2048
_PRIVATE = {"d", "p", "q", "k"}


def read_keys(data: bytes) -> KeySet:
    """Read a JWKS file; raise `ValueError` naming what is wrong with it."""
    try:
        listed = json.loads(data)["keys"]
    except (ValueError, KeyError, TypeError):
        raise ValueError('no JWKS: {"keys": […]} is expected') from None
    keys: dict[str, PyJWK] = {}
    for place, key in enumerate(listed):
        kid, read = _key(key, f"keys[{place}]")
        if kid in keys:
            raise ValueError(f"keys[{place}]: kid {kid!r} is there twice")
        keys[kid] = read
    if not keys:
        raise ValueError("keys: there is none")
    return keys


def _key(key: Any, where: str) -> tuple[str, PyJWK]:
    if not isinstance(key, dict):
        raise ValueError(f"{where}: no key")  # noqa: TRY004 - it is the file's fault
    kid, kind = key.get("kid"), key.get("kty")
    algorithm = ALGORITHMS.get(str(kind))
    if not isinstance(kid, str) or not kid:
        raise ValueError(f"{where}: kid is required")
    if algorithm is None or (kind == "OKP" and key.get("crv") != "Ed25519"):
        raise ValueError(f"{where}: only Ed25519 and RSA keys are taken, not {kind!r}")
    if key.get("alg", algorithm) != algorithm or key.get("use", "sig") != "sig":
        raise ValueError(f"{where}: must be for signatures with {algorithm}")
    if _PRIVATE & key.keys():
        raise ValueError(f"{where}: a private key has no business here")
    try:
        read = PyJWK(key, algorithm)
    except PyJWTError as error:
        raise ValueError(f"{where}: {error}") from None
    if kind == "RSA" and read.key.key_size < LEAST_RSA_BITS:
        raise ValueError(f"{where}: RSA keys need {LEAST_RSA_BITS} bits or more")
    return kid, read
