"""How rows of a change relate to current entries: contradict, cover, or lie within them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from blocklists.conflicts import search
from blocklists.conflicts.findings import ConflictRelation, Conflicts
from blocklists.entry_table import EntryTable
from blocklists.snapshot.snapshot import Snapshot
from fanzha.decisions import Action
from fanzha.tables import Int64s
from fanzha.translation.catalogue import gettext_noop
from fanzha.translation.message import Message

_EXAMPLES = 3
_BLOCKED, _ALLOWED = gettext_noop("block {pattern}"), gettext_noop("allow {pattern}")
_CONTRADICTING = {
    ConflictRelation.SAME: "contradicted",
    ConflictRelation.TOGETHER: "contradicts_itself",
    ConflictRelation.WIDER: "under",
    ConflictRelation.NARROWER: "over",
}
_AGREEING = {ConflictRelation.WIDER: "within", ConflictRelation.NARROWER: "covers"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RowRelation:
    """Rows of a change that relate to current entries in one way."""

    what: str
    """``contradicted`` (the other action for the same pattern), ``contradicts_itself`` (so does
    another row), ``under`` (a wider entry says the opposite), ``over`` (covers entries that say
    the opposite), ``within`` (a wider entry says the same), ``covers`` (entries that say the
    same)."""
    rows: int
    entries: int
    examples: tuple[str, ...] = ()


def relations(
    snapshot: Snapshot, table: EntryTable, conflicts: Conflicts, *, now_s: int
) -> tuple[tuple[RowRelation, ...], tuple[str, ...]]:
    """Return how rows of *table* relate to entries in force, and what was not compared.

    *conflicts* are those of *table*.
    """
    flipped = replace(table, actions=(Action.BLOCK + Action.ALLOW - table.actions).astype(np.uint8))
    agreeing = search.find(snapshot, flipped, now_s)
    met = [
        *_of(snapshot, table, conflicts, _CONTRADICTING),
        *_of(snapshot, table, agreeing, _AGREEING),
    ]
    unlooked = max(conflicts.names_not_compared, agreeing.names_not_compared)
    return tuple(met), (_not_compared(unlooked),) if unlooked else ()


def _of(
    snapshot: Snapshot, table: EntryTable, found: Conflicts, words: dict[ConflictRelation, str]
) -> Iterator[RowRelation]:
    for relation, what in words.items():
        rows: Int64s = np.flatnonzero(found.relations == relation)
        if len(rows):
            yield RowRelation(
                what=what,
                rows=len(rows),
                entries=int(found.counts[rows].sum()),
                examples=_examples(snapshot, table, found, relation, rows[:_EXAMPLES].tolist()),
            )


def _examples(
    snapshot: Snapshot,
    table: EntryTable,
    found: Conflicts,
    relation: ConflictRelation,
    rows: Sequence[int],
) -> tuple[str, ...]:
    return tuple(
        Message("{row}, and another row", row=_written(table, row))
        if relation is ConflictRelation.TOGETHER
        else Message(
            "{row}, {pattern} exists",
            row=_written(table, row),
            pattern=snapshot.entry(int(found.others[row])).pattern,
        )
        for row in rows
    )


def _written(table: EntryTable, row: int) -> Message:
    blocks = table.actions[row] == Action.BLOCK
    return Message(_BLOCKED if blocks else _ALLOWED, pattern=table.pattern(row))


def _not_compared(names: int) -> str:
    return Message(
        "{count:,} listed names were not compared with the hosts of this change", count=names
    )
