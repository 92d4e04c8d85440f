"""What a change does to the lists at one version, row by row, and its inverse.

Columnar, because a change may have a million rows.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum

import numpy as np

from blocklists.entries import NO_END_S, Entry, EntryMode
from blocklists.entry_table import (
    EntryTable,
    Identities,
    concatenate,
    concatenate_identities,
)
from blocklists.indexes.unique_values import sorted_unique
from blocklists.provenance import EncodedProvenance, encode
from blocklists.queries import rows_of
from blocklists.snapshot.delta import classify, last_of_each, same_contents, softened
from blocklists.snapshot.snapshot import NO_ENTRY, Snapshot
from blocklists.store.changes import RowOutcome
from blocklists.text_column import TextColumn
from blocklists.wrong_entries import enforced_blocks
from fanzha.decisions import Action
from fanzha.errors import InvalidInput, ReplacementUnconfirmed
from fanzha.fraud import FraudType
from fanzha.tables import Bools, Int64s, Uint8s
from fanzha.translation.catalogue import gettext_noop
from fanzha.translation.message import Message
from services.changes.entry_set import NOT_FOUND, EntrySet

MAX_DIFFERENCES = 3
"""Replacements that are described one by one; with the bounds of their texts, they fit into the
trailers of a gRPC status, which peers refuse above 8 KiB."""
_MOST_PATTERN, _MOST_VALUE, _MOST_DIFFERENCE = 60, 24, 240
"""Characters that are shown."""
_CONTENTS = (
    (gettext_noop("source"), "source"),
    (gettext_noop("fraud type"), "fraud_type"),
    (gettext_noop("legal basis"), "legal_basis"),
    (gettext_noop("end"), "expires_at"),
    (gettext_noop("reason"), "reason"),
    (gettext_noop("direction"), "direction"),
    (gettext_noop("mode"), "mode"),
    (gettext_noop("campaign"), "campaign"),
    (gettext_noop("region"), "region"),
    (gettext_noop("review"), "review_at"),
)
"""What `same_contents` compares, by the names that people know."""
UNCHANGED_OUTCOMES = (RowOutcome.DUPLICATE, RowOutcome.REFUSED)
MAX_FALSE_POSITIVES = 10_000
"""Most entries that one change removes as false positives: each is a notice in a bounded stream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeDiff:
    """A change compared with the lists at one version."""

    version: int
    outcomes: Uint8s
    """One `RowOutcome` per addition: ADDED, REPLACED, DUPLICATE or REFUSED."""
    present: Bools
    """One per removal: whether it is in the lists."""
    before: EntryTable
    """The entries it replaces and removes, each once."""

    @property
    def is_empty(self) -> bool:
        """Whether the change would leave the lists as they are."""
        return not self.present.any() and bool(np.isin(self.outcomes, UNCHANGED_OUTCOMES).all())

    def counts(self) -> dict[str, int]:
        """Count the rows by the name of their `RowOutcome`."""
        numbers = np.bincount(self.outcomes, minlength=len(RowOutcome) + 1).tolist()
        numbers[RowOutcome.REMOVED] = int(np.count_nonzero(self.present))
        numbers[RowOutcome.ABSENT] = len(self.present) - numbers[RowOutcome.REMOVED]
        return {one.name: numbers[one] for one in RowOutcome if numbers[one]}


def compute_diff(snapshot: Snapshot, additions: EntryTable, removals: Identities) -> ChangeDiff:
    """Compare a change with the lists in *snapshot*."""
    gone = rows_of(snapshot, removals)
    present: Bools = gone != NO_ENTRY
    outcomes = classify(snapshot, additions)
    outcomes[_softened(snapshot, additions, removals, present)] = RowOutcome.REFUSED
    met = rows_of(snapshot, additions.take(np.flatnonzero(outcomes == RowOutcome.REPLACED)))
    return ChangeDiff(
        version=snapshot.version,
        outcomes=outcomes,
        present=present,
        before=entries_at(snapshot, np.concatenate([gone, met])),
    )


