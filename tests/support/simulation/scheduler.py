"""An event loop whose time is simulated and whose order is chosen by a seed.

Every callback belongs to a simulated process, by the context that it runs in. Within one process
callbacks run in order, as in any event loop; between processes the seed chooses at each step. Time
passes only here: a step takes some microseconds, and where nothing is left to do the clock jumps to
the next timer. What would run in a thread runs in a step of its own.
"""

import asyncio
import heapq
from asyncio import BaseEventLoop
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar
from itertools import count
from random import Random
from typing import Any

PROCESS: ContextVar[str] = ContextVar("process")
"""The simulated process that a task belongs to, with the number of its start: ``admin#2``."""
OUTSIDE = "outside"
"""The network, the store, and people."""
_STEP_SECONDS = 20e-6
_THREAD_SECONDS = 2e-3
"""The longest that work in a thread takes."""
_TASKS = 64
"""From so many on, tasks that are done are given back."""


class EndlessRun(Exception):
    """The run took more steps than it may: something loops."""


class NumberedTask(asyncio.Task[Any]):
    """A task whose place in a set follows from its number, not from its address in memory.

    Task groups cancel and `asyncio.wait` looks through sets of tasks, in the order of the set.
    """

    def __init__(self, number: int, *args: Any, **options: Any) -> None:
        self._number = number
        super().__init__(*args, **options)

    def __hash__(self) -> int:
        return self._number


class SimulatedLoop(BaseEventLoop):
    """Runs callbacks one by one; a process may be killed between any two."""

    def __init__(self, chance: Random, *, most_steps: int) -> None:
        super().__init__()
        self._chance = chance
        self._time = 1.0
        self._ready_of: dict[str, deque[asyncio.Handle]] = {}
        self._timers: list[tuple[float, int, asyncio.TimerHandle, str]] = []
        self._dead: set[str] = set()
        self._numbers = count()
        self._most_steps = most_steps
        self.steps = 0
        self._tasks: list[asyncio.Task[Any]] = []
        self._most_tasks = _TASKS
        self.set_task_factory(self._kept_task)  # type: ignore[arg-type]
        self.on_step: Callable[[], None] = lambda: None
        """Called before each step."""

    def time(self) -> float:
        return self._time

    def call_soon(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self._enqueue(_process_of(context), handle)
        return handle

    call_soon_threadsafe = call_soon  # type: ignore[assignment]

    def call_later(  # type: ignore[override]
        self,
        delay: float,
        callback: Callable[..., object],
        *args: Any,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        return self.call_at(self._time + delay, callback, *args, context=context)

    def call_at(  # type: ignore[override]
        self,
        when: float,
        callback: Callable[..., object],
        *args: Any,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        heapq.heappush(self._timers, (when, next(self._numbers), timer, _process_of(context)))
        return timer

    def run_in_executor(  # type: ignore[override]
        self, executor: object, func: Callable[..., Any], *args: Any
    ) -> "asyncio.Future[Any]":
        done = self.create_future()

        def work() -> None:
            if done.cancelled():
                return
            try:
                result = func(*args)
            except BaseException as error:
                done.set_exception(error)
            else:
                done.set_result(result)

        self.call_later(self._chance.random() * _THREAD_SECONDS, work)
        return done

    def close(self) -> None:
        """End; what cleans up after dead tasks finds a loop that does nothing."""
        super().close()
        self._ready_of.clear()
        self._timers.clear()
        self._tasks.clear()

    def kill(self, process: str) -> None:
        """Never run anything of *process* again; what it awaits stays as it is."""
        self._dead.add(process)
        self._ready_of.pop(process, None)

    def _kept_task(
        self, _loop: object, work: Coroutine[Any, Any, Any], context: Context | None = None
    ) -> "asyncio.Task[Any]":
        """Make a task that stays to the end: a dead one that is collected would run its cleanup."""
        task = NumberedTask(next(self._numbers), work, loop=self, context=context)
        if not self.is_closed():
            self._keep(task)
        return task

    def _keep(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.append(task)
        if len(self._tasks) > self._most_tasks:
            self._tasks = [one for one in self._tasks if not one.done()]
            self._most_tasks = max(_TASKS, 2 * len(self._tasks))

    def _enqueue(self, process: str, handle: asyncio.Handle) -> None:
        if process not in self._dead and not self.is_closed():
            self._ready_of.setdefault(process, deque()).append(handle)

    def _run_once(self) -> None:
        self.on_step()
        self.steps += 1
        if self.steps > self._most_steps:
            raise EndlessRun(f"more than {self._most_steps} steps")
        self._time += _STEP_SECONDS
        self._wake_timers()
        while not self._ready_of:
            if not self._timers:
                raise EndlessRun("nothing is left to do, and the run is not over")
            self._time = max(self._time, self._timers[0][0])
            self._wake_timers()
        names = list(self._ready_of)
        name = names[self._chance.randrange(len(names))] if len(names) > 1 else names[0]
        queue = self._ready_of[name]
        handle = queue.popleft()
        if not queue:
            del self._ready_of[name]
        if not handle.cancelled():
            handle._run()  # noqa: SLF001 - as every loop does

    def _wake_timers(self) -> None:
        while self._timers and self._timers[0][0] <= self._time:
            _, _, timer, process = heapq.heappop(self._timers)
            if not timer.cancelled():
                self._enqueue(process, timer)

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Do nothing: a cancelled timer is dropped when it is due."""

    def _process_events(self, event_list: object) -> None:
        """Do nothing: there are no sockets."""

    def _write_to_self(self) -> None:
        """Do nothing: there are no threads."""


def _process_of(context: Context | None) -> str:
    return PROCESS.get(OUTSIDE) if context is None else context.get(PROCESS, OUTSIDE)
