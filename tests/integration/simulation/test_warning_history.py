"""A dead letter breaks a promise, unless as many crashes explain it: then it is replayed."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest

from infra.redis.dead_letters import DeadLetters
from services.decision.sinks.hit_store import CONFIRMED
from tests.support.simulation import warning_processes
from tests.support.simulation.scheduler import SimulatedLoop
from tests.support.simulation.store_server import StoreServer
from tests.support.simulation.warning_history import WarningHistory
from tests.support.simulation.warning_processes import MessageProvider
from tests.support.simulation.world import Violation, World

DEAD_LETTERS = "fanzha:warning:dead_letters"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreServer]:
    with StoreServer(tmp_path_factory.mktemp("store")) as started:
        yield started


async def give_up_the_hit(world: World) -> None:
    """Make the one hit that was written a dead letter, as twenty deliveries do."""
    client: Any = world.network.client()
    ((place, fields),) = await client.xrange(CONFIRMED)
    await client.xdel(CONFIRMED, place)
    await DeadLetters(client, DEAD_LETTERS).put(
        stream=CONFIRMED, place=place, fields=fields, reason="delivered", tries=20, at_ms=1
    )


async def end_all_tasks() -> None:
    """Leave nothing that would be collected, and clean up, within another test."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def settle_and_check(server: StoreServer, folder: Path, *, kills: int) -> None:
    """Settle a world with a dead letter whose process was killed *kills* times."""
    server.empty()
    with closing(SimulatedLoop(Random(1), most_steps=100_000)) as loop:
        world = World(loop=loop, server=server, chance=Random(2), folder=folder)
        history, provider = WarningHistory(world=world), MessageProvider(world)

        async def begin() -> None:
            await history.report(1)
            await give_up_the_hit(world)
            process = world.add("warn", partial(warning_processes.start_warn, provider=provider))
            process.kills = kills
            try:
                await history.settle([process])
                await history.check(process, provider)
            finally:
                await end_all_tasks()

        loop.run_until_complete(begin())


def test_a_dead_letter_of_many_crashes_is_replayed_and_the_person_warned(
    server: StoreServer, tmp_path: Path
) -> None:
    settle_and_check(server, tmp_path, kills=20)


def test_a_dead_letter_of_fewer_crashes_breaks_a_promise(
    server: StoreServer, tmp_path: Path
) -> None:
    with pytest.raises(Violation, match="hit 1 has no case"):
        settle_and_check(server, tmp_path, kills=19)
