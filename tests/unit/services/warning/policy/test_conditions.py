"""What a line of a policy says after ``when`` holds, or is refused when the policy is read."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from blocklists.entries import Source
from fanzha.fraud import FraudType
from fanzha.tables import Channel
from services.warning.model import Risk
from services.warning.policy import conditions
from services.warning.policy.facts import CaseFacts


def _words(kind: Any) -> st.SearchStrategy[list[str]]:
    names = st.sampled_from(list(kind.__members__)).map(str.lower)
    return st.lists(names, min_size=1, max_size=3)


GOOD = {
    "fraud_type": _words(FraudType),
    "risk_at_least": st.sampled_from(list(Risk.__members__)).map(str.lower),
    "confirmed": st.booleans(),
    "talked_s_at_least": st.integers(1, 10**6),
    "opened_link": st.booleans(),
    "channels": _words(Channel),
    "channels_at_least": st.integers(1, 4),
    "means_at_least": st.integers(1, 5),
    "hits_at_least": st.integers(1, 5),
    "score_at_least": st.floats(0.01, 1),
    "sources": _words(Source),
    "groups": st.lists(st.sampled_from(["elderly", "students"]), min_size=1),
    "regions": st.lists(st.sampled_from(["110000", "340500", "340503"]), min_size=1),
}
FACTS = st.builds(
    CaseFacts,
    case_id=st.just("c-1"),
    fraud_type=st.sampled_from(FraudType),
    risk=st.sampled_from(Risk),
    confirmed=st.booleans(),
    channels=st.frozensets(st.sampled_from(Channel)),
    means=st.integers(1, 6),
    hits=st.integers(1, 6),
    talked_s=st.integers(0, 10**6),
    opened_link=st.booleans(),
    score=st.none() | st.floats(0, 1),
    region=st.sampled_from(["", "110101", "340000", "340503"]),
    sources=st.frozensets(st.sampled_from(Source)),
    groups=st.frozensets(st.sampled_from(["elderly", "students", "others"])),
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)


@given(st.fixed_dictionaries({}, optional=GOOD).filter(bool), FACTS)
def test_conditions_hold_together_where_each_holds(when: dict[str, Any], facts: CaseFacts) -> None:
    together = conditions.read(when)(facts)

    assert together == all(conditions.read({word: value})(facts) for word, value in when.items())


@given(st.dictionaries(st.sampled_from([*GOOD, "weather"]), ANYTHING, max_size=3), FACTS)
def test_any_value_is_accepted_or_refused_by_name(when: dict[str, Any], facts: CaseFacts) -> None:
    why = "when: "
    try:
        holds = conditions.read(when)(facts)
    except ValueError as refused:
        holds, why = False, str(refused)

    assert holds in (True, False)
    assert why.startswith("when: ")


@given(st.integers(1, 5), FACTS)
def test_a_lower_bound_holds_wherever_a_higher_one_does(least: int, facts: CaseFacts) -> None:
    for word in ("means_at_least", "hits_at_least", "talked_s_at_least"):
        if conditions.read({word: least + 1})(facts):
            assert conditions.read({word: least})(facts)
