"""Entries laid out for look-up: sorted columns that can lie in a mapped file.

Rows stand in groups, one for each kind, ranges by their number of leading digits. In
a group they are sorted by slot (see `blocklists.indexes.slot_index`), allow before block for
one key. What every look-up reads (marks, directory, slots) and what only a hit reads
(action, expiry, provenance, text) are columns apart; numbers and ranges have no text.
With at most 256 distinct provenances, a number costs 18 bytes, and a host 22 and its text,
which is read on a hit only. A fingerprint costs 240: it is looked up by its parts, see
`blocklists.indexes.lsh`.
"""

from dataclasses import dataclass, replace
from functools import cache
from typing import Self

import numpy as np

from blocklists.entries import KINDS_WITH_TEXT, Entry, EntryKind, EntryMode
from blocklists.entry_table import (
    EXACT,
    EntryTable,
    key_text,
    make_entry,
    text_keys,
)
from blocklists.indexes.lsh import BandIndex
from blocklists.indexes.slot_index import SlotIndex, key_of, keys_of, slots_of
from blocklists.indexes.unique_values import compact, sorted_unique
from blocklists.provenance import EncodedProvenance, Provenance, encode, read
from blocklists.text_column import TextColumn
from fanzha import fingerprint
from fanzha.tables import Int64s, Uint8s, Uint16s, Uint32s, Uint64s

