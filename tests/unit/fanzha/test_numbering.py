"""Which calling numbers cannot be."""

import numpy as np
import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fanzha import numbering
from fanzha.phone import FIRST_SENDER, HomePlan
from fanzha.tables import Attestation, Ingress

PLAN = HomePlan()


def is_impossible(number: str) -> bool:
    return bool(numbering.impossible(PLAN.sender_keys([number]))[0])


@pytest.mark.parametrize(
    "number",
    [
        "+8613900000000",
        "+8619900000000",
        "+861440000000000",
        "+861040000000",  # Beijing with seven digits, as in the plan
        "+861080000000",
        "+8675580000000",
        "+864000000000",
        "+868000000000",
        "+86013900000000",  # a switch left the trunk zero in
        "+8601080000000",
        "+86110",  # forged or not: that depends on where it came in
        "+8695588",
        "+8696110",
        "+8612345",
        "+86106900000000",
        "+861096110",
        "+86057112345",
        "+12381",
        "+95588",
        "+12025550123",
        "+442079460123",
        "+4402079460123",
        "+390600000000",
        "+360612345678",  # the trunk prefix of Hungary has two digits
        "+85290000000",
        "+870000000000",
        "110",
        "95588",
        "1069012345",
        "Bank",
        "anonymous",
        "",
    ],
)
def test_plausible(number: str) -> None:
    assert not is_impossible(number)


@pytest.mark.parametrize(
    "number",
    [
        "+8612900000000",  # no mobile number begins with 12
        "+861390000000",  # a digit short
        "+86139000000000",  # a digit too many
        "+86219611",
        "+865719611000",
        "+1238",
        "+861010000000",  # no local number begins with 1
        "+8688000000",  # without its area code
        "+8600013900000",
        "+86",
        "+2100000000",  # no such country
        "+999123456789",
        "+120255501234",
        "+4420",
        "+33100000000000",
    ],
)
def test_impossible(number: str) -> None:
    key = int(number)

    assert numbering.impossible(np.array([key], np.int64)).tolist() == [True]


e164 = st.integers(3, 15).flatmap(lambda digits: st.integers(10 ** (digits - 1), 10**digits - 1))


@given(e164)
@example(360638871344)
@example(370892464785)
@example(611831404220998)
@example(591012892028124)
def test_what_libphonenumber_finds_possible_is_not_impossible(key: int) -> None:
    impossible = bool(numbering.impossible(np.array([key]))[0])

    if _is_possible(key) and not str(key).startswith("86"):
        assert not impossible


@given(e164)
def test_what_libphonenumber_finds_too_long_is_impossible(key: int) -> None:
    verdict = numbering.impossible(np.array([key]))[0]

    try:
        number = phonenumbers.parse(f"+{key}")
    except phonenumbers.NumberParseException:
        return
    reason = phonenumbers.is_possible_number_with_reason(number)
    # One digit more may be a trunk prefix, which it would have taken off.
    national = str(number.national_number)
    if reason == phonenumbers.ValidationResult.TOO_LONG and not national.startswith(
        ("0", "1", "8")
    ):
        assert verdict


def _is_possible(key: int) -> bool:
    """Tell whether libphonenumber takes a number for possible as it is, or after a trunk prefix.

    It also takes off former trunk prefixes, and digits that choose a carrier; no switch sends
    those as a calling number.
    """
    try:
        number = phonenumbers.parse(f"+{key}")
    except phonenumbers.NumberParseException:
        return False
    code, national = number.country_code or 0, phonenumbers.national_significant_number(number)
    prefixes = {""}
    for region in phonenumbers.region_codes_for_country_code(code):
        metadata = phonenumbers.PhoneMetadata.metadata_for_region_or_calling_code(code, region)
        prefixes.add((metadata and metadata.national_prefix) or "")
    as_written = str(key) in {f"{code}{prefix}{national}" for prefix in prefixes}
    return as_written and phonenumbers.is_possible_number(number)


