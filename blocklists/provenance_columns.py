"""Source, creation and review time of the entries of a segment, as columns.

All three are part of the provenance, which many entries share. Decoding takes some 3 µs per
distinct provenance, so it is done once for each segment.
"""

import json
from dataclasses import dataclass

import numpy as np

from blocklists.snapshot.segment import Segment
from blocklists.text_column import TextColumn
from fanzha.tables import Int64s, Uint8s

_CACHE_SIZE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenanceColumns:
    """Row i is of the provenance in place i; ``of_rows`` of a segment's entries."""

    sources: Uint8s
    created_s: Int64s
    reviews_s: Int64s
    """0: to be reviewed when they end."""

    def of_rows(self, segment: Segment) -> "ProvenanceColumns":
        """Return the same for each entry of *segment*."""
        places = segment.provenances
        return ProvenanceColumns(
            sources=self.sources[places],
            created_s=self.created_s[places],
            reviews_s=self.reviews_s[places],
        )


class ProvenanceReader:
    """Reads the provenance columns of segments, and caches the last few. Not thread-safe."""

    def __init__(self) -> None:
        self._known: list[tuple[TextColumn, ProvenanceColumns]] = []

    def read(self, segment: Segment) -> ProvenanceColumns:
        """Return the columns of a segment, one row per provenance."""
        for texts, columns in self._known:
            if texts is segment.provenance:
                return columns
        columns = _read(segment.provenance)
        self._known = [*self._known[1 - _CACHE_SIZE :], (segment.provenance, columns)]
        return columns


def _read(texts: TextColumn) -> ProvenanceColumns:
    rows = [json.loads(text) for text in texts.all_raw()]
    return ProvenanceColumns(
        sources=np.array([row["source"] for row in rows], np.uint8),
        created_s=np.array([row["created_at_s"] for row in rows], np.int64),
        reviews_s=np.array([row.get("review_at_s", 0) for row in rows], np.int64),
    )
