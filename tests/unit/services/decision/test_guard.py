"""No list and no model, however hostile, cuts off what the guard protects."""

from hypothesis import given
from hypothesis import strategies as st

from blocklists.entries import Entry, EntryKind
from fanzha.decisions import Action
from fanzha.tables import Ingress
from tests.support.builders import (
    NINE_O_CLOCK_S,
    an_engine,
    an_entry,
    some_calls,
    some_links,
    some_models,
    some_texts,
)

NUMBERS = [
    "110", "119", "120", "122", "10086", "12110", "12321", "12345", "12381", "12395", "95588",
    "96110",
]  # fmt: skip

# What gets past every import: any number, range or sender at all, protected ones included.
patterns = st.one_of(
    st.sampled_from(NUMBERS),
    st.sampled_from(NUMBERS).map("+86{}".format),
    st.from_regex(r"(\+[1-9][0-9]{2,6}|[1-9][0-9]{2,5})", fullmatch=True),
    st.from_regex(r"(\+[1-9][0-9]{1,6}|[1-9][0-9]{1,5})\*", fullmatch=True),
)


def hostile(number: str, others: set[str]) -> list[Entry]:
    """Block the number, all that starts like it, it as a sender, and others."""
    prefixes = [number[:end] + "*" for end in range(2, len(number))]
    senders = [an_entry(number, kind=EntryKind.SENDER)]
    return [*map(an_entry, {number, *prefixes, *others}), *senders]


@given(st.sampled_from(NUMBERS), st.sets(patterns))
def test_no_list_and_no_model_stops_a_call_to_or_from_a_protected_number(
    number: str, others: set[str]
) -> None:
    engine = an_engine(*hostile(number, others), models=some_models(1.0))

    to = engine.decide_calls(some_calls("+8617000000001", callee=number), NINE_O_CLOCK_S)
    back = engine.decide_calls(some_calls(number), NINE_O_CLOCK_S)
    abroad = engine.decide_calls(
        some_calls("+12025550123", callee=number, ingress=Ingress.INTERNATIONAL), NINE_O_CLOCK_S
    )

    assert to.actions.tolist() == back.actions.tolist() == [Action.ALLOW]
    assert abroad.actions.tolist() == [Action.ALLOW]


@given(st.sampled_from(NUMBERS), st.sets(patterns))
def test_no_list_and_no_model_stops_a_text_to_or_from_a_protected_number(
    number: str, others: set[str]
) -> None:
    entries = [*hostile(number, others), an_entry("evil.example")]
    engine = an_engine(*entries, models=some_models(1.0))
    body = "see evil.example/x"

    to = engine.decide_texts(some_texts(body, receiver=number), NINE_O_CLOCK_S)
    back = engine.decide_texts(some_texts(body, sender=number), NINE_O_CLOCK_S)

    assert to.actions.tolist() == back.actions.tolist() == [Action.ALLOW]


labels = st.from_regex(r"[a-z]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)


@given(st.lists(labels, max_size=3), st.lists(labels, max_size=3))
def test_no_list_and_no_model_stops_a_government_site(below: list[str], path: list[str]) -> None:
    host = ".".join([*below, "gov.cn"])
    page = "/".join([host, *path])
    entries = [an_entry("gov.cn"), an_entry("cn", kind=EntryKind.HOST), an_entry(host)]
    prefixes = [an_entry(f"{host}/"), an_entry(page if path else f"{page}/")]
    engine = an_engine(*entries, *prefixes, models=some_models(1.0))

    decisions = engine.decide_links(
        some_links(f"http://{page}" if path else f"http://{page}/"), NINE_O_CLOCK_S
    )

    assert decisions.actions.tolist() == [Action.ALLOW]