KIND_ORDER = {
    kind: place for place, kind in enumerate((*KINDS_WITH_TEXT, EntryKind.NUMBER, EntryKind.RANGE))
}
"""Kinds with text first, so that only they have places in ``patterns``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyGroup:
    """The rows of one kind; of ranges, those with one number of digits."""

    kind: EntryKind
    digits: int
    first_row: int
    index: SlotIndex

    def __len__(self) -> int:
        return len(self.index.slots)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """An immutable set of entries with distinct identities."""

    groups: tuple[KeyGroup, ...]
    actions: Uint8s
    directions: Uint8s
    fraud_types: Uint8s
    expires_s: Uint32s
    provenances: Uint8s | Uint16s | Uint32s
    """Places in ``provenance``, in as few bytes as they need."""
    patterns: TextColumn
    """Of senders, hosts, URL prefixes and fingerprints: rows of these come first."""
    provenance: TextColumn
    """JSON of each `Provenance`."""
    prefix_hosts: SlotIndex | None
    """Hosts that have a URL prefix entry, None without any: only there are paths looked up."""
    bands: BandIndex | None
    """Parts of the fingerprints, None without any."""
    mode: EntryMode = EntryMode.ENFORCE
    """Of all its entries: shadow entries have segments of their own."""

    def __len__(self) -> int:
        return len(self.actions)

    @classmethod
    def build(cls, table: EntryTable) -> Self:
        """Lay out a table whose identities are distinct and whose entries have one mode."""
        mode = _mode(table)
        table = table.take(layout_order(table))
        slots = slots_of(table.keys)
        groups = _groups(table, slots)
        with_text = int(np.count_nonzero(np.isin(table.kinds, KINDS_WITH_TEXT)))
        prefixes = np.flatnonzero(table.kinds == EntryKind.URL_PREFIX)
        hosts = [text.partition(b"/")[0] for text in table.patterns.take(prefixes).all_raw()]
        host_keys = text_keys([host.decode() for host in hosts])
        return cls(
            groups=groups,
            actions=table.actions,
            directions=table.directions,
            fraud_types=table.fraud_types,
            expires_s=table.expires_s,
            provenances=_narrow_places(table.provenances, len(table.provenance)),
            patterns=_narrow(table.patterns.take(np.arange(with_text))),
            provenance=_narrow(encode(table.provenance)),
            prefix_hosts=_index_of_distinct(host_keys),
            bands=_bands(table),
            mode=mode,
        )

    def group_of(self, row: int) -> KeyGroup:
        """Return the group that holds *row*."""
        return next(group for group in self.groups if row < group.first_row + len(group))

    def text(self, row: int) -> str:
        """Return the text of a sender, host, URL prefix or fingerprint."""
        return self.patterns.get(row)

    def identity_of(self, row: int) -> tuple[EntryKind, str]:
        """Return kind and pattern of an entry; takes some 3 µs."""
        group = self.group_of(row)
        text = self.text(row) if row < len(self.patterns) else ""
        return group.kind, text or key_text(group.kind, self._key(group, row), group.digits)

    def provenance_of(self, row: int) -> Provenance:
        """Return the provenance of an entry."""
        return read(self.provenance.raw(int(self.provenances[row])))

    def entry(self, row: int) -> Entry:
        """Return one entry as an object; takes some 10 µs."""
        kind, pattern = self.identity_of(row)
        return make_entry(
            kind=kind,
            pattern=pattern,
            action=int(self.actions[row]),
            direction=int(self.directions[row]),
            fraud_type=int(self.fraud_types[row]),
            expires_s=int(self.expires_s[row]),
            provenance=read(self.provenance.raw(int(self.provenances[row]))),
            mode=self.mode,
        )

    def table(self, rows: Int64s | None = None) -> EntryTable:
        """Write some rows out as a table, or all."""
        selected = np.arange(len(self)) if rows is None else rows
        kinds, digits, keys = self._identities(selected)
        places, provenances = compact(self.provenances[selected], len(self.provenance))
        return EntryTable(
            kinds=kinds,
            keys=keys,
            digits=digits,
            actions=np.asarray(self.actions[selected]),
            patterns=self.patterns.take(selected),
            directions=np.asarray(self.directions[selected]),
            fraud_types=np.asarray(self.fraud_types[selected]),
            expires_s=np.asarray(self.expires_s[selected]),
            provenances=provenances,
            provenance=EncodedProvenance(self.provenance.take(places)),
            modes=np.full(len(selected), self.mode, np.uint8),
        )

    @staticmethod
    def _key(group: KeyGroup, row: int) -> int:
        at = row - group.first_row
        return key_of(int(group.index.slots[at]))

    def _identities(self, rows: Int64s) -> tuple[Uint8s, Uint8s, Int64s]:
        kinds, digits = np.zeros(len(rows), np.uint8), np.zeros(len(rows), np.uint8)
        slots = np.zeros(len(rows), np.uint64)
        for group in self.groups:
            mine = (rows >= group.first_row) & (rows < group.first_row + len(group))
            kinds[mine] = group.kind
            digits[mine] = group.digits
            slots[mine] = group.index.slots[rows[mine] - group.first_row]
        return kinds, digits, keys_of(slots)


def layout_order(table: EntryTable) -> Int64s:
    """Return the row order of a segment, as indices into *table*."""
    order: Int64s = np.lexsort(
        (table.actions, slots_of(table.keys), EXACT - table.digits, _orders(table.kinds))
    )
    return order


@cache
def empty() -> Segment:
    """Return the segment without entries."""
    return Segment.build(EntryTable.from_entries([]))


def _mode(table: EntryTable) -> EntryMode:
    if not len(table):
        return EntryMode.ENFORCE
    first = table.modes[0]
    if (table.modes != first).any():
        raise ValueError("entries that enforce and shadow entries cannot share a segment")
    return EntryMode(int(first))


def _orders(kinds: Uint8s) -> Uint8s:
    places = np.zeros(max(EntryKind) + 1, np.uint8)
    for kind, place in KIND_ORDER.items():
        places[kind] = place
    return places[kinds]


def _groups(table: EntryTable, slots: Uint64s) -> tuple[KeyGroup, ...]:
    marks = _orders(table.kinds).astype(np.int64) * 256 + (EXACT - table.digits)
    starts = np.flatnonzero(np.diff(marks, prepend=-1)).tolist()
    ends = [*starts[1:], len(marks)]
    return tuple(
        KeyGroup(
            kind=EntryKind(int(table.kinds[start])),
            digits=int(table.digits[start]),
            first_row=start,
            index=SlotIndex.build(slots[start:end]),
        )
        for start, end in zip(starts, ends, strict=False)
        if end > start
    )


def _index_of_distinct(keys: Int64s) -> SlotIndex | None:
    return SlotIndex.build(sorted_unique(slots_of(keys))) if len(keys) else None


def _bands(table: EntryTable) -> BandIndex | None:
    rows = np.flatnonzero(table.kinds == EntryKind.FINGERPRINT)
    if not len(rows):
        return None
    written_down = [text.decode() for text in table.patterns.take(rows).all_raw()]
    return BandIndex.build(fingerprint.read(written_down), int(rows[0]))


def _narrow_places(places: Uint32s, room: int) -> Uint8s | Uint16s | Uint32s:
    # Most lists have a few hundred provenances: one or two bytes a row instead of four.
    return places.astype(np.min_scalar_type(max(room - 1, 0)))


def _narrow(texts: TextColumn) -> TextColumn:
    # Four bytes a row instead of eight, for as long as the texts fit.
    if len(texts.blob) < 2**32:
        return replace(texts, offsets=texts.offsets.astype(np.uint32))
    return texts
