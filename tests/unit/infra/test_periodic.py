"""Work goes on after an outage, which is said once."""

import asyncio
import logging
from contextlib import suppress

import pytest

from fanzha.errors import Unavailable
from infra.periodic import run_periodically

logger = logging.getLogger(__name__)


async def test_an_outage_is_said_once_until_it_ends(caplog: pytest.LogCaptureFixture) -> None:
    away = [True, True, False, True, False]
    done = asyncio.Event()

    async def step() -> None:
        if not away:
            done.set()
        elif away.pop(0):
            raise Unavailable("the store is away")

    work = asyncio.create_task(
        run_periodically(step, every_seconds=0, what="work waits", logger=logger)
    )
    await asyncio.wait_for(done.wait(), 60)
    work.cancel()
    with suppress(asyncio.CancelledError):
        await work

    assert caplog.messages == ["work waits: the store is away"] * 2


async def test_what_is_no_outage_ends_the_work() -> None:
    async def step() -> None:
        raise OSError("no such folder")

    with pytest.raises(OSError, match="no such folder"):
        await run_periodically(step, every_seconds=0, what="work waits", logger=logger)
