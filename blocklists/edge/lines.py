"""Writes entries as lines for copies at the edge: what decides, and is not protected.

As in exports, what no list may hold is left out again, even if a store holds it: the edge has no
guard. Expired entries stay until a change removes them, so that lists of one version have one
checksum; whoever reads a line looks at its expiry.
"""

from collections.abc import Iterable, Iterator, Sequence
from math import inf

import numpy as np

from blocklists import protected
from blocklists.entries import NO_END_S, Direction, EntryKind, EntryMode, entry_id
from blocklists.entry_table import EntryTable, Identities
from blocklists.exporters import guard
from fanzha.decisions import Action
from fanzha.edge.entry import NEVER, EdgeAction, EdgeEntry, EdgeKind, EdgeScope, entry_key
from fanzha.edge.sorted_lines import key_of
from fanzha.fraud import FraudType
from fanzha.hosts import has_suffixes_below, is_public_suffix

_ROWS_AT_ONCE = 1 << 14
EDGE_KINDS = {
    EntryKind.NUMBER: EdgeKind.NUMBER,
    EntryKind.RANGE: EdgeKind.RANGE,
    EntryKind.SENDER: EdgeKind.SENDER,
    EntryKind.HOST: EdgeKind.HOST,
    EntryKind.URL_PREFIX: EdgeKind.URL,
    EntryKind.FINGERPRINT: EdgeKind.FINGERPRINT,
}
_ACTIONS = {Action.ALLOW: EdgeAction.ALLOW, Action.BLOCK: EdgeAction.BLOCK}
_SIDES = {
    Direction.FROM: EdgeScope.FROM,
    Direction.TO: EdgeScope.TO,
    Direction.BOTH: EdgeScope.BOTH,
}


def lines_of(table: EntryTable) -> Iterator[tuple[EntryKind, bytes]]:
    """Write the entries of a table that a copy may hold, in their order."""
    for start in range(0, len(table), _ROWS_AT_ONCE):
        whole = start == 0 and len(table) <= _ROWS_AT_ONCE
        rows = np.arange(start, min(start + _ROWS_AT_ONCE, len(table)))
        yield from _lines(table if whole else table.take(rows))


def keys_of(identities: Identities) -> Iterator[tuple[EntryKind, bytes]]:
    """Return what the lines of entries begin with, whether there is a line or not."""
    for row in range(len(identities)):
        kind, action = EntryKind(int(identities.kinds[row])), Action(int(identities.actions[row]))
        if action in _ACTIONS:
            pattern = _folded(kind, identities.pattern(row))
            yield kind, entry_key(EDGE_KINDS[kind], pattern, _ACTIONS[action])


def ending_last(lines: Iterable[bytes]) -> dict[bytes, bytes]:
    """Return a line for each key: of several, the one that ends last, as it acts the longest.

    Only entries for senders whose names differ in case alone have the same key.
    """
    found: dict[bytes, bytes] = {}
    for line in lines:
        key = key_of(line)
        other = found.get(key)
        if other is None or _end(line) > _end(other):
            found[key] = line
    return found


def _end(line: bytes) -> float:
    expires = EdgeEntry.read(line).expires_s
    return inf if expires == NEVER else expires


def _lines(table: EntryTable) -> Iterator[tuple[EntryKind, bytes]]:
    held = table.modes != EntryMode.SHADOW
    held[_refused(table)] = False
    for row in np.flatnonzero(held).tolist():
        kind, pattern = EntryKind(int(table.kinds[row])), table.pattern(row)
        action = Action(int(table.actions[row]))
        if action not in _ACTIONS or not _is_plain(kind, pattern):
            continue
        expires_s, fraud_type = int(table.expires_s[row]), int(table.fraud_types[row])
        line = EdgeEntry(
            kind=EDGE_KINDS[kind],
            pattern=_folded(kind, pattern),
            action=_ACTIONS[action],
            scope=_scope(kind, pattern, int(table.directions[row])),
            expires_s=NEVER if expires_s == NO_END_S else expires_s,
            fraud_type=FraudType(fraud_type).name.lower() if fraud_type else "",
            entry_id=entry_id(kind, pattern, action),
        ).line()
        yield kind, line


def _folded(kind: EntryKind, pattern: str) -> str:
    """Return a pattern as it is compared: senders match in any case."""
    return pattern.casefold() if kind is EntryKind.SENDER else pattern


def _refused(table: EntryTable) -> Sequence[int]:
    return [
        row
        for row in protected.suspects(table).tolist()
        if protected.refusal(
            EntryKind(int(table.kinds[row])),
            table.pattern(row),
            int(table.keys[row]),
            int(table.digits[row]),
            Action(int(table.actions[row])),
        )
    ]


def _is_plain(kind: EntryKind, pattern: str) -> bool:
    """Return whether a pattern is spelled as lists spell it, and fits into a field of a line."""
    return pattern.isprintable() and guard.spelled(kind, pattern) == pattern


def _scope(kind: EntryKind, pattern: str, direction: int) -> EdgeScope:
    if kind <= EntryKind.RANGE:
        return _SIDES.get(Direction(direction), EdgeScope.BOTH)
    if kind is EntryKind.HOST:
        of_many = is_public_suffix(pattern) or has_suffixes_below(pattern)
        return EdgeScope.EXACT if of_many else EdgeScope.BELOW
    return EdgeScope.WHOLE
