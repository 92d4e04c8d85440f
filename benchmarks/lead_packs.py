"""What lead packs of callers find in a simulated province, and what they take for fraud.

Ten days of calls, seeded, decided by the real pipeline with the shipped model of callers
(nothing is listed) and logged as a carrier logs them. Whether a caller is a fraud is known by how
it was made, and by nothing else. The honest look-alikes matter most: couriers who call strangers
all day, call centres with consecutive lines on one trunk, two of which open in these days, and
telemarketing, which calls strangers like a machine and is no fraud. **Simulated**: the shares say
how the rule treats such callers, not how many of them there are.

``python -m benchmarks.lead_packs [--seeds 3]`` prints, for a whole log and for one allowed call in
a hundred, the fraud groups that are found, and whom packs name.
"""

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

import numpy as np

from classifiers.caller.activity import ActivityTable
from classifiers.caller.classifier import CallerClassifier
from classifiers.onnx_model import OnnxModel
from fanzha.phone import HomePlan, number_text
from fanzha.tables import Calls, Channel, Ingress
from services.decision.observer import Observer
from services.decision_log.log import DecisionLog, LogOptions
from services.decision_log.query import DecisionQuery
from services.incidents.clusters import BY_BEHAVIOUR, ClusterFinder, ClusterKind, SuspectCluster
from tests.support.builders import NINE_O_CLOCK_MS, an_engine, some_models
from tests.support.decision_logs import Clock, LogCounts

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
START_MS = NINE_O_CLOCK_MS // DAY_MS * DAY_MS
DAYS, ASKED_DAY = 10, 5
"""Packs are of the calls from the sixth day on; who called before is not new."""
BUNDLE = Path(__file__).parent.parent / "classifiers/models/caller/3"
MOST_ROWS = 4096
"""Calls decided at a time."""
_FIRST = 8617000000000
_OUTSIDE = 8617100000000


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerGroup:
    """Callers of one kind that belong together."""

    kind: str
    numbers: list[int]
    a_day: tuple[int, int]
    """Calls of a number on a day, fewest and most."""
    hours: tuple[int, int]
    """Of the day (UTC), from and until."""
    new_people: float = 1.0
    """Share of calls to somebody it has not called before."""
    called_back: float = 0.0
    from_day: int = 0
    trunk: str = ""

    @property
    def is_fraud(self) -> bool:
        """Whether it is one."""
        return self.kind.startswith("fraud")


@dataclass(frozen=True, slots=True)
class _NumberBlocks:
    """Gives numbers out: consecutive ones, or single ones of blocks of their own."""

    chance: np.random.Generator
    free: Iterator[int]

    def block(self, size: int) -> list[int]:
        start = _FIRST + next(self.free) * 1000 + int(self.chance.integers(900))
        return list(range(start, start + size))

    def single(self, size: int) -> list[list[int]]:
        return [self.block(1) for _ in range(size)]


def _people(chance: np.random.Generator, numbers: _NumberBlocks) -> Iterator[CallerGroup]:
    for one in numbers.single(2500):
        yield CallerGroup(kind="resident", numbers=one, a_day=(2, 12), hours=(0, 14),
                          new_people=0.1, called_back=0.8)  # fmt: skip
    for one in numbers.single(60):
        yield CallerGroup(kind="courier", numbers=one, a_day=(60, 160), hours=(1, 11),
                          new_people=0.95, called_back=chance.uniform(0.02, 0.12))  # fmt: skip


def _companies(chance: np.random.Generator, numbers: _NumberBlocks) -> Iterator[CallerGroup]:
    for place in range(8):
        lines = numbers.block(int(chance.integers(10, 40)))
        yield CallerGroup(kind="call centre", numbers=lines, a_day=(60, 150), hours=(1, 10),
                          new_people=0.75, called_back=chance.uniform(0.01, 0.12),
                          from_day=6 if place < 2 else 0, trunk=f"centre-{place}")  # fmt: skip
    for place in range(3):
        yield CallerGroup(kind="telemarketing", numbers=numbers.block(20), a_day=(200, 400),
                          hours=(1, 10), new_people=0.98,
                          called_back=chance.uniform(0.005, 0.03),
                          trunk=f"market-{place}")  # fmt: skip


