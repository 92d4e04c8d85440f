"""Finds the known contacts of listed numbers in the logged ends of calls.

A counterpart is a known contact of a listed number if it answered one of its calls for a minute or
more, or if it called the listed number and was answered, however briefly.
"""

from pathlib import Path

import numpy as np

from fanzha.tables import Bools, Int64s
from services.decision_log import segment_files
from services.decision_log.impact.key_filter import KeyFilter
from services.decision_log.segment_files import LogSegment, RowGroup

LONG_MS = 60_000
"""A call of a minute: long enough to show that the callee wanted it."""

_MIX = np.uint64(0x9E37_79B9_7F4A_7C15)
_OTHER_MIX = np.uint64(0xC2B2_AE3D_27D4_EB4F)


def pairs_of(ones: Int64s, others: Int64s) -> Int64s:
    """Return a 64-bit hash of each ordered pair."""
    mixed = ones.view(np.uint64) * _MIX
    pairs: Int64s = ((mixed ^ mixed >> np.uint64(29)) + others.view(np.uint64) * _OTHER_MIX).view(
        np.int64
    )
    return pairs


def good_pairs(segment: LogSegment, pairs: KeyFilter, since_ms: int, torn: list[Path]) -> Int64s:
    """Return which of *pairs* a segment shows to be known contacts of a listed number."""
    found = [np.zeros(0, np.int64)]
    with segment_files.groups(segment.path, (), torn) as groups:
        for group in groups:
            keys = group.read(["caller_key", "callee_key"])
            callers, callees = keys["caller_key"].to_numpy(), keys["callee_key"].to_numpy()
            called, back = pairs_of(callers, callees), pairs_of(callees, callers)
            rows, rows_back = (
                pairs.holds(called).nonzero()[0],
                pairs.holds(back).nonzero()[0],
            )
            if not len(rows) + len(rows_back):
                continue
            counts, long = _quality(group, segment, since_ms)
            # The listed number called, and the call was long; or it was called, however long.
            found.append(np.unique(called[rows[(counts & long)[rows]]]))
            found.append(np.unique(back[rows_back[counts[rows_back]]]))
    return np.concatenate(found)


def _quality(group: RowGroup, segment: LogSegment, since_ms: int) -> tuple[Bools, Bools]:
    """Return which ended calls of the period were answered, and which of all lasted long."""
    ends = group.read(["answered", "duration_ms", "decided_at_ms"])
    counts: Bools = ends["answered"].to_numpy()
    if segment.notes.first_ms < since_ms:
        counts = counts & (ends["decided_at_ms"].to_numpy() >= since_ms)
    return counts, ends["duration_ms"].to_numpy() >= LONG_MS
