"""Signatures of calls: what is believed, what is refused, and what says nothing."""

import base64
import json
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from fanzha.v1 import interception_pb2 as pb
from infra.sip.codec import SipRequest, read_request, split_message
from integrations.sip.identity.tn_auth_list import TnCoverage, read_tn_auth_list
from integrations.sip.identity.verification import IdentityVerifier, canonical_number
from integrations.sip.settings import SipSettings
from tests.support.processes import eventually
from tests.support.shaken import (
    X5U,
    ShakenAuthority,
    ShakenProvider,
    der,
    number_range,
    one_number,
    provider_code,
    write_trust_list,
)
from tests.support.sip_messages import sip_request

ORIG, DEST = "8617000000123", "8619900000001"
OTHER_X5U = "https://certificates.carrier.example/other.pem"


class Verified:
    """A verifier with a trust list, and what it counted."""

    def __init__(
        self,
        folder: Path,
        entries: tuple[bytes, ...] = (provider_code("709J"),),
        **settings: object,
    ) -> None:
        self.authority = ShakenAuthority()
        self.provider = self.authority.issue(entries)
        self.file = write_trust_list(folder, [self.authority], {X5U: self.provider})
        self.results: Counter[str] = Counter()
        self.now = time.time()
        self.provider.clock = lambda: self.now
        self._verifier = IdentityVerifier(
            SipSettings(identity_trust_list=self.file, **settings),  # type: ignore[arg-type]
            lambda result: self.results.update([result]),
            lambda: self.now,
        )

    def of(self, *identities: str, headers: tuple[str, ...] = ()) -> int:
        lines = tuple(f"Identity: {identity}" for identity in identities)
        return self._verifier.attestation_of(invite(*lines, *headers))


def invite(*headers: str) -> SipRequest:
    return read_request(split_message(sip_request(headers=headers)))


@pytest.mark.parametrize(
    ("letter", "attestation"),
    [("A", pb.ATTESTATION_FULL), ("B", pb.ATTESTATION_PARTIAL), ("C", pb.ATTESTATION_GATEWAY)],
)
def test_a_valid_signature_gives_its_attestation(
    tmp_path: Path, letter: str, attestation: int
) -> None:
    verified = Verified(tmp_path)

    assert (
        verified.of(verified.provider.identity(orig=ORIG, dest=DEST, attest=letter)) == attestation
    )
    assert verified.results == {"valid": 1}


Sign = Callable[[ShakenProvider], str]


@pytest.mark.parametrize(
    ("sign", "result"),
    [
        (lambda one: one.identity(orig=ORIG, dest=DEST, age=70), "stale"),
        (lambda one: one.identity(orig=ORIG, dest=DEST, age=-70), "stale"),
        (lambda one: one.identity(orig="8617000000999", dest=DEST), "other_caller"),
        (lambda one: one.identity(orig=ORIG, dest="8619900000002"), "other_callee"),
        (lambda one: _altered(one.identity(orig=ORIG, dest=DEST, attest="C")), "bad_signature"),
        (lambda _: ShakenAuthority().issue().identity(orig=ORIG, dest=DEST), "bad_signature"),
        (lambda one: one.identity(orig=ORIG, dest=DEST, attest="D"), "malformed"),
        (lambda one: one.identity(orig=ORIG, dest=DEST, claims={"iat": 10**400}), "malformed"),
        (lambda one: one.identity(orig=ORIG, dest=DEST, claims={"iat": float("nan")}), "malformed"),
        (lambda one: one.identity(orig=ORIG, dest=DEST, claims={"attest": ["A"]}), "malformed"),
        (lambda one: one.identity(orig=ORIG, dest=DEST, claims={"orig": ORIG}), "malformed"),
        (lambda one: one.identity(orig=ORIG, dest=DEST, claims={"dest": {"tn": []}}), "malformed"),
        (lambda one: one.identity(orig=ORIG, dest=DEST, info=OTHER_X5U), "malformed"),
        (lambda one: one.identity(orig=ORIG, dest=DEST, header={"typ": "JWT"}), "malformed"),
        (lambda _: "nonsense;info=<x>;ppt=shaken", "malformed"),
        (lambda _: "a.b.c", "malformed"),
    ],
)  # fmt: skip
def test_what_is_forged_old_or_for_another_call_is_a_failure(
    tmp_path: Path, sign: Sign, result: str
) -> None:
    verified = Verified(tmp_path)

    assert verified.of(sign(verified.provider)) == pb.ATTESTATION_FAILED
    assert verified.results == {result: 1}


