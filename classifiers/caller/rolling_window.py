"""Lets four groups of things seen start over in turns, so that what is old is forgotten.

Every five days the next group starts over: the four together look back 7 to 13 days.
"""

import numpy as np

from fanzha.tables import Bools, Int64s, Uint64s

GROUPS = 4
PERIOD_DAYS = 5
_PLACES = 1 << np.arange(GROUPS)


def expired_groups(days_before: Int64s, days_now: Int64s) -> Bools | None:
    """Return for each row the groups whose turn came in between; None where there are none."""
    periods = days_before // PERIOD_DAYS
    passed = days_now // PERIOD_DAYS - periods
    if not passed.any():
        return None
    nth = (np.arange(GROUPS) - periods[:, None] - 1) % GROUPS
    turns: Bools = nth < passed[:, None]
    return turns


def retention_masks(groups: tuple[int, ...]) -> Uint64s:
    """Return what `retained_bits` looks up, for a word with the bits of four *groups* in it."""
    everything = 2**64 - 1
    return np.array(
        [
            everything & ~sum(bits for place, bits in enumerate(groups) if turns >> place & 1)
            for turns in range(1 << GROUPS)
        ],
        np.uint64,
    )


def retained_bits(over: Bools, kept: Uint64s) -> Uint64s:
    """Return for each row the bits of a word that stay, where the groups *over* start over."""
    return kept.take(over @ _PLACES)