def _softened(
    snapshot: Snapshot, additions: EntryTable, removals: Identities, present: Bools
) -> Bools:
    """Return which additions would turn an enforcing entry, not removed here, into a shadow."""
    soft = softened(snapshot, additions)
    if soft.any() and present.any():
        rows = np.flatnonzero(soft)
        gone = EntrySet.of(removals.take(np.flatnonzero(present)))
        soft[rows[gone.rows_of(additions.take(rows))]] = False
    return soft


def entries_at(snapshot: Snapshot, rows: Int64s) -> EntryTable:
    """Return the entries at *rows* as a table, each once, in snapshot order."""
    return concatenate(snapshot.table(sorted_unique(rows[rows != NO_ENTRY])))


def rows_to_write(additions: EntryTable, removals: Identities, diff: ChangeDiff) -> Bools:
    """Return which additions have to be written.

    A duplicate is written only if this change removes the entry it duplicates.
    """
    rows: Bools = ~np.isin(diff.outcomes, UNCHANGED_OUTCOMES)
    if diff.present.any():
        last = last_of_each(additions)
        spared = last[diff.outcomes[last] == RowOutcome.DUPLICATE]
        gone = EntrySet.of(removals.take(np.flatnonzero(diff.present)))
        rows[spared[gone.find(additions.take(spared)) != NOT_FOUND]] = True
    return rows


def removed_entries(before: EntryTable, removed: Identities, written: Identities) -> EntryTable:
    """Return the entries of *before* that a change *removed* and did not write again."""
    gone = EntrySet.of(removed).find(before) != NOT_FOUND
    gone &= EntrySet.of(written).find(before) == NOT_FOUND
    return before.take(np.flatnonzero(gone))


def check_false_positives(diff: ChangeDiff, additions: EntryTable, removals: Identities) -> None:
    """Raise `InvalidInput` unless a change removes blocks, and no more than can be retracted."""
    removed = removals.take(np.flatnonzero(diff.present))
    count = int(np.count_nonzero(enforced_blocks(removed_entries(diff.before, removed, additions))))
    if not count:
        raise InvalidInput("false_positive: the change removes no entry that blocks")
    if count > MAX_FALSE_POSITIVES:
        raise InvalidInput(
            "false_positive: at most {most:,} entries in one change, not {count:,}; remove them in "
            "parts",
            most=MAX_FALSE_POSITIVES,
            count=count,
        )


def check_replacements(
    diff: ChangeDiff,
    additions: EntryTable,
    removals: Identities,
    *,
    edits: int = 0,
    of_others: bool = False,
) -> None:
    """Raise `ReplacementUnconfirmed` where a change would replace entries it does not remove.

    The last *edits* additions may. With *of_others*, entries of other sources only.
    """
    replaced = diff.outcomes == RowOutcome.REPLACED
    rows = np.flatnonzero(replaced[: len(replaced) - edits])
    if len(rows) and diff.present.any():
        gone = EntrySet.of(removals.take(np.flatnonzero(diff.present)))
        rows = rows[gone.find(additions.take(rows)) == NOT_FOUND]
    if len(rows) and of_others:
        met = rows_in(diff.before, additions.take(rows))
        rows = rows[_sources(diff.before)[met] != _sources(additions)[rows]]
    if not len(rows):
        return
    met = rows_in(diff.before, additions.take(rows[:MAX_DIFFERENCES]))
    differences = (
        _difference(diff.before.entry(place), additions.entry(row))
        for place, row in zip(met.tolist(), rows[:MAX_DIFFERENCES].tolist(), strict=True)
    )
    raise ReplacementUnconfirmed(tuple(differences), len(rows))


def _sources(table: EntryTable) -> Int64s:
    sources = np.array([one.source for one in table.provenance], np.int64)
    found: Int64s = sources[table.provenances]
    return found


