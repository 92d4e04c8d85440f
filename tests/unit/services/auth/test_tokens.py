"""Tokens that are believed, and the many that are not."""

import base64
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blocklists.entries import Source
from fanzha.errors import Unauthenticated
from services.auth import issuer as making
from services.auth.identity import Credential, Role
from services.auth.jwks import KeySet, read_keys
from services.auth.tokens import LEEWAY_SECONDS, TokenVerifier
from tests.support.effort import examples
from tests.support.identities import AUDIENCE, ISSUER, Issuer, encoded, now

NONE_REVOKED: frozenset[str] = frozenset()


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now_s = now().timestamp()

    def __call__(self) -> float:
        return self.now_s


class Known:
    """The keys and revoked tokens of the moment."""

    def __init__(self, issuer: Issuer) -> None:
        self.issuer = issuer
        self.keys = self.read()
        self.revoked = NONE_REVOKED

    def read(self) -> KeySet:
        return read_keys(self.issuer.jwks.read_bytes())


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    return Issuer(tmp_path / "jwks.json")


@pytest.fixture
def known(issuer: Issuer) -> Known:
    return Known(issuer)


def tokens_of(known: Known, clock: Clock | None = None) -> TokenVerifier:
    return TokenVerifier(
        keys=lambda: known.keys,
        revoked=lambda: known.revoked,
        issuer=ISSUER,
        audience=AUDIENCE,
        now_s=clock or Clock(),
    )


def refusal(known: Known, token: str) -> str:
    with pytest.raises(Unauthenticated) as caught:
        tokens_of(known).identity(token)
    return str(caught.value)


def test_a_good_token_gives_an_identity(issuer: Issuer, known: Known) -> None:
    token = issuer.token("editor", "approver", regions=["33"], sources=["bureau", "ministry"])

    who = tokens_of(known).identity(token)

    assert (who.name, who.credential) == ("wang", Credential.TOKEN)
    assert who.roles == {Role.EDITOR, Role.APPROVER}
    assert who.regions == {"33"}
    assert who.sources == {Source.BUREAU, Source.MINISTRY}
    assert not who.development


def test_a_token_without_roles_gives_none(issuer: Issuer, known: Known) -> None:
    assert tokens_of(known).identity(issuer.token(roles=None)).roles == frozenset()


def test_a_role_of_another_system_is_ignored(issuer: Issuer, known: Known) -> None:
    assert tokens_of(known).identity(issuer.token("root", "auditor")).roles == {Role.AUDITOR}


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"exp": now() - timedelta(minutes=1)}, "expired"),
        ({"exp": None}, "claim exp is missing"),
        ({"exp": 2**63}, "exp: not a time"),
        ({"exp": 10**400}, "exp: not a time"),
        ({"exp": str(2**40)}, "exp: not a time"),
        ({"exp": float("inf")}, "cannot be read"),
        ({"exp": [2**40]}, "cannot be read"),
        ({"nbf": {}}, "cannot be read"),
        ({"nbf": now() + timedelta(days=7)}, "not valid yet"),
        ({"iat": now() + timedelta(days=7)}, "not valid yet"),
        ({"iss": "https://login.other.example"}, "token_issuer"),
        ({"iss": None}, "claim iss is missing"),
        ({"aud": "another"}, "token_audience"),
        ({"aud": None}, "claim aud is missing"),
        ({"sub": None}, "claim sub is missing"),
        ({"sub": ""}, "name:"),
        ({"sub": "wang\nli"}, "name:"),
        ({"sub": "wang\u200b"}, "name:"),
        ({"sub": "wang "}, "name:"),
        ({"roles": "editor"}, "roles: must be a list"),
        ({"regions": []}, "regions"),
        ({"regions": ["Zhejiang"]}, "regions"),
        ({"sources": []}, "sources"),
        ({"sources": ["bureau", "police"]}, "sources"),
        ({"sources": "bureau"}, "sources: must be a list"),
    ],
)
def test_a_token_with_a_wrong_claim_is_refused(
    issuer: Issuer, known: Known, more: dict[str, Any], why: str
) -> None:
    assert why in refusal(known, issuer.token("editor", **more))


def test_small_clock_skew_is_tolerated(issuer: Issuer, known: Known) -> None:
    clock = Clock()
    just = clock.now_s - LEEWAY_SECONDS / 2

    assert tokens_of(known, clock).identity(issuer.token(exp=just)).name == "wang"


def test_a_token_signed_with_an_unknown_key_is_refused(issuer: Issuer, known: Known) -> None:
    stranger = making.token_key()
    forged = jwt.encode(
        issuer.claims("editor"), stranger, algorithm="EdDSA", headers={"kid": issuer.kid}
    )

    assert "signature" in refusal(known, forged)


def test_a_changed_token_is_refused(issuer: Issuer, known: Known) -> None:
    head, body, signature = issuer.token("carrier").split(".")
    values = json.loads(base64.urlsafe_b64decode(body + "=="))
    values["roles"] = ["editor"]
    changed = base64.urlsafe_b64encode(json.dumps(values).encode()).rstrip(b"=").decode()

    assert "signature" in refusal(known, f"{head}.{changed}.{signature}")


