"""Gives every decision a 64-bit id: 24 bits of the worker, 40 bits counted.

A worker draws its prefix at random and claims it in the store; a claim outlives every record that
carries the id. Without the store, two workers share a prefix with a probability of 2**-24; that
comes to light, in the log, when the store is back. Ids are taken in runs, one run per batch.
"""

import logging
from collections.abc import Callable
from typing import Protocol

from infra.backoff import Backoff
from infra.periodic import run_periodically

logger = logging.getLogger(__name__)

_RETRY_SECONDS = 10.0

PREFIX_BITS = 24
COUNTER_BITS = 40
BLOCK_BITS = 12
"""Ids that differ only in so many last bits are a block: records of them are kept together."""
_RUN_OUT = 1 << COUNTER_BITS


class PrefixRegistry(Protocol):
    """Remembers who has which prefix."""

    async def claim(self, prefix: int) -> bool:
        """Claim *prefix*, or claim it for longer; False when somebody else has it."""
        ...


class DecisionIds:
    """The ids of one worker. Not for use by several threads."""

    def __init__(self, draw: Callable[[int], int]) -> None:
        """*draw* returns so many random bits, as `secrets.randbits` does."""
        self._draw = draw
        self.renew()

    @property
    def prefix(self) -> int:
        """The upper 24 bits of the ids given out now; never 0."""
        return self._prefix

    def reserve(self, count: int) -> int:
        """Take *count* ids in a row and return the first; no id is 0."""
        # Two months at full speed use a prefix up.
        if self._next + count > _RUN_OUT:
            self.renew()
        first = self._next
        self._next += count
        return self._prefix << COUNTER_BITS | first

    def renew(self) -> None:
        """Go on with another prefix."""
        prefix = 0
        while prefix == 0:
            prefix = self._draw(PREFIX_BITS)
        self._prefix = prefix
        self._next = 0

    def next_block(self) -> None:
        """Go on with another block, so that what a block holds is all of about one time."""
        self._next = (self._next >> BLOCK_BITS) + 1 << BLOCK_BITS


async def claim(ids: DecisionIds, claims: PrefixRegistry) -> None:
    """Claim the prefix of *ids*, with a new one for each that is taken.

    Raises `Unavailable` without the store; ids are given out all the same.
    """
    while not await claims.claim(ids.prefix):
        logger.warning("decision id prefix %06x is another worker's; drawing again", ids.prefix)
        ids.renew()


async def keep_claimed(
    ids: DecisionIds, claims: PrefixRegistry, *, every_seconds: float = 3600.0
) -> None:
    """Keep the prefix claimed, until cancelled; sooner again while the store is away.

    A block expires whole, so each turn begins another: records outlive their days by an hour
    at most, however few decisions there are.
    """

    async def step() -> None:
        ids.next_block()
        await claim(ids, claims)

    longest = min(every_seconds, _RETRY_SECONDS)
    await run_periodically(
        step,
        every_seconds=every_seconds,
        task="claim of the decision id prefix",
        logger=logger,
        backoff=Backoff(first_seconds=min(1.0, longest), max_seconds=longest),
    )
