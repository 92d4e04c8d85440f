"""A JWKS file is taken whole or not at all."""

import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from services.auth import issuer
from services.auth.jwks import read_keys


def written(*keys: Any) -> bytes:
    return json.dumps({"keys": keys}).encode()


def a_key(**more: Any) -> dict[str, Any]:
    return {**issuer.public_jwk(issuer.token_key()), **more}


def test_keys_are_found_by_their_id() -> None:
    assert set(read_keys(written(a_key(kid="a"), a_key(kid="b")))) == {"a", "b"}


def an_rsa_key(bits: int) -> dict[str, Any]:
    public = rsa.generate_private_key(65537, bits).public_key()
    return dict(jwt.algorithms.RSAAlgorithm.to_jwk(public, as_dict=True)) | {"kid": "rsa"}


def an_ec_key() -> dict[str, Any]:
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    return dict(jwt.algorithms.ECAlgorithm.to_jwk(public, as_dict=True)) | {"kid": "ec"}


@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        (b"", "not a JWKS"),
        (b"[]", "not a JWKS"),
        (b'{"keys": []}', "keys: must not be empty"),
        (b'{"keys": ["a"]}', "no key"),
        (written(a_key(kid="")), "kid is required"),
        (written(a_key(kid=None)), "kid is required"),
        (written(a_key(kid="a"), a_key(kid="a")), "twice"),
        (written({"kty": "oct", "k": "c2VjcmV0", "kid": "a"}), "must be an Ed25519 or RSA"),
        (written(an_ec_key()), "must be an Ed25519 or RSA"),
        (written(a_key(crv="X25519")), "must be an Ed25519 or RSA"),
        (written(a_key(alg="HS256")), "must be for signatures"),
        (written(a_key(use="enc")), "must be for signatures"),
        (written(a_key(d="c2VjcmV0")), "private key"),
        (written(a_key(x="short")), "keys[0]"),
        (written(an_rsa_key(1024)), "2048 bits"),
    ],
)
def test_a_file_with_an_error_is_refused_completely(data: bytes, wrong: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        read_keys(data)

    assert wrong in str(caught.value)
