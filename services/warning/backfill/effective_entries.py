"""Which entries of a change take effect as blocks of confirmed fraud, and which cease. No store.

Columns only, up to the few entries that are wanted: a change may have a million rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from blocklists.entries import Entry, Kind, Mode
from blocklists.entry_table import EntryTable, Identities
from blocklists.snapshot.delta import last_of_each
from fanzha.decisions import Action
from fanzha.fraud import FraudType
from fanzha.tables import Bools, Uint8s
from services.changes.entry_set import NOT_HELD, Held
from services.warning.backfill.pending import Landed


class Became(IntEnum):
    """What an entry of a change is to a reach; the first that holds."""

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
class Landing:
    """What of a change takes effect."""

    entries: Sequence[Entry]
    """Those that landed; none where there are more than were asked for."""
    rows: Mapping[Became, int]
    """Rows of the change by what they are."""

    @property
    def landed(self) -> int:
        """How many landed."""
        return self.rows.get(Became.LANDED, 0)


def landing(additions: EntryTable, before: EntryTable, *, at_s: int, most: int) -> Landing:
    """Tell which of *additions* take effect at *at_s*; *before* is what they replaced."""
    table = additions.take(last_of_each(additions))
    became = _became(table, before, at_s)
    numbers = np.bincount(became, minlength=len(Became) + 1).tolist()
    rows = np.flatnonzero(became == Became.LANDED).tolist()
    return Landing(
        entries=[table.entry(row) for row in rows] if len(rows) <= most else (),
        rows={one: numbers[one] for one in Became if numbers[one]},
    )


def touched(
    entries: Sequence[Landed], additions: EntryTable, removals: Identities
) -> Sequence[bool]:
    """Tell which of *entries* a change says anything of; quick for many."""
    came, went = Held.of(additions), Held.of(removals)
    blocks, allows = _identities(entries, Action.BLOCK), _identities(entries, Action.ALLOW)
    said = came.find(blocks) != NOT_HELD
    said |= went.find(blocks) != NOT_HELD
    said |= came.find(allows) != NOT_HELD
    told: list[bool] = said.tolist()
    return told


def still_there(
    entries: Sequence[Landed], additions: EntryTable, removals: Identities, *, at_s: int
) -> list[Landed]:
    """Return those of *entries* that block as fraud after a change, as it left them.

    One that somebody now lets through by an entry of the same pattern blocks no more.
    """
    blocks = _identities(entries, Action.BLOCK)
    came = Held.of(additions)
    written, removed = came.find(blocks), Held.of(removals).find(blocks) != NOT_HELD
    allowed = came.find(_identities(entries, Action.ALLOW)) != NOT_HELD
    left: list[Landed] = []
    for place, entry in enumerate(entries):
        row = int(written[place])
        if allowed[place] or (removed[place] and row == NOT_HELD):
            continue
        if row == NOT_HELD:
            left.append(entry)
        elif (
            additions.modes[row] == Mode.ENFORCE
            and additions.expires_s[row] > at_s
            and additions.fraud_types[row] != FraudType.UNSPECIFIED
        ):
            left.append(Landed.of(additions.entry(row)))
    return left


def _became(table: EntryTable, before: EntryTable, at_s: int) -> Uint8s:
    lines = (
        (table.actions != Action.BLOCK, Became.ALLOW),
        (table.modes == Mode.SHADOW, Became.SHADOW),
        (table.expires_s <= at_s, Became.ENDED),
        (_acted(table, before, at_s), Became.ACTED),
        (table.fraud_types == FraudType.UNSPECIFIED, Became.NO_FRAUD),
        (table.kinds == Kind.URL_PREFIX, Became.URL_PREFIX),
    )
    holds, what = zip(*lines, strict=True)
    found: Uint8s = np.select(list(holds), [np.uint8(one) for one in what], Became.LANDED)
    return found.astype(np.uint8)


def _acted(table: EntryTable, before: EntryTable, at_s: int) -> Bools:
    """Tell which entries blocked as fraud before the change."""
    at = Held.of(before).find(table)
    acted: Bools = at != NOT_HELD
    met = at[acted]
    acted[acted] = (
        (before.modes[met] == Mode.ENFORCE)
        & (before.expires_s[met] > at_s)
        & (before.fraud_types[met] != FraudType.UNSPECIFIED)
    )
    return acted


def _identities(entries: Sequence[Landed], action: Action) -> Identities:
    return Identities.of((Kind(one.kind), one.pattern, action) for one in entries)
