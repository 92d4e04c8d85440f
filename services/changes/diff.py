"""What a change does to the lists at one version, row by row, and what it would undo.

Columns only: a change may have a million rows.
"""

import json
from dataclasses import dataclass, replace

import numpy as np

from blocklists.entries import EntryMode
from blocklists.entry_table import (
    EntryTable,
    Identities,
    concatenate,
    concatenate_identities,
)
from blocklists.indexes.unique_values import distinct
from blocklists.provenance import WrittenProvenance, written
from blocklists.queries import places
from blocklists.snapshot.delta import classify, last_of_each, same_contents, softened
from blocklists.snapshot.snapshot import NO_ENTRY, Snapshot
from blocklists.store.changes import RowOutcome
from blocklists.text_column import TextColumn
from fanzha.tables import Bools, Int64s, Uint8s
from services.changes.entry_set import NOT_HELD, EntrySet

CHANGE_NOTHING = (RowOutcome.DUPLICATE, RowOutcome.REFUSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeDiff:
    """A change against the lists at one version."""

    version: int
    outcomes: Uint8s
    """Of each addition: ADDED, REPLACED or DUPLICATE."""
    there: Bools
    """Which removals are in the lists."""
    before: EntryTable
    """What it replaces and removes, each entry once."""

    @property
    def nothing(self) -> bool:
        """Tell whether the lists stay as they are."""
        return not self.there.any() and bool(np.isin(self.outcomes, CHANGE_NOTHING).all())

    def counts(self) -> dict[str, int]:
        """Count the rows by the name of their outcome."""
        numbers = np.bincount(self.outcomes, minlength=len(RowOutcome) + 1).tolist()
        numbers[RowOutcome.REMOVED] = int(np.count_nonzero(self.there))
        numbers[RowOutcome.ABSENT] = len(self.there) - numbers[RowOutcome.REMOVED]
        return {one.name: numbers[one] for one in RowOutcome if numbers[one]}


def judge(snapshot: Snapshot, additions: EntryTable, removals: Identities) -> ChangeDiff:
    """Tell what a change would do to the lists as they are in *snapshot*."""
    gone = places(snapshot, removals)
    there: Bools = gone != NO_ENTRY
    outcomes = classify(snapshot, additions)
    outcomes[_softened(snapshot, additions, removals, there)] = RowOutcome.REFUSED
    met = places(snapshot, additions.take(np.flatnonzero(outcomes == RowOutcome.REPLACED)))
    return ChangeDiff(
        version=snapshot.version,
        outcomes=outcomes,
        there=there,
        before=entries_at(snapshot, np.concatenate([gone, met])),
    )


def _softened(
    snapshot: Snapshot, additions: EntryTable, removals: Identities, there: Bools
) -> Bools:
    """Tell which additions would turn an entry that enforces, and stays, into its own shadow."""
    soft = softened(snapshot, additions)
    if soft.any() and there.any():
        rows = np.flatnonzero(soft)
        gone = EntrySet.of(removals.take(np.flatnonzero(there)))
        soft[rows[gone.touched_by(additions.take(rows))]] = False
    return soft


def entries_at(snapshot: Snapshot, rows: Int64s) -> EntryTable:
    """Write out the entries at some rows, each once, in the order of the snapshot."""
    return concatenate(snapshot.table(distinct(rows[rows != NO_ENTRY])))


def to_write(additions: EntryTable, removals: Identities, judged: ChangeDiff) -> Bools:
    """Tell which additions have to be written.

    A duplicate need not be, unless this change removes what it is a duplicate of.
    """
    wanted: Bools = ~np.isin(judged.outcomes, CHANGE_NOTHING)
    if judged.there.any():
        last = last_of_each(additions)
        spared = last[judged.outcomes[last] == RowOutcome.DUPLICATE]
        gone = EntrySet.of(removals.take(np.flatnonzero(judged.there)))
        wanted[spared[gone.find(additions.take(spared)) != NOT_HELD]] = True
    return wanted


def acting(snapshot: Snapshot, identities: Identities, now_s: int) -> Bools:
    """Tell which identities are in the lists, and not over."""
    rows = places(snapshot, identities)
    acts: Bools = rows != NO_ENTRY
    there = np.flatnonzero(acts)
    order = there[np.argsort(rows[there], kind="stable")]
    if len(order):
        acts[order] = concatenate(snapshot.table(rows[order])).expires_s > now_s
    return acts


def cut(table: EntryTable, ends_s: int) -> EntryTable:
    """Return entries that end at *ends_s* at the latest."""
    return replace(table, expires_s=np.minimum(table.expires_s, np.uint32(ends_s)))


def without_before(judged: ChangeDiff, additions: EntryTable, wrote: Bools) -> ChangeDiff:
    """Return a judgement that writes fewer rows: what the others met, stays as it is."""
    met = rows_in(judged.before, additions)
    keep = np.unique(met[wrote & (met != NO_ENTRY)])
    return replace(
        judged,
        outcomes=np.where(wrote, judged.outcomes, np.uint8(RowOutcome.DUPLICATE)),
        before=judged.before.take(keep),
    )


def approved(table: EntryTable, by: str) -> EntryTable:
    """Return the entries with *by* as the second person behind them."""
    if not by or not len(table):
        return table
    name = WrittenProvenance(written(table.provenance))
    texts = [_approved(text, by) for text in name.texts.all_raw()]
    return replace(table, provenance=WrittenProvenance(TextColumn.of_bytes(texts)))


def without_effect(snapshot: Snapshot, additions: EntryTable, judged: ChangeDiff) -> Bools:
    """Tell which additions change no decision: only what is said of an entry, or nothing.

    So is a shorter term, since whatever ends by itself later may end now; and a shadow entry,
    which only tells what it would have blocked. An entry that ends later than before, or
    that enforces from now on, has an effect.
    """
    idle: Bools = np.isin(judged.outcomes, CHANGE_NOTHING)
    idle |= (judged.outcomes == RowOutcome.ADDED) & (additions.modes == EntryMode.SHADOW)
    replaced = np.flatnonzero(judged.outcomes == RowOutcome.REPLACED)
    if len(replaced):
        rows = places(snapshot, additions.take(replaced))
        order = np.argsort(rows, kind="stable")
        old = concatenate(snapshot.table(rows[order]))
        new = additions.take(replaced[order])
        idle[replaced[order]] = _acts_alike(old, new)
    return idle


def inverse(
    snapshot: Snapshot, wrote: EntryTable, removed: Identities, before: EntryTable, *, now_s: int
) -> "Inverse":
    """Return what undoes a change, as far as nobody else changed its entries since.

    *wrote* and *removed* are what it committed, *before* what was there before it.
    """
    identities = concatenate_identities([wrote, removed])
    touched = identities.take(last_of_each(identities))
    now = places(snapshot, touched)
    wrote_at = rows_in(wrote, touched)
    before_at = rows_in(before, touched)
    clash = _clashes(snapshot, now, wrote, wrote_at, had_before=before_at != NO_ENTRY)
    back = (before_at != NO_ENTRY) & ~clash
    over = np.zeros(len(touched), np.bool_)
    over[back] = before.expires_s[before_at[back]] <= now_s
    restored = before.take(before_at[back & ~over])
    # What comes back replaces what is there; the rest of what the change wrote goes.
    goes = (wrote_at != NO_ENTRY) & (now != NO_ENTRY) & ~clash & ~(back & ~over)
    return Inverse(
        additions=restored,
        removals=touched.take(np.flatnonzero(goes)),
        clashes=touched.take(np.flatnonzero(clash)),
        over=touched.take(np.flatnonzero(over)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Inverse:
    """What undoes a change."""

    additions: EntryTable
    removals: Identities
    clashes: Identities
    """Changed by others since: left alone."""
    over: Identities
    """Not brought back: their term has ended."""


def unchanged(snapshot: Snapshot, wrote: EntryTable, now: Int64s | None = None) -> Bools:
    """Tell which entries are in the lists as they stand in *wrote*, to the second.

    *now* is where they are in the snapshot, if that is known.
    """
    now = places(snapshot, wrote) if now is None else now
    there = np.flatnonzero(now != NO_ENTRY)
    there = there[np.argsort(now[there], kind="stable")]
    same = np.zeros(len(wrote), np.bool_)
    if len(there):
        current, left = concatenate(snapshot.table(now[there])), wrote.take(there)
        same[there] = same_contents(current, left) & (current.expires_s == left.expires_s)
    return same


def _clashes(
    snapshot: Snapshot, now: Int64s, wrote: EntryTable, wrote_at: Int64s, *, had_before: Bools
) -> Bools:
    """Tell which identities are not as the change left them."""
    is_there, should_be = now != NO_ENTRY, wrote_at != NO_ENTRY
    # What it added and somebody removed since is undone already.
    clash: Bools = (is_there != should_be) & (is_there | had_before)
    both = np.flatnonzero(is_there & should_be)
    clash[both] = ~unchanged(snapshot, wrote.take(wrote_at[both]), now[both])
    return clash


def rows_in(table: EntryTable, wanted: Identities) -> Int64s:
    """Return the row of each wanted identity in *table*, the last of like ones, or `NO_ENTRY`."""
    return EntrySet.of(table).find(wanted)


def _acts_alike(old: EntryTable, new: EntryTable) -> Bools:
    alike: Bools = (old.directions == new.directions) & (new.expires_s <= old.expires_s)
    alike &= (old.modes == new.modes) | (new.modes == EntryMode.SHADOW)
    return alike


def _approved(text: bytes, by: str) -> bytes:
    return json.dumps(json.loads(text) | {"approved_by": by}, ensure_ascii=False).encode()
