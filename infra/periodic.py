"""Work that is done again and again, and waits out what it needs while that is away."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import NoReturn

from fanzha.errors import Unavailable


async def run_periodically(
    step: Callable[[], Awaitable[object]],
    *,
    every_seconds: float,
    what: str,
    logger: logging.Logger,
    outages: tuple[type[Exception], ...] = (Unavailable,),
) -> NoReturn:
    """Do *step* until cancelled; an outage is said once, of *what*, until it ends."""
    told = False
    while True:
        try:
            await step()
            told = False
        except outages as error:
            if not told:
                logger.warning("%s: %s", what, error)
            told = True
        await asyncio.sleep(every_seconds)
