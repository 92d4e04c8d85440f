"""Counts latencies in buckets no wider than a thousandth of what they hold, as HDR histograms do.

Values are microseconds: exact below 2048, and 1024 buckets for each doubling above. Whole arrays
are counted at once (some 50 ns a value), and histograms of several processes are added up.
"""

from typing import Self, TypeAlias

import numpy as np
import numpy.typing as npt

from fanzha.tables import Int64s

Float64s: TypeAlias = npt.NDArray[np.float64]

_EXACT_BITS = 11
_HALF = 1 << (_EXACT_BITS - 1)
LONGEST = 2**32 - 1
"""Microseconds, 71 minutes: longer ones are counted as this."""
BUCKETS = (32 - _EXACT_BITS + 2) * _HALF

SHARES = (0.5, 0.9, 0.99, 0.999)


class Histogram:
    """Counts of latencies."""

    def __init__(self) -> None:
        self.counts: Int64s = np.zeros(BUCKETS, np.int64)

    @classmethod
    def of(cls, seconds: Float64s) -> Self:
        """Count latencies given in seconds."""
        histogram = cls()
        micros = np.clip(np.rint(seconds * 1e6), 0, LONGEST).astype(np.int64)
        histogram.counts += np.bincount(_buckets(micros), minlength=BUCKETS)
        return histogram

    def add(self, other: "Histogram") -> None:
        """Count in what *other* has counted."""
        self.counts += other.counts

    @property
    def total(self) -> int:
        """How many latencies were counted."""
        return int(self.counts.sum())

    def milliseconds(self, share: float) -> float:
        """Return what *share* of the latencies do not exceed; NaN of none."""
        return float(self._at(np.array([share]))[0])

    def words(self) -> dict[str, float | None]:
        """Return the usual quantiles, in milliseconds; None of nothing, for JSON."""
        values = self._at(np.array([*SHARES, 1.0])).tolist() if self.total else [None] * 5
        names = [*(f"p{share * 100:g}_ms".replace(".", "") for share in SHARES), "max_ms"]
        return dict(zip(names, (value and round(value, 3) for value in values), strict=True))

    def curve(self) -> list[list[float]]:
        """Return shares and milliseconds for a plot: more points the rarer it gets."""
        if not self.total:
            return []
        shares = 1 - np.logspace(0, -5, 51)
        return [
            [round(share, 6), round(value, 3)]
            for share, value in zip(shares.tolist(), self._at(shares).tolist(), strict=True)
        ]

    def _at(self, shares: Float64s) -> Float64s:
        if not self.total:
            return np.full(len(shares), np.nan)
        ranks = np.clip(np.ceil(shares * self.total), 1, self.total)
        return _highest(np.searchsorted(np.cumsum(self.counts), ranks)) / 1000


def _buckets(micros: Int64s) -> Int64s:
    # frexp gives the length in bits, exactly, for all that a float holds exactly.
    bits = np.frexp(micros.astype(np.float64))[1].astype(np.int64)
    shift = np.maximum(bits - _EXACT_BITS, 0)
    buckets: Int64s = (shift * _HALF) + (micros >> shift)
    return buckets


def _highest(buckets: Int64s) -> Int64s:
    """Return the highest value that each bucket holds."""
    shift = np.maximum(buckets // _HALF - 1, 0)
    highest: Int64s = ((buckets - shift * _HALF + 1) << shift) - 1
    return highest
