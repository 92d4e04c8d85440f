"""The order of simulated processes follows from the seed; their own order is kept."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import closing
from contextvars import copy_context
from random import Random
from typing import Any

import pytest

from tests.support.simulation.scheduler import PROCESS, EndlessRun, SimulatedLoop


def run(
    work: Coroutine[Any, Any, Any], *, seed: int = 1, on_step: Callable[[], None] = lambda: None
) -> float:
    """Run *work* on a simulated loop; return the seconds that passed there."""
    with closing(SimulatedLoop(Random(seed), most_steps=10_000)) as loop:
        loop.on_step = on_step
        began = loop.time()
        loop.run_until_complete(work)
        return loop.time() - began


def interleaving(seed: int, *, killed_after: int = 0) -> list[str]:
    """Let two processes note three steps each, and return the notes."""
    notes = list[str]()

    def start(name: str) -> None:
        loop = asyncio.get_running_loop()
        context = copy_context()
        context.run(PROCESS.set, name)
        for number in range(3):
            loop.call_soon(notes.append, f"{name}{number}", context=context)

    def before_step() -> None:
        loop = asyncio.get_running_loop()
        if killed_after and len(notes) == killed_after and isinstance(loop, SimulatedLoop):
            loop.kill("a")

    async def wait() -> None:
        start("a")
        start("b")
        await asyncio.sleep(1)

    run(wait(), seed=seed, on_step=before_step)
    return notes


def test_each_process_keeps_its_order_and_the_seed_chooses_between_them() -> None:
    found = [interleaving(seed) for seed in range(20)]

    assert all([n for n in notes if n[0] == "a"] == ["a0", "a1", "a2"] for notes in found)
    assert len({tuple(notes) for notes in found}) > 1
    assert found == [interleaving(seed) for seed in range(20)]


def test_nothing_of_a_killed_process_runs() -> None:
    found = [interleaving(seed, killed_after=2) for seed in range(20)]

    assert all("b2" in notes for notes in found)
    assert min(sum(note[0] == "a" for note in notes) for notes in found) < 3
    assert all(not any(note[0] == "a" for note in notes[2:]) for notes in found)


def test_the_order_of_a_set_of_tasks_follows_from_their_numbers() -> None:
    found = list[list[str]]()

    async def note() -> None:
        made = {asyncio.create_task(asyncio.sleep(0), name=str(at)) for at in range(50)}
        found.append([task.get_name() for task in made])
        await asyncio.wait(made)

    for _ in range(5):
        run(note())

    assert all(one == found[0] for one in found)


def test_time_passes_only_while_everything_waits() -> None:
    assert 86_400 <= run(asyncio.sleep(86_400)) < 86_401


def test_a_run_that_never_ends_is_an_error() -> None:
    async def forever() -> None:
        while True:  # noqa: ASYNC110 - it shall not end
            await asyncio.sleep(0)

    with pytest.raises(EndlessRun):
        run(forever())
