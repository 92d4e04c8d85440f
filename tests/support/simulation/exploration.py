"""Runs many seeds, by several processes if asked, and shows how far it is.

Ctrl-C ends it after the seeds that are being run: they are counted and recorded.
"""

import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import IO, TextIO

from tests.support.simulation.tally import SeedRange, SeedRecord, Tally

_TERMINAL_SECONDS = 1.0
_LOG_SECONDS = 10.0
_BAR = 30

RunRange = Callable[[SeedRange], Tally]
"""Runs some seeds."""


class RangeWorker:
    """A process with a store of its own that runs ranges of seeds, one after another."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.simulation", "--worker", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __call__(self, seeds: SeedRange) -> Tally:
        """Run *seeds*."""
        asking, answers = self._process.stdin, self._process.stdout
        if asking is None or answers is None:
            raise RuntimeError("the worker has no pipes")
        asking.write(f"{seeds.first} {seeds.count}\n")
        asking.flush()
        line = answers.readline()
        if not line:
            raise RuntimeError(f"a worker ended with status {self._process.wait()}")
        return Tally.of_line(line)

    def close(self) -> None:
        """End it."""
        self._process.communicate()


def serve(run: RunRange, asked: IO[str], answers: IO[str]) -> int:
    """Be a worker: run the ranges that *asked* says, until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who asks is interrupted, and closes the pipe
    for line in asked:
        first, count = map(int, line.split())
        answers.write(f"{run(SeedRange(first, count)).as_line()}\n")
        answers.flush()
    return 0


def explore(
    runners: Sequence[RunRange], record: SeedRecord, seeds: SeedRange, seconds: float
) -> Tally:
    """Run those of *seeds* that *record* lacks, for *seconds* at most; return all that it has."""
    stop, progress = threading.Event(), Progress(record.total, seeds.count)
    deadline = time.monotonic() + seconds
    with _interrupting(stop):
        for tally in _tallies(runners, record.left(seeds), stop):
            record.add(tally)
            for failure in tally.failures:
                progress.say(failure)
            progress.show()
            if time.monotonic() > deadline:
                stop.set()
    return record.total


def _tallies(
    runners: Sequence[RunRange], ranges: Iterator[SeedRange], stop: threading.Event
) -> Iterator[Tally]:
    """Run ranges until there are none or *stop* is set, each runner one at a time."""
    lock = threading.Lock()

    def take() -> SeedRange | None:
        with lock:
            return None if stop.is_set() else next(ranges, None)

    if len(runners) == 1:
        while (seeds := take()) is not None:
            yield runners[0](seeds)
        return
    found: queue.Queue[Tally | Exception | None] = queue.Queue()
    for run in runners:
        threading.Thread(target=_work, args=(run, take, found), daemon=True).start()
    for _ in runners:
        while (tally := found.get()) is not None:
            if isinstance(tally, Exception):
                raise tally
            yield tally


def _work(
    run: RunRange,
    take: Callable[[], SeedRange | None],
    found: "queue.Queue[Tally | Exception | None]",
) -> None:
    try:
        while (seeds := take()) is not None:
            found.put(run(seeds))
    except Exception as error:
        found.put(error)
    finally:
        found.put(None)


class Progress:
    """Shows how many seeds are done, and when the last will be."""

    def __init__(self, total: Tally, wanted: int, to: TextIO = sys.stderr) -> None:
        self._total, self._wanted, self._to = total, wanted, to
        self._before = total.count
        self._began = self._shown = time.monotonic()

    def say(self, text: str) -> None:
        """Write a line of results."""
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    def show(self) -> None:
        """Show it, now and then."""
        terminal = self._to.isatty()
        now = time.monotonic()
        if now - self._shown < (_TERMINAL_SECONDS if terminal else _LOG_SECONDS):
            return
        self._shown = now
        line = self.line(now - self._began, time.time())
        self._to.write(f"\r{line}\x1b[K" if terminal else f"{line}\n")
        self._to.flush()

    def line(self, elapsed_seconds: float, now_seconds: float) -> str:
        """Say how far it is after *elapsed_seconds*, where it is *now_seconds* since 1970."""
        done = self._total.count
        rate = (done - self._before) / elapsed_seconds
        share = min(1.0, done / max(1, self._wanted))
        bar = "#" * int(share * _BAR)
        left = max(0, self._wanted - done) / rate if rate else 0.0
        ends = time.strftime("%a %H:%M", time.localtime(now_seconds + left)) if rate else "?"
        return (
            f"[{bar:<{_BAR}}] {done:,} of {self._wanted:,} seeds, {len(self._total.failures):,} "
            f"failed, {rate:.1f} a second, ends {ends}"
        )


@contextmanager
def _interrupting(stop: threading.Event) -> Iterator[None]:
    """Let the first interrupt set *stop*."""

    def interrupted(*_: object) -> None:
        stop.set()
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, interrupted)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def workers(jobs: int, arguments: Sequence[str]) -> Iterator[list[RangeWorker]]:
    """Start as many workers, and end them."""
    with ExitStack() as stack:
        started = [RangeWorker(arguments) for _ in range(jobs)]
        for one in started:
            stack.callback(one.close)
        yield started
