"""Which entries meet criteria, and how many have which value."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocklists.entries import NO_END_S, Entry, EntryKind, EntryMode, Source
from blocklists.entry_table import EntryTable
from blocklists.snapshot.segment import Segment, empty
from blocklists.snapshot.snapshot import Snapshot
from fanzha.decisions import Action
from fanzha.fraud import FraudType
from services.lists.search.criteria import EntryCondition, EntryCriteria, EntryOrder
from services.lists.search.pattern_rows import PatternPrefix
from services.lists.search.provenance_facts import FactsReader
from services.lists.search.row_order import ordered_rows
from services.lists.search.selection import EntrySelection, SelectionPass
from tests.support import builders
from tests.support.builders import NINE_O_CLOCK_S

NOW = datetime.fromtimestamp(NINE_O_CLOCK_S, UTC)
DAY = timedelta(days=1)


def an_entry(
    pattern: str, action: Action = Action.BLOCK, kind: EntryKind | None = None, **fields: Any
) -> Entry:
    return replace(builders.an_entry(pattern, action, kind=kind), **fields)


def selected(
    entries: Iterable[Entry], criteria: EntryCriteria, *, hits: Iterable[str] = ()
) -> EntrySelection:
    snapshot = Snapshot.build(7, list(entries))
    hit = [row for row in snapshot.live_rows().tolist() if snapshot.entry(row).pattern in set(hits)]
    prefix = PatternPrefix.of(criteria.pattern, "86") if criteria.pattern else None
    return SelectionPass(
        criteria=criteria,
        prefix=prefix,
        facts=FactsReader(),
        hit_rows=np.array(hit, np.int64),
        now_s=NINE_O_CLOCK_S,
    ).select(snapshot)


def patterns(selection: EntrySelection, rows: Iterable[int] | None = None) -> list[str]:
    chosen = selection.rows().tolist() if rows is None else rows
    return [selection.snapshot.entry(row).pattern for row in chosen]


def found(entries: Iterable[Entry], hits: Iterable[str] = (), **criteria: object) -> set[str]:
    return set(patterns(selected(entries, EntryCriteria(**criteria), hits=hits)))  # type: ignore[arg-type]


LISTED = (
    an_entry("+8617000000001"),
    an_entry("+8617100000001", Action.ALLOW),
    an_entry("+86170*"),
    an_entry("1069012345", kind=EntryKind.NUMBER),
    an_entry("bank.example", kind=EntryKind.HOST),
    an_entry("pay.bank.example", kind=EntryKind.HOST),
    an_entry("Bank", kind=EntryKind.SENDER),
)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("+86170", {"+8617000000001", "+86170*"}),
        ("170", {"+8617000000001", "+86170*"}),
        ("+86 170-0000", {"+8617000000001"}),
        ("1069", {"1069012345"}),
        ("+1069", set()),
        ("bank", {"bank.example"}),
        ("Bank", {"bank.example", "Bank"}),
        ("*bank.example", {"bank.example", "pay.bank.example"}),
        ("*.bank.example", {"pay.bank.example"}),
        ("+86170000000011111", set()),
    ],
)
def test_a_pattern_selects_what_begins_so_or_ends_so(typed: str, expected: set[str]) -> None:
    assert found(LISTED, pattern=typed) == expected


digits = st.text("123", min_size=3, max_size=6)


@given(st.sets(digits, min_size=1), digits.map(lambda text: text[:3]))
def test_a_prefix_of_numbers_agrees_with_a_comparison_of_texts(
    listed: set[str], prefix: str
) -> None:
    entries = [an_entry(f"+{text}") for text in listed]

    expected = {f"+{text}" for text in listed if text.startswith(prefix)}
    assert found(entries, pattern=f"+{prefix}") == expected


def test_criteria_hold_together() -> None:
    entries = [
        an_entry("+8617000000001", source=Source.PROVINCE, legal_basis="Art. 32"),
        an_entry("+8617000000002", source=Source.PROVINCE, legal_basis=""),
        an_entry("+8617000000003", source=Source.BUREAU, legal_basis="ART. 32 (2)"),
    ]

    assert found(entries, source=2, legal_basis="art. 32") == {"+8617000000001"}


def test_each_condition_selects_the_entries_that_need_attention() -> None:
    live = an_entry("+8617000000001", fraud_type=FraudType.FAKE_LOAN, legal_basis="Art. 32")
    live = replace(live, approved_by="wang", expires_at=NOW + 90 * DAY)
    entries = {
        EntryCondition.ENDED: replace(live, pattern="+8617000000002", expires_at=NOW - DAY),
        EntryCondition.ENDS_SOON: replace(live, pattern="+8617000000003", expires_at=NOW + DAY),
        EntryCondition.NO_END: replace(
            live, pattern="+8617000000004", expires_at=datetime.fromtimestamp(NO_END_S, UTC)
        ),
        EntryCondition.REVIEW_OVERDUE: replace(live, pattern="+8617000000005", review_at=NOW - DAY),
        EntryCondition.NO_LEGAL_BASIS: replace(live, pattern="+8617000000006", legal_basis=" "),
        EntryCondition.NO_FRAUD_TYPE: replace(
            live, pattern="+8617000000007", fraud_type=FraudType.UNSPECIFIED
        ),
        EntryCondition.NOT_APPROVED: replace(live, pattern="+8617000000008", approved_by=""),
    }
    listed = [live, *entries.values()]

    for condition, entry in entries.items():
        assert found(listed, conditions=frozenset({condition})) == {entry.pattern}, condition
    counts = selected(listed, EntryCriteria()).facets.conditions
    assert {condition: counts[condition] for condition in entries} == dict.fromkeys(entries, 1)


def test_entries_with_and_without_hits_are_told_apart_and_ended_ones_are_neither() -> None:
    entries = [
        an_entry("+8617000000001"),
        an_entry("+8617000000002"),
        an_entry("+8617000000003", expires_at=NOW - DAY),
    ]
    hits = {"+8617000000001"}

    assert found(entries, hits, conditions=frozenset({EntryCondition.HITS})) == hits
    assert found(entries, hits, conditions=frozenset({EntryCondition.NO_HITS})) == {
        "+8617000000002"
    }
    conditions = selected(entries, EntryCriteria(), hits=hits).facets.conditions
    assert (conditions[EntryCondition.HITS], conditions[EntryCondition.NO_HITS]) == (1, 1)


def test_shadow_entries_are_selected_by_their_mode() -> None:
    entries = [an_entry("+8617000000001"), an_entry("+8617000000002", mode=EntryMode.SHADOW)]

    assert found(entries, mode=EntryMode.SHADOW) == {"+8617000000002"}
    assert selected(entries, EntryCriteria()).facets.modes == {1: 1, 2: 1}


def test_entries_that_were_removed_are_neither_selected_nor_counted() -> None:
    table = EntryTable.from_entries(an_entry(f"+861700000000{one}") for one in range(1, 5))
    snapshot = Snapshot.of_segments(
        version=1,
        committed_at_ms=0,
        base=Segment.build(table),
        overlay=empty(),
        dead=np.array([1, 2]),
    )

    selection = SelectionPass(
        criteria=EntryCriteria(),
        prefix=None,
        facts=FactsReader(),
        hit_rows=np.zeros(0, np.int64),
        now_s=NINE_O_CLOCK_S,
    ).select(snapshot)

    assert selection.matching == 2
    assert selection.facets.actions[Action.BLOCK] == 2
    assert selection.rows().tolist() == snapshot.live_rows().tolist()


def test_entries_come_newest_first_or_by_their_end() -> None:
    entries = [
        an_entry("+8617000000001", created_at=NOW - DAY, expires_at=NOW + 9 * DAY),
        an_entry("+8617000000002", created_at=NOW, expires_at=NOW + 8 * DAY),
        an_entry("+8617000000003", created_at=NOW - 2 * DAY, expires_at=NOW + 7 * DAY),
    ]
    selection = selected(entries, EntryCriteria())

    newest = patterns(selection, ordered_rows(selection, EntryOrder.NEWEST, FactsReader()))
    by_end = patterns(selection, ordered_rows(selection, EntryOrder.ENDS_FIRST, FactsReader()))

    assert [one[-1] for one in newest] == ["2", "1", "3"]
    assert [one[-1] for one in by_end] == ["3", "2", "1"]
