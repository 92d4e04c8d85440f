"""Several generator processes that share one load; adds up their results."""

import multiprocessing
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from multiprocessing.connection import Connection as Pipe
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from time import monotonic
from types import TracebackType
from typing import Any, Self

from benchmarks.load import generator
from benchmarks.load.plan import Failed, Outcome, Plan, Step
from benchmarks.stall_detector import StallDetector

Progress = Callable[[int, int], None]
"""Called with the requests answered and sent so far."""

READY_SECONDS = 120.0
GRACE_SECONDS = 30.0
"""How much longer than planned a step may take."""
_LEAD_SECONDS = 0.1
_PATIENCE_SECONDS = 5.0
"""For generators to end by themselves."""


class Crew:
    """Generators of a plan, ready and connected, until the context ends."""

    def __init__(
        self,
        plan: Plan,
        server_cpu: Callable[[], float] = lambda: 0.0,
        *,
        grace_seconds: float = GRACE_SECONDS,
    ) -> None:
        """*grace_seconds*: how much longer than a step and its last answer a generator may take."""
        self._grace_seconds = grace_seconds
        self._plan = plan
        self._server_cpu = server_cpu
        self._pipes: list[Pipe] = []
        self._processes: list[BaseProcess] = []
        self._watch = StallDetector()

    def __enter__(self) -> Self:
        context = multiprocessing.get_context("spawn")
        with ExitStack() as stack:
            stack.callback(self._end)
            self._watch.open()
            for part in range(self._plan.generators):
                ours, theirs = context.Pipe()
                process = context.Process(
                    target=generator.main, args=(theirs, self._plan, part), daemon=True
                )
                process.start()
                theirs.close()
                self._pipes.append(ours)
                self._processes.append(process)
            for pipe in self._pipes:
                self._receive(pipe, READY_SECONDS)
            stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # After an interrupt the step is not awaited.
        self._end(_PATIENCE_SECONDS if kind is None else 0.0)

    def run(self, step: Step, progress: Progress | None = None) -> Outcome:
        """Generate the load of *step*; return the result of all generators."""
        step = replace(step, start=monotonic() + _LEAD_SECONDS)
        before = self._server_cpu()
        for pipe in self._pipes:
            pipe.send(step)
        outcomes = self._collect(step, progress or _silent)
        total = Outcome(rows=self._plan.rows)
        for outcome in outcomes:
            total.add(outcome)
        total.server_cpu = self._server_cpu() - before
        total.stood_still = self._watch.since(step.start)
        return total

    def _collect(self, step: Step, progress: Progress) -> list[Outcome]:
        until = monotonic() + step.seconds + self._plan.timeout + self._grace_seconds
        counts: dict[Pipe, tuple[int, int]] = dict.fromkeys(self._pipes, (0, 0))
        outcomes: dict[Pipe, Outcome] = {}
        while len(outcomes) < len(self._pipes):
            ready = wait([pipe for pipe in self._pipes if pipe not in outcomes], timeout=1)
            for pipe in self._pipes:
                if pipe not in ready:
                    continue
                message = self._receive(pipe, 1)
                if isinstance(message, Outcome):
                    outcomes[pipe] = message
                else:
                    counts[pipe] = message
            answered, offered = (sum(column) for column in zip(*counts.values(), strict=True))
            progress(answered, offered)
            if monotonic() > until:
                raise RuntimeError("a load generator does not end")
        return list(outcomes.values())

    def _receive(self, pipe: Pipe, seconds: float) -> Any:
        try:
            message = pipe.recv() if pipe.poll(seconds) else Failed("a generator is not ready")
        except EOFError:
            message = Failed("a generator died; its error is above")
        if isinstance(message, Failed):
            raise RuntimeError(message.why)  # noqa: TRY004  a message, not a wrong argument
        return message

    def _end(self, patience: float = _PATIENCE_SECONDS) -> None:
        self._watch.close()
        for pipe in self._pipes:
            try:
                pipe.send(None)
            except OSError:
                continue
        for process in self._processes:
            process.join(patience)
            if process.is_alive():
                process.kill()
                process.join()
        for pipe in self._pipes:
            pipe.close()


def _silent(_answered: int, _offered: int) -> None:
    """Ignore progress."""
