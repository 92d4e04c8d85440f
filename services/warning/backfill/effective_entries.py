"""Which entries of a change take effect as blocks of confirmed fraud, and which cease. No store.

Columns only, up to the few entries that are wanted: a change may have a million rows.
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
from services.warning.backfill.pending import EffectiveEntry


class EntryEffect(IntEnum):
    """What an entry of a change is to a backfill; the first that holds."""

    ALLOW = 1
    """It lets through."""
    SHADOW = 2
    """It only tells what it would have blocked."""
    ENDED = 3
    ACTED = 4
    """It blocked before this change, too."""
    NO_FRAUD = 5
    """It names no kind of fraud."""
    URL_PREFIX = 6
    """The log knows hosts: everybody who asked for the host would be found."""
    LANDED = 7
    """It blocks from now on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveEntries:
    """What of a change takes effect."""

    entries: Sequence[Entry]
    """Those that landed; none where there are more than were asked for."""
    rows: Mapping[EntryEffect, int]
    """Rows of the change by what they are."""

    @property
    def landed(self) -> int:
        """How many landed."""
        return self.rows.get(EntryEffect.LANDED, 0)


def landing(additions: EntryTable, before: EntryTable, *, at_s: int, most: int) -> EffectiveEntries:
    """Tell which of *additions* take effect at *at_s*; *before* is what they replaced."""
    table = additions.take(last_of_each(additions))
    became = _became(table, before, at_s)
    numbers = np.bincount(became, minlength=len(EntryEffect) + 1).tolist()
    rows = np.flatnonzero(became == EntryEffect.LANDED).tolist()
    return EffectiveEntries(
        entries=[table.entry(row) for row in rows] if len(rows) <= most else (),
        rows={one: numbers[one] for one in EntryEffect if numbers[one]},
    )


def touched(
    entries: Sequence[EffectiveEntry], additions: EntryTable, removals: Identities
) -> Sequence[bool]:
    """Tell which of *entries* a change says anything of; quick for many."""
    came, went = EntrySet.of(additions), EntrySet.of(removals)
    blocks, allows = _identities(entries, Action.BLOCK), _identities(entries, Action.ALLOW)
    said = came.find(blocks) != NOT_FOUND
    said |= went.find(blocks) != NOT_FOUND
    said |= came.find(allows) != NOT_FOUND
    told: list[bool] = said.tolist()
    return told


def still_there(
    entries: Sequence[EffectiveEntry], additions: EntryTable, removals: Identities, *, at_s: int
) -> list[EffectiveEntry]:
    """Return those of *entries* that block as fraud after a change, as it left them.

    One that somebody now lets through by an entry of the same pattern blocks no more.
    """
    blocks = _identities(entries, Action.BLOCK)
    came = EntrySet.of(additions)
    written, removed = came.find(blocks), EntrySet.of(removals).find(blocks) != NOT_FOUND
    allowed = came.find(_identities(entries, Action.ALLOW)) != NOT_FOUND
    left: list[EffectiveEntry] = []
    for place, entry in enumerate(entries):
        row = int(written[place])
        if allowed[place] or (removed[place] and row == NOT_FOUND):
            continue
        if row == NOT_FOUND:
            left.append(entry)
        elif (
            additions.modes[row] == EntryMode.ENFORCE
            and additions.expires_s[row] > at_s
            and additions.fraud_types[row] != FraudType.UNSPECIFIED
        ):
            left.append(EffectiveEntry.of(additions.entry(row)))
    return left


def _became(table: EntryTable, before: EntryTable, at_s: int) -> Uint8s:
    lines = (
        (table.actions != Action.BLOCK, EntryEffect.ALLOW),
        (table.modes == EntryMode.SHADOW, EntryEffect.SHADOW),
        (table.expires_s <= at_s, EntryEffect.ENDED),
        (_acted(table, before, at_s), EntryEffect.ACTED),
        (table.fraud_types == FraudType.UNSPECIFIED, EntryEffect.NO_FRAUD),
        (table.kinds == EntryKind.URL_PREFIX, EntryEffect.URL_PREFIX),
    )
    holds, what = zip(*lines, strict=True)
    found: Uint8s = np.select(list(holds), [np.uint8(one) for one in what], EntryEffect.LANDED)
    return found.astype(np.uint8)


def _acted(table: EntryTable, before: EntryTable, at_s: int) -> Bools:
    """Tell which entries blocked as fraud before the change."""
    at = EntrySet.of(before).find(table)
    acted: Bools = at != NOT_FOUND
    met = at[acted]
    acted[acted] = (
        (before.modes[met] == EntryMode.ENFORCE)
        & (before.expires_s[met] > at_s)
        & (before.fraud_types[met] != FraudType.UNSPECIFIED)
    )
    return acted


def _identities(entries: Sequence[EffectiveEntry], action: Action) -> Identities:
    return Identities.of((EntryKind(one.kind), one.pattern, action) for one in entries)
