"""What workers see of frauds whose calls are spread over them, alone and told by each other.

An imagined world (`classifiers.training.call_simulator`) of a seed that nothing was learnt from.
Each call goes to a worker by chance, and passes the memories and the velocity model of that worker,
which has a host to itself. With the exchange, its real outbox, records and part of a worker run in
between; what is told in half a second is heard in the next. Figures of a simulation: they compare
schemes.

    python -m benchmarks.exchanged_calls --scale 0.1 --workers 8

`--cost` measures instead what it costs a worker to tell and to hear, without the store.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from benchmarks import machine
from classifiers import bundles
from classifiers.caller.activity import ActivityTable
from classifiers.training.call_simulator import events, worlds
from classifiers.training.call_simulator.events import UNSCORED, CallStream
from classifiers.training.call_simulator.worlds import World
from classifiers.training.velocity.data import Observed
from classifiers.training.velocity.detection import first_marks
from classifiers.velocity.classifier import FEATURES, enough, inputs_of, velocity_features
from classifiers.velocity.memory import VelocityMemory
from fanzha import numbering
from fanzha.tables import Bools, Calls, Float32s, Int64s
from services.decision.exchange.call_exchange import TELL_SECONDS, CallExchange
from services.decision.exchange.call_outbox import CallOutbox
from services.decision.exchange.store import HeardCalls
from services.decision.exchange.told_calls import ToldCalls, unpacked

SEED = 20261202
_SLOTS = 2**17
_TICK_MS = int(TELL_SECONDS * 1000)
_COST_ROWS, _COST_ROUNDS = 10_000, 40


def main() -> int:
    """Measure, and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=0.1, help="of the worlds' frauds")
    parser.add_argument("--ordinary", type=float, default=0.1, help="callers, of that scale's")
    parser.add_argument("--days", type=int, default=1)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--calls-a-second", type=int, default=20_000)
    parser.add_argument("--cost", action="store_true")
    options = parser.parse_args()
    if options.cost:
        found: object = _cost()
    else:
        found = [
            row
            for world in (worlds.TRAINING, worlds.TEST)
            for row in _recall(
                _smaller(world, options.days, options.ordinary),
                options.scale,
                options.workers,
                options.calls_a_second,
            )
        ]
    sys.stdout.write(json.dumps(machine.describe() | {"found": found}, indent=2) + "\n")
    return 0


@dataclass(slots=True)
class _Line:
    """What is told, and heard once the tick is over."""

    telling: list[HeardCalls] = field(default_factory=list)
    told: list[HeardCalls] = field(default_factory=list)

    def tick(self) -> None:
        self.told, self.telling = self.telling, []


class _End:
    """The end of a line that one worker has."""

    def __init__(self, line: _Line, worker: str) -> None:
        self._line, self._worker = line, worker

    async def tell(self, told: ToldCalls) -> None:
        fields = {name.encode(): part for name, part in told.packed().items()}
        heard = HeardCalls(worker=self._worker, host=self._worker, told=unpacked(fields))
        self._line.telling.append(heard)

    async def hear(self) -> list[HeardCalls]:
        return [one for one in self._line.told if one.worker != self._worker]

    def skip(self) -> None:
        """Nothing: the line never fails."""


