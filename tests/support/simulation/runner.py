"""Runs histories by their seeds, each in a world of its own, and tells what broke."""

import asyncio
import gc
import logging
import os
import random
import shutil
import sys
import warnings
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Protocol

from tests.support.simulation import list_processes
from tests.support.simulation.appeal_history import AppealHistory
from tests.support.simulation.change_history import ChangeHistory
from tests.support.simulation.failover_history import FailoverHistory
from tests.support.simulation.scheduler import EndlessRun, SimulatedLoop
from tests.support.simulation.store_server import StoreServer
from tests.support.simulation.warning_history import WarningHistory
from tests.support.simulation.world import Violation, World

MOST_STEPS = 400_000


class History(Protocol):
    """What happens in a run."""

    async def run(self) -> None:
        """Let it happen, and check it; raise `Violation`."""


HISTORIES: dict[str, Callable[[World, Path], History]] = {
    "changes": lambda world, key: ChangeHistory(world=world, key=key),
    "failovers": lambda world, key: FailoverHistory(world=world, key=key),
    "appeals": lambda world, key: AppealHistory(world=world, key=key),
    "warnings": lambda world, _key: WarningHistory(world=world),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOutcome:
    """What came of one seed."""

    seed: int
    history: str
    violations: tuple[str, ...]
    steps: int
    crashes: int
    faults: Counter[str]
    trace: tuple[str, ...] = ()


@dataclass(slots=True)
class Simulator:
    """Runs seeds one after another on one store."""

    server: StoreServer
    folder: Path
    names: tuple[str, ...] = tuple(HISTORIES)
    _key: Path | None = field(default=None)

    def __post_init__(self) -> None:
        # Clients that are collected while no loop runs would clean up on one that keeps them.
        asyncio.set_event_loop(None)
        gc.collect()
        gc.freeze()  # collections after each run look at what that run made

    def run(self, seed: int, *, traced: bool = False) -> RunOutcome:
        """Run one seed: the same seed takes the same steps."""
        with _quiet_cleanup():
            outcome, world = self._run(seed, traced=traced)
            kept = weakref.ref(world)
            del world
            # What the dead processes of the run held is given back now, not within the next one.
            gc.collect()
        if kept() is not None:
            raise RuntimeError(f"something holds what seed {seed} made: each run would get slower")
        return outcome

    def _run(self, seed: int, *, traced: bool) -> tuple[RunOutcome, World]:
        name = self.names[seed % len(self.names)]
        folder = self.folder / "run"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        if self._key is None:
            self._key = list_processes.make_key(self.folder / "key")
        self.server.empty()
        chance = Random(f"{name} {seed}")
        loop = SimulatedLoop(chance, most_steps=MOST_STEPS)
        world = World(loop=loop, server=self.server, chance=chance, folder=folder)
        world.log, world.network.traced = [] if traced else None, traced
        loop.set_exception_handler(lambda _loop, context: _note_failure(world, context))
        with _entropy_of(seed):
            try:
                loop.run_until_complete(HISTORIES[name](world, self._key).run())
            except (Violation, EndlessRun) as error:
                world.violations.append(str(error))
            except Exception as error:
                logging.getLogger(__name__).exception("seed %d", seed)
                world.violations.append(f"{type(error).__name__}: {error}")
            world.over = True
            loop.close()
        outcome = RunOutcome(
            seed=seed,
            history=name,
            violations=tuple(world.violations),
            steps=loop.steps,
            crashes=world.crashes,
            faults=Counter(world.network.injected),
            trace=tuple(world.log or ()),
        )
        return outcome, world


def _note_failure(world: World, context: dict[str, Any]) -> None:
    """Note what a task raised that nobody awaits; answers that nobody awaits are no fault."""
    task = context.get("task") or context.get("future")
    if isinstance(task, asyncio.Task) and "exception" in context:
        world.violate(f"{context['message']}: {context['exception']!r}")


@contextmanager
def _quiet_cleanup() -> Iterator[None]:
    """Let tasks of dead processes be collected without a word."""
    before, sys.unraisablehook = sys.unraisablehook, lambda _: None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            yield
    finally:
        sys.unraisablehook = before


@contextmanager
def _entropy_of(seed: int) -> Iterator[None]:
    """Have what is random in this process follow from the seed: names of commits, jitter.

    There is no port for it: `secrets` and `uuid` ask the system.
    """
    chance = Random(seed)
    random_module: Any = random
    before = os.urandom, random_module._urandom  # noqa: SLF001 - `SystemRandom` reads it
    os.urandom = random_module._urandom = chance.randbytes  # noqa: SLF001
    random.seed(seed)
    collecting = gc.isenabled()
    gc.disable()  # what is collected when would differ between runs
    try:
        yield
    finally:
        os.urandom, random_module._urandom = before  # noqa: SLF001
        if collecting:
            gc.enable()
