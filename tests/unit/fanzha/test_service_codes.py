"""Which number keys are forms of service codes, against a slow reading of the same table."""

import numpy as np
import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneMetadata

from fanzha import service_codes
from fanzha.phone import HomePlan
from fanzha.service_codes import AREA_CODES, FORMS, SERVICE_CODES
from tests.support.checkout import CHECKOUT

PLAN = HomePlan()
FRONTS = {f"{form.key}{area}" for form in FORMS for area in (AREA_CODES if form.area else ("",))}


def matches(code: str, digits: str) -> bool:
    pairs = zip(code, digits, strict=False)
    return len(code) == len(digits) and all(mark in ("x", digit) for mark, digit in pairs)


def is_form(digits: str) -> bool:
    return any(
        matches(code, digits[-len(code) :]) and digits[: -len(code)] in FRONTS
        for code in SERVICE_CODES
    )


forms = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "86", "860"]),
    st.sampled_from(["", "10", "21", "571", "951", "999", "19"]),
    st.sampled_from(["110", "111", "10086", "12345", "95588", "961234", "62345678", "2345678"]),
)
near_forms = forms | st.from_regex(r"(86|1|9)[0-9]{2,12}", fullmatch=True)


@pytest.mark.parametrize("form", FORMS, ids=[form.example for form in FORMS])
def test_an_example_is_read_and_is_a_form(form: service_codes.Form) -> None:
    keys = PLAN.number_keys([form.example])

    assert form.example.startswith(form.front)
    assert service_codes.is_form(keys).tolist() == [True]
    assert str(abs(keys[0])) == f"{form.key}{'571' if form.area else ''}96110"


@given(st.lists(near_forms, min_size=1))
def test_forms_are_those_of_the_table(digits: list[str]) -> None:
    keys = np.array([int(each) for each in digits], np.int64)

    expected = [is_form(each) for each in digits]

    assert service_codes.is_form(keys).tolist() == expected
    assert service_codes.is_form(-keys).tolist() == expected
    assert service_codes.is_dialled_code(keys).tolist() == expected


@given(near_forms, st.integers(1, 12), st.sampled_from([-1, 1]))
def test_a_range_that_contains_a_form_is_found(digits: str, length: int, sign: int) -> None:
    key = np.array([sign * int(digits)], np.int64)
    head = digits[:length]
    is_told = service_codes.ranges_cover(
        np.array([sign * int(head)], np.int64), np.array([len(head)], np.int64)
    )

    if service_codes.is_dialled_code(key)[0] and not service_codes.after_bare_plus(key)[0]:
        assert is_told[0]


@pytest.mark.parametrize(
    "number",
    [
        *("+861012345678", "+861062345678", "+86102345678", "+865712345678", "+8657162345678"),
        *("+8613900000000", "+864001234567", "+861440123456789", "9558812", "1069012345"),
    ],
)
def test_subscribers_and_longer_codes_are_no_forms(number: str) -> None:
    assert not service_codes.is_dialled_code(PLAN.number_keys([number])).any()


@pytest.mark.parametrize("head", ["+86102*", "+865716*", "+86139*", "+86400*", "+86106*", "+1212*"])
def test_ranges_of_subscribers_hold_no_form(head: str) -> None:
    found = PLAN.range_key(head)
    assert found is not None

    assert not service_codes.ranges_cover(np.array(found[:1]), np.array(found[1:])).any()


def test_no_foreign_subscriber_has_a_number_as_short_as_a_code_after_a_bare_plus() -> None:
    """Lengths dialled from abroad, by the metadata of libphonenumber, of every country code."""
    shielded = set()
    for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
        for region in phonenumbers.region_codes_for_country_code(code):
            metadata = PhoneMetadata.metadata_for_region_or_calling_code(code, region)
            assert metadata is not None
            assert metadata.general_desc is not None
            for length in metadata.general_desc.possible_length:
                digits = len(str(code)) + length
                low, end = code * 10**length, (code + 1) * 10**length
                bare = [
                    span
                    for span in SERVICE_CODES
                    if len(span) == digits
                    and low <= int(span.replace("x", "9"))
                    and int(span.replace("x", "0")) < end
                ]
                shielded |= {(code, digits, span) for span in bare}

    assert shielded == set()


def test_the_page_lists_every_code_and_every_form() -> None:
    page = (CHECKOUT / "docs/reference/protected-numbers.md").read_text()
    tables = {
        word.strip("`,") for line in page.splitlines() if "|" in line for word in line.split()
    }

    assert set(SERVICE_CODES) | {form.example for form in FORMS} <= tables


def test_a_batch_of_ordinary_numbers_needs_one_comparison() -> None:
    keys = PLAN.sender_keys(["+8617000000001", "Bank", "+8619900000000"])

    assert len(service_codes.candidates(keys)) == 0
