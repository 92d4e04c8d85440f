"""Feeds cases to one parser, and counts what came of them."""

import random
import time
from dataclasses import dataclass, field

from tests.support.parser_fuzz.targets import SLOW_SECONDS, FuzzTarget


@dataclass(slots=True)
class FuzzCounts:
    """What came of the cases of one parser."""

    read: int = 0
    refused: int = 0
    failures: list[str] = field(default_factory=list)
    longest_seconds: float = 0.0


def fuzz(target: FuzzTarget, count: int, chance: random.Random) -> FuzzCounts:
    """Read *count* damaged inputs; a failure tells the error and the input."""
    seeds, found = target.seeds(), FuzzCounts()
    for _ in range(count):
        data = target.damage(chance, seeds)
        began = time.process_time()
        try:
            target.read(data)
        except Exception as error:
            if isinstance(error, target.refusals):
                found.refused += 1
            else:
                found.failures.append(f"{type(error).__name__}: {str(error)[:200]}: {data!r:.2000}")
        else:
            found.read += 1
        took = time.process_time() - began
        found.longest_seconds = max(found.longest_seconds, took)
        if took > SLOW_SECONDS:
            found.failures.append(f"took {took:.1f} s: {data!r:.2000}")
    return found