def _difference(old: Entry, new: Entry) -> Message:
    """Write what would change in an entry: ``+86170* (block): source MINISTRY → BUREAU``."""
    changed = [
        Message(
            "{name} {before} → {after}",
            name=Message(name),
            before=_cut(before, _MOST_VALUE),
            after=_cut(after, _MOST_VALUE),
        )
        for name, attribute in _CONTENTS
        if (before := _written(getattr(old, attribute)))
        != (after := _written(getattr(new, attribute)))
    ]
    pattern, action = _cut(new.pattern, _MOST_PATTERN), new.action.name.lower()
    changes = _listed(changed, _MOST_DIFFERENCE - len(pattern) - len(action))
    return Message(
        "{pattern} ({action}): {changes}", pattern=pattern, action=action, changes=changes
    )


def _listed(texts: Sequence[Message], most: int) -> str:
    """Return as many *texts* as fit into *most* characters of English."""
    if not texts:
        return ""
    first, rest = texts[0], texts[1:]
    if not rest:
        return first
    if len(first) + len(rest[0]) > most:
        return Message("{first}, …", first=first)
    return Message("{first}, {rest}", first=first, rest=_listed(rest, most - len(first)))


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _written(value: object) -> str:
    match value:
        case IntEnum():
            return value.name.lower()
        case datetime():
            return "never" if value.timestamp() >= NO_END_S else value.date().isoformat()
        case _:
            return repr(str(value)) if value else "none"


def in_force(snapshot: Snapshot, identities: Identities, now_s: int) -> Bools:
    """Return which identities are in the lists and have not expired."""
    rows = rows_of(snapshot, identities)
    acts: Bools = rows != NO_ENTRY
    present = np.flatnonzero(acts)
    order = present[np.argsort(rows[present], kind="stable")]
    if len(order):
        acts[order] = concatenate(snapshot.table(rows[order])).expires_s > now_s
    return acts


def cap_expiry(table: EntryTable, ends_s: int) -> EntryTable:
    """Return *table* with expiry capped at *ends_s* (Unix seconds)."""
    return replace(table, expires_s=np.minimum(table.expires_s, np.uint32(ends_s)))


def limited_to(diff: ChangeDiff, additions: EntryTable, wrote: Bools) -> ChangeDiff:
    """Return *diff* limited to the rows in *wrote*; the other rows become duplicates."""
    met = rows_in(diff.before, additions)
    keep = np.unique(met[wrote & (met != NO_ENTRY)])
    return replace(
        diff,
        outcomes=np.where(wrote, diff.outcomes, np.uint8(RowOutcome.DUPLICATE)),
        before=diff.before.take(keep),
    )


def with_approver(table: EntryTable, by: str) -> EntryTable:
    """Return *table* with *by* as approver in its provenance."""
    if not by or not len(table):
        return table
    name = EncodedProvenance(encode(table.provenance))
    texts = [_with_approver(text, by) for text in name.texts.all_raw()]
    return replace(table, provenance=EncodedProvenance(TextColumn.of_bytes(texts)))


def blocks_without_fraud_type(table: EntryTable) -> Bools:
    """Return the rows that block and name no kind of fraud."""
    found: Bools = (table.actions == Action.BLOCK) & (table.modes == EntryMode.ENFORCE)
    found &= table.fraud_types == FraudType.UNSPECIFIED
    return found


