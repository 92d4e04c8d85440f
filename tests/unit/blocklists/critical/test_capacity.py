"""How many subscribers a range could hit: never too few."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocklists.critical.capacity import subscribers
from fanzha.phone import HomePlan

PLAN = HomePlan()


def covers(pattern: str) -> int:
    found = PLAN.range_key(pattern)
    assert found is not None
    return subscribers(*found)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("+86138*", 100_000_000),
        ("+86170*", 100_000_000),
        ("+861700000*", 10_000),
        ("+86170000000*", 100),
        ("+8617000000001*", 1),
        ("+8610*", 100_000_000_000),  # Beijing, and the machines whose numbers begin like it
        ("+861055550*", 1_000),
        ("+86571*", 100_000_000),
        ("+86400*", 10_000_000),
        ("+12025550*", 1_000),
        ("+4420*", 100_000_000),
        ("+85290*", 1_000_000),
        ("+999123*", 1_000_000_000),  # a plan that is not known here
        ("10690012*", 10_000),
        ("1069*", 100_000_000),
        ("10690012345678*", 1),
    ],
)
def test_a_range_covers_the_numbers_that_its_open_digits_leave(pattern: str, expected: int) -> None:
    assert covers(pattern) == expected


@given(st.from_regex(r"[1-9][0-9]{1,12}", fullmatch=True), st.sampled_from("0123456789"))
def test_a_longer_head_never_covers_more(head: str, digit: str) -> None:
    assert subscribers(int(head), len(head)) >= subscribers(int(head + digit), len(head) + 1)


@given(
    st.one_of(
        st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
        st.from_regex(r"(10|2[0-9]|[3-9][0-9]{2})[2-8][0-9]{6,7}", fullmatch=True),
        st.from_regex(r"14[04][0-9]{10}", fullmatch=True),
        st.from_regex(r"[48]00[0-9]{7}", fullmatch=True),
    ),
    st.integers(5, 12),
)
def test_every_number_of_the_home_plan_counts_in_the_ranges_that_hold_it(
    national: str, digits: int
) -> None:
    number = f"86{national}"
    head = number[:digits]
    left_open = max(len(number) - digits, 0)

    assert subscribers(int(head), len(head)) >= 10**left_open
