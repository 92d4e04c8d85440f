"""Independent reporters: strangers count each, a ring counts once."""

from hypothesis import given
from hypothesis import strategies as st

from services.sources.reports import rings

SUBJECTS = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=2), st.sets(st.integers(0, 9).map(str)), max_size=8
)


def test_strangers_count_each() -> None:
    assert rings.independent({"a": set(), "b": {"1"}, "c": {"2", "3"}}, 2) == 3


def test_who_shares_much_counts_once_also_by_way_of_others() -> None:
    ring = {"a": {"1", "2"}, "b": {"1", "2", "3", "4"}, "c": {"3", "4"}, "stranger": {"1"}}

    assert rings.independent(ring, 2) == 2
    assert rings.independent(ring, 3) == 4


@given(SUBJECTS, st.integers(1, 4))
def test_more_is_needed_where_less_is_shared(subjects: dict[str, set[str]], shared: int) -> None:
    strict, mild = rings.independent(subjects, shared), rings.independent(subjects, shared + 1)

    assert min(len(subjects), 1) <= strict <= mild <= len(subjects)
