"""Simulated processes on one network: started, killed between any two steps, started again.

People call a process as they would over the network: requests and answers take time and get lost,
and a call of a process that is killed ends without an answer.
"""

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Generic, TypeVar

from fanzha.errors import FanzhaError, Unavailable
from services.auth import identity
from services.auth.identity import Identity
from tests.support.simulation.network import EVERYONE, NetworkFaults, StoreNetwork
from tests.support.simulation.scheduler import PROCESS, SimulatedLoop
from tests.support.simulation.store_server import StoreServer

Parts = TypeVar("Parts")
Result = TypeVar("Result")
START_MS = 1_764_000_000_000
_RESTART_SECONDS = 1.5
_OPEN_FILES = "/proc/self/fd"
_CALL_SECONDS = 2e-3
_BEHIND_SECONDS = 4.0
"""The longest that a replica lacks what its primary acknowledges before it takes over."""
_PATIENCE_SECONDS = 90.0
_JUMPS_MS = (-3_600_000, -5_000, 5_000, 60_000, 3_600_000)
_STORE_JUMPS_MS = (-5_000, 5_000)
"""Few: for as long as the clock of the store is set back, entries of dead consumers look new to it,
and nobody takes them over."""


class Violation(Exception):
    """An invariant does not hold; the message says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultPlan:
    """What goes wrong in a run while faults are on."""

    network: NetworkFaults = field(default_factory=NetworkFaults)
    crash_rate: float = 0.0
    """Chance that a process is killed after one of its steps."""
    crash_after_write_rate: float = 0.0
    """Chance that a process is killed when the store has run its script, before the answer."""
    lost_answer_rate: float = 0.0
    """Chance that the answer to a person's call is lost."""
    outage_rate: float = 0.0
    """Chance, each second, that a process, or all, cannot reach the store for a while."""
    failover_rate: float = 0.0
    """Chance, each second, that the replica falls behind, and soon takes over without the rest."""
    clock_jump_rate: float = 0.0
    """Chance, each second, that the clock of a process or of the store is set wrong."""


@dataclass(slots=True, kw_only=True)
class SimulatedProcess(Generic[Parts]):
    """A process that `start` puts together; it runs until it is killed."""

    name: str
    folder: Path
    start: Callable[["SimulatedProcess[Parts]"], Awaitable[Parts]]
    """Builds the parts and spawns the background tasks, in the context of the process."""
    world: "World"
    crash_safe: bool = True
    parts: Parts | None = None
    """None while it is down."""
    starts: int = 0
    clock_offset_ms: int = 0
    kills: int = 0
    alive: bool = False
    """Whether it was started and not killed since; it may not serve yet."""
    context: Context = field(default_factory=Context)
    calls: "list[asyncio.Future[Any]]" = field(default_factory=list)
    """What people wait for, in the order of their calls."""

    @property
    def incarnation(self) -> str:
        """Name and number of this start."""
        return f"{self.name}#{self.starts}"

    def now_ms(self) -> int:
        """Return the wall clock of the machine that it runs on."""
        return self.world.now_ms() + self.clock_offset_ms

    def begin(self) -> None:
        """Start it, or start it again."""
        self.starts += 1
        self.alive = True
        self.context = copy_context()
        self.context.run(PROCESS.set, self.incarnation)
        self.context.run(identity.set_identity, identity.BACKGROUND)
        self.world.trace(f"{self.incarnation} starts")
        self.spawn(self._start())

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run a task of this process."""
        self.world.loop.create_task(work, context=self.context.copy())

    def run_forever(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run a background task; that it ends is a violation, as the real process would end."""
        self.spawn(self._watched(work))

    def kill(self) -> None:
        """Kill it like SIGKILL: nothing of it runs again, and its open files are closed.

        One that is dead stays so: killed again, it would be started twice.
        """
        if not self.alive:
            return
        self.alive = False
        self.world.trace(f"{self.incarnation} is killed")
        self.kills += 1
        self.world.loop.kill(self.incarnation)
        self.parts = None
        _close_files(self.folder)
        self.world.network.gone(self.incarnation)
        for call in self.calls:
            if not call.done():
                call.set_exception(Unavailable("the process was killed"))
        self.calls.clear()
        delay = self.world.chance.random() * _RESTART_SECONDS
        self.world.call_later(delay, self.begin)

    async def _start(self) -> None:
        while True:
            try:
                self.parts = await self.start(self)
            except Unavailable:
                await asyncio.sleep(0.2)  # the supervisor starts it again
            else:
                self.world.trace(f"{self.incarnation} serves")
                return

    async def _watched(self, work: Coroutine[Any, Any, Any]) -> None:
        try:
            await work
        except Exception as error:
            self.world.violate(f"{self.incarnation} ended: {error!r}")
        else:
            self.world.violate(f"{self.incarnation}: a background task ended")


