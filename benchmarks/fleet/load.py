"""Asks for decisions at a fixed rate, as a carrier's gateway does that knows all hosts.

``python -m benchmarks.fleet.load``, started by `benchmarks.fleet.gateway` with `LoadPlan` as JSON
on the command line. Each request has eight calls, of which one is from a listed number. It prints
a line of JSON for each second: when it began (monotonic), what was asked and became of it, and
latencies by the bucket of `benchmarks.load.histogram`. A request is timed from when it was due,
so that one that waits for another counts (open loop).
"""

import asyncio
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from benchmarks.load.histogram import Histogram
from fanzha.client import Answers, AsyncClient, Call, Login, Options

ROWS = 8
LISTED = "+861700000099"
"""The first twelve digits of ten listed numbers; one more follows."""
_UNLISTED = 8619900000000
_CALLEE = "+8619800000001"
_READY_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadPlan:
    """What to ask."""

    targets: str
    token_file: str
    ca: str
    requests_per_second: float
    timeout_seconds: float

    def text(self) -> str:
        """Write it for the command line."""
        return json.dumps(asdict(self))


@dataclass(kw_only=True)
class SecondOfLoad:
    """What became of the calls of one second."""

    at: float
    """Monotonic clock, in seconds."""
    offered: int = 0
    answered: int = 0
    failed: int = 0
    """Calls that no server answered in time: the client let them through."""
    wrong: int = 0
    """Calls that were answered otherwise than the lists say."""
    buckets: Mapping[int, int] | None = None
    """Latencies of requests, answered or not."""

    def histogram(self) -> Histogram:
        """Return the latencies."""
        found = Histogram()
        for bucket, count in (self.buckets or {}).items():
            found.counts[int(bucket)] = count
        return found


def main() -> None:
    """Ask until the process is ended."""
    asyncio.run(_ask(LoadPlan(**json.loads(sys.argv[1]))))


async def _ask(plan: LoadPlan) -> None:
    options = Options(timeout=plan.timeout_seconds, connections=2)
    login = Login(token_file=plan.token_file, ca=plan.ca)
    async with AsyncClient(plan.targets, options, login=login) as client:
        await client.wait_until_ready(_READY_SECONDS)
        gateway = _Gateway(client)
        number, due = 0, time.monotonic()
        running: set[asyncio.Task[None]] = set()
        while True:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            asking = asyncio.create_task(gateway.ask(number, due))
            running.add(asking)
            asking.add_done_callback(running.discard)
            number, due = number + 1, due + 1 / plan.requests_per_second


class _Gateway:
    """Counts what becomes of the calls, second by second."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client
        self._second = SecondOfLoad(at=time.monotonic())
        self._latencies: list[float] = []

    async def ask(self, number: int, due: float) -> None:
        """Ask about one batch of calls."""
        calls = [Call(caller=f"{LISTED}{number % 10}", callee=_CALLEE)]
        first = _UNLISTED + number * ROWS % 10**9
        calls += [Call(caller=f"+{first + row}", callee=_CALLEE) for row in range(1, ROWS)]
        answers = await self._client.decide_calls(calls)
        self._count(answers, time.monotonic() - due)

    def _count(self, answers: Answers, latency: float) -> None:
        second, now = self._second, time.monotonic()
        second.offered += ROWS
        self._latencies.append(latency)
        if any(answer.failed_open for answer in answers):
            second.failed += ROWS
        else:
            second.answered += ROWS
            expected = [True, *[False] * (ROWS - 1)]
            given = [answer.blocked for answer in answers]
            second.wrong += sum(one != other for one, other in zip(given, expected, strict=True))
        if now - second.at >= 1:
            self._print()
            self._second, self._latencies = SecondOfLoad(at=now), []

    def _print(self) -> None:
        counts = Histogram.of(np.array(self._latencies)).counts
        used = np.flatnonzero(counts).tolist()
        self._second.buckets = {bucket: int(counts[bucket]) for bucket in used}
        line: dict[str, Any] = asdict(self._second)
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
