"""Measures again what the machine itself disturbed, openly: every run that is put aside is told."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from benchmarks.stall_detector import Standstill

Run = TypeVar("Run")

MOST_AGAIN = 2
"""Runs at most, for each that is wanted, that are put aside."""


@dataclass(frozen=True, slots=True)
class Runs(Generic[Run]):
    """Those that count, and those that were put aside."""

    counted: list[Run]
    put_aside: list[Run]


def measured(
    measure: Callable[[], Run], stood_still: Callable[[Run], Standstill], wanted: int
) -> Runs[Run]:
    """Measure until *wanted* runs were not disturbed.

    A machine that never keeps calm gets no better figures for it: when too many would have to be
    put aside, the disturbed ones count, in the order in which they were made.
    """
    calm: list[Run] = []
    disturbed: list[Run] = []
    while len(calm) < wanted and len(disturbed) < wanted * MOST_AGAIN:
        run = measure()
        (disturbed if stood_still(run).disturbed else calm).append(run)
    lacking = wanted - len(calm)
    return Runs(calm + disturbed[:lacking], disturbed[lacking:])
