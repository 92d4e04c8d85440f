"""Shadow entries decide nothing, and tell what they would have: against a plain oracle."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocklists.entries import Direction, Entry, EntryKind, EntryMode
from blocklists.entry_table import EntryTable
from blocklists.snapshot import delta
from blocklists.snapshot.delta import ListSegments
from blocklists.snapshot.snapshot import Snapshot
from classifiers.caller.activity import ActivityTable
from fanzha.decisions import Action, Decisions, MatchedOn, Reason
from fanzha.phone import HomePlan
from fanzha.tables import Calls
from services.decision.decision_rules import DecisionRules
from services.decision.observer import Observer
from services.decision.pipeline import DecisionPipeline
from tests.support.builders import (
    NINE_O_CLOCK_S,
    a_change,
    an_engine,
    an_entry,
    some_calls,
    some_links,
    some_models,
    some_texts,
)
from tests.support.list_strategies import (
    identity,
    latest,
    mixed,
    numbers,
    scan_link,
    scan_party,
    senders,
    urls,
)

LISTED = "+8617000000001"
OTHER = "+8617000000002"


def a_shadow(pattern: str, **fields: object) -> Entry:
    return replace(an_entry(pattern, **fields), mode=EntryMode.SHADOW)  # type: ignore[arg-type]


def engine_of(snapshot: Snapshot) -> DecisionPipeline:
    models = some_models()
    return DecisionPipeline(
        current_snapshot=lambda: snapshot,
        current_models=lambda: models,
        activity=ActivityTable(slots=1024),
        rules=DecisionRules(block_implausible_callers=False),
        observer=Observer(),
        reserve_ids=lambda _rows: 100,
    )


def spread(first: Sequence[Entry], later: Sequence[Entry]) -> Snapshot:
    lists = ListSegments.of_table(1, 0, EntryTable.from_entries(first))
    return delta.apply(lists, a_change(2, *later)).snapshot()


def calls_between(pairs: Sequence[tuple[str, str]]) -> Calls:
    plan = HomePlan(country_code="999")
    calls = some_calls(*[LISTED for _ in pairs])
    return replace(
        calls,
        callers=plan.sender_keys([caller for caller, _ in pairs]),
        callees=plan.number_keys([callee for _, callee in pairs]),
    )


def weigh(listed: Sequence[Entry], caller: str, callee: str) -> tuple[int, int, int] | None:
    """Say by looking at every entry what decides on a call: rank, ALLOW or not, caller first."""
    found = []
    for side, party, direction in ((1, caller, Direction.FROM), (0, callee, Direction.TO)):
        decided = scan_party(listed, party, direction, senders=False)
        if decided:
            found.append((decided[0], int(decided[1] is Action.ALLOW), side))
    return max(found, default=None)


@given(
    st.lists(mixed, max_size=10),
    st.lists(mixed, max_size=5),
    st.lists(st.tuples(numbers, numbers), min_size=1, max_size=4),
)
def test_calls_are_decided_as_if_there_were_no_shadow_entries(
    first: list[Entry], later: list[Entry], pairs: list[tuple[str, str]]
) -> None:
    listed = latest([*first, *later])
    enforcing = [entry for entry in listed if entry.mode is EntryMode.ENFORCE]

    decisions = engine_of(spread(first, later)).decide_calls(calls_between(pairs), NINE_O_CLOCK_S)
    without = engine_of(spread(enforcing, [])).decide_calls(calls_between(pairs), NINE_O_CLOCK_S)

    assert decisions.actions.tolist() == without.actions.tolist()
    assert decisions.reasons.tolist() == without.reasons.tolist()
    assert decisions.details == without.details


@given(
    st.lists(mixed, max_size=10),
    st.lists(mixed, max_size=5),
    st.lists(st.tuples(numbers, numbers), min_size=1, max_size=4),
)
def test_a_shadow_entry_would_block_what_it_would_block_if_it_enforced(
    first: list[Entry], later: list[Entry], pairs: list[tuple[str, str]]
) -> None:
    listed = latest([*first, *later])
    enforcing = [entry for entry in listed if entry.mode is EntryMode.ENFORCE]

    decisions = engine_of(spread(first, later)).decide_calls(calls_between(pairs), NINE_O_CLOCK_S)

    for row, (caller, callee) in enumerate(pairs):
        everything = weigh(listed, caller, callee)
        known = weigh(enforcing, caller, callee)
        shadow_speaks = everything is not None and everything[1] == 0 and everything != known
        protected_or_invalid = decisions.reasons[row] in (Reason.PROTECTED, Reason.INVALID)
        assert (row in decisions.would_block) == (shadow_speaks and not protected_or_invalid)


@given(
    st.lists(mixed, max_size=10),
    st.lists(mixed, max_size=5),
    st.lists(urls, min_size=1, max_size=4),
)
def test_links_are_watched_as_by_a_linear_scan(
    first: list[Entry], later: list[Entry], asked: list[str]
) -> None:
    listed = latest([*first, *later])
    by_identity = {identity(entry): entry for entry in listed}
    enforcing = [entry for entry in listed if entry.mode is EntryMode.ENFORCE]

    decisions = engine_of(spread(first, later)).decide_links(some_links(*asked), NINE_O_CLOCK_S)

    for row, url in enumerate(asked):
        decided, speaks = scan_link(enforcing, url), scan_link(listed, url)
        blocked = decided is not None and decided[2] is Action.BLOCK
        assert (decisions.actions[row] == Action.BLOCK) == blocked
        watched = speaks is not None and by_identity[speaks].mode is EntryMode.SHADOW
        assert (row in decisions.would_block) == watched


@given(
    st.lists(mixed, max_size=10),
    st.lists(mixed, max_size=5),
    st.lists(st.tuples(senders, st.lists(urls, max_size=2)), min_size=1, max_size=4),
)
def test_texts_would_be_blocked_as_they_are_once_shadows_are_promoted(
    first: list[Entry], later: list[Entry], made: list[tuple[str, list[str]]]
) -> None:
    promoted = [replace(entry, mode=EntryMode.ENFORCE) for entry in latest([*first, *later])]
    texts = replace(
        some_texts(*[" ".join(["见", *links, "，谢谢"]) for _, links in made]),
        senders=HomePlan(country_code="999").sender_keys([sender for sender, _ in made]),
    )

    decisions = engine_of(spread(first, later)).decide_texts(texts, NINE_O_CLOCK_S)
    after = engine_of(spread(promoted, [])).decide_texts(texts, NINE_O_CLOCK_S)

    blocked = decisions.reasons == Reason.BLOCKLISTED
    blocked[list(decisions.would_block)] = True
    assert blocked.tolist() == (after.reasons == Reason.BLOCKLISTED).tolist()


def test_a_shadow_number_does_not_hide_the_range_that_blocks_it() -> None:
    engine = an_engine(an_entry("+86170*"), a_shadow(LISTED))

    decisions = engine.decide_calls(some_calls(LISTED), NINE_O_CLOCK_S)

    assert decisions.actions.tolist() == [Action.BLOCK]
    assert decisions.details[0].pattern == "+86170*"
    assert decisions.would_block[0].pattern == LISTED


def test_a_shadow_range_does_not_hide_the_number_that_blocks() -> None:
    engine = an_engine(an_entry(LISTED), a_shadow("+86170*"))

    decisions = engine.decide_calls(some_calls(LISTED, OTHER), NINE_O_CLOCK_S)

    assert decisions.actions.tolist() == [Action.BLOCK, Action.ALLOW]
    assert {row: one.pattern for row, one in decisions.would_block.items()} == {1: "+86170*"}


def test_an_allow_entry_outranks_a_shadow_as_it_would_a_block() -> None:
    engine = an_engine(a_shadow("+86170*"), an_entry(LISTED, Action.ALLOW))

    decisions = engine.decide_calls(some_calls(LISTED), NINE_O_CLOCK_S)

    assert decisions.reasons.tolist() == [Reason.ALLOWLISTED]
    assert not decisions.would_block


def test_a_protected_number_would_not_have_been_blocked() -> None:
    engine = an_engine(a_shadow(LISTED))

    decisions = engine.decide_calls(some_calls(LISTED, callee="110"), NINE_O_CLOCK_S)

    assert decisions.reasons.tolist() == [Reason.PROTECTED]
    assert not decisions.would_block


def test_an_expired_shadow_would_not_have_blocked() -> None:
    engine = an_engine(replace(a_shadow(LISTED), expires_at=an_entry(LISTED).created_at))

    assert not engine.decide_calls(some_calls(LISTED), NINE_O_CLOCK_S).would_block


def watch_text(
    engine: DecisionPipeline, body: str, sender: str = OTHER
) -> tuple[Decisions, str, MatchedOn]:
    decisions = engine.decide_texts(some_texts(body, sender=sender), NINE_O_CLOCK_S)
    would = decisions.would_block[0]
    return decisions, would.pattern, would.matched_on


@pytest.mark.parametrize(
    ("entry", "evidence"),
    [
        (a_shadow("prize.example"), MatchedOn.LINK),
        (a_shadow(OTHER), MatchedOn.SENDER),
        (replace(a_shadow("Prize"), kind=EntryKind.SENDER), MatchedOn.SENDER),
    ],
)
def test_a_text_is_watched_by_its_link_and_its_sender(entry: Entry, evidence: MatchedOn) -> None:
    sender = "Prize" if entry.kind is EntryKind.SENDER else OTHER
    decisions, pattern, matched = watch_text(
        an_engine(entry), "见 http://www.prize.example/a", sender
    )

    assert decisions.actions.tolist() == [Action.ALLOW]
    assert (pattern, matched) == (entry.pattern, evidence)


def test_a_shadow_link_does_not_unblock_the_text_of_a_blocked_sender() -> None:
    engine = an_engine(an_entry(OTHER), a_shadow("prize.example"))

    decisions = engine.decide_texts(
        some_texts("见 http://prize.example/", sender=OTHER), NINE_O_CLOCK_S
    )

    assert decisions.actions.tolist() == [Action.BLOCK]
    assert decisions.details[0].matched_on is MatchedOn.SENDER


def test_a_shadow_match_names_the_source_of_its_entry() -> None:
    decisions = an_engine(a_shadow(LISTED)).decide_calls(some_calls(LISTED), NINE_O_CLOCK_S)

    would = decisions.would_block[0]
    assert would.entry_id == a_shadow(LISTED).entry_id
    assert (would.kind, would.source) == (EntryKind.NUMBER, a_shadow(LISTED).source)


def test_without_shadow_entries_there_are_no_lookups() -> None:
    assert Snapshot.build(1, [an_entry(LISTED)]).shadows is None
    assert Snapshot.build(1, [an_entry(LISTED), a_shadow(OTHER)]).shadows is not None
