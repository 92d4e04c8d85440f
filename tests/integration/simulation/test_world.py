"""A simulated process is killed once, and whoever waits on it hears of that in order."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

from fanzha.errors import Unavailable
from services.auth.identity import BACKGROUND
from tests.support.simulation.scheduler import SimulatedLoop
from tests.support.simulation.world import SimulatedProcess, World

Work = Callable[[World, SimulatedProcess[str]], Awaitable[None]]


def run(folder: Path, work: Work) -> None:
    """Let *work* deal with a process that serves; it uses no store."""
    with closing(SimulatedLoop(Random(1), most_steps=10_000)) as loop:
        loop.set_exception_handler(lambda *_: None)  # tasks of the dead are collected at the end
        no_store: Any = None
        world = World(loop=loop, server=no_store, chance=Random(2), folder=folder)

        async def start(process: SimulatedProcess[str]) -> str:
            return process.incarnation

        async def begin() -> None:
            process = world.add("admin", start)
            await world.until(world.all_serve, seconds=60, what="up")
            await work(world, process)

        loop.run_until_complete(begin())


def test_a_process_that_is_killed_twice_starts_once(tmp_path: Path) -> None:
    async def kill_twice(world: World, process: SimulatedProcess[str]) -> None:
        process.kill()
        process.kill()
        await asyncio.sleep(30)

        assert process.parts == "admin#2"
        assert process.kills == 1

    run(tmp_path, kill_twice)


def test_calls_of_a_killed_process_end_in_the_order_of_their_calls(tmp_path: Path) -> None:
    ended = list[int]()

    async def call(world: World, process: SimulatedProcess[str], number: int) -> None:
        try:
            await world.call(process, BACKGROUND, lambda _: asyncio.sleep(1000))
        except Unavailable:
            ended.append(number)

    async def kill(world: World, process: SimulatedProcess[str]) -> None:
        calls = list[asyncio.Task[None]]()
        for number in range(30):
            calls.append(asyncio.create_task(call(world, process, number)))
            await asyncio.sleep(0.1)
        process.kill()
        await asyncio.gather(*calls)

        assert ended == list(range(30))

    run(tmp_path, kill)


def test_files_of_a_killed_process_are_closed(tmp_path: Path) -> None:
    async def kill(world: World, process: SimulatedProcess[str]) -> None:
        with (process.folder / "log").open("wb", buffering=0) as file:
            process.kill()
            os.write(file.fileno(), b"after its death")
        assert (process.folder / "log").read_bytes() == b""

    run(tmp_path, kill)