class _Worker:
    """The memories of a worker, each on a host of its own, and its part in the exchange."""

    def __init__(self, line: _Line, number: int, workers: int, calls_a_second: int) -> None:
        self._activity, self._velocity = ActivityTable(_SLOTS), VelocityMemory(_SLOTS)
        self._workers = workers
        self.now_ms = 0
        self.counts = {"told": 0, "heard": 0, "left_out": 0}
        self.outbox = CallOutbox(left_out=lambda rows: self._count("left_out", rows))
        self.exchange = CallExchange(
            self.outbox,
            _End(line, str(number)),
            observe=self._observe,
            record_ends=self._record_ends,
            workers=self._count_workers,
            host=str(number),
            calls_a_second=calls_a_second,
            now_ms=lambda: self.now_ms,
            counted=self._count,
        )

    async def _count_workers(self) -> int:
        return self._workers

    def _count(self, what: str, rows: int) -> None:
        self.counts[what] += rows

    def _observe(self, calls: Calls) -> None:
        self._activity.observe(calls)
        self._velocity.observe(calls)

    def _record_ends(
        self, callers: Int64s, callees: Int64s, answered: Bools, talked: Int64s, at: Int64s
    ) -> None:
        self._activity.record_ends(callers, callees, answered, talked, at)
        self._velocity.record_ends(callers, callees, answered, talked, at)

    def ended(self, part: CallStream) -> None:
        columns = (part.callers, part.callees, part.answered, part.talked_ms, part.ended)
        self._record_ends(*columns)
        self.outbox.ended(*columns)

    def decide(self, part: CallStream) -> tuple[Float32s, Float32s]:
        """Return features of each attempt, and its caller's attempts of the last hour."""
        calls = _calls(part)
        implausible = numbering.impossible(calls.callers) | numbering.forged_from_abroad(
            calls.callers, calls.ingress, calls.attestations
        )
        velocity, known = self._velocity.observe(calls), self._activity.observe(calls)
        self.outbox.decided(calls)
        inputs = inputs_of(calls, velocity, known, implausible, rows=np.arange(len(calls)))
        columns = velocity_features(inputs)
        return np.column_stack([columns[name] for name in FEATURES]), velocity.attempts_hour


def _calls(part: CallStream) -> Calls:
    return Calls(
        callers=part.callers,
        callees=part.callees,
        attempted_at_ms=part.times,
        ingress=part.ingress.astype(np.uint8),
        attestations=part.attestations.astype(np.uint8),
        trunks=[""] * len(part),
        names={},
        errors={},
    )


def _smaller(world: World, days: int, ordinary: float) -> World:
    """Return a world of fewer days, and of fewer callers that are no frauds."""
    behaviours = [
        one if one.fraud else replace(one, callers=max(1, round(one.callers * ordinary)))
        for one in world.behaviours
    ]
    return replace(world, days=days, behaviours=behaviours)


def _recall(
    world: World, scale: float, workers: int, calls_a_second: int
) -> Iterator[dict[str, object]]:
    """Yield what is marked of each kind: by one worker, by several, and by several that tell."""
    lives = events.live(world, scale, SEED)
    model = bundles.load_velocity()
    schemes = {"one worker": (1, 0), f"{workers} alone": (workers, 0)}
    schemes[f"{workers} telling"] = workers, calls_a_second
    for scheme, (count, bound) in schemes.items():
        began = time.perf_counter()
        rows, attempts, counts = asyncio.run(_replay(lives.stream, count, bound))
        judged = lives.stream.who != UNSCORED
        observed = Observed(
            world=world,
            names=(),
            rows=rows[judged],
            enough=enough(attempts[judged]),
            who=lives.stream.who[judged],
            times=lives.stream.times[judged],
            kinds=lives.kinds,
        )
        columns = dict(zip(FEATURES, observed.rows.T, strict=True))
        scores = model.score_features(columns, attempts[judged])
        marks = first_marks(observed, scores, model.threshold)
        yield {
            "world": world.name,
            "scheme": scheme,
            "calls": len(lives.stream),
            "seconds": round(time.perf_counter() - began, 1),
            "counts": counts,
            "kinds": {
                behaviour.name: _kind(lives.kinds == kind, marks.marked, marks.minutes, marks.calls)
                for kind, behaviour in enumerate(world.behaviours)
            },
        }


def _kind(callers: Bools, marked: Bools, minutes: Float32s, calls: Int64s) -> dict[str, object]:
    hit = callers & marked
    return {
        "callers": int(callers.sum()),
        "marked": int(hit.sum()),
        "minutes": round(float(np.median(minutes[hit])), 1) if hit.any() else None,
        "calls": int(np.median(calls[hit])) if hit.any() else None,
    }


