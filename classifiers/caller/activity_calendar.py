"""Bitmap of the last 32 days, and of the hours of the day, on which a caller had calls.

Both share one word: days from the lowest bit up, today's first, and above them the 24
hours (UTC). Days are weighted by the half-life of calls; hours are cleared in turns,
every fourth of them at a time, see `classifiers.caller.rolling_window`. How many hours there are
does not depend on the time zone, as long as it is off by whole hours.
"""

import numpy as np

from classifiers.caller import rolling_window
from fanzha.tables import Bools, Float32s, Int64s, Uint64s

DAY_MS = 86_400_000
HALF_LIFE_MS = 7 * DAY_MS
"""After this time an event counts half."""

_HOUR_MS = DAY_MS // 24
_DAYS = 32
_DAY_WEIGHTS = np.exp2(-np.arange(_DAYS) * DAY_MS / HALF_LIFE_MS).astype(np.float32)
_DAY_BITS = np.uint64(2**_DAYS - 1)
_BY_AGE = np.array([*(1 << ago for ago in range(_DAYS)), 0], np.uint64)
_BY_HOUR = np.array([1 << (_DAYS + hour) for hour in range(24)], np.uint64)
_HALF = _DAYS // 2
_HALF_BITS = np.uint64(2**_HALF - 1)
_SUBSETS = np.arange(2**_HALF)[:, None] >> np.arange(_HALF) & 1
# What half of the days weigh together, by the bits of those with calls.
_RECENT = (_SUBSETS @ _DAY_WEIGHTS[:_HALF]).astype(np.float32)
_EARLIER = (_SUBSETS @ _DAY_WEIGHTS[_HALF:]).astype(np.float32)
_EVERY_FOURTH = sum(1 << hour for hour in range(_DAYS, _DAYS + 24, rolling_window.GROUPS))
_RETAINED = rolling_window.retention_masks(
    tuple(_EVERY_FOURTH << group for group in range(rolling_window.GROUPS))
)


def bits_of(times: Int64s, today: Int64s) -> Uint64s:
    """Return the bits that calls at *times* set, if *today* is the day of the latest."""
    hours = times // _HOUR_MS
    days = hours // 24
    # Whatever is older has the last place.
    marks: Uint64s = _BY_AGE.take(today - days, mode="clip")
    marks |= _BY_HOUR.take(hours - days * 24)
    return marks


def advance(words: Uint64s, days: Int64s, over: Bools | None) -> Uint64s:
    """Return *words* so many *days* later, without the hours of the groups *over*."""
    if over is not None:
        words = words & rolling_window.retained_bits(over, _RETAINED)
    shifted = words << np.minimum(days, _DAYS).view(np.uint64)
    return (words & ~_DAY_BITS) | (shifted & _DAY_BITS)


def count_days(words: Uint64s) -> Float32s:
    """Return how many days had calls, each by its weight."""
    weighted: Float32s = _RECENT.take(_low_half(words))
    weighted += _EARLIER.take(_low_half(words >> np.uint64(_HALF)))
    return weighted


def _low_half(words: Uint64s) -> Int64s:
    return (words & _HALF_BITS).view(np.int64)


def count_hours(words: Uint64s) -> Float32s:
    """Return how many hours of the day had calls."""
    hours: Float32s = np.bitwise_count(words & ~_DAY_BITS).astype(np.float32)
    return hours
