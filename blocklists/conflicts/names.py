"""Compares hosts and URL prefixes with those above and below them.

Names are text: some 3 µs each, and only where the lists hold names of the other action.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from blocklists.conflicts.findings import OPPOSITES, Finding, Relation, acting, meets
from blocklists.entries import Direction, Kind
from blocklists.entry_table import EXACT, EntryTable, Identities, text_keys
from blocklists.layers import Layer
from blocklists.snapshot import NO_ENTRY, Snapshot
from blocklists.text_column import TextColumn
from fanzha.decisions import Action
from fanzha.tables import Int64s
from fanzha.url import path_prefixes

MOST_COMPARED = 2_000_000
"""Listed names looked at for lying within additions; more are counted."""
_ROWS_AT_ONCE = 1 << 16
_NAMES = (Kind.HOST, Kind.URL_PREFIX)


def under(snapshot: Snapshot, additions: EntryTable, now_s: int, finding: Finding) -> None:
    """Find names that lie below a listed name of the other action."""
    if not _lists_opposites(snapshot, additions):
        return
    rows = np.flatnonzero(np.isin(additions.kinds, _NAMES))
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        _under(snapshot, additions, rows[start : start + _ROWS_AT_ONCE], now_s, finding)


def _under(
    snapshot: Snapshot, additions: EntryTable, rows: Int64s, now_s: int, finding: Finding
) -> None:
    asked: list[int] = []
    names: list[tuple[Kind, str]] = []
    # Row by row, the widest name first: taking a name apart is string work.
    for place, row in enumerate(rows.tolist()):
        above = list(_above(int(additions.kinds[row]), additions.patterns.get(row)))[::-1]
        asked += [place] * len(above)
        names += above
    places = np.array(asked, np.int64)
    both = np.full(len(names), Direction.BOTH, np.uint8)
    blocked, blocks = acting(snapshot, _named(names, Action.BLOCK), both, now_s)
    allowed, allows = acting(snapshot, _named(names, Action.ALLOW), both, now_s)
    queries, others = np.concatenate([blocked, allowed]), np.concatenate([blocks, allows])
    spoken = np.repeat(np.array([Action.BLOCK, Action.ALLOW], np.uint8), [len(blocks), len(allows)])
    # The narrowest name decides, and of two alike ALLOW: it comes last, and so stays.
    order = np.lexsort((-spoken.astype(np.int64), queries))
    deciding, said = np.full(len(rows), NO_ENTRY, np.int64), np.zeros(len(rows), np.uint8)
    deciding[places[queries[order]]] = others[order]
    said[places[queries[order]]] = spoken[order]
    against = np.flatnonzero(said == OPPOSITES[additions.actions[rows]])
    finding.note(Relation.WIDER, rows[against], deciding[against])


def within(snapshot: Snapshot, additions: EntryTable, now_s: int, finding: Finding) -> None:
    """Find names around listed names of the other action."""
    rows = np.flatnonzero(np.isin(additions.kinds, _NAMES))
    if not len(rows) or not _lists_opposites(snapshot, additions):
        return
    proposed = {
        (int(additions.kinds[row]), additions.patterns.get(row), int(additions.actions[row])): row
        for row in rows.tolist()
    }
    against = sorted({int(OPPOSITES[action]) for _, _, action in proposed})
    left = MOST_COMPARED
    for layer in snapshot.enforcing:
        listed = _listed(layer, against, now_s)
        finding.names_not_compared += max(len(listed) - left, 0)
        listed = listed[:left]
        left -= len(listed)
        pairs = list(_pairs(layer, listed.tolist(), proposed))
        if pairs:
            holders, held = np.array(pairs, np.int64).T
            finding.note_within(holders, held + layer.first_row)


def _listed(layer: Layer, actions: Sequence[int], now_s: int) -> Int64s:
    found = [np.zeros(0, np.int64)]
    for group in layer.groups(*_NAMES):
        rows = np.arange(group.first_row, group.first_row + len(group))
        rows = rows[np.isin(layer.segment.actions[rows], actions)]
        both = np.full(len(rows), Direction.BOTH, np.uint8)
        found.append(rows[meets(layer, rows, both, now_s)])
    return np.concatenate(found)


def _pairs(
    layer: Layer, listed: Sequence[int], proposed: dict[tuple[int, str, int], int]
) -> Iterator[tuple[int, int]]:
    """Return each addition with a listed name below it, by looking above that name."""
    for row in listed:
        kind, text = layer.segment.named(row)
        opposite = int(OPPOSITES[layer.segment.actions[row]])
        for above_kind, above in _above(kind, text):
            if (holder := proposed.get((above_kind, above, opposite))) is not None:
                yield holder, row


def _above(kind: int, text: str) -> Iterator[tuple[Kind, str]]:
    """Return the names that a name lies below, the narrowest first."""
    host, slash, path = text.partition("/")
    if kind == Kind.URL_PREFIX:
        for prefix in path_prefixes(slash + path):
            if host + prefix != text:
                yield Kind.URL_PREFIX, host + prefix
        yield Kind.HOST, host
    while (host := host.partition(".")[2]) and not host.isdecimal():
        yield Kind.HOST, host


def _named(names: Sequence[tuple[Kind, str]], action: Action) -> Identities:
    texts = [text for _, text in names]
    return Identities(
        kinds=np.array([kind for kind, _ in names], np.uint8),
        keys=text_keys(texts),
        digits=np.full(len(names), EXACT, np.uint8),
        actions=np.full(len(names), action, np.uint8),
        patterns=TextColumn.of(texts),
    )


def _lists_opposites(snapshot: Snapshot, additions: EntryTable) -> bool:
    named = np.isin(additions.kinds, _NAMES)
    against = {int(OPPOSITES[action]) for action in np.unique(additions.actions[named]).tolist()}
    return any(kind in _NAMES and action in against for kind, action in snapshot.counts())
