"""Measures how far the scores of the models have moved from those on their cards.

The population stability index over `BINS` equal bins of the score: 0 for the same distribution; by
convention, above 0.1 deserves attention and above 0.25 is a different population. It covers the
last `WINDOW_ROWS` rows scored by the same model, or at least half as many. Scores are buffered and
counted `ASIDE_ROWS` at a time, so a batch costs next to nothing.
"""

import numpy as np
import numpy.typing as npt

from classifiers.card import BINS, Histogram
from fanzha.tables import Channel, Float32s

WINDOW_ROWS = 100_000
LEAST_ROWS = 1_000
"""With fewer rows the index is mostly noise."""
ASIDE_ROWS = 8_192

_LEAST_SHARE = 1e-4
"""Replaces an empty bin, whose logarithm is undefined."""
_Counts = npt.NDArray[np.int64]


class ScoreDrift:
    """The latest scores of each channel. One thread only."""

    def __init__(self, window_rows: int = WINDOW_ROWS, least_rows: int = LEAST_ROWS) -> None:
        self._half_rows = window_rows // 2
        self._least_rows = least_rows
        self._version = dict.fromkeys(Channel, "")
        # The previous half window, and the current one.
        self._before = {channel: _nothing() for channel in Channel}
        self._now = {channel: _nothing() for channel in Channel}
        self._aside: dict[Channel, list[Float32s]] = {channel: [] for channel in Channel}
        self._aside_rows = dict.fromkeys(Channel, 0)

    def observe(self, channel: Channel, scores: Float32s, model_version: str) -> None:
        """Add the scores of a batch; a change of the model clears the window."""
        if model_version != self._version[channel]:
            self._version[channel] = model_version
            self._before[channel], self._now[channel] = _nothing(), _nothing()
            self._aside[channel], self._aside_rows[channel] = [], 0
        self._aside[channel].append(scores)
        self._aside_rows[channel] += len(scores)
        if self._aside_rows[channel] >= ASIDE_ROWS:
            self._count(channel)

    def index(self, channel: Channel, model_version: str, expected: Histogram | None) -> float:
        """Return the index against *expected*; NaN without one, or with too few rows yet."""
        self._count(channel)
        found = self._before[channel] + self._now[channel]
        if expected is None or model_version != self._version[channel]:
            return np.nan
        if found.sum() < self._least_rows:
            return np.nan
        return stability_index(expected, tuple(found.tolist()))

    def _count(self, channel: Channel) -> None:
        if not self._aside[channel]:
            return
        self._now[channel] += counts(np.concatenate(self._aside[channel]))
        self._aside[channel], self._aside_rows[channel] = [], 0
        if self._now[channel].sum() >= self._half_rows:
            self._before[channel], self._now[channel] = self._now[channel], _nothing()


def counts(scores: Float32s) -> _Counts:
    """Return the number of scores in each bin; NaN counts in none."""
    heard = scores[~np.isnan(scores)]
    bins = np.clip((heard * np.float32(BINS)).astype(np.int64), 0, BINS - 1)
    return np.bincount(bins, minlength=BINS)


def stability_index(expected: Histogram, found: Histogram) -> float:
    """Return the population stability index between two histograms of `BINS` bins."""
    before, after = _shares(expected), _shares(found)
    return float(np.sum((after - before) * np.log(after / before)))


def _shares(histogram: Histogram) -> npt.NDArray[np.float64]:
    rows = np.array(histogram, np.float64)
    shares = np.maximum(rows / rows.sum(), _LEAST_SHARE)
    normal: npt.NDArray[np.float64] = shares / shares.sum()
    return normal


def _nothing() -> _Counts:
    return np.zeros(BINS, np.int64)
