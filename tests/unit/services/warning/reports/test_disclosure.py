"""What would tell of single people is left out: by itself, and by the difference to the rest."""

from hypothesis import given
from hypothesis import strategies as st

from services.warning.reports.disclosure import FEWEST_PEOPLE, kind_of, suppressed

KINDS = st.sampled_from(["", "age", "job"])
GROUPS = st.dictionaries(
    st.tuples(KINDS, st.text("abc", min_size=1, max_size=3)).map(
        lambda one: ":".join(filter(None, one))
    ),
    st.integers(0, 30),
    max_size=8,
)


def test_the_smallest_other_group_hides_one_that_is_small() -> None:
    people = {"age:-18": 40, "age:18-59": 12, "age:60+": 3, "job:student": 25, "villages": 11}

    assert suppressed(people) == {"age:60+", "age:18-59"}


def test_small_groups_that_hide_each_other_hide_no_further_one() -> None:
    assert suppressed({"age:a": 6, "age:b": 5, "age:c": 30}) == {"age:a", "age:b"}


def test_a_group_of_nobody_hides_no_other() -> None:
    assert suppressed({"age:a": 0, "age:b": 12}) == {"age:a"}


@given(GROUPS)
def test_the_whole_less_the_rest_never_tells_of_a_few(people: dict[str, int]) -> None:
    hidden = suppressed(people)

    assert {name for name, count in people.items() if count < FEWEST_PEOPLE} <= hidden
    for kind in {kind_of(name) for name in people} - {""}:
        names = [name for name in people if kind_of(name) == kind]
        together = sum(people[name] for name in names if name in hidden)
        assert together == 0 or together >= FEWEST_PEOPLE or set(names) <= hidden
