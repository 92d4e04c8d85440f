"""Finds the entries of a list change that start or cease to block confirmed fraud. No store.

Works on columns and materialises only the entries found: a change may have a million rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from blocklists.entries import Entry, EntryKind, EntryMode
from blocklists.entry_table import EntryTable, Identities
from blocklists.snapshot.delta import last_of_each
from fanzha.decisions import Action
from fanzha.fraud import FraudType
from fanzha.tables import Bools, Uint8s
from services.changes.entry_set import NOT_FOUND, EntrySet
from services.warning.backfill.model import EffectiveEntry


class EntryEffect(IntEnum):
    """Effect of an entry, as far as backfills go; the first that applies."""

    ALLOW = 1
    """An allow entry."""
    SHADOW = 2
    """A shadow entry: it does not block."""
    EXPIRED = 3
    ALREADY_EFFECTIVE = 4
    """It blocked before the change."""
    NO_FRAUD_TYPE = 5
    """It names no kind of fraud."""
    URL_PREFIX = 6
    """The log has hosts only, so it would match every visitor of the host."""
    EFFECTIVE = 7
    """It starts to block confirmed fraud."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveEntries:
    """The effective entries of a change."""

    entries: Sequence[Entry]
    """Empty where there are more than the limit of the query."""
    rows: Mapping[EntryEffect, int]
    """Number of rows by effect."""

    @property
    def effective_count(self) -> int:
        """Number of effective entries."""
        return self.rows.get(EntryEffect.EFFECTIVE, 0)


def find_effective(
    additions: EntryTable, before: EntryTable, *, at_s: int, most: int
) -> EffectiveEntries:
    """Classify *additions* at *at_s*; *before* has the entries that they replaced."""
    table = additions.take(last_of_each(additions))
    effects = _effects(table, before, at_s)
    numbers = np.bincount(effects, minlength=len(EntryEffect) + 1).tolist()
    rows = np.flatnonzero(effects == EntryEffect.EFFECTIVE).tolist()
    return EffectiveEntries(
        entries=[table.entry(row) for row in rows] if len(rows) <= most else (),
        rows={one: numbers[one] for one in EntryEffect if numbers[one]},
    )


def affected_by(
    entries: Sequence[EffectiveEntry], additions: EntryTable, removals: Identities
) -> Sequence[bool]:
    """For each of *entries*, whether a change has a row for it; vectorised."""
    added, removed_keys = EntrySet.of(additions), EntrySet.of(removals)
    blocks, allows = _identities(entries, Action.BLOCK), _identities(entries, Action.ALLOW)
    affected = added.find(blocks) != NOT_FOUND
    affected |= removed_keys.find(blocks) != NOT_FOUND
    affected |= added.find(allows) != NOT_FOUND
    result: list[bool] = affected.tolist()
    return result


def still_effective(
    entries: Sequence[EffectiveEntry], additions: EntryTable, removals: Identities, *, at_s: int
) -> list[EffectiveEntry]:
    """Return those of *entries* that still block as fraud after a change, updated by it.

    An allow entry with the same pattern ends the effect of an entry.
    """
    blocks = _identities(entries, Action.BLOCK)
    added = EntrySet.of(additions)
    written, removed = added.find(blocks), EntrySet.of(removals).find(blocks) != NOT_FOUND
    allowed = added.find(_identities(entries, Action.ALLOW)) != NOT_FOUND
    remaining: list[EffectiveEntry] = []
    for place, entry in enumerate(entries):
        row = int(written[place])
        if allowed[place] or (removed[place] and row == NOT_FOUND):
            continue
        if row == NOT_FOUND:
            remaining.append(entry)
        elif (
            additions.modes[row] == EntryMode.ENFORCE
            and additions.expires_s[row] > at_s
            and additions.fraud_types[row] != FraudType.UNSPECIFIED
        ):
            remaining.append(EffectiveEntry.of(additions.entry(row)))
    return remaining


def _effects(table: EntryTable, before: EntryTable, at_s: int) -> Uint8s:
    lines = (
        (table.actions != Action.BLOCK, EntryEffect.ALLOW),
        (table.modes == EntryMode.SHADOW, EntryEffect.SHADOW),
        (table.expires_s <= at_s, EntryEffect.EXPIRED),
        (_blocked_before(table, before, at_s), EntryEffect.ALREADY_EFFECTIVE),
        (table.fraud_types == FraudType.UNSPECIFIED, EntryEffect.NO_FRAUD_TYPE),
        (table.kinds == EntryKind.URL_PREFIX, EntryEffect.URL_PREFIX),
    )
    holds, what = zip(*lines, strict=True)
    found: Uint8s = np.select(list(holds), [np.uint8(one) for one in what], EntryEffect.EFFECTIVE)
    return found.astype(np.uint8)


def _blocked_before(table: EntryTable, before: EntryTable, at_s: int) -> Bools:
    """For each entry, whether it blocked as fraud before the change."""
    at = EntrySet.of(before).find(table)
    blocked: Bools = at != NOT_FOUND
    matches = at[blocked]
    blocked[blocked] = (
        (before.modes[matches] == EntryMode.ENFORCE)
        & (before.expires_s[matches] > at_s)
        & (before.fraud_types[matches] != FraudType.UNSPECIFIED)
    )
    return blocked


def _identities(entries: Sequence[EffectiveEntry], action: Action) -> Identities:
    return Identities.of((EntryKind(one.kind), one.pattern, action) for one in entries)
