"""Applies changes to a base and its overlay, column by column.

A change of a few rows costs milliseconds however large the base is: the base stays,
its removed rows are marked dead, and the overlay is rebuilt. When the
overlay has grown, both become a new base. Changes that are pending together are folded into
one first, so a long backlog costs one layout as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np

from blocklists.entries import TEXT_KINDS, EntryMode
from blocklists.entry_table import (
    EntryTable,
    Identities,
    concatenate,
    concatenate_identities,
)
from blocklists.indexes.slot_index import slots_of
from blocklists.indexes.unique_values import sorted_unique
from blocklists.snapshot.findings import Finding
from blocklists.snapshot.layers import Layer, layered
from blocklists.snapshot.segment import Segment, empty
from blocklists.snapshot.snapshot import NO_ENTRY, Snapshot
from blocklists.store.changes import ListChange, RowOutcome
from fanzha.tables import Bools, Int64s, Uint8s

COMPACT_ROWS = 100_000
"""An overlay, or a number of dead rows, of this size is compacted into a new base."""
_DAY_S = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSegments:
    """All lists at one version, as segments."""

    version: int
    committed_at_ms: int
    commit: str
    """Of the change that made this version; empty before the first."""
    base: Segment
    overlay: Segment
    dead: Int64s
    """Rows of the base that were removed or replaced, sorted."""
    findings: tuple[Finding, ...] = ()
    """Findings about changes up to this version."""
    shadows: Segment = field(default_factory=empty)
    """Shadow entries; rebuilt whenever one changes."""

    @classmethod
    def nothing(cls) -> Self:
        """Return the lists before the first change."""
        return cls(
            version=0,
            committed_at_ms=0,
            commit="",
            base=empty(),
            overlay=empty(),
            dead=np.zeros(0, np.int64),
        )

    @classmethod
    def of_table(
        cls, version: int, committed_at_ms: int, table: EntryTable, *, commit: str = ""
    ) -> Self:
        """Lay out a whole table, of whose like identities the last counts."""
        enforcing, shadows = _by_mode(table.take(last_of_each(table)))
        return cls(
            version=version,
            committed_at_ms=committed_at_ms,
            commit=commit,
            base=Segment.build(enforcing),
            overlay=empty(),
            dead=np.zeros(0, np.int64),
            shadows=Segment.build(shadows),
        )

    def layers(self) -> list[Layer]:
        """Return the segments in their places."""
        return layered(self.base, self.overlay, self.dead, self.shadows)

    def snapshot(self) -> Snapshot:
        """Return what decisions consult."""
        return Snapshot(
            version=self.version, committed_at_ms=self.committed_at_ms, layers=self.layers()
        )


def apply(lists: ListSegments, change: ListChange) -> ListSegments:
    """Return the lists after *change*; a large one makes a new base at once."""
    additions = change.additions.take(last_of_each(change.additions))
    gone = [locate(lists.base, change.removals), locate(lists.base, additions)]
    dead = sorted_unique(np.concatenate([lists.dead, *gone]))
    stays = _stays(lists.overlay, change.removals, additions)
    remaining = lists.overlay.table(np.flatnonzero(stays))
    stays = _stays(lists.shadows, change.removals, additions)
    additions, shadows = _by_mode(additions)
    after = replace(
        lists,
        version=change.version,
        committed_at_ms=change.committed_at_ms or lists.committed_at_ms,
        commit=change.commit,
        dead=dead[dead != NO_ENTRY],
        shadows=_shadows_after(lists.shadows, stays, shadows),
    )
    if len(additions) > COMPACT_ROWS:
        return _with_base(after, [_alive(after), remaining, additions])
    return replace(after, overlay=Segment.build(concatenate([remaining, additions])))


def _stays(segment: Segment, removals: Identities, additions: Identities) -> Bools:
    """Return a mask of which entries of a segment a change neither removes nor replaces."""
    stays = np.ones(len(segment), np.bool_)
    for rows in (locate(segment, removals), locate(segment, additions)):
        stays[rows[rows != NO_ENTRY]] = False
    return stays


def _shadows_after(shadows: Segment, stays: Bools, additions: EntryTable) -> Segment:
    if stays.all() and not len(additions):
        return shadows  # the same object: its file need not be written again
    return Segment.build(concatenate([shadows.table(np.flatnonzero(stays)), additions]))


def _by_mode(table: EntryTable) -> tuple[EntryTable, EntryTable]:
    """Part the entries that enforce from the shadow entries."""
    shadows = table.modes == EntryMode.SHADOW
    if not shadows.any():
        return table, table.take(np.zeros(0, np.int64))
    return table.take(np.flatnonzero(~shadows)), table.take(np.flatnonzero(shadows))


def fold(changes: Sequence[ListChange]) -> ListChange:
    """Return one change that does what *changes*, one after the other, do."""
    if len(changes) == 1:
        return changes[0]
    steps = concatenate_identities([part for c in changes for part in (c.removals, c.additions)])
    sizes = [size for c in changes for size in (len(c.removals), len(c.additions))]
    adds = np.repeat(np.tile([False, True], len(changes)), sizes)
    last = last_of_each(steps)
    additions = concatenate([change.additions for change in changes])
    place = np.cumsum(adds) - 1
    return ListChange(
        version=changes[-1].version,
        author=changes[-1].author,
        reason=changes[-1].reason,
        # An unreadable record may have no time.
        committed_at_ms=changes[-1].committed_at_ms or max(c.committed_at_ms for c in changes),
        additions=additions.take(place[last[adds[last]]]),
        removals=steps.take(last[~adds[last]]),
        commit=changes[-1].commit,
        previous=changes[0].previous,
    )


def has_grown(lists: ListSegments) -> bool:
    """Return whether it is time for a new base."""
    return max(len(lists.overlay), len(lists.dead)) > COMPACT_ROWS


def table_of(lists: ListSegments) -> EntryTable:
    """Write all entries out, shadow entries too."""
    return concatenate([_alive(lists), lists.overlay.table(), lists.shadows.table()])


def merged(lists: ListSegments) -> ListSegments:
    """Return the same lists with all entries that enforce in the base."""
    return _with_base(lists, [_alive(lists), lists.overlay.table()])


def _alive(lists: ListSegments) -> EntryTable:
    alive = np.ones(len(lists.base), np.bool_)
    alive[lists.dead] = False
    return lists.base.table(np.flatnonzero(alive))


def _with_base(lists: ListSegments, tables: Sequence[EntryTable]) -> ListSegments:
    nothing = np.zeros(0, np.int64)
    base = Segment.build(concatenate(tables))
    return replace(lists, base=base, overlay=empty(), dead=nothing)


def locate(segment: Segment, sought: Identities) -> Int64s:
    """Return the row of each identity in *segment*; `NO_ENTRY` for those it lacks."""
    rows = np.full(len(sought), NO_ENTRY)
    slots = slots_of(sought.keys)
    for group in segment.groups:
        query_rows = np.flatnonzero((sought.kinds == group.kind) & (sought.digits == group.digits))
        if not len(query_rows):
            continue
        queries, positions = group.index.find(slots[query_rows])
        found, at = query_rows[queries], positions + group.first_row
        same = segment.actions[at] == sought.actions[found]
        found, at = found[same], at[same]
        if group.kind in TEXT_KINDS:
            same = _same_texts(segment, at, sought, found)
            found, at = found[same], at[same]
        rows[found] = at
    return rows


def classify(snapshot: Snapshot, additions: EntryTable) -> Uint8s:
    """Return the outcome of each addition, uint8 `RowOutcome`: ADDED, REPLACED or DUPLICATE.

    An entry is a duplicate when one that counts has the same contents, its expiry and review
    to the day, or a later row of *additions* is about the same.
    """
    outcomes = np.full(len(additions), RowOutcome.ADDED, np.uint8)
    for layer in snapshot.layers:
        rows = locate(layer.segment, additions)
        present = np.flatnonzero(rows != NO_ENTRY)
        present = present[~layer.is_dead(rows[present])]
        if len(present):
            old = layer.segment.table(rows[present])
            same = same_contents(old, additions.take(present))
            outcomes[present] = np.where(same, RowOutcome.DUPLICATE, RowOutcome.REPLACED)
    repeated = np.ones(len(additions), np.bool_)
    repeated[last_of_each(additions)] = False
    outcomes[repeated] = RowOutcome.DUPLICATE
    return outcomes


def softened(snapshot: Snapshot, additions: EntryTable) -> Bools:
    """Return a mask of additions that would turn an enforcing entry into a shadow entry."""
    soft: Bools = additions.modes == EntryMode.SHADOW
    if soft.any():
        enforced = np.zeros(len(additions), np.bool_)
        for layer in snapshot.enforcing:
            rows = locate(layer.segment, additions)
            present = np.flatnonzero(rows != NO_ENTRY)
            enforced[present[~layer.is_dead(rows[present])]] = True
        soft &= enforced
    return soft


def last_of_each(table: Identities) -> Int64s:
    """Return, ascending, the last row of each identity."""
    order = np.lexsort((table.actions, table.keys, table.digits, table.kinds))
    if not len(order):
        return order
    same = np.ones(len(order) - 1, np.bool_)
    for column in (table.kinds, table.digits, table.keys, table.actions):
        ordered = column[order]
        same &= ordered[1:] == ordered[:-1]
    superseded = np.append(same, False)
    _part_texts(table, order, superseded)
    return np.sort(order[~superseded])


def _part_texts(table: Identities, order: Int64s, superseded: Bools) -> None:
    """Separate texts with equal hashes: they are different identities."""
    text_kinds = np.isin(table.kinds[order], TEXT_KINDS)
    runs = np.cumsum(np.insert(~superseded[:-1], 0, 0))
    raw = table.patterns.raw
    mixed = {
        int(runs[at])
        for at in np.flatnonzero(superseded & text_kinds).tolist()
        if raw(int(order[at])) != raw(int(order[at + 1]))
    }
    for run in mixed:
        seen: set[bytes] = set()
        for at in range(*np.searchsorted(runs, [run, run + 1]).tolist())[::-1]:
            text = raw(int(order[at]))
            superseded[at] = text in seen
            seen.add(text)


def _same_texts(segment: Segment, rows: Int64s, sought: Identities, query_rows: Int64s) -> Bools:
    pairs = zip(rows.tolist(), query_rows.tolist(), strict=True)
    same = [segment.text(row) == sought.patterns.get(place) for row, place in pairs]
    return np.array(same, np.bool_)


def same_contents(old: EntryTable, new: EntryTable) -> Bools:
    """Return a mask of rows with equal contents, expiry compared by day."""
    same: Bools = (old.directions == new.directions) & (old.fraud_types == new.fraud_types)
    same &= old.expires_s // _DAY_S == new.expires_s // _DAY_S
    same &= old.modes == new.modes
    olds, news = _contents(old), _contents(new)
    present = {one: place for place, one in enumerate({*olds, *news})}
    old_places = np.array([present[one] for one in olds], np.int64)[old.provenances]
    new_places = np.array([present[one] for one in news], np.int64)[new.provenances]
    same &= old_places == new_places
    return same


def _contents(table: EntryTable) -> list[tuple[object, ...]]:
    # Author and time of entry are not contents.
    return [
        (
            one.source,
            one.reason,
            one.legal_basis,
            one.campaign,
            one.region,
            one.review_at_s // _DAY_S,
        )
        for one in table.provenance
    ]
