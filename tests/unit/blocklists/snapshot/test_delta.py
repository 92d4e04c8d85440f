from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocklists.entries import Entry, EntryKind, EntryMode
from blocklists.entry_table import EntryTable, Identities, text_key
from blocklists.snapshot import delta
from blocklists.snapshot.delta import ListSegments, last_of_each
from blocklists.store.changes import ListChange, RowOutcome
from fanzha.decisions import Action
from tests.support.builders import a_change, an_entry
from tests.support.list_strategies import identity, mixed

steps = st.lists(st.tuples(st.lists(mixed, max_size=4), st.lists(mixed, max_size=4)), max_size=6)
"""Changes: what is added, and whose likes are removed."""


def names(listed: list[Entry]) -> Identities:
    return Identities.of((entry.kind, entry.pattern, entry.action) for entry in listed)


def changes(made: list[tuple[list[Entry], list[Entry]]]) -> list[ListChange]:
    return [
        a_change(version, *added, removals=names(removed))
        for version, (added, removed) in enumerate(made, 1)
    ]


def contents(lists: ListSegments) -> list[Entry]:
    table = delta.table_of(lists)
    return sorted((table.entry(row) for row in range(len(table))), key=identity)


def replayed(made: list[tuple[list[Entry], list[Entry]]]) -> list[Entry]:
    """Do the same with a dictionary."""
    known: dict[tuple[EntryKind, str, Action], Entry] = {}
    for added, removed in made:
        for entry in removed:
            known.pop(identity(entry), None)
        known.update({identity(entry): entry for entry in added})
    return sorted(known.values(), key=identity)


@given(steps)
def test_changes_one_by_one_make_what_a_dictionary_makes(
    made: list[tuple[list[Entry], list[Entry]]],
) -> None:
    lists = ListSegments.nothing()
    for change in changes(made):
        lists = delta.apply(lists, change)

    assert contents(lists) == replayed(made)
    assert len(lists.snapshot()) == len(replayed(made))


@given(steps.filter(bool), st.integers(0, 5))
def test_folded_changes_make_the_same(
    made: list[tuple[list[Entry], list[Entry]]], first: int
) -> None:
    lists = ListSegments.nothing()
    for change in changes(made)[:first]:
        lists = delta.apply(lists, change)
    rest = changes(made)[first:]

    after = delta.apply(lists, delta.fold(rest)) if rest else lists

    assert contents(after) == replayed(made)
    assert (after.version, after.commit) == (len(made), f"commit-{len(made)}")


@given(steps, st.integers(0, 5))
def test_a_new_base_holds_the_same(
    made: list[tuple[list[Entry], list[Entry]]], merged_after: int
) -> None:
    lists = ListSegments.nothing()
    for change in changes(made):
        lists = delta.apply(lists, change)
        if change.version == merged_after:
            lists = delta.merged(lists)
            assert (len(lists.overlay), len(lists.dead)) == (0, 0)

    assert contents(lists) == replayed(made)


def test_a_change_leaves_the_base_alone() -> None:
    lists = ListSegments.of_table(1, 0, EntryTable.from_entries([an_entry("+8617000000001")]))

    after = delta.apply(lists, a_change(2, an_entry("+8617000000002")))

    assert after.base is lists.base
    assert len(after.overlay) == 1


def test_a_replaced_entry_is_gone() -> None:
    lists = ListSegments.of_table(1, 0, EntryTable.from_entries([an_entry("+8617000000001")]))

    after = delta.apply(lists, a_change(2, an_entry("+8617000000001", reason="ordered")))

    assert [entry.reason for entry in contents(after)] == ["ordered"]


def test_patterns_with_one_hash_are_distinguished() -> None:
    pair = [an_entry("one.example"), an_entry("two.example")]
    table = EntryTable.from_entries([*pair, *pair])
    table = replace(table, keys=np.full(4, text_key("one.example")))

    assert last_of_each(table).tolist() == [2, 3]


@pytest.mark.parametrize(("gone", "stays"), [("one", "two"), ("two", "one")])
def test_a_text_is_not_removed_with_another_of_its_hash(gone: str, stays: str) -> None:
    table = EntryTable.from_entries([an_entry("one.example"), an_entry("two.example")])
    lists = ListSegments.of_table(1, 0, replace(table, keys=np.full(2, text_key("one.example"))))
    removals = names([an_entry(f"{gone}.example")])
    removals = replace(removals, keys=np.array([text_key("one.example")]))

    after = delta.apply(lists, a_change(2, removals=removals))

    assert [entry.pattern for entry in contents(after)] == [f"{stays}.example"]