class World:
    """The simulated machines of one run."""

    def __init__(
        self, *, loop: SimulatedLoop, server: StoreServer, chance: Random, folder: Path
    ) -> None:
        self.loop = loop
        self.chance = chance
        self.folder = folder
        self.store_offset_ms = 0
        self.most_ahead_ms = 0
        """Of a process's clock so far: what it put off comes that much later."""
        self.log: list[str] | None = None
        self.violations: list[str] = []
        self.over = False
        self.processes: dict[str, SimulatedProcess[Any]] = {}
        self.plan = FaultPlan()
        self.faulty = False
        self.crashes = 0
        self._behind = False
        self.network = StoreNetwork(loop, server, chance, now_us=self._store_us, trace=self.trace)
        loop.on_step = self._on_step
        self.network.on_write = self._on_write

    def now_ms(self) -> int:
        """Return the true time."""
        return START_MS + int(self.loop.time() * 1000)

    def violate(self, text: str) -> None:
        """Note that an invariant does not hold; nothing once the run is over."""
        if not self.over:
            self.violations.append(text)

    def trace(self, text: str) -> None:
        """Note a step, where the run is traced."""
        if self.log is not None:
            self.log.append(f"{self.loop.time():10.4f} {text}")

    def add(
        self,
        name: str,
        start: Callable[[SimulatedProcess[Parts]], Awaitable[Parts]],
    ) -> SimulatedProcess[Parts]:
        """Add a process and start it."""
        folder = self.folder / name
        folder.mkdir(parents=True)
        process = SimulatedProcess(name=name, folder=folder, start=start, world=self)
        self.processes[name] = process
        process.begin()
        return process

    def call_later(self, seconds: float, callback: Callable[..., object], *args: Any) -> None:
        """Call back from outside of all processes."""
        self.loop.call_later(seconds, callback, *args, context=Context())

    def set_faults(self, plan: FaultPlan) -> None:
        """Begin to inject faults."""
        self.plan, self.faulty = plan, True
        self.network.faults = plan.network
        self.call_later(1.0, self._each_second)

    def end_faults(self) -> None:
        """Let everything work from now on, with right clocks."""
        self.faulty = False
        self.network.faults = NetworkFaults()
        self.network.cut_off.clear()
        self.store_offset_ms = 0
        for process in self.processes.values():
            process.clock_offset_ms = 0

    async def call(
        self,
        process: SimulatedProcess[Parts],
        who: Identity,
        work: Callable[[Parts], Awaitable[Result]],
    ) -> Result:
        """Have a process do *work* as *who*; `Unavailable` where no answer comes."""
        await asyncio.sleep(self.chance.random() * _CALL_SECONDS)
        parts = process.parts
        if parts is None:
            raise Unavailable("the process does not serve")
        answer: asyncio.Future[Result] = self.loop.create_future()
        process.calls.append(answer)
        process.spawn(_answer(answer, who, work, parts))
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                result = await answer
        except TimeoutError:
            raise Unavailable("no answer") from None
        finally:
            _drop(process.calls, answer)
        await asyncio.sleep(self.chance.random() * _CALL_SECONDS)
        if self.faulty and self.chance.random() < self.plan.lost_answer_rate:
            self.trace(f"the answer of {process.incarnation} is lost")
            raise Unavailable("the answer was lost")
        return result

    async def until(
        self, holds: Callable[[], Awaitable[bool]], *, seconds: float, what: str
    ) -> None:
        """Wait until *holds*; a violation after *seconds*."""
        deadline = self.loop.time() + seconds
        pause = 0.05
        while not await holds():
            if self.loop.time() > deadline:
                raise Violation(f"after {seconds:g} s without faults: not {what}")
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, 2.0)

    async def all_serve(self) -> bool:
        """Whether every process is up."""
        return all(process.parts is not None for process in self.processes.values())

    def _on_step(self) -> None:
        if not self.faulty or self.chance.random() >= self.plan.crash_rate:
            return
        up = [one for one in self.processes.values() if one.parts is not None and one.crash_safe]
        if up:
            self.crashes += 1
            self.chance.choice(up).kill()

    def _on_write(self, sender: str) -> None:
        if not self.faulty or self.chance.random() >= self.plan.crash_after_write_rate:
            return
        for process in self.processes.values():
            if process.alive and process.incarnation == sender and process.crash_safe:
                self.crashes += 1
                process.kill()

    def _each_second(self) -> None:
        if not self.faulty:
            return
        if self.chance.random() < self.plan.outage_rate:
            whom = self.chance.choice([EVERYONE, *self.processes])
            self.trace(f"the store is away for {whom}")
            self.network.cut(whom)
            self.call_later(self.chance.random() * 5, self._back, whom)
        if self.plan.failover_rate and self.chance.random() < self.plan.failover_rate:
            self._fall_behind()
        if self.chance.random() < self.plan.clock_jump_rate:
            self._jump()
        self.call_later(1.0, self._each_second)

    def _back(self, whom: str) -> None:
        self.trace(f"the store is back for {whom}")
        self.network.cut_off.discard(whom)

    def _fall_behind(self) -> None:
        if self._behind:
            return
        self._behind = True
        self.trace("the replica falls behind")
        self.network.remember()
        self.call_later(self.chance.random() * _BEHIND_SECONDS, self._fail_over)

    def _fail_over(self) -> None:
        self._behind = False
        if self.faulty:
            self.trace("the replica takes over")
            self.network.fail_over()
            self.network.cut(EVERYONE)
            self.call_later(self.chance.random(), self._back, EVERYONE)

    def _jump(self) -> None:
        whose = self.chance.choice([*self.processes, "store"])
        by_ms = self.chance.choice(_STORE_JUMPS_MS if whose == "store" else _JUMPS_MS)
        self.trace(f"the clock of {whose} is off by {by_ms} ms")
        if whose == "store":
            self.store_offset_ms = by_ms
        else:
            self.processes[whose].clock_offset_ms = by_ms
            self.most_ahead_ms = max(self.most_ahead_ms, by_ms)

    def _store_us(self) -> int:
        return START_MS * 1000 + int(self.loop.time() * 1e6) + self.store_offset_ms * 1000


def _drop(calls: "list[asyncio.Future[Any]]", answer: "asyncio.Future[Any]") -> None:
    if answer in calls:  # else its process was killed meanwhile
        calls.remove(answer)


async def _answer(
    answer: "asyncio.Future[Result]",
    who: Identity,
    work: Callable[[Parts], Awaitable[Result]],
    parts: Parts,
) -> None:
    identity.set_identity(who)
    try:
        result = await work(parts)
    except FanzhaError as error:
        if not answer.done():
            answer.set_exception(error)
    else:
        if not answer.done():
            answer.set_result(result)


def _close_files(folder: Path) -> None:
    """Close the open files of *folder* as the end of a process does, and release their locks.

    Their descriptors stay taken: objects of the dead process still believe in them.
    """
    prefix = str(folder)
    # No `Path`: it would take ten times as long, for some hundred files of dead processes.
    for descriptor in os.listdir(_OPEN_FILES):  # noqa: PTH208
        with contextlib.suppress(OSError):
            if os.readlink(f"{_OPEN_FILES}/{descriptor}").startswith(prefix):  # noqa: PTH115
                nothing = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
                os.dup2(nothing, int(descriptor), inheritable=False)
                os.close(nothing)