def rows_without_effect(snapshot: Snapshot, additions: EntryTable, diff: ChangeDiff) -> Bools:
    """Return which additions change no decision, such as a new reason or source of an entry.

    Shortening a term counts as no effect, and so does a shadow entry, which decides nothing.
    A later expiry, or a shadow entry that becomes enforcing, has an effect.
    """
    idle: Bools = np.isin(diff.outcomes, UNCHANGED_OUTCOMES)
    idle |= (diff.outcomes == RowOutcome.ADDED) & (additions.modes == EntryMode.SHADOW)
    replaced = np.flatnonzero(diff.outcomes == RowOutcome.REPLACED)
    if len(replaced):
        rows = rows_of(snapshot, additions.take(replaced))
        order = np.argsort(rows, kind="stable")
        old = concatenate(snapshot.table(rows[order]))
        new = additions.take(replaced[order])
        idle[replaced[order]] = _same_effect(old, new)
    return idle


def inverse(
    snapshot: Snapshot, wrote: EntryTable, removed: Identities, before: EntryTable, *, now_s: int
) -> "Inverse":
    """Return the inverse of a change, without the entries that others changed since.

    *wrote* and *removed* are what it committed, *before* the entries it replaced or removed.
    """
    identities = concatenate_identities([wrote, removed])
    touched = identities.take(last_of_each(identities))
    now = rows_of(snapshot, touched)
    wrote_at = rows_in(wrote, touched)
    before_at = rows_in(before, touched)
    clash = _clashes(snapshot, now, wrote, wrote_at, had_before=before_at != NO_ENTRY)
    back = (before_at != NO_ENTRY) & ~clash
    expired = np.zeros(len(touched), np.bool_)
    expired[back] = before.expires_s[before_at[back]] <= now_s
    restored = before.take(before_at[back & ~expired])
    # Restored entries replace current ones; everything else the change wrote is removed.
    goes = (wrote_at != NO_ENTRY) & (now != NO_ENTRY) & ~clash & ~(back & ~expired)
    return Inverse(
        additions=restored,
        removals=touched.take(np.flatnonzero(goes)),
        clashes=touched.take(np.flatnonzero(clash)),
        expired=touched.take(np.flatnonzero(expired)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Inverse:
    """The inverse of a change."""

    additions: EntryTable
    removals: Identities
    clashes: Identities
    """Changed by others since, so left as they are."""
    expired: Identities
    """Not restored, because they have expired."""


def unchanged(snapshot: Snapshot, wrote: EntryTable, now: Int64s | None = None) -> Bools:
    """Return which entries of *wrote* are in the lists unchanged, expiry included.

    *now* holds their rows in the snapshot, where the caller has them already.
    """
    now = rows_of(snapshot, wrote) if now is None else now
    present = np.flatnonzero(now != NO_ENTRY)
    present = present[np.argsort(now[present], kind="stable")]
    same = np.zeros(len(wrote), np.bool_)
    if len(present):
        current, left = concatenate(snapshot.table(now[present])), wrote.take(present)
        same[present] = same_contents(current, left) & (current.expires_s == left.expires_s)
    return same


def _clashes(
    snapshot: Snapshot, now: Int64s, wrote: EntryTable, wrote_at: Int64s, *, had_before: Bools
) -> Bools:
    """Return which identities are not as the change left them."""
    is_there, should_be = now != NO_ENTRY, wrote_at != NO_ENTRY
    # An addition that was removed since is reverted already.
    clash: Bools = (is_there != should_be) & (is_there | had_before)
    both = np.flatnonzero(is_there & should_be)
    clash[both] = ~unchanged(snapshot, wrote.take(wrote_at[both]), now[both])
    return clash


def rows_in(table: EntryTable, identities: Identities) -> Int64s:
    """Return the row of each identity in *table* (the last of equal ones), or `NO_ENTRY`."""
    return EntrySet.of(table).find(identities)


def _same_effect(old: EntryTable, new: EntryTable) -> Bools:
    alike: Bools = (old.directions == new.directions) & (new.expires_s <= old.expires_s)
    alike &= (old.modes == new.modes) | (new.modes == EntryMode.SHADOW)
    return alike


def _with_approver(text: bytes, by: str) -> bytes:
    return json.dumps(json.loads(text) | {"approved_by": by}, ensure_ascii=False).encode()
