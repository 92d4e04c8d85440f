"""Finds which additions contradict what is listed, or one another.

Two entries contradict each other when one blocks and the other allows, they are about the same
or one lies within the other, and both act (see `blocklists.snapshot.snapshot`). That is no error:
an allow entry within a blocked range is how exceptions are made. But who imports a list should
see it first. Where several wider entries cover an addition, only the most specific speaks.

Columns throughout. Two things are not searched for: near-duplicates of a fingerprint, of which only
the very same counts, and names of the additions within names of the additions.
"""

from collections.abc import Iterator

import numpy as np

from blocklists.conflicts import hosts, numbers
from blocklists.conflicts.findings import (
    OPPOSITES,
    ConflictColumns,
    ConflictRelation,
    Conflicts,
    acting,
)
from blocklists.entries import TEXT_KINDS, EntryKind, EntryMode
from blocklists.entry_table import EntryTable, Identities
from blocklists.snapshot.snapshot import Snapshot
from fanzha.decisions import Action
from fanzha.phone import FIRST_SENDER
from fanzha.tables import Uint8s


def find(snapshot: Snapshot, additions: EntryTable, now_s: int) -> Conflicts:
    """Return what *additions* contradict: entries that act at *now_s*, and one another.

    Shadow entries decide nothing, and so contradict nothing.
    """
    enforcing = np.flatnonzero(additions.modes == EntryMode.ENFORCE)
    if len(enforcing) == len(additions):
        return _found(snapshot, additions, now_s)
    found = _found(snapshot, additions.take(enforcing), now_s)
    return found.spread(enforcing, len(additions))


def _found(snapshot: Snapshot, additions: EntryTable, now_s: int) -> Conflicts:
    finding = ConflictColumns(len(additions))
    listed = {int(action) for _, action in snapshot.counts()}
    proposed = np.unique(additions.actions)
    against_listed = bool(listed & set(OPPOSITES[proposed].tolist()))
    if against_listed:
        hosts.within(snapshot, additions, now_s, finding)
        numbers.within(snapshot, additions, now_s, finding)
        hosts.under(snapshot, additions, now_s, finding)
        numbers.under(snapshot, additions, now_s, finding)
    if len(proposed) > 1:
        _together(additions, finding)
    if against_listed:
        for identities in _opposites(additions):
            rows, others = acting(snapshot, identities, additions.directions, now_s)
            finding.note(ConflictRelation.SAME, rows, others)
    return finding.result()


def _opposites(additions: EntryTable) -> Iterator[Identities]:
    """Name the same patterns with the other action; a number is a sender of texts, too."""
    actions = OPPOSITES[additions.actions]
    kinds = additions.kinds.copy()
    kinds[additions.kinds == EntryKind.NUMBER] = EntryKind.SENDER
    kinds[(additions.kinds == EntryKind.SENDER) & (additions.keys < FIRST_SENDER)] = (
        EntryKind.NUMBER
    )
    swapped = kinds != additions.kinds
    if swapped.any():
        # No entry has action 0, so rows that were not swapped are not found.
        yield _named_anew(additions, kinds, np.where(swapped, actions, 0).astype(np.uint8))
    yield _named_anew(additions, additions.kinds, actions)


def _named_anew(table: Identities, kinds: Uint8s, actions: Uint8s) -> Identities:
    return Identities(
        kinds=kinds, keys=table.keys, digits=table.digits, actions=actions, patterns=table.patterns
    )


def _together(additions: EntryTable, finding: ConflictColumns) -> None:
    order = np.lexsort((additions.actions, additions.keys, additions.digits, additions.kinds))
    first = np.zeros(len(order), np.bool_)
    first[:1] = True
    for column in (additions.kinds, additions.digits, additions.keys):
        ordered = column[order]
        first[1:] |= ordered[1:] != ordered[:-1]
    starts = np.flatnonzero(first)
    ends = np.append(starts[1:], len(order))
    # Sorted by action: the first of a run allows and the last blocks, where both are there.
    allowing = np.repeat(order[starts], ends - starts)
    blocking = np.repeat(order[ends - 1], ends - starts)
    other = np.where(additions.actions[order] == Action.ALLOW, blocking, allowing)
    both = additions.actions[order] != additions.actions[other]
    both &= (additions.directions[order] & additions.directions[other]) != 0
    alike = [at for at in np.flatnonzero(both).tolist() if _same(additions, order[at], other[at])]
    finding.note(ConflictRelation.TOGETHER, order[alike], other[alike])


def _same(additions: EntryTable, row: int, other: int) -> bool:
    """Separate texts with equal hashes, one by one: such pairs are rare."""
    raw = additions.patterns.raw
    return additions.kinds[row] not in TEXT_KINDS or raw(int(row)) == raw(int(other))
