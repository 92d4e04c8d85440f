"""One process that generates load: it reads steps from a pipe, and reports the result of each.

It checks every millisecond which requests are due, so they leave up to a millisecond late; that
lateness is a part of the latency, and reported separately. Memory is bounded by `MOST_BUSY`
requests under way: an open loop that gets there counts what it does not ask as failed, and keeps
its time.
"""

import asyncio
import gc
import os
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle
from multiprocessing.connection import Connection as Pipe
from time import monotonic, process_time

import numpy as np

from benchmarks.load import traffic
from benchmarks.load.arrivals import due_times
from benchmarks.load.clients import Asker, Connections, ThroughClient
from benchmarks.load.connection import OK
from benchmarks.load.histogram import Histogram
from benchmarks.load.plan import Failed, Outcome, Plan, Step
from benchmarks.load.probe import probe
from benchmarks.load.subscribers import SubscriberTraffic
from benchmarks.load.traffic import Body
from fanzha.errors import FanzhaError

MOST_BUSY = 50_000
NOT_ASKED = "NOT_ASKED"
"""Counts requests that were due while `MOST_BUSY` others had no answer."""
TICK_SECONDS = 0.001
TELL_SECONDS = 0.25


@dataclass(slots=True)
class _Seen:
    """Result of the current step."""

    latencies: list[float] = field(default_factory=list)
    lags: list[float] = field(default_factory=list)
    statuses: "Counter[str]" = field(default_factory=Counter)
    last: float = 0.0

    def finished(self, due: float, status: str) -> None:
        self.last = monotonic()
        self.statuses[status] += 1
        if status == OK:
            self.latencies.append(self.last - due)


def main(pipe: Pipe, plan: Plan, part: int) -> None:
    """Run steps until None or the end of the pipe."""
    # Ctrl-C reaches every process of a terminal; who started us ends us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if plan.cores:
        os.sched_setaffinity(0, {plan.cores[part % len(plan.cores)]})
    try:
        asyncio.run(_Generator(pipe, plan, part).run())
    except (RuntimeError, ValueError, OSError, FanzhaError) as error:
        pipe.send(Failed(f"{plan.target}: {error}"))


class _Generator:
    """The process, while it runs."""

    def __init__(self, pipe: Pipe, plan: Plan, part: int) -> None:
        self._pipe, self._plan, self._part = pipe, plan, part
        self._samples, self._bodies = _bodies(plan, part)
        self._seen = _Seen()
        self._refill = False
        target, count, timeout = plan.target, plan.connections, plan.timeout
        self._asker: Asker = (
            ThroughClient(target, count, timeout, self._finished, plan.token)
            if plan.through == "client"
            else Connections(
                target,
                count,
                timeout,
                self._finished,
                plan.token,
                renew_seconds=plan.renew_seconds,
            )
        )

    async def run(self) -> None:
        if self._part == 0:
            probe(self._plan.target, self._samples, self._plan.token)
        await self._asker.open()
        # All objects so far are permanent; collecting them would look like a slow server.
        gc.collect()
        gc.freeze()
        self._pipe.send("ready")
        while (step := await asyncio.to_thread(self._pipe.recv)) is not None:
            outcome = await self._step(step)
            self._pipe.send(outcome)
        await self._asker.close()

    async def _step(self, step: Step) -> Outcome:
        self._seen = _Seen()
        await asyncio.sleep(max(step.start - monotonic(), 0))
        used = process_time()
        if step.rate:
            await self._open_loop(step)
        else:
            await self._closed_loop(step)
        await self._drain()
        seen = self._seen
        elapsed = max(seen.last - step.start, step.seconds)
        used = process_time() - used
        return Outcome(
            rows=self._plan.rows,
            seconds=elapsed,
            statuses=seen.statuses,
            latencies=Histogram.of(np.array(seen.latencies)),
            lags=Histogram.of(np.array(seen.lags)),
            generator_cpu=used,
            busiest_generator=used / elapsed,
        )

    async def _open_loop(self, step: Step) -> None:
        due = due_times(
            rate=step.rate / self._plan.rows,
            seconds=step.seconds,
            arrivals=step.arrivals,
            seed=self._plan.seed,
            part=self._part,
            parts=self._plan.generators,
        )
        times, sent, last_report = (due + step.start).tolist(), 0, 0.0
        while sent < len(times):
            now = monotonic()
            upto = int(np.searchsorted(due, now - step.start, side="right"))
            room = MOST_BUSY - self._asker.busy
            for at in times[sent:upto]:
                if room > 0:
                    room -= 1
                    self._ask(at)
                else:
                    self._seen.finished(at, NOT_ASKED)
            sent = upto
            self._asker.turn(now)
            last_report = self._tell(now, last_report)
            await asyncio.sleep(TICK_SECONDS)

    async def _closed_loop(self, step: Step) -> None:
        end, last_report = step.start + step.seconds, 0.0
        self._refill = True
        for _ in range(step.in_flight * self._plan.connections):
            self._ask(monotonic())
        while (now := monotonic()) < end:
            self._asker.turn(now)
            last_report = self._tell(now, last_report)
            await asyncio.sleep(TICK_SECONDS)
        self._refill = False

    async def _drain(self) -> None:
        """Wait for pending answers; deadlines bound it."""
        while self._asker.busy:
            self._asker.turn(monotonic())
            await asyncio.sleep(TICK_SECONDS)

    def _ask(self, due: float) -> None:
        self._seen.lags.append(monotonic() - due)
        self._asker.ask(next(self._bodies), due)

    def _finished(self, due: float, status: str) -> None:
        self._seen.finished(due, status)
        if status == OK:
            self._ask_again()
        elif self._refill:
            # Back off from a server that sheds; give up on a lost connection.
            asyncio.get_running_loop().call_later(TICK_SECONDS, self._ask_again)

    def _ask_again(self) -> None:
        if self._refill:
            self._ask(monotonic())

    def _tell(self, now: float, last_report: float) -> float:
        if now - last_report < TELL_SECONDS:
            return last_report
        self._pipe.send((self._seen.statuses[OK], self._seen.statuses.total()))
        return now


def _bodies(plan: Plan, part: int) -> tuple[list[Body], Iterator[Body]]:
    """Return some requests, at least one of each method, and those of generator *part*."""
    if plan.fraud_share is not None:
        endless = SubscriberTraffic(
            plan.mix, rows=plan.rows, listed=plan.listed, seed=plan.seed + part,
            fraud_share=plan.fraud_share,
        )  # fmt: skip
        return endless.samples(), endless
    if plan.file is not None:
        made = traffic.from_file(plan.file, next(iter(plan.mix)), plan.rows)
    else:
        made = traffic.from_scenarios(plan.mix, plan.rows, plan.listed, plan.seed)
    first = part * len(made) // plan.generators
    return made, cycle(made[first:] + made[:first])