@pytest.mark.parametrize("kid", [None, "unknown", 7])
def test_the_key_must_be_named_and_known(issuer: Issuer, known: Known, kid: Any) -> None:
    claims = issuer.claims("editor")
    headers = {} if kid is None else {"kid": kid}
    if isinstance(kid, int):  # the library would not write such a header
        head = base64.urlsafe_b64encode(b'{"alg":"EdDSA","kid":7}').rstrip(b"=").decode()
        token = ".".join([head, *issuer.token("editor").split(".")[1:]])
    else:
        token = jwt.encode(claims, issuer.key, algorithm="EdDSA", headers=headers)

    assert refusal(known, token).startswith("token: ")


def test_no_signature_at_all_is_refused(issuer: Issuer, known: Known) -> None:
    unsigned = jwt.encode(
        issuer.claims("editor"), "", algorithm="none", headers={"kid": issuer.kid}
    )

    assert refusal(known, unsigned).startswith("token: ")


def test_a_token_signed_with_the_public_key_as_shared_secret_is_refused(
    issuer: Issuer, known: Known
) -> None:
    public = making.public_jwk(issuer.key)["x"] + "0" * 32
    confused = jwt.encode(
        issuer.claims("editor"), public, algorithm="HS256", headers={"kid": issuer.kid}
    )

    assert refusal(known, confused).startswith("token: ")


@pytest.mark.parametrize("token", ["", ".", "a.b.c", "é" * 20, "x" * 9000])
def test_an_unreadable_token_is_refused(known: Known, token: str) -> None:
    assert refusal(known, token).startswith("token: ")


def test_rsa_keys_are_taken(tmp_path: Path, issuer: Issuer) -> None:
    key = rsa.generate_private_key(65537, 2048)
    jwk = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    issuer.others = [dict(jwk) | {"kid": "rsa-1", "use": "sig"}]
    issuer.publish()
    token = jwt.encode(issuer.claims("auditor"), key, algorithm="RS256", headers={"kid": "rsa-1"})

    assert tokens_of(Known(issuer)).identity(token).roles == {Role.AUDITOR}


def test_an_rsa_key_signs_with_its_own_algorithm_only(issuer: Issuer) -> None:
    key = rsa.generate_private_key(65537, 2048)
    jwk = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    issuer.others = [dict(jwk) | {"kid": "rsa-1"}]
    issuer.publish()
    token = jwt.encode(issuer.claims("auditor"), key, algorithm="RS512", headers={"kid": "rsa-1"})

    assert refusal(Known(issuer), token).startswith("token: ")


def test_a_cached_token_is_verified_again_after_its_expiry(issuer: Issuer, known: Known) -> None:
    clock = Clock()
    tokens = tokens_of(known, clock)
    token = issuer.token("editor")
    first = tokens.identity(token)
    assert tokens.identity(token) is first

    clock.now_s = first.expires_s

    assert tokens.identity(token) is not first


def test_removing_a_key_invalidates_its_tokens(issuer: Issuer, known: Known) -> None:
    tokens = tokens_of(known)
    old = issuer.token("editor")
    tokens.identity(old)

    issuer.rotate(keep_old=True)
    known.keys = known.read()
    assert tokens.identity(old).name == "wang"
    assert tokens.identity(issuer.token("editor")).name == "wang"

    issuer.rotate(keep_old=False)
    known.keys = known.read()
    with pytest.raises(Unauthenticated, match="its kid is not in jwks_file"):
        tokens.identity(old)


def test_a_revoked_token_is_refused_at_once(issuer: Issuer, known: Known) -> None:
    tokens = tokens_of(known)
    token = issuer.token("editor", jti="4711")
    tokens.identity(token)

    known.revoked = frozenset({"4711"})

    with pytest.raises(Unauthenticated, match="revoked"):
        tokens.identity(token)


wild = st.sampled_from([0, 2**40, 2**63 - 1, 2**63, -(2**63), 10**400, -(10**400), 1e300, "1e9"])
claim = wild | st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        wild,
        st.integers(),
        st.floats(),
        st.text(st.characters(codec="utf-8"), max_size=12),
        st.sampled_from(["editor", "33", "bureau", "fanzha", "1e9"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=2)
    ),
    max_leaves=6,
)
names = st.sampled_from(
    ["exp", "nbf", "iat", "iss", "aud", "sub", "jti", "roles", "regions", "sources"]
)


@settings(max_examples=examples(200), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(names, claim, min_size=1, max_size=2))
def test_claims_of_any_type_give_somebody_or_a_refusal(
    issuer: Issuer, known: Known, said: dict[str, Any]
) -> None:
    tokens = tokens_of(known)
    try:
        who = tokens.identity(issuer.signed(issuer.claims("editor") | said))
    except Unauthenticated:
        return
    # The wire has 64 bits for it.
    assert 0 < who.expires_s < 2**63
    assert who.name.isprintable()


@pytest.mark.parametrize("part", ["header", "payload"])
def test_json_that_nests_too_deeply_is_refused(issuer: Issuer, known: Known, part: str) -> None:
    deep = b"[" * 4000
    header = json.dumps({"alg": "EdDSA", "kid": issuer.kid}).encode()
    parts = (deep, b"{}") if part == "header" else (header, deep)
    signed_part = b".".join(map(encoded, parts))
    token = signed_part + b"." + encoded(issuer.key.sign(signed_part))

    assert "cannot be read" in refusal(known, token.decode())
