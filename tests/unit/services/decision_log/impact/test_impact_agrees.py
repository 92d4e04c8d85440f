"""A preview of additions tells what deciding the same traffic again, with them, would tell."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from blocklists.entries import Direction, Entry
from fanzha.decisions import Action
from fanzha.tables import Calls, Links, Texts
from tests.support.builders import (
    NINE_O_CLOCK_S,
    an_engine,
    an_entry,
    some_calls,
    some_links,
    some_texts,
)
from tests.support.decision_logs import logged
from tests.support.effort import examples

NUMBERS = [f"+8617000000{last}" for last in ("101", "102", "201", "311")] + ["110"]
PATTERNS = [*NUMBERS[:4], "+861700000010*", "+86170000001*", "+8617000000*"]
HOSTS = ["a.shop.example", "b.shop.example", "shop.example", "else.test"]

numbers = st.sampled_from(NUMBERS)
of_numbers = st.builds(
    an_entry,
    st.sampled_from(PATTERNS),
    st.sampled_from(Action),
    direction=st.sampled_from(Direction),
)
of_hosts = st.builds(an_entry, st.sampled_from(HOSTS), st.sampled_from(Action))
blocked_hosts = st.builds(an_entry, st.sampled_from(HOSTS), st.just(Action.BLOCK))


def by_identity(entry: Entry) -> tuple[str, Action]:
    return entry.pattern, entry.action


def lists(entries: st.SearchStrategy[Entry]) -> st.SearchStrategy[list[Entry]]:
    return st.lists(entries, max_size=5, unique_by=by_identity)


def agree(table: Calls | Texts | Links, old: Sequence[Entry], new: Sequence[Entry]) -> None:
    known = set(map(by_identity, old))
    # An entry that replaces its like may uncover another, of which the log knows nothing.
    additions = [entry for entry in new if by_identity(entry) not in known]
    before, after = (actions(table, entries) for entries in (old, [*old, *additions]))
    with tempfile.TemporaryDirectory() as folder:
        log = logged(Path(folder))
        log.decide(table, *old)
        impact = log.preview(*additions)

    changed = [one for one, other in zip(before, after, strict=True) if one != other]
    assert impact.calls + impact.texts + impact.links == len(changed)
    assert impact.would_block == changed.count(Action.ALLOW)


def actions(table: Calls | Texts | Links, entries: Sequence[Entry]) -> list[int]:
    engine = an_engine(*entries)
    if isinstance(table, Calls):
        decided = engine.decide_calls(table, NINE_O_CLOCK_S)
    elif isinstance(table, Texts):
        decided = engine.decide_texts(table, NINE_O_CLOCK_S)
    else:
        decided = engine.decide_links(table, NINE_O_CLOCK_S)
    found: list[int] = decided.actions.tolist()
    return found


@settings(max_examples=examples(60), deadline=None)
@given(
    st.lists(st.tuples(numbers, numbers), min_size=1, max_size=8),
    lists(of_numbers),
    lists(of_numbers),
)
def test_the_preview_of_calls_agrees_with_the_decisions(
    pairs: list[tuple[str, str]], old: list[Entry], new: list[Entry]
) -> None:
    callers, callees = zip(*pairs, strict=True)

    agree(some_calls(*callers, callees=callees), old, new)


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(st.sampled_from(HOSTS), min_size=1, max_size=6), lists(of_hosts), lists(of_hosts))
def test_the_preview_of_links_agrees_with_the_decisions(
    hosts: list[str], old: list[Entry], new: list[Entry]
) -> None:
    agree(some_links(*(f"http://{host}/x" for host in hosts)), old, new)


@settings(max_examples=examples(60), deadline=None)
@given(
    numbers,
    st.lists(st.sampled_from(HOSTS), min_size=1, max_size=4),
    # Either: of a text whose sender decided, the log does not tell what the lists said of its
    # links besides; and an allowed link never decides a text, so the log tells of none.
    lists(of_numbers) | lists(blocked_hosts),
    lists(of_numbers | of_hosts),
)
def test_the_preview_of_texts_with_one_link_agrees_with_the_decisions(
    sender: str, hosts: list[str], old: list[Entry], new: list[Entry]
) -> None:
    bodies = [f"看 http://{host}/x" for host in hosts]

    agree(some_texts(*bodies, sender=sender, receiver="+8619900000001"), old, new)


def test_an_allowed_link_of_a_text_is_not_known() -> None:
    text = some_texts("看 http://a.shop.example/x", sender=NUMBERS[0], receiver="+8619900000001")
    old = [an_entry("a.shop.example", Action.ALLOW)]
    addition = an_entry("a.shop.example", Action.BLOCK)

    with tempfile.TemporaryDirectory() as folder:
        log = logged(Path(folder))
        log.decide(text, *old)
        impact = log.preview(addition)

    assert actions(text, [*old, addition]) == [Action.ALLOW]
    assert impact.would_block == 1, "too many, so that a second person is rather asked"
