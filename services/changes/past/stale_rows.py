"""Rows of a draft whose entries somebody else changed since it was made, and what becomes of them.

Three versions of each are told apart: what its author saw, what the draft proposes, and what the
lists have now. The author keeps the own row, takes what others made of the entry, or drops the row.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import IntEnum

import numpy as np

from blocklists.entries import Entry, EntryKind
from blocklists.entry_table import EntryTable, Identities, concatenate, concatenate_identities
from blocklists.snapshot.snapshot import NO_ENTRY
from fanzha.decisions import Action
from fanzha.errors import InvalidInput, VersionConflict
from services.changes.change_context import ChangeContents, ChangeContext
from services.changes.diff import rows_in
from services.changes.entry_set import EntrySet
from services.changes.model import ChangeKind, ChangeRequest, ChangeState, Draft
from services.changes.past.history import History, VersionComparison
from services.changes.scope import shown_parts

MOST_ROWS = 500
"""Stale rows that are told; a draft with more is made anew."""
Identity = tuple[EntryKind, str, Action]
_PROVENANCE = frozenset({"created_by", "created_at", "approved_by"})


class StaleChoice(IntEnum):
    """What becomes of a stale row; numbered as in the proto."""

    MINE = 1
    THEIRS = 2
    DROP = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleRow:
    """One row, and the entry it is about."""

    identity: Identity
    mine: Entry | None
    """None: the draft removes it."""
    base: Entry | None
    """As it was when the draft was made; None: not there."""
    theirs: Entry | None
    """As it is now; None: not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleRows:
    """All stale rows of a draft."""

    rows: Sequence[StaleRow]
    version: int
    """Of the lists it was compared with."""


class StaleDrafts:
    """Finds stale rows of drafts, and resolves them."""

    def __init__(self, context: ChangeContext, history: History) -> None:
        self._context = context
        self._history = history

    async def of(self, record: ChangeRequest) -> StaleRows:
        """Return the stale rows of a request; none where its rows are locked or gone."""
        snapshot = await self._context.current.caught_up()
        nothing = StaleRows(rows=(), version=snapshot.version)
        if record.state is not ChangeState.DRAFT or record.kind is ChangeKind.POLICY:
            return nothing
        if record.base_version >= snapshot.version:
            return nothing
        changed = await self._history.diff(record.base_version, snapshot.version)
        changed = await asyncio.to_thread(shown_parts.shown_comparison, changed)
        contents = await self._context.contents(record)
        rows = await asyncio.to_thread(_stale, contents, changed)
        return StaleRows(rows=rows, version=snapshot.version)

    async def resolved(
        self,
        record: ChangeRequest,
        choices: Mapping[Identity, StaleChoice],
        *,
        expected_version: int | None,
        by: str,
    ) -> Draft:
        """Return the draft with each stale row as it was chosen; each needs a choice."""
        stale = await self.of(record)
        if expected_version not in (None, stale.version):
            raise VersionConflict.between(
                "expected_version", "the lists are", expected=expected_version,
                actual=stale.version,
            )  # fmt: skip
        left_out = [one for one in stale.rows if one.identity not in choices]
        if left_out or not stale.rows:
            raise InvalidInput(
                "choices: {rows} stale rows need one each, such as {pattern!r}",
                rows=len(stale.rows), pattern=left_out[0].identity[1] if left_out else "",
            )  # fmt: skip
        contents = await self._context.contents(record)
        additions, removals = await asyncio.to_thread(_apply, contents, stale.rows, choices)
        if not len(additions) and not len(removals):
            raise InvalidInput("choices: nothing remains of the request; withdraw it instead")
        return Draft(
            kind=record.kind,
            author=by or record.author,
            reason=record.reason,
            additions=additions,
            removals=removals,
            legal_basis=record.legal_basis,
            campaign=record.campaign,
            expires_s=record.expires_s,
            expected_version=stale.version,
            false_positive=record.false_positive,
        )


def merged(row: StaleRow) -> Entry | None:
    """Return what others made of the entry, with the fields that only the draft changes.

    None where they removed it, or nothing of the draft is left.
    """
    mine, base, theirs = row.mine, row.base, row.theirs
    if mine is None or theirs is None or base is None:
        return None
    own = {
        one.name: getattr(mine, one.name)
        for one in fields(Entry)
        if one.name not in _PROVENANCE
        and getattr(mine, one.name) != getattr(base, one.name)
        and getattr(theirs, one.name) == getattr(base, one.name)
    }
    return replace(theirs, **own) if own else None


def _stale(contents: ChangeContents, changed: VersionComparison) -> list[StaleRow]:
    touched = concatenate_identities([changed.added, changed.removed, changed.changed_to])
    where = EntrySet.of(contents.additions, contents.removals).find(touched)
    found: list[StaleRow] = []
    before = concatenate([changed.removed, changed.changed_from])
    after = concatenate([changed.added, changed.changed_to])
    for row in np.flatnonzero(where >= 0).tolist():
        one = touched.take(np.array([row]))
        stale = StaleRow(
            identity=_identity(one),
            mine=_in(contents.additions, one),
            base=_in(before, one),
            theirs=_in(after, one),
        )
        if not _alike(stale.mine, stale.theirs):
            found.append(stale)
        if len(found) > MOST_ROWS:
            raise InvalidInput(
                "more than {most} rows are stale: make the request anew", most=MOST_ROWS
            )
    return found


def _apply(
    contents: ChangeContents, rows: Sequence[StaleRow], choices: Mapping[Identity, StaleChoice]
) -> tuple[EntryTable, Identities]:
    gone = Identities.of(
        [one.identity for one in rows if choices[one.identity] is not StaleChoice.MINE]
    )
    taken = EntrySet.of(gone)
    additions = contents.additions.take(np.flatnonzero(taken.find(contents.additions) < 0))
    removals = contents.removals.take(np.flatnonzero(taken.find(contents.removals) < 0))
    theirs = [one for one in rows if choices[one.identity] is StaleChoice.THEIRS]
    kept = [entry for entry in map(merged, theirs) if entry is not None]
    return concatenate([additions, EntryTable.from_entries(kept)]), removals


def _alike(mine: Entry | None, theirs: Entry | None) -> bool:
    if mine is None or theirs is None:
        return mine is theirs
    names = [one.name for one in fields(Entry) if one.name not in _PROVENANCE]
    return all(getattr(mine, name) == getattr(theirs, name) for name in names)


def _in(table: EntryTable, one: Identities) -> Entry | None:
    row = int(rows_in(table, one)[0]) if len(table) else NO_ENTRY
    return None if row == NO_ENTRY else table.entry(row)


def _identity(one: Identities) -> Identity:
    return EntryKind(int(one.kinds[0])), one.pattern(0), Action(int(one.actions[0]))
