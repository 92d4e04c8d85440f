"""What came of many seeds, and the record of them that a later run goes on with."""

import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from tests.support.simulation.runner import RunOutcome, Simulator

_AT_ONCE = 10
"""How many seeds make one line of a record: at most so many are run again after a kill."""


@dataclass(frozen=True, slots=True)
class SeedRange:
    """Seeds that follow each other."""

    first: int
    count: int

    @property
    def seeds(self) -> range:
        """All of them."""
        return range(self.first, self.first + self.count)


@dataclass(slots=True, kw_only=True)
class Tally:
    """The sum of some runs."""

    history: str
    first: int = 0
    count: int = 0
    steps: int = 0
    crashes: int = 0
    processor_seconds: float = 0.0
    """Of the process that ran them, without its store."""
    faults: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def add(self, found: RunOutcome) -> None:
        """Add a run."""
        self.count += 1
        self.steps += found.steps
        self.crashes += found.crashes
        self.faults += found.faults
        if found.violations:
            self.failures.append(f"seed {found.seed} ({found.history}): {found.violations[0]}")

    def merge(self, other: "Tally") -> None:
        """Add what another one counted."""
        self.count += other.count
        self.steps += other.steps
        self.crashes += other.crashes
        self.processor_seconds += other.processor_seconds
        self.faults += other.faults
        self.failures += other.failures

    def as_line(self) -> str:
        """Write it as one line of JSON."""
        parts = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return json.dumps(parts, ensure_ascii=False)

    @classmethod
    def of_line(cls, line: str) -> Self:
        """Read what `as_line` wrote; `ValueError` where it was torn."""
        parts: dict[str, Any] = json.loads(line)
        return cls(**parts | {"faults": Counter(parts["faults"])})


def run_range(
    simulator: Simulator, history: str, seeds: SeedRange, *, twice: bool = False
) -> Tally:
    """Run *seeds*; if *twice*, each again in the opposite order, to find those that differ."""
    tally = Tally(history=history, first=seeds.first)
    began = time.process_time()
    traces: dict[int, tuple[str, ...]] = {}
    for seed in seeds.seeds:
        found = simulator.run(seed, traced=twice)
        traces[seed] = found.trace
        tally.add(found)
    for seed, trace in reversed(traces.items()) if twice else ():
        again = simulator.run(seed, traced=True)
        if again.trace != trace:
            tally.failures.append(f"seed {seed} ({again.history}): {_first_other(trace, again)}")
    tally.processor_seconds = time.process_time() - began
    return tally


def _first_other(trace: Iterable[str], again: RunOutcome) -> str:
    pairs = zip((*trace, "the end"), (*again.trace, "the end"), strict=False)
    one, other = next(pair for pair in pairs if pair[0] != pair[1])
    return f"not the same again: {one.strip()!r}, then {other.strip()!r}"


class SeedRecord:
    """The seeds that were run, a line for each range, in a file if there is one."""

    def __init__(self, file: Path | None, history: str) -> None:
        self.total = Tally(history=history)
        self._done: set[int] = set()
        self._file = file
        for tally in _read(file) if file else ():
            if tally.history == history:
                self._count(tally)

    def add(self, tally: Tally) -> None:
        """Count seeds, and write them down."""
        self._count(tally)
        if self._file is not None:
            with self._file.open("a", encoding="utf-8") as file:
                file.write(f"{tally.as_line()}\n")

    def left(self, seeds: SeedRange) -> Iterator[SeedRange]:
        """Return those of *seeds* that were not run, some at a time."""
        first = count = 0
        for seed in seeds.seeds:
            if seed in self._done:
                continue
            if count and (seed != first + count or count == _AT_ONCE):
                yield SeedRange(first, count)
                count = 0
            first, count = (first, count + 1) if count else (seed, 1)
        if count:
            yield SeedRange(first, count)

    def _count(self, tally: Tally) -> None:
        self._done.update(range(tally.first, tally.first + tally.count))
        self.total.merge(tally)


def _read(file: Path) -> Iterator[Tally]:
    if not file.exists():
        return
    text = file.read_text("utf-8")
    if text and not text.endswith("\n"):  # its writer was killed within a line
        file.write_text(text[: text.rfind("\n") + 1], "utf-8")
    for line in text.splitlines()[: text.count("\n")]:
        yield Tally.of_line(line)
