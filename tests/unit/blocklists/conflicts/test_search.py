"""What contradicts what, by example, and as a linear scan of all pairs says."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocklists.conflicts.findings import ConflictRelation, Conflicts
from blocklists.conflicts.search import find
from blocklists.entries import Direction, Entry, EntryKind, EntryMode
from blocklists.entry_table import EntryTable
from blocklists.snapshot.snapshot import Snapshot
from fanzha.decisions import Action
from fanzha.url import path_prefixes
from tests.support.builders import NINE_O_CLOCK_S, an_entry
from tests.support.list_strategies import EXPIRED, entries, identity, latest

RelationCount = tuple[ConflictRelation, int] | None
"""How an addition lies to what it contradicts, and how many those are."""


def found(listed: Sequence[Entry], additions: Sequence[Entry]) -> Conflicts:
    snapshot = Snapshot.build(1, listed)
    return find(snapshot, EntryTable.from_entries(additions), NINE_O_CLOCK_S)


def summary(conflicts: Conflicts) -> list[RelationCount]:
    pairs = zip(conflicts.relations.tolist(), conflicts.counts.tolist(), strict=True)
    return [(ConflictRelation(relation), count) if relation else None for relation, count in pairs]


def allow(pattern: str) -> Entry:
    return an_entry(pattern, Action.ALLOW)


@pytest.mark.parametrize(
    ("listed", "addition", "expected"),
    [
        ("+8617000000001", "+8617000000001", ConflictRelation.SAME),
        ("+86170*", "+8617000000001", ConflictRelation.WIDER),
        ("+86170*", "+861700*", ConflictRelation.WIDER),
        ("+8617000000001", "+86170*", ConflictRelation.NARROWER),
        ("+861700*", "+86170*", ConflictRelation.NARROWER),
        ("bank.example", "bank.example", ConflictRelation.SAME),
        ("bank.example", "www.bank.example", ConflictRelation.WIDER),
        ("bank.example", "bank.example/login", ConflictRelation.WIDER),
        ("shop.example/pay/", "shop.example/pay/now", ConflictRelation.WIDER),
        ("www.bank.example", "bank.example", ConflictRelation.NARROWER),
        ("bank.example/login", "bank.example", ConflictRelation.NARROWER),
        ("shop.example/pay/now", "shop.example/pay/", ConflictRelation.NARROWER),
        ("Bank", "BANK", ConflictRelation.SAME),
        ("+8617000000001", "+8617000000002", None),
        ("+861700*", "+861710*", None),
        ("bank.example", "mybank.example", None),
        ("192.0.2.1", "198.51.100.1", None),
    ],
)
def test_a_block_and_an_allow_entry_contradict_each_other(
    listed: str, addition: str, expected: ConflictRelation | None
) -> None:
    kind = EntryKind.HOST if listed.count(".") == 3 else None

    conflicts = found(
        [an_entry(listed, Action.ALLOW, kind=kind)], [an_entry(addition, Action.BLOCK, kind=kind)]
    )

    assert summary(conflicts) == [(expected, 1) if expected else None]


def test_entries_of_the_same_action_do_not() -> None:
    conflicts = found([an_entry("+86170*")], [an_entry("+8617000000001")])

    assert summary(conflicts) == [None]


def test_only_the_most_specific_wider_entry_conflicts() -> None:
    conflicts = found([allow("+86170*"), an_entry("+861700*")], [an_entry("+8617000000001")])

    assert summary(conflicts) == [None]


def test_a_range_covers_the_number_that_is_its_leading_digits() -> None:
    assert summary(found([an_entry("+111*")], [allow("+111")])) == [(ConflictRelation.WIDER, 1)]


def test_entries_of_the_other_direction_or_expired_ones_do_not_conflict() -> None:
    to = replace(allow("+8617000000001"), direction=Direction.TO)
    over = replace(allow("+8617000000002"), expires_at=EXPIRED)
    caller = replace(an_entry("+8617000000001"), direction=Direction.FROM)

    assert summary(found([to, over], [caller, an_entry("+8617000000002")])) == [None, None]


def test_a_wider_range_contradicts_on_its_own_side_only() -> None:
    ringing, calling = (
        replace(allow("+86170*"), direction=one) for one in (Direction.TO, Direction.FROM)
    )
    called = replace(an_entry("+8617000000001"), direction=Direction.TO)

    assert summary(found([ringing], [called])) == [(ConflictRelation.WIDER, 1)]
    assert summary(found([ringing], [an_entry("+8617000000001")])) == [(ConflictRelation.WIDER, 1)]
    assert summary(found([calling], [called])) == [None]


def test_shadow_entries_contradict_nothing() -> None:
    watched = replace(allow("+86170*"), mode=EntryMode.SHADOW)
    proposed = replace(an_entry("a.example"), mode=EntryMode.SHADOW)

    assert summary(found([watched], [an_entry("+8617000000001")])) == [None]
    conflicts = found([allow("a.example")], [proposed, allow("b.example"), an_entry("b.example")])
    assert summary(conflicts) == [
        None,
        (ConflictRelation.TOGETHER, 1),
        (ConflictRelation.TOGETHER, 1),
    ]
    assert conflicts.others.tolist() == [-1, 2, 1]


def test_a_number_is_a_sender_of_texts_too() -> None:
    sender = an_entry("1069000006", Action.ALLOW, kind=EntryKind.SENDER)

    assert summary(found([sender], [an_entry("1069000006")])) == [(ConflictRelation.SAME, 1)]


def test_contained_entries_are_counted_and_one_is_named() -> None:
    listed = [allow("+8617000000001"), allow("+8617000000002"), an_entry("+8617000000003")]

    conflicts = found(listed, [an_entry("+86170*")])

    assert summary(conflicts) == [(ConflictRelation.NARROWER, 2)]
    named = Snapshot.build(1, listed).entry(int(conflicts.others[0]))
    assert named.action == Action.ALLOW


def test_additions_contradict_one_another() -> None:
    conflicts = found([], [an_entry("a.example"), an_entry("b.example"), allow("a.example")])

    assert summary(conflicts) == [
        (ConflictRelation.TOGETHER, 1),
        None,
        (ConflictRelation.TOGETHER, 1),
    ]
    assert conflicts.others.tolist() == [2, -1, 0]
    assert conflicts.rows.tolist() == [0, 2]


def test_nothing_contradicts_empty_lists() -> None:
    assert summary(found([], [an_entry("+86170*"), an_entry("a.example")])) == [None, None]
    assert summary(found([allow("+86170*")], [])) == []


def covers(wide: Entry, narrow: Entry) -> bool:
    if wide.kind == EntryKind.RANGE:
        leading, text = wide.pattern.removesuffix("*"), narrow.pattern
        longer = narrow.kind != EntryKind.RANGE or len(text) > len(wide.pattern)
        return narrow.kind <= EntryKind.SENDER and text.startswith(leading) and longer
    if narrow.kind not in (EntryKind.HOST, EntryKind.URL_PREFIX) or wide.pattern == narrow.pattern:
        return False
    host, slash, path = narrow.pattern.partition("/")
    if wide.kind == EntryKind.HOST:
        own = narrow.kind == EntryKind.URL_PREFIX and host == wide.pattern
        return own or host.endswith(f".{wide.pattern}")
    prefixes = [host + prefix for prefix in path_prefixes(slash + path)]
    return wide.kind == narrow.kind == EntryKind.URL_PREFIX and wide.pattern in prefixes


def same(one: Entry, other: Entry) -> bool:
    number_or_sender = {one.kind, other.kind} == {EntryKind.NUMBER, EntryKind.SENDER}
    return identity(one)[:2] == identity(other)[:2] or (
        number_or_sender and one.pattern == other.pattern
    )


def scan(listed: Sequence[Entry], additions: Sequence[Entry], addition: Entry) -> RelationCount:
    acting = [
        entry
        for entry in listed
        if entry.expires_at.timestamp() > NINE_O_CLOCK_S and entry.direction & addition.direction
    ]
    against = [entry for entry in acting if entry.action != addition.action]
    if any(same(entry, addition) for entry in against):
        return ConflictRelation.SAME, 1
    for other in additions:
        if identity(other)[:2] == identity(addition)[:2] and other.action != addition.action:
            return ConflictRelation.TOGETHER, 1
    wider = [entry for entry in acting if covers(entry, addition)]
    if wider:
        # By the precedence of the snapshot: paths before hosts, the longest first, ALLOW first.
        decides = max(
            wider, key=lambda one: (one.kind == EntryKind.URL_PREFIX, len(one.pattern), -one.action)
        )
        if decides.action != addition.action:
            return ConflictRelation.WIDER, 1
    within = [entry for entry in against if covers(addition, entry)]
    return (ConflictRelation.NARROWER, len(within)) if within else None


both_ways = entries.map(lambda entry: replace(entry, direction=Direction.BOTH))
"""Which of several additions counts as the other is arbitrary, so their directions are alike."""


@given(st.lists(entries, max_size=12), st.lists(both_ways, max_size=6))
def test_the_search_agrees_with_a_scan_of_all_pairs(
    listed: list[Entry], additions: list[Entry]
) -> None:
    listed = latest(listed)

    conflicts = found(listed, additions)

    assert summary(conflicts) == [scan(listed, additions, addition) for addition in additions]
