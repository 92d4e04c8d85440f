"""Runs `benchmarks.fleet.load`, and tells what it saw between two moments."""

import json
import math
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from benchmarks.fleet.load import LoadPlan, SecondOfLoad
from benchmarks.load.histogram import Histogram

_START_SECONDS = 90.0
_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadHeld:
    """What became of the calls of some seconds."""

    offered: int
    answered: int
    failed: int
    wrong: int
    p99_ms: float

    @property
    def share(self) -> float:
        """Return the share that a server answered; NaN of none."""
        return self.answered / self.offered if self.offered else math.nan


class Gateway:
    """The process that asks for decisions."""

    def __init__(self, plan: LoadPlan) -> None:
        self._seconds: list[SecondOfLoad] = []
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "benchmarks.fleet.load", plan.text()],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait_asking(self) -> None:
        """Wait until a server answers."""
        until = time.monotonic() + _START_SECONDS
        while not any(second.answered for second in list(self._seconds)):
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("no decision was answered")
            time.sleep(_POLL_SECONDS)

    def between(self, begin: float, end: float) -> LoadHeld:
        """Return what became of the calls of the seconds that began between two moments."""
        found = [one for one in list(self._seconds) if begin <= one.at < end]
        latencies = Histogram()
        for one in found:
            latencies.add(one.histogram())
        return LoadHeld(
            offered=sum(one.offered for one in found),
            answered=sum(one.answered for one in found),
            failed=sum(one.failed for one in found),
            wrong=sum(one.wrong for one in found),
            p99_ms=latencies.milliseconds(0.99),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()

    def _read(self) -> None:
        if self._process.stdout is not None:
            for line in self._process.stdout:
                self._seconds.append(SecondOfLoad(**json.loads(line)))