fixed_line = st.from_regex(r"(10|2[0-9]|[3-9][0-9]{2})[2-8][0-9]{6,7}", fullmatch=True)
mobile = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
machine = st.from_regex(r"14[04][0-9]{10}", fullmatch=True)
hotline = st.from_regex(r"[48]00[0-9]{7}", fullmatch=True)


@given(fixed_line | mobile | machine | hotline)
def test_every_chinese_number_the_home_plan_reads_is_plausible(national: str) -> None:
    written = [national, "86" + national, "+86" + national, "0086" + national, "+860" + national]

    keys = PLAN.number_keys(written)

    assert not numbering.impossible(keys).any()


@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=20))
def test_rows_are_judged_one_by_one(keys: list[int]) -> None:
    together = numbering.impossible(np.array(keys, np.int64)).tolist()
    home = numbering.domestic(np.array(keys, np.int64)).tolist()

    assert together == [bool(numbering.impossible(np.array([key]))[0]) for key in keys]
    assert home == [0 < key < 2**62 and len(str(key)) > 2 and str(key)[:2] == "86" for key in keys]


def test_domestic_numbers_include_forged_ones() -> None:
    keys = PLAN.sender_keys(["+8613900000000", "+86110", "110", "+85290000000", "Bank", ""])

    assert numbering.domestic(keys).tolist() == [True, True, False, False, False, False]
    assert numbering.domestic(keys, "852").tolist() == [False] * 3 + [True] + [False] * 2
    assert numbering.service_code(keys).tolist() == [False, False, True, False, False, False]


@pytest.mark.parametrize(
    ("caller", "ingress", "attestation", "expected"),
    [
        ("+8613900000000", Ingress.INTERNATIONAL, Attestation.UNSPECIFIED, True),
        ("+8613900000000", Ingress.INTERNATIONAL, Attestation.GATEWAY, True),
        ("+8613900000000", Ingress.INTERNATIONAL, Attestation.PARTIAL, True),
        ("+8613900000000", Ingress.INTERNATIONAL, Attestation.FAILED, True),
        ("+8613900000000", Ingress.INTERNATIONAL, Attestation.FULL, False),
        ("+8613900000000", Ingress.INTERCONNECT, Attestation.UNSPECIFIED, False),
        ("+8613900000000", Ingress.UNSPECIFIED, Attestation.UNSPECIFIED, False),
        ("+86110", Ingress.INTERNATIONAL, Attestation.UNSPECIFIED, True),
        ("110", Ingress.INTERNATIONAL, Attestation.UNSPECIFIED, True),
        ("+861096110", Ingress.INTERNATIONAL, Attestation.UNSPECIFIED, True),
        ("+12381", Ingress.INTERNATIONAL, Attestation.UNSPECIFIED, True),
        ("+12381", Ingress.INTERNATIONAL, Attestation.FULL, False),
        ("+12381", Ingress.LOCAL, Attestation.UNSPECIFIED, False),
        ("110", Ingress.LOCAL, Attestation.UNSPECIFIED, False),
        ("+12025550123", Ingress.INTERNATIONAL, Attestation.UNSPECIFIED, False),
        ("anonymous", Ingress.INTERNATIONAL, Attestation.UNSPECIFIED, False),
    ],
)
def test_home_numbers_from_abroad_are_forged_unless_attested(
    caller: str, ingress: Ingress, attestation: Attestation, expected: bool
) -> None:
    found = numbering.forged_from_abroad(
        PLAN.sender_keys([caller]),
        np.array([ingress], np.uint8),
        np.array([attestation], np.uint8),
        "86",
    )

    assert found.tolist() == [expected]


@given(st.lists(st.integers(-(10**6), 2**62 + 10**6), min_size=1), st.sampled_from(["86", "1"]))
def test_a_key_is_a_number_of_home_or_a_foreign_one_or_none(keys: list[int], country: str) -> None:
    column = np.array(keys, np.int64)
    number = (column > 0) & (column < FIRST_SENDER)
    home = numbering.domestic(column, country) & number

    origins = numbering.origins(column, country)

    assert (origins == numbering.HOME).tolist() == home.tolist()
    assert (origins == numbering.FOREIGN).tolist() == (number & ~home).tolist()
