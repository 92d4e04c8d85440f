"""Keeps out of exports what no list may hold, even if a store holds it.

Lists are guarded when entries are made. Another system does not have that guard, and what somebody
wrote straight into the store would act there: so it is asked again here, of what is written.
"""

from collections.abc import Sequence

import numpy as np

from blocklists import patterns, protected
from blocklists.entries import Entry, EntryKind
from blocklists.entry_table import Identities, pattern_key
from blocklists.exporters.forms import LeftOut
from blocklists.text_column import TextColumn
from fanzha.errors import InvalidInput

_CANONICAL = {
    EntryKind.HOST: patterns.canonical_name,
    EntryKind.URL_PREFIX: patterns.canonical_prefix,
}


def is_canonical(entry: Entry) -> bool:
    """Tell whether a host or URL is spelled as lists spell it, and so holds no other signs."""
    return spelled(entry.kind, entry.pattern) == entry.pattern


def refusals(entries: Sequence[Entry]) -> dict[int, LeftOut]:
    """Say which rows of *entries* no export may hold, and why."""
    refused: dict[int, LeftOut] = {}
    rows: list[int] = []
    keys: list[tuple[int, int]] = []
    read_as: list[str] = []
    for row, entry in enumerate(entries):
        pattern = spelled(entry.kind, entry.pattern) or entry.pattern
        try:
            keys.append(pattern_key(entry.kind, pattern))
        except InvalidInput:
            refused[row] = LeftOut.PATTERN
        else:
            rows.append(row)
            read_as.append(pattern)
    read = [entries[row] for row in rows]
    identities = Identities(
        kinds=np.array([entry.kind for entry in read], np.uint8),
        keys=np.array([key for key, _ in keys], np.int64),
        digits=np.array([digits for _, digits in keys], np.uint8),
        actions=np.array([entry.action for entry in read], np.uint8),
        patterns=TextColumn.of(read_as),
    )
    for at in protected.suspects(identities).tolist():
        entry, (key, digits) = read[at], keys[at]
        if protected.refusal(entry.kind, read_as[at], key, digits, entry.action):
            refused[rows[at]] = LeftOut.PROTECTED
    return refused


def spelled(kind: EntryKind, pattern: str) -> str:
    """Return a pattern as lists spell it; empty for a host or URL that is none."""
    spell = _CANONICAL.get(kind)
    return spell(pattern) if spell else pattern
