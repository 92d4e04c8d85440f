"""Measures the drift of the traffic from the feature histograms in the models' cards.

One row in `STRIDE` per channel is sampled and buffered. `ASIDE_ROWS` or `ASIDE_CALLERS` rows are
described and counted together (`classifiers.drift_features`), so a batch costs next to nothing. The
population stability index is computed per column, over the bins of the card, from the last
`WINDOW_ROWS` sampled rows, or at least half as many. A channel whose card has no histograms
costs one comparison. Buffered texts stay in memory until they are counted, and are stored nowhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from classifiers import drift_features
from classifiers.feature_histogram import NAMES, FeatureHistogram
from fanzha.tables import CallerActivity, Channel, Float32s, Links, Texts
from services.decision.drift.scores import stability_index
from services.decision.observer import Table

STRIDE = 32
WINDOW_ROWS = 20_000
LEAST_ROWS = 500
"""With fewer sampled rows the index is mostly noise."""
ASIDE_ROWS, ASIDE_CALLERS = 128, 512
"""Callers are columns already: four times as many take little more time."""

Expected = Mapping[str, FeatureHistogram]
_Counts = npt.NDArray[np.int64]
_Row = TypeVar("_Row")
_ACTIVITY = tuple(field.name for field in fields(CallerActivity))


class FeatureDrift:
    """The latest sampled rows of each channel. One thread only."""

    def __init__(
        self, *, window_rows: int = WINDOW_ROWS, least_rows: int = LEAST_ROWS, stride: int = STRIDE
    ) -> None:
        self._least_rows = least_rows
        self._stride = stride
        self._windows = {channel: _BinWindow({}, window_rows // 2) for channel in Channel}
        self._skip = dict.fromkeys(Channel, 0)
        """Rows to skip until the next sampled one."""
        self._bodies: list[str] = []
        self._urls: list[str] = []
        self._callers: list[npt.NDArray[np.float32]] = []
        self._pending_rows = 0

    def expect(self, channel: Channel, expected: Expected) -> None:
        """Compare with *expected* from now on; a change of it clears the window."""
        window = self._windows[channel]
        known = {name: expected[name] for name in NAMES[channel] if name in expected}
        if known != window.expected:
            self._windows[channel] = _BinWindow(known, window.half_rows)

    def observe(self, channel: Channel, table: Table) -> None:
        """Sample texts or links of a batch; for callers see `observe_callers`."""
        if not self._windows[channel].expected:
            return
        if isinstance(table, Texts):
            self._bodies += self._sampled(channel, table.bodies)
            if len(self._bodies) >= ASIDE_ROWS:
                self._count(channel)
        elif isinstance(table, Links):
            self._urls += self._sampled(channel, table.urls)
            if len(self._urls) >= ASIDE_ROWS:
                self._count(channel)

    def observe_callers(self, activity: CallerActivity) -> None:
        """Sample callers of a batch of calls."""
        if not self._windows[Channel.CALL].expected:
            return
        start = self._next(Channel.CALL, len(activity.outgoing_calls))
        if start < 0:
            return
        columns = [getattr(activity, name)[start :: self._stride] for name in _ACTIVITY]
        self._callers.append(np.array(columns, np.float32))
        self._pending_rows += len(columns[0])
        if self._pending_rows >= ASIDE_CALLERS:
            self._count(Channel.CALL)

    def indexes(self, channel: Channel) -> dict[str, float]:
        """Return the index of each column that has enough rows."""
        self._count(channel)
        window = self._windows[channel]
        return {
            name: stability_index(histogram.rows, tuple(found.tolist()))
            for name, histogram in window.expected.items()
            if (found := window.counts(name)).sum() >= self._least_rows
        }

    def _sampled(self, channel: Channel, rows: Sequence[_Row]) -> Sequence[_Row]:
        start = self._next(channel, len(rows))
        return rows[start :: self._stride] if start >= 0 else ()

    def _next(self, channel: Channel, rows: int) -> int:
        """Return the first row of a batch to sample; -1 for none."""
        start = self._skip[channel]
        if start >= rows:
            self._skip[channel] = start - rows
            return -1
        self._skip[channel] = -(rows - start) % self._stride
        return start

    def _count(self, channel: Channel) -> None:
        columns = self._described(channel)
        if columns and len(next(iter(columns.values()))):
            self._windows[channel].add(columns)

    def _described(self, channel: Channel) -> Mapping[str, Float32s]:
        """Describe and count the buffered rows, and clear the buffer."""
        if channel is Channel.TEXT:
            bodies, self._bodies = self._bodies, []
            return drift_features.of_texts(bodies) if bodies else {}
        if channel is Channel.LINK:
            urls, self._urls = self._urls, []
            return drift_features.of_links(urls) if urls else {}
        callers, self._callers, self._pending_rows = self._callers, [], 0
        if not callers:
            return {}
        columns = np.concatenate(callers, axis=1)
        activity = CallerActivity(**dict(zip(_ACTIVITY, columns, strict=True)))
        return drift_features.of_callers(activity)


class _BinWindow:
    """Counts of the bins of some columns: the previous half window, and the current one."""

    def __init__(self, expected: Expected, half_rows: int) -> None:
        self.expected = expected
        self.half_rows = half_rows
        self._before = self._nothing()
        self._now = self._nothing()
        self._rows = 0

    def add(self, columns: Mapping[str, Float32s]) -> None:
        for name, histogram in self.expected.items():
            self._now[name] += histogram.counts(columns[name])
        self._rows += len(next(iter(columns.values())))
        if self._rows >= self.half_rows:
            self._before, self._now, self._rows = self._now, self._nothing(), 0

    def counts(self, name: str) -> _Counts:
        found: _Counts = self._before[name] + self._now[name]
        return found

    def _nothing(self) -> dict[str, _Counts]:
        return {
            name: np.zeros(len(histogram.rows), np.int64)
            for name, histogram in self.expected.items()
        }