def _frauds(chance: np.random.Generator, numbers: _NumberBlocks) -> Iterator[CallerGroup]:
    for place in range(10):
        hour = int(chance.integers(1, 8))
        cards = numbers.block(int(chance.integers(16, 48)))
        yield CallerGroup(kind="fraud: SIM box", numbers=cards, a_day=(60, 200),
                          hours=(hour, hour + 3), called_back=chance.uniform(0, 0.025),
                          from_day=int(chance.integers(6, 9)),
                          trunk=f"box-{place}" if place % 2 else "")  # fmt: skip
    for _ in range(6):
        cards = numbers.block(int(chance.integers(8, 24)))
        yield CallerGroup(kind="fraud: slow SIM box", numbers=cards, a_day=(30, 60),
                          hours=(1, 10), called_back=chance.uniform(0, 0.025),
                          from_day=int(chance.integers(6, 8)))  # fmt: skip
    for one in numbers.single(8):
        yield CallerGroup(kind="fraud: auto dialer", numbers=one, a_day=(200, 800), hours=(2, 9),
                          called_back=chance.uniform(0, 0.025), from_day=6)  # fmt: skip


@dataclass(slots=True)
class SimulatedProvince:
    """The callers of a province, and their calls."""

    seed: int
    groups: list[CallerGroup] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Make the callers."""
        chance = np.random.default_rng(self.seed)
        numbers = _NumberBlocks(chance, count(1))
        for some in (_people, _companies, _frauds):
            self.groups += some(chance, numbers)

    def hours(self) -> Iterator[tuple[int, Calls]]:
        """Yield the calls, with the end of their hour."""
        chance, outside = np.random.default_rng(self.seed + 1), count(_OUTSIDE)
        known: dict[int, list[int]] = {}
        for day in range(DAYS):
            rows: list[tuple[int, int, int, str]] = []
            for group in self.groups:
                if day >= group.from_day:
                    for number in group.numbers:
                        before = known.setdefault(number, [])
                        callees = _Callees(before, outside, group.new_people, chance)
                        rows += _day(group, number, day, callees)
            rows.sort()
            times = np.array([row[0] for row in rows], np.int64)
            for hour in range(24):
                end_ms = START_MS + day * DAY_MS + (hour + 1) * HOUR_MS
                low, high = np.searchsorted(times, [end_ms - HOUR_MS, end_ms])
                if high > low:
                    for start in range(low, high, MOST_ROWS):
                        yield end_ms, _calls(rows[start : min(start + MOST_ROWS, high)])

    def kinds(self) -> dict[str, str]:
        """Return the kind of each number."""
        return {number_text(one): group.kind for group in self.groups for one in group.numbers}


@dataclass(frozen=True, slots=True)
class _Callees:
    """Whom a number calls: new people, or such as it has called before."""

    known: list[int]
    outside: Iterator[int]
    new_people: float
    chance: np.random.Generator

    def next(self) -> int:
        if not self.known or self.chance.random() < self.new_people:
            self.known.append(next(self.outside))
            return self.known[-1]
        return self.known[int(self.chance.integers(len(self.known)))]


def _day(
    group: CallerGroup, number: int, day: int, callees: _Callees
) -> Iterator[tuple[int, int, int, str]]:
    chance, (first, last) = callees.chance, group.hours
    calls = int(chance.integers(group.a_day[0], group.a_day[1] + 1))
    start = START_MS + day * DAY_MS
    for at in (start + chance.uniform(first, last, calls) * HOUR_MS).astype(np.int64).tolist():
        callee = callees.next()
        yield at, number, callee, group.trunk
        if chance.random() < group.called_back:
            yield at + int(chance.uniform(60_000, HOUR_MS)), callee, number, ""


def _calls(rows: list[tuple[int, int, int, str]]) -> Calls:
    return Calls(
        callers=np.array([row[1] for row in rows], np.int64),
        callees=np.array([row[2] for row in rows], np.int64),
        attempted_at_ms=np.array([row[0] for row in rows], np.int64),
        ingress=np.full(len(rows), Ingress.LOCAL, np.uint8),
        attestations=np.zeros(len(rows), np.uint8),
        trunks=[row[3] for row in rows],
        names={},
        errors={},
    )


def logged(province: SimulatedProvince, folder: Path, allowed_one_in: int) -> int:
    """Decide and log all calls; return how many."""
    clock = Clock(START_MS)
    log = DecisionLog(
        LogOptions(folder=folder, allowed_one_in=allowed_one_in, buffer_rows=2_000_000),
        home=HomePlan(),
        now_ms=clock,
        counters=LogCounts(),
    )
    observer = Observer(callers_active=log.callers_active, decided=log.decided)
    caller, models = CallerClassifier(OnnxModel(BUNDLE)), some_models()
    thresholds = {**models.thresholds, Channel.CALL: caller.threshold}
    engine = an_engine(
        models=replace(models, caller=caller, thresholds=thresholds),
        observer=observer,
        activity=ActivityTable(slots=2**20),
        reserve_ids=_Ids(),
    )
    total = 0
    for end_ms, calls in province.hours():
        if end_ms != clock.now_ms:
            log.writer.flush()
        clock.now_ms = end_ms
        engine.decide_calls(calls, end_ms // 1000)
        total += len(calls)
    log.writer.flush()
    return total


class _Ids:
    """Numbers decisions, one after the other."""

    def __init__(self) -> None:
        self._next = 1

    def __call__(self, rows: int) -> int:
        first, self._next = self._next, self._next + rows
        return first


def report(province: SimulatedProvince, packs: dict[ClusterKind, list[SuspectCluster]]) -> str:
    """Say what packs found and named."""
    kinds, lines = province.kinds(), []
    for kind, found in packs.items():
        named = Counter(kinds.get(one, "callee") for pack in found for one in pack.numbers)
        fraud = sum(n for name, n in named.items() if name.startswith("fraud"))
        lines.append(
            f"  {kind.name.lower()}: {len(found)} packs, {fraud}/{sum(named.values())} numbers are "
            f"fraud; {dict(sorted(named.items()))}"
        )
    everyone = {one for found in packs.values() for pack in found for one in pack.numbers}
    caught: Counter[str] = Counter()
    for group in province.groups:
        if group.is_fraud:
            hit = sum(number_text(one) in everyone for one in group.numbers)
            caught[group.kind] += hit * 2 >= len(group.numbers)
    whole = Counter(group.kind for group in province.groups if group.is_fraud)
    lines.append(
        "  groups found (half of their numbers named): "
        + ", ".join(f"{kind} {caught[kind]}/{total}" for kind, total in whole.items())
    )
    return "\n".join(lines)


def main() -> None:
    """Print the report of each seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1)
    given = parser.parse_args()
    since_ms = START_MS + ASKED_DAY * DAY_MS
    for seed in range(1, given.seeds + 1):
        for allowed_one_in in (1, 100):
            province = SimulatedProvince(seed)
            with tempfile.TemporaryDirectory() as folder:
                calls = logged(province, Path(folder), allowed_one_in)
                finder = ClusterFinder(DecisionQuery(Path(folder), HomePlan()))
                packs = {kind: finder.find(kind, since_ms) for kind in sorted(BY_BEHAVIOUR)}
            sys.stdout.write(f"seed {seed}, {calls:,} calls, one allowed in {allowed_one_in}\n")
            sys.stdout.write(f"{report(province, packs)}\n")


if __name__ == "__main__":
    main()
