"""Which entries end soon, or have to be reviewed, and how many: columns, for any number of them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from blocklists.entries import Source
from blocklists.provenance_columns import ProvenanceReader
from blocklists.snapshot.layers import Layer
from fanzha.tables import Bools, Int64s, Uint8s


class DueReason(IntEnum):
    """Why somebody must look at an entry; numbered as on the wire."""

    ENDS = 1
    REVIEW = 2
    REVIEW_OVERDUE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class DueEntries:
    """Entries that are due, the earliest first."""

    rows: Int64s
    """In the snapshot."""
    reasons: Uint8s
    """A `DueReason` each: what comes first, where an entry is both reviewed and ends."""
    times_s: Int64s
    sources: Uint8s
    ended: int
    """Entries that have ended and are still in the lists; they are not among the rows."""

    def counts(self) -> Counter[tuple[Source, DueReason]]:
        """Count by source and reason."""
        pairs = np.unique(
            np.stack([self.sources, self.reasons], axis=1), axis=0, return_counts=True
        )
        return Counter(
            {
                (Source(source), DueReason(reason)): entries
                for (source, reason), entries in zip(
                    pairs[0].tolist(), pairs[1].tolist(), strict=True
                )
            }
        )


def find(
    layers: Iterable[Layer],
    grounds: ProvenanceReader,
    *,
    now_s: int,
    until_s: int,
    source: int = 0,
) -> DueEntries:
    """Find what is due from *now_s* to *until_s*, and reviews that are overdue; of one *source*."""
    parts = [_of_layer(layer, grounds, now_s, until_s, source) for layer in layers]
    rows, reasons, times_s, sources = (
        np.concatenate(column) for column in zip(*(part[0] for part in parts), strict=True)
    )
    order = np.lexsort((rows, times_s))
    return DueEntries(
        rows=rows[order],
        reasons=reasons[order],
        times_s=times_s[order],
        sources=sources[order],
        ended=sum(part[1] for part in parts),
    )


_Columns = tuple[Int64s, Uint8s, Int64s, Uint8s]


def _of_layer(
    layer: Layer, grounds: ProvenanceReader, now_s: int, until_s: int, source: int
) -> tuple[_Columns, int]:
    segment = layer.segment
    known = grounds.read(segment).of_rows(segment)
    ends_s = segment.expires_s.astype(np.int64)
    wanted: Bools = np.ones(len(segment), np.bool_)
    wanted[layer.dead] = False
    if source:
        wanted &= known.sources == source
    ended = wanted & (ends_s <= now_s)
    reviewed = (known.reviews_s > 0) & (known.reviews_s < ends_s)
    times_s = np.where(reviewed, known.reviews_s, ends_s)
    rows = np.flatnonzero(wanted & ~ended & (times_s <= until_s))
    overdue = times_s[rows] <= now_s
    reasons = np.where(
        reviewed[rows],
        np.where(overdue, DueReason.REVIEW_OVERDUE, DueReason.REVIEW),
        DueReason.ENDS,
    ).astype(np.uint8)
    columns = (rows + layer.first_row, reasons, times_s[rows], known.sources[rows])
    return columns, int(np.count_nonzero(ended))