def test_each_addition_has_an_outcome() -> None:
    known = [an_entry("+8617000000001"), an_entry("prize.example"), an_entry("+8617000000009")]
    lists = ListSegments.of_table(1, 0, EntryTable.from_entries(known))
    lists = delta.apply(lists, a_change(2, removals=names(known[2:])))
    additions = [
        known[0],
        replace(known[1], reason="ordered"),
        an_entry("+8617000000001", Action.ALLOW),
        an_entry("+8617000000002"),
        an_entry("+8617000000002"),
        known[2],
        replace(known[0], created_by="wang"),
    ]

    outcomes = delta.classify(lists.snapshot(), EntryTable.from_entries(additions))

    assert outcomes.tolist() == [
        RowOutcome.DUPLICATE,
        RowOutcome.REPLACED,
        RowOutcome.ADDED,
        RowOutcome.DUPLICATE,
        RowOutcome.ADDED,
        RowOutcome.ADDED,
        RowOutcome.DUPLICATE,
    ]


@given(steps.filter(bool))
def test_an_outcome_says_what_an_addition_does(
    made: list[tuple[list[Entry], list[Entry]]],
) -> None:
    *before, (added, _) = made
    lists = ListSegments.nothing()
    for change in changes(before):
        lists = delta.apply(lists, change)
    known = {identity(entry): entry for entry in replayed(before)}

    outcomes = delta.classify(lists.snapshot(), EntryTable.from_entries(added))

    for at, entry in enumerate(added):
        later = {identity(other) for other in added[at + 1 :]}
        if identity(entry) in later or _alike(known.get(identity(entry)), entry):
            assert outcomes[at] == RowOutcome.DUPLICATE
        else:
            assert outcomes[at] == (
                RowOutcome.REPLACED if identity(entry) in known else RowOutcome.ADDED
            )


def _alike(one: Entry | None, other: Entry) -> bool:
    if one is None:
        return False
    days = [entry.expires_at.date() for entry in (one, other)]
    return (
        replace(one, expires_at=other.expires_at, pattern=other.pattern) == other
        and len(set(days)) == 1
    )


def shadows(lists: ListSegments) -> list[str]:
    return [lists.shadows.entry(row).pattern for row in range(len(lists.shadows))]


def a_shadow(pattern: str) -> Entry:
    return replace(an_entry(pattern), mode=EntryMode.SHADOW)


def test_shadow_entries_lie_apart_and_are_promoted_or_softened_by_replacing() -> None:
    lists = delta.apply(ListSegments.nothing(), a_change(1, an_entry("1"), a_shadow("2")))
    assert shadows(lists) == ["2"]

    promoted = delta.apply(lists, a_change(2, an_entry("2")))
    assert (shadows(promoted), len(promoted.overlay)) == ([], 2)

    softened = delta.apply(promoted, a_change(3, a_shadow("1")))
    assert (shadows(softened), len(softened.overlay)) == (["1"], 1)


def test_a_change_without_shadow_entries_keeps_their_segment() -> None:
    lists = delta.apply(ListSegments.nothing(), a_change(1, a_shadow("2")))

    after = delta.apply(lists, a_change(2, an_entry("1"), removals=names([an_entry("3")])))

    assert after.shadows is lists.shadows


def test_a_shadow_of_an_enforcing_entry_is_reported() -> None:
    lists = delta.apply(ListSegments.nothing(), a_change(1, an_entry("1"), a_shadow("2")))
    additions = EntryTable.from_entries(
        [a_shadow("1"), a_shadow("2"), a_shadow("3"), an_entry("1", reason="other")]
    )

    assert delta.softened(lists.snapshot(), additions).tolist() == [True, False, False, False]


def test_another_mode_or_review_makes_no_duplicate() -> None:
    lists = delta.apply(ListSegments.nothing(), a_change(1, a_shadow("1"), an_entry("2")))
    reviewed = replace(an_entry("2"), review_at=an_entry("2").expires_at)
    additions = EntryTable.from_entries([an_entry("1"), reviewed])

    found = delta.classify(lists.snapshot(), additions)

    assert found.tolist() == [RowOutcome.REPLACED, RowOutcome.REPLACED]
