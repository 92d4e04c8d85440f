"""Gives every decision a 64-bit id: 24 bits of the worker, 40 bits counted.

A worker draws a random prefix and claims it in the store; the claim outlives every record that
carries the id. While the store is down, two workers share a prefix with probability 2**-24; the
conflict is detected and logged once the store is back. Each batch takes one run of ids.
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
"""Ids that differ only in this many low bits form a block, stored under one key."""
_RUN_OUT = 1 << COUNTER_BITS


class PrefixRegistry(Protocol):
    """Stores claims of prefixes."""

    async def claim(self, prefix: int) -> bool:
        """Claim *prefix* or renew its claim; False if another worker holds it."""
        ...


class DecisionIds:
    """The ids of one worker. Not for use by several threads."""

    def __init__(self, draw: Callable[[int], int]) -> None:
        """*draw* returns a number of random bits, like `secrets.randbits`."""
        self._draw = draw
        self.renew()

    @property
    def prefix(self) -> int:
        """The upper 24 bits of the current ids; never 0."""
        return self._prefix

    def reserve(self, count: int) -> int:
        """Allocate *count* consecutive ids and return the first; no id is 0."""
        # A prefix lasts two months at full speed.
        if self._next + count > _RUN_OUT:
            self.renew()
        first = self._next
        self._next += count
        return self._prefix << COUNTER_BITS | first

    def renew(self) -> None:
        """Switch to a new prefix."""
        prefix = 0
        while prefix == 0:
            prefix = self._draw(PREFIX_BITS)
        self._prefix = prefix
        self._next = 0

    def next_block(self) -> None:
        """Switch to a new block, so that the ids of a block are of about the same time."""
        self._next = (self._next >> BLOCK_BITS) + 1 << BLOCK_BITS


async def claim(ids: DecisionIds, claims: PrefixRegistry) -> None:
    """Claim the prefix of *ids*; draw a new one while it is taken.

    Raises `Unavailable` while the store is down; ids are allocated all the same.
    """
    while not await claims.claim(ids.prefix):
        logger.warning(
            "decision id prefix %06x is held by another worker; drawing a new one", ids.prefix
        )
        ids.renew()


async def keep_claimed(
    ids: DecisionIds, claims: PrefixRegistry, *, every_seconds: float = 3600.0
) -> None:
    """Renew the claim of the prefix until cancelled; retry sooner while the store is down.

    A block expires as a whole, so each turn starts a new one: records outlive their retention
    by an hour at most, at any rate of decisions.
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