@pytest.mark.parametrize(
    ("sign", "result"),
    [
        (lambda one: one.identity(orig=ORIG, dest=DEST, x5u=OTHER_X5U), "no_certificate"),
        (lambda one: one.identity(orig=ORIG, dest=DEST, header={"ppt": "div"}), "other_kind"),
        (lambda _: f"..c2ln;info=<{X5U}>;alg=ES256;ppt=shaken", "other_kind"),
        (lambda _: f"a.b.c;info=<{X5U}>;ppt=rcd", "other_kind"),
    ],
)
def test_what_cannot_be_verified_here_says_nothing(tmp_path: Path, sign: Sign, result: str) -> None:
    verified = Verified(tmp_path)

    assert verified.of(sign(verified.provider)) == pb.ATTESTATION_UNSPECIFIED
    assert verified.results == {result: 1}


def test_one_valid_signature_among_others_is_enough(tmp_path: Path) -> None:
    verified = Verified(tmp_path)
    valid = verified.provider.identity(orig=ORIG, dest=DEST)
    stale = verified.provider.identity(orig=ORIG, dest=DEST, age=999)

    assert verified.of(stale, valid) == pb.ATTESTATION_FULL


def test_no_more_than_four_headers_are_looked_at(tmp_path: Path) -> None:
    verified = Verified(tmp_path)
    valid = verified.provider.identity(orig=ORIG, dest=DEST)

    assert verified.of(*["a.b.c"] * 4, valid) == pb.ATTESTATION_FAILED
    assert verified.results == {"malformed": 4}


@pytest.mark.parametrize(
    ("entries", "result"),
    [
        ((one_number(ORIG),), "valid"),
        ((number_range("8617000000100", 100),), "valid"),
        ((number_range("8617000000100", 23),), "not_authorised"),
        ((one_number("8617000000124"),), "not_authorised"),
        ((one_number("8617000000124"), provider_code("709J")), "valid"),
        ((), "untrusted"),
        ((b"\x30\x01",), "untrusted"),
    ],
)
def test_a_certificate_for_other_numbers_signs_for_no_call(
    tmp_path: Path, entries: tuple[bytes, ...], result: str
) -> None:
    verified = Verified(tmp_path, entries)

    verified.of(verified.provider.identity(orig=ORIG, dest=DEST))

    assert verified.results == {result: 1}


def test_a_certificate_that_ended_or_leads_to_no_anchor_is_not_trusted(tmp_path: Path) -> None:
    verified = Verified(tmp_path)
    stranger = ShakenAuthority(name="STI-CA").issue()
    ended, curve = verified.authority.issue(days=-1), verified.authority.issue(curve=ec.SECP384R1())
    for provider in (stranger, ended, curve):
        write_trust_list(
            tmp_path, [verified.authority], {X5U: provider, "https://a.example/": ended}
        )
        fresh = IdentityVerifier(
            SipSettings(identity_trust_list=verified.file),
            lambda result: verified.results.update([result]),
        )
        # A key of another curve cannot sign ES256: the header is that of the first provider.
        identity = verified.provider.identity(orig=ORIG, dest=DEST)

        assert fresh.attestation_of(invite(f"Identity: {identity}")) == pb.ATTESTATION_FAILED
    assert verified.results == {"untrusted": 3}


def test_certificates_that_are_replaced_count_without_a_restart(tmp_path: Path) -> None:
    verified = Verified(tmp_path)
    identity = verified.provider.identity(orig=ORIG, dest=DEST)
    assert verified.of(identity) == pb.ATTESTATION_FULL

    write_trust_list(tmp_path, [verified.authority], {OTHER_X5U: verified.provider})

    eventually(lambda: verified.of(identity) == pb.ATTESTATION_UNSPECIFIED)


