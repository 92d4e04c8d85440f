"""Who is in good standing with whom, by the logged ends of calls.

A listed number and its counterpart are, when one call of the listed number was answered and
lasted a minute or more, or when the counterpart called it and was answered, however briefly.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fanzha.tables import Int64s, Uint64s
from services.decision_log import segment_files

LONG_MS = 60_000
"""A call of a minute: long enough to have been wanted."""

_MIX = np.uint64(0x9E37_79B9_7F4A_7C15)
_OTHER_MIX = np.uint64(0xC2B2_AE3D_27D4_EB4F)
_COLUMNS = ("decided_at_ms", "caller_key", "callee_key", "answered", "duration_ms")


def pairs_of(ones: Int64s, others: Int64s) -> Uint64s:
    """Return a mark of each pair, which tells who is first."""
    mixed = ones.view(np.uint64) * _MIX
    pairs: Uint64s = (mixed ^ mixed >> np.uint64(29)) + others.view(np.uint64) * _OTHER_MIX
    return pairs


def good_pairs(path: Path, wanted: Uint64s, since_ms: int, torn: list[Path]) -> Uint64s:
    """Return the *wanted* pairs of a listed number and another that a segment speaks well of."""
    asked = pa.array(wanted)
    found = [np.zeros(0, np.uint64)]
    for group in segment_files.tables(path, _COLUMNS, (), torn):
        recent = pc.greater_equal(group["decided_at_ms"], since_ms)
        answered = group.filter(pc.and_(recent, group["answered"]))
        callers, callees = answered["caller_key"].to_numpy(), answered["callee_key"].to_numpy()
        long = answered["duration_ms"].to_numpy() >= LONG_MS
        # The listed number called, and the call was long; or it was called, however long.
        for marks in (pairs_of(callers[long], callees[long]), pairs_of(callees, callers)):
            known = pc.is_in(pa.array(marks), value_set=asked).to_numpy(zero_copy_only=False)
            found.append(np.unique(marks[known]))
    return np.concatenate(found)
