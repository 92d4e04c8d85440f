"""Entries that should never have blocked, which the warnings that rest on them have to know."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from blocklists.entries import EntryMode, entry_id
from blocklists.entry_table import EntryTable
from fanzha.decisions import Action
from fanzha.tables import Bools


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongEntry:
    """A list entry that was wrong, for all it matched or for one subject."""

    entry_id: str
    kind: str
    pattern: str
    source: str
    """Who supplied it."""
    subject: str = ""
    """The number, sender or link for which alone it was wrong; empty: it was wrong altogether."""
    why: str
    by: str
    at_ms: int
    """Hits of before count as wrong; an entry that is listed again has the same id."""


Retract: TypeAlias = Callable[[Iterable[WrongEntry]], Awaitable[None]]
"""Hands wrong entries to the warning pipeline; repeating a call changes nothing."""


async def retract_nothing(_entries: Iterable[WrongEntry]) -> None:
    """Do nothing: there is no warning pipeline."""


def enforced_blocks(table: EntryTable) -> Bools:
    """Return the rows whose hits warn people: blocks that are no shadows."""
    blocks: Bools = (table.actions == Action.BLOCK) & (table.modes == EntryMode.ENFORCE)
    return blocks


def wrong_entries(table: EntryTable, *, why: str, by: str, at_ms: int) -> list[WrongEntry]:
    """Return a notice for each entry in *table* that blocked."""
    return [
        WrongEntry(
            entry_id=entry_id(one.kind, one.pattern, one.action),
            kind=one.kind.name.lower(),
            pattern=one.pattern,
            source=one.source.name.lower(),
            why=why,
            by=by,
            at_ms=at_ms,
        )
        for one in map(table.entry, np.flatnonzero(enforced_blocks(table)).tolist())
    ]
