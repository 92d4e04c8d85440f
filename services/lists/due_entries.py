"""Entries that expire soon or have to be reviewed, as columns."""

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
    """Why an entry is due; numbered as in the proto."""

    ENDS = 1
    REVIEW = 2
    REVIEW_OVERDUE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class DueEntries:
    """Due entries, earliest first."""

    rows: Int64s
    """Rows in the snapshot."""
    reasons: Uint8s
    """One `DueReason` each; the earlier one where an entry has both dates."""
    times_s: Int64s
    sources: Uint8s
    ended: int
    """Number of expired entries still in the lists; not among the rows."""

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
    """Find entries due from *now_s* to *until_s* and overdue reviews; *source* 0 means all."""
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
    selected: Bools = np.ones(len(segment), np.bool_)
    selected[layer.dead] = False
    if source:
        selected &= known.sources == source
    ended = selected & (ends_s <= now_s)
    reviewed = (known.reviews_s > 0) & (known.reviews_s < ends_s)
    times_s = np.where(reviewed, known.reviews_s, ends_s)
    rows = np.flatnonzero(selected & ~ended & (times_s <= until_s))
    overdue = times_s[rows] <= now_s
    reasons = np.where(
        reviewed[rows],
        np.where(overdue, DueReason.REVIEW_OVERDUE, DueReason.REVIEW),
        DueReason.ENDS,
    ).astype(np.uint8)
    columns = (rows + layer.first_row, reasons, times_s[rows], known.sources[rows])
    return columns, int(np.count_nonzero(ended))
