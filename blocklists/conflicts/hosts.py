"""Compares hosts and URL prefixes with those above and below them.

Names are text: a microsecond each to see whether they lie below any name of the other action,
where the lists hold such names at all, and some ten for those that do.
"""

from collections.abc import Iterator, Sequence, Set

import numpy as np

from blocklists.conflicts.findings import (
    OPPOSITES,
    ConflictColumns,
    ConflictRelation,
    acting,
    meets,
)
from blocklists.entries import Direction, EntryKind
from blocklists.entry_table import EXACT, EntryTable, Identities, text_keys
from blocklists.snapshot.layers import Layer
from blocklists.snapshot.snapshot import NO_ENTRY, Snapshot
from blocklists.text_column import TextColumn
from fanzha.decisions import Action
from fanzha.tables import Bools, Int64s
from fanzha.url import path_prefixes

MOST_COMPARED = 2_000_000
"""Listed names compared with additions above them; further ones are counted."""
_MOST_HELD = 200_000
"""Listed names whose hosts are cached, to rule out additions below none of them."""
_ROWS_AT_ONCE = 1 << 16
_NAMES = (EntryKind.HOST, EntryKind.URL_PREFIX)


def under(snapshot: Snapshot, additions: EntryTable, now_s: int, finding: ConflictColumns) -> None:
    """Find names that lie below a listed name of the other action."""
    against = _opposites(additions)
    if not _lists(snapshot, against):
        return
    rows = np.flatnonzero(np.isin(additions.kinds, _NAMES))
    if (hosts := _listed_hosts(snapshot, against, now_s)) is not None:
        rows = rows[_below(additions.patterns.take(rows), hosts)]
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        _under(snapshot, additions, rows[start : start + _ROWS_AT_ONCE], now_s, finding)


def _under(
    snapshot: Snapshot, additions: EntryTable, rows: Int64s, now_s: int, finding: ConflictColumns
) -> None:
    places_asked: list[int] = []
    names: list[tuple[EntryKind, str]] = []
    # Row by row, the widest name first: taking a name apart is string work.
    for place, row in enumerate(rows.tolist()):
        above = list(_above(int(additions.kinds[row]), additions.patterns.get(row)))[::-1]
        places_asked += [place] * len(above)
        names += above
    places = np.array(places_asked, np.int64)
    both = np.full(len(names), Direction.BOTH, np.uint8)
    blocked, blocks = acting(snapshot, _named(names, Action.BLOCK), both, now_s)
    allowed, allows = acting(snapshot, _named(names, Action.ALLOW), both, now_s)
    queries, others = np.concatenate([blocked, allowed]), np.concatenate([blocks, allows])
    spoken = np.repeat(np.array([Action.BLOCK, Action.ALLOW], np.uint8), [len(blocks), len(allows)])
    # The narrowest name decides, and of two alike ALLOW: it is last, so it overwrites the others.
    order = np.lexsort((-spoken.astype(np.int64), queries))
    deciding, opposing = np.full(len(rows), NO_ENTRY, np.int64), np.zeros(len(rows), np.uint8)
    deciding[places[queries[order]]] = others[order]
    opposing[places[queries[order]]] = spoken[order]
    against = np.flatnonzero(opposing == OPPOSITES[additions.actions[rows]])
    finding.note(ConflictRelation.WIDER, rows[against], deciding[against])


def within(snapshot: Snapshot, additions: EntryTable, now_s: int, finding: ConflictColumns) -> None:
    """Find names around listed names of the other action."""
    rows = np.flatnonzero(np.isin(additions.kinds, _NAMES))
    against = _opposites(additions)
    if not _lists(snapshot, against):
        return
    # The same name may be proposed more than once.
    proposed: dict[tuple[int, str, int], list[int]] = {}
    for row in rows.tolist():
        name = additions.patterns.get(row)
        named = int(additions.kinds[row]), name, int(additions.actions[row])
        proposed.setdefault(named, []).append(row)
    hosts = {_host(text) for text in additions.patterns.take(rows).all_raw()}
    left = MOST_COMPARED
    for layer in snapshot.enforcing:
        listed = _listed(layer, against, now_s)
        finding.names_not_compared += max(len(listed) - left, 0)
        listed = listed[:left]
        left -= len(listed)
        listed = listed[_below(layer.segment.patterns.take(listed), hosts)]
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
    layer: Layer, listed: Sequence[int], proposed: dict[tuple[int, str, int], list[int]]
) -> Iterator[tuple[int, int]]:
    """Return each addition with a listed name below it, by looking above that name."""
    for row in listed:
        kind, text = layer.segment.identity_of(row)
        opposite = int(OPPOSITES[layer.segment.actions[row]])
        for above_kind, above in _above(kind, text):
            for holder in proposed.get((above_kind, above, opposite), ()):
                yield holder, row


def _above(kind: int, text: str) -> Iterator[tuple[EntryKind, str]]:
    """Return the names that a name lies below, the narrowest first."""
    host, slash, path = text.partition("/")
    if kind == EntryKind.URL_PREFIX:
        for prefix in path_prefixes(slash + path):
            if host + prefix != text:
                yield EntryKind.URL_PREFIX, host + prefix
        yield EntryKind.HOST, host
    while (host := host.partition(".")[2]) and not host.isdecimal():
        yield EntryKind.HOST, host


def _named(names: Sequence[tuple[EntryKind, str]], action: Action) -> Identities:
    texts = [text for _, text in names]
    return Identities(
        kinds=np.array([kind for kind, _ in names], np.uint8),
        keys=text_keys(texts),
        digits=np.full(len(names), EXACT, np.uint8),
        actions=np.full(len(names), action, np.uint8),
        patterns=TextColumn.of(texts),
    )


def _opposites(additions: EntryTable) -> list[int]:
    """Return the other action of each that names among the additions have."""
    named = np.isin(additions.kinds, _NAMES)
    return [int(OPPOSITES[action]) for action in np.unique(additions.actions[named]).tolist()]


def _lists(snapshot: Snapshot, actions: Sequence[int]) -> bool:
    return any(kind in _NAMES and action in actions for kind, action in snapshot.counts())


def _listed_hosts(snapshot: Snapshot, actions: Sequence[int], now_s: int) -> set[bytes] | None:
    """Return the hosts of listed names; None where they are too many to hold."""
    hosts: set[bytes] = set()
    for layer in snapshot.enforcing:
        listed = _listed(layer, actions, now_s)
        if len(listed) > _MOST_HELD:
            return None
        hosts |= {_host(text) for text in layer.segment.patterns.take(listed).all_raw()}
    return hosts


def _below(texts: TextColumn, hosts: Set[bytes]) -> Bools:
    """Return a mask of names that may lie below one of *hosts*; most do not, and are done."""
    return np.array([_is_below(text, hosts) for text in texts.all_raw()], np.bool_)


def _is_below(text: bytes, hosts: Set[bytes]) -> bool:
    host = _host(text)
    if len(host) < len(text) and host in hosts:
        return True
    dot = host.find(b".")
    while dot >= 0:
        if host[dot + 1 :] in hosts:
            return True
        dot = host.find(b".", dot + 1)
    return False


def _host(text: bytes) -> bytes:
    return text.partition(b"/")[0]
