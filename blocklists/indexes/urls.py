"""Finds the entry that decides for each link of a batch.

A link is known by its host and the hosts above it; by paths only where some URL prefix
entry names one of these hosts, which few do. Which entry decides is written down in
`blocklists.snapshot.snapshot`. A key is a hash: what it leads to is compared with the text.

A link that matches nothing costs well below a microsecond, whether or not its host was seen before
(`fanzha.host_keys`).
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from blocklists.entries import Direction, Entry, EntryKind
from blocklists.entry_table import text_key, text_keys
from blocklists.indexes.slot_index import slots_of
from blocklists.snapshot.layers import Layer, LayerGroup, Matches, groups_of
from fanzha import host_keys
from fanzha.tables import Int64s
from fanzha.url import expressions, host_suffixes, path_prefixes, split

MOST_PATHS = 6
"""Paths that `fanzha.url.path_prefixes` gives at most."""
_FIRST_PREFIX_RANK = 255
_FIRST_HOST_RANK = 127


class _Name(NamedTuple):
    """What a link may be known by."""

    text: str
    row: int
    rank: int


class UrlIndex:
    """Look-up of links in all layers."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._hosts = groups_of(layers, EntryKind.HOST)
        self._prefixes = groups_of(layers, EntryKind.URL_PREFIX)
        self._prefix_hosts = [
            layer.segment.prefix_hosts for layer in layers if layer.segment.prefix_hosts is not None
        ]

    def find(self, urls: Sequence[str], now_s: int) -> Matches:
        """Find the deciding entry of each canonical URL; an empty one matches nothing."""
        matches = Matches.none(len(urls))
        if not urls or not (self._hosts or self._prefixes):
            return matches
        column, ends = host_keys.of_links(urls)
        lookup = _UrlQueries(urls=urls, ends=ends)
        self._decide(self._hosts, column, lookup.host_name, now_s, matches)
        # Later, as any URL prefix is more specific than any host.
        names = [name for query in self._with_prefixes(column) for name in lookup.paths(query)]
        if names:
            column = text_keys([name.text for name in names])
            self._decide(self._prefixes, column, names.__getitem__, now_s, matches)
        return matches

    def find_all(self, url: str) -> list[Entry]:
        """Return all entries about a canonical URL, expired ones too, most decisive first."""
        found: list[Entry] = []
        for expression in expressions(url):
            found += _entries(self._prefixes, expression)
        for suffix in host_suffixes(split(url)[0]):
            found += _entries(self._hosts, suffix)
        return found

    def _with_prefixes(self, keys: Int64s) -> list[int]:
        """Return, ascending, the keys of hosts that URL prefix entries name."""
        if not self._prefix_hosts:
            return []
        slots = slots_of(keys)
        found = {q for index in self._prefix_hosts for q in index.find(slots).queries.tolist()}
        return sorted(found)

    @staticmethod
    def _decide(
        where: Sequence[LayerGroup],
        keys: Int64s,
        name_of: Callable[[int], _Name],
        now_s: int,
        matches: Matches,
    ) -> None:
        """Let acting entries that name one of *keys* decide, the most specific last."""
        rows, actions, ranks = matches
        slots = slots_of(keys)
        for layer, group in where:
            queries, positions = group.index.find(slots)
            if not len(queries):
                continue
            at = positions + group.first_row
            acting = layer.acting(at, Direction.BOTH, now_s)
            texts = layer.segment.patterns
            # One by one, as each is a hit: its text is read from the mapped file.
            for query, row in zip(queries[acting].tolist(), at[acting].tolist(), strict=True):
                name = name_of(query)
                if texts.raw(row) != name.text.encode():
                    continue
                action = layer.segment.actions[row]
                # At equal specificity ALLOW, the lower number, outranks BLOCK.
                known = ranks[name.row], -int(actions[name.row])
                if (name.rank, -int(action)) > known:
                    rows[name.row] = row + layer.first_row
                    actions[name.row], ranks[name.row] = action, name.rank


class _UrlQueries:
    """The host of each key; read for hits only."""

    def __init__(self, *, urls: Sequence[str], ends: Int64s) -> None:
        self._urls = urls
        self._ends = ends

    def host_name(self, query: int) -> _Name:
        """Return the host of one key."""
        row, depth = self._place(query)
        suffixes = host_suffixes(split(self._urls[row])[0])
        return _Name(suffixes[depth], row, _FIRST_HOST_RANK - depth)

    def paths(self, query: int) -> Iterable[_Name]:
        """Return the paths on the host of one key, most specific first."""
        row, depth = self._place(query)
        host, path = split(self._urls[row])
        suffix, rank = host_suffixes(host)[depth], _FIRST_PREFIX_RANK - depth * MOST_PATHS
        for number, prefix in enumerate(path_prefixes(path)):
            yield _Name(suffix + prefix, row, rank - number)

    def _place(self, query: int) -> tuple[int, int]:
        row = int(np.searchsorted(self._ends, query, side="right"))
        return row, query - (int(self._ends[row - 1]) if row else 0)


def _entries(where: Sequence[LayerGroup], text: str) -> list[Entry]:
    slots = slots_of(np.array([text_key(text)], np.int64))
    found: list[Entry] = []
    for layer, group in where:
        rows = group.index.find(slots).positions + group.first_row
        entries = [layer.segment.entry(row) for row in rows[~layer.is_dead(rows)].tolist()]
        found += [entry for entry in entries if entry.pattern == text]
    return sorted(found, key=lambda entry: entry.action)
