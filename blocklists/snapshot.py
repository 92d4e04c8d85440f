"""One consistent version of every list, and which of its entries decides.

An entry *acts* when it is not expired, was not removed or replaced since, and means
the side that is asked about (calls *from* a number, or *to* it). Of the acting entries
about one party or link, the most specific decides, and at equal specificity ALLOW
outranks BLOCK. Specificity, from the most to the least:

- of a party: the exact number, service code or sender; then ranges, the longest first;
- of a link: URL prefixes, in the order of the Safe Browsing expressions (the longest
  host first, then the longest path); then hosts, the longest first.

An expired or one-sided entry never hides a less specific one that acts. What several
parties and links of one event say together is in `services.evidence`.

A snapshot is a stack of layers: the base, and an overlay with what came and went
since. Rows run through all layers. Look-ups cost some 0.1 µs a row, however long the
lists are; what only a hit needs is read for hits only.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, Self

import numpy as np

from blocklists.entries import Direction, Entry, Kind
from blocklists.entry_table import EntryTable, text_key
from blocklists.segment import Group, Segment, empty
from blocklists.slot_index import slots_of
from fanzha.decisions import Action
from fanzha.phone import FIRST_SENDER
from fanzha.tables import Bools, Int64s, Uint8s
from fanzha.url import expressions, host_suffixes, path_prefixes, split

NO_ENTRY = -1
EXACT_RANK = 255
_FIRST_PREFIX_RANK = 255
_FIRST_HOST_RANK = 127
_POWERS = 10 ** np.arange(19, dtype=np.int64)


class Matches(NamedTuple):
    """The deciding entry of each row."""

    rows: Int64s
    """Row of the entry in the snapshot; -1 for none."""
    actions: Uint8s
    """Its action; 0 for none."""
    ranks: Uint8s
    """How specific it is; 0 for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A segment in its place."""

    segment: Segment
    first_row: int
    dead: Int64s
    """Rows of the segment that were removed or replaced since, sorted."""

    def acting(self, rows: Int64s, direction: Direction, now_s: int) -> Bools:
        """Tell which *rows* of the segment act."""
        return (
            (self.segment.expires_s[rows] > now_s)
            & ((self.segment.directions[rows] & direction) != 0)
            & ~self.is_dead(rows)
        )

    def is_dead(self, rows: Int64s) -> Bools:
        """Tell which *rows* were removed or replaced."""
        if not len(self.dead):
            return np.zeros(len(rows), np.bool_)
        at = np.minimum(np.searchsorted(self.dead, rows), len(self.dead) - 1)
        return self.dead[at] == rows

    def groups(self, *kinds: Kind) -> list[Group]:
        """Return the groups of some kinds."""
        return [group for group in self.segment.groups if group.kind in kinds]


class Snapshot:
    """What a decision consults; never changed, replaced whole when the lists change."""

    def __init__(self, *, version: int, committed_at_ms: int, layers: Sequence[Layer]) -> None:
        self.version = version
        self.committed_at_ms = committed_at_ms
        self.layers = tuple(layers)
        digits = {g.digits for layer in layers for g in layer.groups(Kind.RANGE)}
        self._range_digits = sorted(digits, reverse=True)
        self._layers_by_digits = {
            size: [
                (layer, group)
                for layer in layers
                for group in layer.groups(Kind.RANGE)
                if group.digits == size
            ]
            for size in self._range_digits
        }
        self._numbers = _of_kinds(layers, Kind.NUMBER)
        self._senders = _of_kinds(layers, Kind.NUMBER, Kind.SENDER)
        self._hosts = _of_kinds(layers, Kind.HOST)
        self._prefixes = _of_kinds(layers, Kind.URL_PREFIX)

    @classmethod
    def of_segments(
        cls, *, version: int, committed_at_ms: int, base: Segment, overlay: Segment, dead: Int64s
    ) -> Self:
        """Lay *overlay* over *base*, of which the rows *dead* are no more."""
        nothing = np.zeros(0, np.int64)
        layers = [
            Layer(segment=base, first_row=0, dead=dead),
            Layer(segment=overlay, first_row=len(base), dead=nothing),
        ]
        return cls(version=version, committed_at_ms=committed_at_ms, layers=layers)

    @classmethod
    def build(cls, version: int, entries: Sequence[Entry]) -> Self:
        """Make a snapshot of entries, for tests; a later one replaces its like."""
        latest = {(entry.kind, entry.pattern, entry.action): entry for entry in entries}
        base = Segment.build(EntryTable.from_entries(latest.values()))
        return cls.of_segments(
            version=version,
            committed_at_ms=0,
            base=base,
            overlay=empty(),
            dead=np.zeros(0, np.int64),
        )

    @classmethod
    def empty(cls) -> Self:
        """Return the snapshot before the first change."""
        return cls.build(0, [])

    def __len__(self) -> int:
        return sum(len(layer.segment) - len(layer.dead) for layer in self.layers)

    def find_parties(
        self, keys: Int64s, direction: Direction, now_s: int, *, senders: bool = False
    ) -> Matches:
        """Find the entry that decides for each number; sender entries only if *senders*."""
        matches = _no_matches(len(keys))
        exact = self._senders if senders else self._numbers
        found = [_hits(layer, group, keys, direction, now_s) for layer, group in exact]
        _settle(matches, found, EXACT_RANK)
        for digits in self._range_digits:
            wanted = _leading(keys, digits)
            found = [
                _hits(layer, group, wanted, direction, now_s)
                for layer, group in self._layers_by_digits[digits]
            ]
            _settle(matches, found, digits)
        return matches

    def find_urls(self, urls: Sequence[str], now_s: int) -> Matches:
        """Find the entry that decides for each canonical URL; an empty URL matches nothing."""
        matches = _no_matches(len(urls))
        if not urls or not (self._hosts or self._prefixes):
            return matches
        keys: list[int] = []
        owners: list[int] = []
        # Row by row: taking a URL apart is string work; its keys are cached per host.
        for row, url in enumerate(urls):
            if url:
                suffix_keys = _suffix_keys(split(url)[0])
                keys += suffix_keys
                owners += [row] * len(suffix_keys)
        columns = np.array(keys, np.int64), np.array(owners, np.int64)
        for row in self._rows_with_prefixes(*columns):
            self._settle_url(matches, row, urls[row], now_s)
        for row in self._rows_with_hosts(*columns):
            if matches.rows[row] == NO_ENTRY:
                self._settle_host(matches, row, split(urls[row])[0], now_s)
        return matches

    def entry(self, row: int) -> Entry:
        """Write one entry out."""
        layer = self._layer_of(row)
        return layer.segment.entry(row - layer.first_row)

    def counts(self) -> Counter[tuple[Kind, Action]]:
        """Count the entries by kind and action, expired ones included."""
        counts: Counter[tuple[Kind, Action]] = Counter()
        for layer in self.layers:
            for group in layer.segment.groups:
                rows = slice(group.first_row, group.first_row + len(group))
                for action in Action:
                    counts[group.kind, action] += int(
                        np.count_nonzero(layer.segment.actions[rows] == action)
                    )
            for row in layer.dead.tolist():
                group = layer.segment.group_of(row)
                counts[group.kind, Action(int(layer.segment.actions[row]))] -= 1
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

    def find_all_parties(self, key: int) -> list[Entry]:
        """Return all entries about a number or sender, expired ones too, most decisive first."""
        keys = np.array([key], np.int64)
        found = self._all(_of_kinds(self.layers, Kind.NUMBER, Kind.SENDER), keys)
        for digits in self._range_digits:
            found += self._all(self._layers_by_digits[digits], _leading(keys, digits))
        return found

    def find_all_urls(self, url: str) -> list[Entry]:
        """Return all entries about a canonical URL, expired ones too, most decisive first."""
        found = []
        for expression in expressions(url):
            found += self._all_texts(self._prefixes, expression)
        for suffix in host_suffixes(split(url)[0]):
            found += self._all_texts(self._hosts, suffix)
        return found

    def _all(self, where: list[tuple[Layer, Group]], keys: Int64s) -> list[Entry]:
        entries = [
            layer.segment.entry(int(row))
            for layer, group in where
            for row in group.first_row + group.index.find(slots_of(keys)).positions
            if not layer.is_dead(np.array([row]))[0]
        ]
        return sorted(entries, key=lambda entry: entry.action)

    def _all_texts(self, where: list[tuple[Layer, Group]], text: str) -> list[Entry]:
        keys = np.array([text_key(text)], np.int64)
        return [entry for entry in self._all(where, keys) if entry.pattern == text]

    def _rows_with_prefixes(self, keys: Int64s, owners: Int64s) -> list[int]:
        found: set[int] = set()
        for layer in self.layers:
            if layer.segment.prefix_hosts is not None and len(keys):
                hits = layer.segment.prefix_hosts.find(slots_of(keys)).queries
                found.update(owners[hits].tolist())
        return sorted(found)

    def _rows_with_hosts(self, keys: Int64s, owners: Int64s) -> list[int]:
        found: set[int] = set()
        for _layer, group in self._hosts:
            if len(keys):
                found.update(owners[group.index.find(slots_of(keys)).queries].tolist())
        return sorted(found)

    def _settle_url(self, matches: Matches, row: int, url: str, now_s: int) -> None:
        host, path = split(url)
        texts = [
            suffix + prefix for suffix in host_suffixes(host) for prefix in path_prefixes(path)
        ]
        self._settle_texts(
            matches, row, self._prefixes, texts, rank=_FIRST_PREFIX_RANK, now_s=now_s
        )

    def _settle_host(self, matches: Matches, row: int, host: str, now_s: int) -> None:
        texts = list(host_suffixes(host))
        self._settle_texts(matches, row, self._hosts, texts, rank=_FIRST_HOST_RANK, now_s=now_s)

    def _settle_texts(
        self,
        matches: Matches,
        row: int,
        where: list[tuple[Layer, Group]],
        texts: list[str],
        *,
        rank: int,
        now_s: int,
    ) -> None:
        """Let the first of *texts* that an acting entry names decide for *row*."""
        wanted = slots_of(np.array([text_key(text) for text in texts], np.int64))
        best: tuple[int, int, int] | None = None
        for layer, group in where:
            queries, positions = group.index.find(wanted)
            rows = positions + group.first_row
            acting = layer.acting(rows, Direction.BOTH, now_s)
            for query, at in zip(queries[acting].tolist(), rows[acting].tolist(), strict=True):
                # The key is a hash; the text says whether it is meant.
                if layer.segment.text(at) == texts[query]:
                    action = int(layer.segment.actions[at])
                    candidate = (query, action, at + layer.first_row)
                    best = min(best, candidate) if best else candidate
        if best is not None:
            query, action, at = best
            matches.rows[row], matches.actions[row], matches.ranks[row] = at, action, rank - query

    def _layer_of(self, row: int) -> Layer:
        return next(layer for layer in reversed(self.layers) if row >= layer.first_row)


def _of_kinds(layers: Sequence[Layer], *kinds: Kind) -> list[tuple[Layer, Group]]:
    return [(layer, group) for layer in layers for group in layer.groups(*kinds)]


def _no_matches(rows: int) -> Matches:
    return Matches(np.full(rows, NO_ENTRY), np.zeros(rows, np.uint8), np.zeros(rows, np.uint8))


def _hits(
    layer: Layer, group: Group, keys: Int64s, direction: Direction, now_s: int
) -> tuple[Int64s, Int64s, Uint8s]:
    """Return for each acting match: which key, which row of the snapshot, which action."""
    queries, positions = group.index.find(slots_of(keys))
    rows = positions + group.first_row
    if len(rows):
        acting = layer.acting(rows, direction, now_s)
        queries, rows = queries[acting], rows[acting]
    return queries, rows + layer.first_row, layer.segment.actions[rows]


def _settle(matches: Matches, found: Sequence[tuple[Int64s, Int64s, Uint8s]], rank: int) -> None:
    """Let what was found at one specificity decide where nothing more specific did."""
    for action in (Action.BLOCK, Action.ALLOW):  # the latter overwrites the former
        for queries, rows, actions in found:
            if not len(queries):
                continue
            open_ = (matches.rows[queries] == NO_ENTRY) | (matches.ranks[queries] == rank)
            these = (actions == action) & open_
            matches.rows[queries[these]] = rows[these]
            matches.actions[queries[these]] = action
            matches.ranks[queries[these]] = rank


def _leading(numbers: Int64s, digits: int) -> Int64s:
    # Hashed senders have no leading digits; shorter numbers than the range stay
    # whole and so cannot equal it.
    size = np.where(numbers < FIRST_SENDER, np.abs(numbers), 0)
    surplus = np.searchsorted(_POWERS, size, side="right") - digits
    return np.sign(numbers) * (size // _POWERS[np.maximum(surplus, 0)])


@lru_cache(maxsize=100_000)
def _suffix_keys(host: str) -> tuple[int, ...]:
    return tuple(text_key(suffix) for suffix in host_suffixes(host))
