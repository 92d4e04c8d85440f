"""Orders selected entries, the first ones only: nobody pages through millions."""

import numpy as np

from blocklists.snapshot.segment import Segment
from fanzha.tables import Bools, Int64s
from services.lists.search.criteria import EntryOrder
from services.lists.search.facets import blocks
from services.lists.search.provenance_facts import FactsReader
from services.lists.search.selection import EntrySelection

MOST_ORDERED = 100_000
"""Entries that can be paged through in an order that is not the one of the lists."""


def ordered_rows(selection: EntrySelection, order: EntryOrder, facts: FactsReader) -> Int64s:
    """Return the selected rows in *order*, the first `MOST_ORDERED` of them."""
    if order is EntryOrder.AS_KEPT:
        return selection.rows()
    since_s = _time_of_last(selection, facts) if order is EntryOrder.NEWEST else None
    rows, keys = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for layer, mask in zip(selection.snapshot.layers, selection.masks, strict=True):
        segment = layer.segment
        if since_s is None:
            found = np.flatnonzero(mask)
            keys.append(segment.expires_s[found].astype(np.int64))
        else:
            created_s = facts.read(segment).created_s
            found = _latest(segment, mask, created_s, since_s)
            keys.append(-created_s[segment.provenances[found]])
        rows.append(found + layer.first_row)
    return _smallest(np.concatenate(rows), np.concatenate(keys))


def _time_of_last(selection: EntrySelection, facts: FactsReader) -> int:
    """Return when the last of the `MOST_ORDERED` latest entries was entered."""
    created = [facts.read(layer.segment).created_s for layer in selection.snapshot.layers]
    times = np.concatenate([np.zeros(0, np.int64), *created])
    rows = np.concatenate([np.zeros(0, np.int64), *selection.places])
    order = np.argsort(-times, kind="stable")
    enough = int(np.searchsorted(np.cumsum(rows[order]), MOST_ORDERED)) + 1
    return int(times[order[:enough][-1]]) if len(order) else 0


def _latest(segment: Segment, mask: Bools, created_s: Int64s, since_s: int) -> Int64s:
    """Return the rows of *mask* entered after *since_s*, and enough of those entered then."""
    later, then = created_s > since_s, created_s == since_s
    parts, ties = [np.zeros(0, np.int64)], 0
    for start, end in blocks(len(mask)):
        places = segment.provenances[start:end]
        wanted = later[places]
        if ties < MOST_ORDERED:
            wanted |= then[places]
        rows = np.flatnonzero(wanted & mask[start:end])
        ties += len(rows)
        parts.append(rows + start)
    return np.concatenate(parts)


def _smallest(rows: Int64s, keys: Int64s) -> Int64s:
    """Return *rows* by ascending key, the first `MOST_ORDERED`; equal ones stay in order."""
    if len(rows) > MOST_ORDERED:
        limit = np.partition(keys, MOST_ORDERED - 1)[MOST_ORDERED - 1]
        below = np.flatnonzero(keys < limit)
        ties = np.flatnonzero(keys == limit)[: MOST_ORDERED - len(below)]
        kept = np.sort(np.concatenate([below, ties]))
        rows, keys = rows[kept], keys[kept]
    found: Int64s = rows[np.argsort(keys, kind="stable")]
    return found
