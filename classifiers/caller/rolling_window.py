"""A rolling window: four groups of bits, cleared in turns so that old observations expire.

Every five days the next group is cleared; the time since the last clearing differs by group, and
together they cover 7 to 13 days.
"""

import numpy as np

from fanzha.tables import Bools, Int64s, Uint64s

GROUPS = 4
PERIOD_DAYS = 5
_PLACES = 1 << np.arange(GROUPS)


def expired_groups(days_before: Int64s, days_now: Int64s) -> Bools | None:
    """Return a mask, shape (rows, groups), of groups to clear; None where there are none.

    *days_before* and *days_now* count days since the Unix epoch.
    """
    periods = days_before // PERIOD_DAYS
    passed = days_now // PERIOD_DAYS - periods
    if not passed.any():
        return None
    nth = (np.arange(GROUPS) - periods[:, None] - 1) % GROUPS
    turns: Bools = nth < passed[:, None]
    return turns


def retention_masks(groups: tuple[int, ...]) -> Uint64s:
    """Return the table of `retained_bits` for a word that holds the bits of four *groups*."""
    everything = 2**64 - 1
    return np.array(
        [
            everything & ~sum(bits for place, bits in enumerate(groups) if turns >> place & 1)
            for turns in range(1 << GROUPS)
        ],
        np.uint64,
    )


def retained_bits(over: Bools, retained: Uint64s) -> Uint64s:
    """Return per row the bits of a word that stay when the groups *over* are cleared."""
    return retained.take(over @ _PLACES)