def test_without_a_trust_list_no_header_is_looked_at(tmp_path: Path) -> None:
    verified = Verified(tmp_path)
    plain = IdentityVerifier(SipSettings(), lambda _: pytest.fail("counted"))
    identity = verified.provider.identity(orig=ORIG, dest=DEST)

    assert plain.attestation_of(invite(f"Identity: {identity}")) == pb.ATTESTATION_UNSPECIFIED


@pytest.mark.parametrize(
    ("headers", "attestation"),
    [
        ((";verstat=TN-Validation-Passed-A", ""), pb.ATTESTATION_FULL),
        ((";verstat=TN-Validation-Passed", "A"), pb.ATTESTATION_FULL),
        ((";verstat=TN-Validation-Passed", "C"), pb.ATTESTATION_GATEWAY),
        ((";verstat=TN-Validation-Passed", ""), pb.ATTESTATION_PARTIAL),
        ((";verstat=TN-Validation-Failed", "A"), pb.ATTESTATION_FAILED),
        ((";verstat=No-TN-Validation", "A"), pb.ATTESTATION_UNSPECIFIED),
        (("", "A"), pb.ATTESTATION_UNSPECIFIED),
    ],
)
@pytest.mark.parametrize("trusted", [True, False])
def test_what_the_switch_verified_counts_where_it_is_trusted(
    headers: tuple[str, str], attestation: int, trusted: bool
) -> None:
    parameter, letter = headers
    verifier = IdentityVerifier(SipSettings(trust_verstat=trusted), lambda _: None)
    lines = [f"P-Asserted-Identity: <sip:+{ORIG}{parameter}@ims.test;user=phone>"]
    if letter:
        lines.append(f"P-Attestation-Indicator: {letter}")

    found = verifier.attestation_of(invite(*lines))

    assert found == (attestation if trusted else pb.ATTESTATION_UNSPECIFIED)


@pytest.mark.parametrize(
    ("uri", "number"),
    [
        ("sip:+8617000000123@a.test", "8617000000123"),
        ("sip:008617000000123@a.test", "8617000000123"),
        ("tel:17000000123", "8617000000123"),
        ("tel:8617000000123", "8617000000123"),
        ("tel:+86-170-0000-0123;verstat=x", "8617000000123"),
        ("sip:057155550123@a.test", "8657155550123"),
        ("tel:17000000123;phone-context=+86", "8617000000123"),
        ("sip:alice@a.test", ""),
        ("mailto:a@b.test", ""),
        ("", ""),
    ],
)
def test_numbers_are_written_as_passports_write_them(uri: str, number: str) -> None:
    """RFC 8224, section 8.3."""
    assert canonical_number(uri, "86") == number


def test_north_american_numbers_have_ten_digits() -> None:
    found = {canonical_number(f"sip:{one}@a.test", "1") for one in ("2025550123", "12025550123")}

    assert found == {"12025550123"}


def test_a_list_of_numbers_is_read() -> None:
    found = read_tn_auth_list(
        der(0x30, provider_code("709J"), number_range("100", 20), one_number("7"))
    )

    assert (found.codes, found.ranges) == (("709J",), (("100", 20),))
    assert found.numbers == {"7"}
    assert found.coverage_of("119") is TnCoverage.LISTED
    assert found.coverage_of("120") is TnCoverage.PROVIDER


@given(st.binary(max_size=200))
def test_no_bytes_of_a_list_raise_anything_but_a_value_error(data: bytes) -> None:
    with suppress(ValueError):
        read_tn_auth_list(data)


def _altered(identity: str) -> str:
    header, payload, signature = identity.partition(";")[0].split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    raised = base64.urlsafe_b64encode(json.dumps(claims | {"attest": "A"}).encode()).rstrip(b"=")
    rest = identity.partition(";")[2]
    return f"{header}.{raised.decode()}.{signature};{rest}"
