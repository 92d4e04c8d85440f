"""What a change does, and what undoes it; checked against plain dictionaries."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from blocklists.entries import Entry, EntryKind, EntryMode
from blocklists.entry_table import EntryTable, Identities
from blocklists.snapshot.snapshot import Snapshot
from blocklists.store.changes import RowOutcome
from fanzha.decisions import Action
from services.changes import diff
from services.changes.entry_set import EntrySet
from tests.support.builders import NINE_O_CLOCK_S, an_entry
from tests.support.change_desk import identities
from tests.support.effort import examples
from tests.support.list_strategies import entries, identity, latest

ONE, TWO, HOST = an_entry("+8617000000001"), an_entry("+8617000000002"), an_entry("prize.example")


def table(*listed: Entry) -> EntryTable:
    return EntryTable.from_entries(listed)


def undone(now: list[Entry], step: "Step") -> Snapshot:
    """Undo a change in lists that hold *now*; return them after it."""
    back = diff.inverse(
        Snapshot.build(2, now),
        table(*step.wrote),
        identities(*step.gone),
        table(*step.before),
        now_s=NINE_O_CLOCK_S,
    )
    listed = {identity(entry): entry for entry in now}
    for row in range(len(back.removals)):
        kind, action = int(back.removals.kinds[row]), int(back.removals.actions[row])
        named = replace(ONE, pattern=back.removals.pattern(row))
        del listed[identity(replace(named, kind=EntryKind(kind), action=Action(action)))]
    for row in range(len(back.additions)):
        entry = back.additions.entry(row)
        listed[identity(entry)] = entry
    return Snapshot.build(3, list(listed.values()))


@dataclass(frozen=True, slots=True)
class Step:
    """What a change did."""

    wrote: list[Entry]
    gone: list[Entry]
    before: list[Entry]


def done(snapshot: Snapshot, added: list[Entry], removed: list[Entry]) -> Step:
    """Tell what a change does to lists."""
    additions, removals = table(*added), identities(*removed)
    judged = diff.compute_diff(snapshot, additions, removals)
    written = diff.rows_to_write(additions, removals, judged)
    return Step(
        wrote=[one for one, yes in zip(added, written, strict=True) if yes],
        gone=[one for one, yes in zip(removed, judged.present, strict=True) if yes],
        before=[judged.before.entry(row) for row in range(len(judged.before))],
    )


def contents(snapshot: Snapshot) -> dict[object, str]:
    found = [snapshot.entry(row) for row in snapshot.live_rows().tolist()]
    return {identity(entry): entry.reason for entry in found}


@settings(max_examples=examples(50))
@given(st.lists(entries, max_size=6), st.lists(entries, max_size=6), st.lists(entries, max_size=3))
def test_reverting_at_once_restores_the_entries(
    there: list[Entry], added: list[Entry], removed: list[Entry]
) -> None:
    lasting = [replace(one, expires_at=ONE.expires_at) for one in latest(there)]
    added = [replace(one, expires_at=ONE.expires_at) for one in latest(added)]
    step = done(Snapshot.build(1, lasting), added, removed)
    after = {identity(one): one for one in lasting}
    for one in step.gone:
        after.pop(identity(one), None)
    after |= {identity(one): one for one in step.wrote}
    expected = {identity(one): one for one in lasting}
    for one in removed:
        expected.pop(identity(one), None)
    expected |= {identity(one): one for one in added}

    back = undone(list(after.values()), step)

    assert {name: one.reason for name, one in after.items()} == {
        name: one.reason for name, one in expected.items()
    }
    assert contents(back) == {identity(one): one.reason for one in lasting}


def test_a_revert_leaves_later_changes_of_others() -> None:
    theirs = replace(ONE, reason="somebody else's")

    snapshot = Snapshot.build(2, [theirs, TWO])
    back = diff.inverse(snapshot, table(ONE, TWO), identities(), table(), now_s=NINE_O_CLOCK_S)

    assert [back.clashes.pattern(0), len(back.clashes)] == ["+8617000000001", 1]
    assert [back.removals.pattern(0), len(back.removals)] == ["+8617000000002", 1]


def test_a_revert_does_not_restore_expired_entries() -> None:
    over = replace(ONE, expires_at=datetime.fromtimestamp(NINE_O_CLOCK_S, UTC))

    back = diff.inverse(
        Snapshot.build(2, []), table(), identities(over), table(over), now_s=NINE_O_CLOCK_S
    )

    assert (len(back.additions), back.expired.pattern(0)) == (0, "+8617000000001")


def test_changing_texts_or_shortening_a_term_has_no_effect_on_decisions() -> None:
    there = Snapshot.build(1, [ONE, TWO, HOST])
    additions = table(
        replace(ONE, reason="better words"),
        replace(TWO, expires_at=TWO.expires_at - timedelta(days=30)),
        replace(HOST, expires_at=HOST.expires_at + timedelta(days=30)),
        replace(an_entry("new.example"), mode=EntryMode.SHADOW),
        an_entry("newer.example"),
    )

    judged = diff.compute_diff(there, additions, identities())
    idle = diff.rows_without_effect(there, additions, judged)

    assert idle.tolist() == [True, True, False, True, False]


def test_an_enforcing_entry_becomes_a_shadow_only_if_it_is_removed_in_the_same_change() -> None:
    there = Snapshot.build(1, [ONE])
    shadow = table(replace(ONE, mode=EntryMode.SHADOW))

    unchanged = diff.compute_diff(there, shadow, identities())
    removed = diff.compute_diff(there, shadow, identities(ONE))

    assert unchanged.outcomes.tolist() == [RowOutcome.REFUSED]
    assert removed.outcomes.tolist() != [RowOutcome.REFUSED]
    assert unchanged.is_empty


def test_an_emergency_leaves_acting_entries_as_they_are() -> None:
    there = Snapshot.build(1, [ONE])
    additions = diff.cap_expiry(table(replace(ONE, reason="now"), TWO), NINE_O_CLOCK_S + 60)

    acting = diff.in_force(there, additions, NINE_O_CLOCK_S)

    assert acting.tolist() == [True, False]
    assert additions.expires_s.tolist() == [NINE_O_CLOCK_S + 60] * 2


@settings(max_examples=examples(50))
@given(st.lists(entries, max_size=8), st.lists(entries, max_size=8))
def test_rows_are_found_as_by_a_linear_scan(held: list[Entry], asked: list[Entry]) -> None:
    names = [identity(entry) for entry in held]

    found = EntrySet.of(table(*held)).find(table(*asked))

    expected = [
        max((row for row, name in enumerate(names) if name == identity(entry)), default=-1)
        for entry in asked
    ]
    assert found.tolist() == expected


def test_entries_with_one_hash_are_distinguished() -> None:
    held = EntrySet.of(identities(ONE, TWO))
    alike = replace(held, hashes=np.full(2, held.hashes[0]), order=np.array([0, 1]))

    # As if the marks of both were the same: each is found by itself, a third is not.
    found = [
        alike._find_collided(identities(one), 0, 1)  # noqa: SLF001 - collisions cannot be made to order
        for one in (ONE, TWO, HOST)
    ]

    assert found == [0, 1, -1]


def test_the_second_person_is_written_into_every_entry() -> None:
    as_approved = diff.with_approver(table(ONE, TWO), "王芳")

    assert [as_approved.entry(row).approved_by for row in (0, 1)] == ["王芳", "王芳"]
    assert as_approved.entry(0).reason == ONE.reason


def test_an_empty_query_finds_no_entry() -> None:
    assert diff.rows_in(table(), Identities.of([])).tolist() == []
