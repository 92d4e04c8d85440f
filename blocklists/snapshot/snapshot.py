"""One consistent version of every list, and which of its entries decides.

An entry *acts* when it is not expired, was not removed or replaced since, and means
the direction of the look-up (calls *from* a number, or *to* it). Of the acting entries
about one party, link or text, the most specific decides, and at equal specificity ALLOW
outranks BLOCK. Specificity, from the most to the least:

=======  ======================================================================
rank     entry
=======  ======================================================================
a party
255      the exact number, service code or sender (senders: of texts only)
14 … 1   a range: its number of leading digits
a link
255 …    a URL prefix, in the order of the Safe Browsing expressions: the longest
         host first, then the longest path
127 …    a host: the link's own, then the ones above it, the longest first
a text
16 … 10  a fingerprint: its values that the text shares
=======  ======================================================================

An expired or one-sided entry never hides a less specific one that acts. What several
parties and links of one event decide together is in `services.decision.list_match`. The cases of
``tests/cases/precedence.toml`` show it all by example.

Shadow entries never decide: `Snapshot.shadows` looks them up apart, and is None without any.

A snapshot is a stack of layers: the base, an overlay with the changes since, and
the shadow entries. Rows run through all layers. Look-ups cost some 0.1 µs a number and
1 µs a link, however long the lists are; what only a hit needs is read for hits only.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np

from blocklists.entries import Direction, Entry, EntryKind, EntryMode, Source
from blocklists.entry_table import EntryTable
from blocklists.indexes.fingerprints import FingerprintIndex
from blocklists.indexes.numbers import NumberIndex
from blocklists.indexes.shadow import ShadowIndex
from blocklists.indexes.urls import UrlIndex
from blocklists.snapshot.layers import NO_ENTRY, Layer, Matches, layered
from blocklists.snapshot.segment import Segment, empty
from fanzha.decisions import Action
from fanzha.fingerprint import BatchSketches
from fanzha.fraud import FraudType
from fanzha.tables import Int64s

__all__ = ["NO_ENTRY", "Layer", "Matches", "Snapshot"]


class EntryIdentity(NamedTuple):
    """Fields of an entry that a decision carries."""

    kind: EntryKind
    pattern: str
    fraud_type: FraudType
    source: Source
    campaign: str
    legal_basis: str


class Snapshot:
    """What a decision consults; never changed, replaced whole when the lists change."""

    def __init__(self, *, version: int, committed_at_ms: int, layers: Sequence[Layer]) -> None:
        self.version = version
        self.committed_at_ms = committed_at_ms
        self.layers = tuple(layers)
        self.enforcing = tuple(one for one in self.layers if one.segment.mode is EntryMode.ENFORCE)
        """The layers without shadow entries."""
        self._numbers = NumberIndex(self.enforcing)
        self._urls = UrlIndex(self.enforcing)
        self._fingerprints = FingerprintIndex(self.enforcing)
        self.shadows = ShadowIndex.of(self.layers)
        """Look-ups among the shadow entries; None without any."""

    @classmethod
    def of_segments(
        cls,
        *,
        version: int,
        committed_at_ms: int,
        base: Segment,
        overlay: Segment,
        dead: Int64s,
        shadows: Segment | None = None,
    ) -> Self:
        """Lay *overlay* over *base*, of which the rows *dead* are no more; *shadows* stay apart."""
        layers = layered(base, overlay, dead, shadows)
        return cls(version=version, committed_at_ms=committed_at_ms, layers=layers)

    @classmethod
    def build(cls, version: int, entries: Sequence[Entry]) -> Self:
        """Make a snapshot of entries, for tests; a later one replaces its like."""
        latest = {(entry.kind, entry.pattern, entry.action): entry for entry in entries}
        by_mode = {
            mode: Segment.build(
                EntryTable.from_entries(one for one in latest.values() if one.mode is mode)
            )
            for mode in EntryMode
        }
        return cls.of_segments(
            version=version,
            committed_at_ms=0,
            base=by_mode[EntryMode.ENFORCE],
            overlay=empty(),
            dead=np.zeros(0, np.int64),
            shadows=by_mode[EntryMode.SHADOW],
        )

    @classmethod
    def empty(cls) -> Self:
        """Return the snapshot before the first change."""
        return cls.of_segments(
            version=0,
            committed_at_ms=0,
            base=empty(),
            overlay=empty(),
            dead=np.zeros(0, np.int64),
        )

    def __len__(self) -> int:
        return sum(len(layer.segment) - len(layer.dead) for layer in self.layers)

    def find_parties(
        self, keys: Int64s, direction: Direction, now_s: int, *, senders: bool = False
    ) -> Matches:
        """Find the entry that decides for each number; sender entries only if *senders*."""
        return self._numbers.find(keys, direction, now_s, senders=senders)

    def find_both(
        self, from_: Int64s, to: Int64s, now_s: int, *, senders: bool = False
    ) -> tuple[Matches, Matches]:
        """Find the deciding entries of both parties of each event, as `find_parties` does of one.

        Only for those who send do sender entries count. Together it takes half the time.
        """
        return self._numbers.find_both(from_, to, now_s, senders=senders)

    def find_urls(self, urls: Sequence[str], now_s: int) -> Matches:
        """Find the entry that decides for each canonical URL; an empty URL matches nothing."""
        return self._urls.find(urls, now_s)

    def find_texts(self, texts: BatchSketches, now_s: int) -> Matches:
        """Find the fingerprint that decides for each text."""
        return self._fingerprints.find(texts, now_s)

    def find_all_parties(self, key: int) -> list[Entry]:
        """Return all entries about a number or sender, expired ones too, most decisive first.

        Shadow entries come last, here and in the other two.
        """
        shadows = self.shadows.find_all_parties(key) if self.shadows else []
        return [*self._numbers.find_all(key), *shadows]

    def find_all_urls(self, url: str) -> list[Entry]:
        """Return all entries about a canonical URL, expired ones too, most decisive first."""
        shadows = self.shadows.find_all_urls(url) if self.shadows else []
        return [*self._urls.find_all(url), *shadows]

    def find_all_fingerprints(self, written: str) -> list[Entry]:
        """Return all entries near a fingerprint, expired ones too, most decisive first."""
        shadows = self.shadows.find_all_fingerprints(written) if self.shadows else []
        return [*self._fingerprints.find_all(written), *shadows]

    def identity_of(self, row: int) -> EntryIdentity:
        """Return the fields of an entry that a decision carries; `entry` has all."""
        layer = self._layer_of(row)
        segment, row = layer.segment, row - layer.first_row
        kind, pattern = segment.identity_of(row)
        provenance = segment.provenance_of(row)
        fraud_type = FraudType(int(segment.fraud_types[row]))
        return EntryIdentity(
            kind,
            pattern,
            fraud_type,
            provenance.source,
            provenance.campaign,
            provenance.legal_basis,
        )

    def expires_s_of(self, row: int) -> int:
        """Return when an entry expires, in seconds since the Unix epoch."""
        layer = self._layer_of(row)
        return int(layer.segment.expires_s[row - layer.first_row])

    def entry(self, row: int) -> Entry:
        """Return one entry as an object."""
        layer = self._layer_of(row)
        return layer.segment.entry(row - layer.first_row)

    def counts(self, mode: EntryMode = EntryMode.ENFORCE) -> Counter[tuple[EntryKind, Action]]:
        """Count the entries of one mode by kind and action, expired ones included."""
        counts: Counter[tuple[EntryKind, Action]] = Counter()
        for layer in self.layers:
            if layer.segment.mode is not mode:
                continue
            for group in layer.segment.groups:
                end = group.first_row + len(group)
                first, last = np.searchsorted(layer.dead, [group.first_row, end])
                actions = layer.segment.actions
                dead = actions[layer.dead[first:last]]
                for action in Action:
                    live = np.count_nonzero(actions[group.first_row : end] == action)
                    counts[group.kind, action] += int(live - np.count_nonzero(dead == action))
        return +counts

    def live_rows(self) -> Int64s:
        """Return the rows of all entries, expired ones included, in a fixed order."""
        parts = []
        for layer in self.layers:
            rows = np.arange(len(layer.segment))
            parts.append(rows[~layer.is_dead(rows)] + layer.first_row)
        return np.concatenate(parts)

    def table(self, rows: Int64s) -> list[EntryTable]:
        """Write the entries of *rows*, ascending, out: a table per layer that has any."""
        tables = []
        for layer in self.layers:
            end = layer.first_row + len(layer.segment)
            mine = rows[(rows >= layer.first_row) & (rows < end)]
            if len(mine):
                tables.append(layer.segment.table(mine - layer.first_row))
        return tables

    def _layer_of(self, row: int) -> Layer:
        return next(layer for layer in reversed(self.layers) if row >= layer.first_row)
