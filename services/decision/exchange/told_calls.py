"""What workers tell each other: calls as they were attempted, and as they ended, in columns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fanzha.tables import Calls, Int64s, Uint32s

ATTEMPT_COLUMNS, PLACE_COLUMNS, END_COLUMNS = 3, 2, 5
MOST_BYTES = 2**24
"""Longest text of one part that is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldCalls:
    """Calls that one worker tells the others."""

    attempts: Int64s = field(default_factory=lambda: np.empty((ATTEMPT_COLUMNS, 0), np.int64))
    """Rows: callers, callees, times in milliseconds."""
    places: Uint32s = field(default_factory=lambda: np.empty((PLACE_COLUMNS, 0), np.uint32))
    """Rows: checksums of handsets and location areas of the attempts; no columns: none known."""
    ends: Int64s = field(default_factory=lambda: np.empty((END_COLUMNS, 0), np.int64))
    """Rows: callers, callees, 1 where answered, milliseconds of talk, when it ended."""

    @property
    def rows(self) -> int:
        """Return how many attempts and ends these are."""
        return len(self.attempts[0]) + len(self.ends[0])

    def near(self, now_ms: int, within_ms: int) -> "ToldCalls":
        """Return what happened at most *within_ms* from now."""
        attempted = np.abs(self.attempts[2] - now_ms) <= within_ms
        ended = np.abs(self.ends[4] - now_ms) <= within_ms
        return ToldCalls(
            attempts=self.attempts.compress(attempted, axis=1),
            places=self.places.compress(attempted, axis=1) if len(self.places[0]) else self.places,
            ends=self.ends.compress(ended, axis=1),
        )

    def without_ends(self) -> "ToldCalls":
        """Return the attempts alone."""
        return ToldCalls(attempts=self.attempts, places=self.places)

    def calls(self, part: slice) -> Calls:
        """Return some of the attempts as a table, with what memories of callers read."""
        callers, callees, times = self.attempts[:, part]
        known = len(self.places[0]) > 0
        handsets, areas = self.places[:, part] if known else (None, None)
        return Calls(
            callers=callers,
            callees=callees,
            attempted_at_ms=times,
            ingress=np.zeros(len(callers), np.uint8),
            attestations=np.zeros(len(callers), np.uint8),
            trunks=(),
            names={},
            errors={},
            handsets=handsets,
            location_areas=areas,
        )

    def packed(self) -> dict[str, bytes]:
        """Return it as fields of a record; little-endian, a column after another."""
        parts = {
            "attempts": self.attempts.astype("<i8").tobytes(),
            "places": self.places.astype("<u4").tobytes(),
            "ends": self.ends.astype("<i8").tobytes(),
        }
        return {name: part for name, part in parts.items() if part}


def unpacked(fields: Mapping[bytes, bytes]) -> ToldCalls:
    """Read what `ToldCalls.packed` wrote; ValueError for anything else."""
    told = ToldCalls(
        attempts=_columns(fields.get(b"attempts", b""), ATTEMPT_COLUMNS, "<i8").astype(np.int64),
        places=_columns(fields.get(b"places", b""), PLACE_COLUMNS, "<u4").astype(np.uint32),
        ends=_columns(fields.get(b"ends", b""), END_COLUMNS, "<i8").astype(np.int64),
    )
    if len(told.places[0]) not in (0, len(told.attempts[0])):
        raise ValueError("as many places as attempts, or none")
    return told


def _columns(packed: bytes, columns: int, kind: str) -> Any:
    if len(packed) > MOST_BYTES:
        raise ValueError("longer than any worker writes")
    return np.frombuffer(packed, kind).reshape(columns, -1)
