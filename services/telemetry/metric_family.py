"""A family of series on the metrics page of a worker: its name, labels and place of figures.

A counter or gauge has one figure for each series. A histogram has one for each bucket, the infinite
one included, and one for the sum.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Series of one name; their figures lie one after the other."""

    name: str
    text: str
    kind: str = "counter"
    """counter, gauge or histogram."""
    labels: tuple[str, ...] = ()
    values: tuple[tuple[str, ...], ...] = ((),)
    """The label values of each series."""
    bounds: Sequence[float] = ()
    """Upper bounds of the buckets of a histogram, without the infinite one."""

    @property
    def width(self) -> int:
        """Number of figures in one series; for a histogram its buckets and the sum."""
        return len(self.bounds) + 2 if self.bounds else 1

    @property
    def span(self) -> int:
        """Number of figures in all series."""
        return self.width * len(self.values)

    def bucket(self, value: float) -> int:
        """Return the place of the bucket that *value* falls into."""
        return bisect_left(self.bounds, value)
