"""Follows a log of policies: looks at the start, and again whenever the log changes."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from infra.backoff import Backoff
from infra.periodic import run_periodically
from services.carrier_policy.policy_log import PolicyLog

logger = logging.getLogger(__name__)

FIRST_SECONDS = 3.0
"""How long a start waits for the store before it goes on with the policy that the host has."""


class PolicyFollowLoop:
    """Calls *look*, which takes over the newest version; outages of the store are waited out."""

    def __init__(self, log: PolicyLog, look: Callable[[], Awaitable[None]], *, task: str) -> None:
        """*task* names the follower in the log."""
        self._log = log
        self._look = look
        self._task = task
        self._first_done = asyncio.Event()

    async def first(self) -> None:
        """Return once the store was read for the first time, or could not be."""
        with suppress(TimeoutError):
            async with asyncio.timeout(FIRST_SECONDS):
                await self._first_done.wait()

    async def run(self) -> None:
        """Follow until cancelled."""
        await run_periodically(
            self._step,
            every_seconds=0,
            task=self._task,
            logger=logger,
            backoff=Backoff(max_seconds=1.0),
        )

    async def _step(self) -> None:
        try:
            await self._look()
        finally:
            self._first_done.set()
        await self._log.wait_for_change()