async def _replay(
    stream: CallStream, count: int, calls_a_second: int
) -> tuple[Float32s, Float32s, dict[str, int]]:
    """Let workers decide on a stream; return features and attempts of each call, and counts."""
    line = _Line()
    workers = [_Worker(line, number, count, calls_a_second) for number in range(count)]
    if calls_a_second:
        for worker in workers:
            await worker.exchange.look()
    chance = np.random.default_rng(SEED)
    owners, enders = chance.integers(0, count, (2, len(stream)))
    ends = np.flatnonzero(stream.ended)
    ends = ends[np.argsort(stream.ended[ends], kind="stable")]
    ticks, end_ticks = stream.times // _TICK_MS, stream.ended[ends] // _TICK_MS
    rows: Float32s | None = None
    attempts = np.zeros(len(stream), np.float32)
    for tick in np.union1d(ticks, end_ticks):
        now = slice(*np.searchsorted(end_ticks, (tick, tick + 1)))
        here = np.arange(*np.searchsorted(ticks, (tick, tick + 1)))
        for worker in workers:
            worker.now_ms = int(tick) * _TICK_MS
        for number in np.union1d(owners[here], enders[ends[now]]).tolist():
            worker = workers[number]
            due = ends[now][enders[ends[now]] == number]
            if len(due):
                worker.ended(stream.take(due))
            own = here[owners[here] == number]
            if len(own):
                found, attempts[own] = worker.decide(stream.take(own))
                rows = np.zeros((len(stream), found.shape[1]), np.float32) if rows is None else rows
                rows[own] = found
        if calls_a_second:
            await _exchange(workers, line)
    assert rows is not None, "a stream of no calls"
    counts = {what: sum(one.counts[what] for one in workers) for what in workers[0].counts}
    return rows, attempts, counts


async def _exchange(workers: list[_Worker], line: _Line) -> None:
    if line.told:
        for worker in workers:
            await worker.exchange.hear()
    for worker in workers:
        if len(worker.outbox):
            await worker.exchange.tell()
    line.tick()


def _cost() -> dict[str, float]:
    """Return microseconds of a worker's processor for each call told, and for each heard."""
    line = _Line()
    one, other = (_Worker(line, number, 2, 10**9) for number in range(2))
    chance = np.random.default_rng(SEED)
    spent = {"collect": 0.0, "tell": 0.0, "hear": 0.0}
    for turn in range(_COST_ROUNDS):
        one.now_ms = other.now_ms = 1_764_000_000_000 + turn * _TICK_MS
        asyncio.run(one.exchange.look())
        batches = [_batch(chance, one.now_ms) for _ in range(_COST_ROWS // 16)]
        times = [time.process_time()]
        for calls in batches:
            one.outbox.decided(calls)
        times.append(time.process_time())
        asyncio.run(one.exchange.tell())
        times.append(time.process_time())
        line.tick()
        asyncio.run(other.exchange.hear())
        times.append(time.process_time())
        for what, seconds in zip(spent, np.diff(times).tolist(), strict=True):
            spent[what] += seconds
    rows = _COST_ROWS // 16 * 16 * _COST_ROUNDS
    size = len(b"".join(ToldCalls(attempts=np.ones((3, 1000), np.int64)).packed().values()))
    return {
        **{f"{what}_us": round(seconds / rows * 1e6, 3) for what, seconds in spent.items()},
        "bytes": size / 1000,
    }


def _batch(chance: np.random.Generator, now_ms: int, rows: int = 16) -> Calls:
    return Calls(
        callers=8_613_000_000_000 + chance.integers(0, 10**8, rows),
        callees=8_613_000_000_000 + chance.integers(0, 10**8, rows),
        attempted_at_ms=np.full(rows, now_ms, np.int64),
        ingress=np.ones(rows, np.uint8),
        attestations=np.zeros(rows, np.uint8),
        trunks=[""] * rows,
        names={},
        errors={},
    )


if __name__ == "__main__":
    sys.exit(main())
