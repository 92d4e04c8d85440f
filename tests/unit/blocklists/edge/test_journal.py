"""Which lines each version touched, as far back as memory allows."""

import pytest

from blocklists.edge import journal
from blocklists.edge.journal import Journal, Step, lineage_of
from blocklists.entries import EntryKind

HOSTS = frozenset((EntryKind.HOST,))


def step(version: int, *names: str, kind: EntryKind = EntryKind.HOST) -> Step:
    keys = {kind: frozenset(name.encode() for name in names)}
    return Step(version, lineage_of(f"commit {version}"), keys)


@pytest.fixture
def steps() -> Journal:
    made = Journal(5, lineage_of("commit 5"))
    made.append(step(6, "a"))
    made.append(step(7, "b", "c"))
    made.append(step(9, "+1", kind=EntryKind.NUMBER))
    return made


def test_what_came_after_a_version_is_told_together(steps: Journal) -> None:
    at = {version: lineage_of(f"commit {version}") for version in (5, 6, 7, 9)}

    assert steps.since(5, at[5], HOSTS) == {EntryKind.HOST: frozenset({b"a", b"b", b"c"})}
    assert steps.since(6, at[6], HOSTS) == {EntryKind.HOST: frozenset({b"b", b"c"})}
    assert steps.since(7, at[7], HOSTS) == {EntryKind.HOST: frozenset()}
    assert steps.since(9, at[9], HOSTS | {EntryKind.NUMBER}) == {
        EntryKind.HOST: frozenset(),
        EntryKind.NUMBER: frozenset(),
    }


@pytest.mark.parametrize(("version", "commit"), [(4, "commit 4"), (8, "commit 8"), (6, "another")])
def test_a_version_that_never_was_here_is_not_known(
    steps: Journal, version: int, commit: str
) -> None:
    assert steps.since(version, lineage_of(commit), HOSTS) is None


def test_the_first_steps_are_forgotten_when_there_are_too_many_keys() -> None:
    made = Journal(0, lineage_of(""))
    many = [str(number) for number in range(journal.MOST_KEYS // 2)]

    for version in (1, 2, 3):
        made.append(step(version, *many))

    assert made.since(0, lineage_of(""), HOSTS) is None
    kept = made.since(1, lineage_of("commit 1"), HOSTS)
    assert kept is not None
    assert len(kept[EntryKind.HOST]) == len(many)


def test_a_step_with_too_many_keys_is_where_the_next_begins() -> None:
    made = Journal(0, lineage_of(""))

    made.append(step(1, *(str(number) for number in range(journal.MOST_KEYS + 1))))
    made.append(step(2, "a"))

    assert made.since(0, lineage_of(""), HOSTS) is None
    assert made.since(1, lineage_of("commit 1"), HOSTS) == {EntryKind.HOST: frozenset({b"a"})}
