"""Repeats runs that stalls of the machine disturbed; discarded runs are reported."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from benchmarks.stall_detector import MachineStalls

Run = TypeVar("Run")

MAX_RETRIES = 2
"""Most discarded runs per requested run."""


@dataclass(frozen=True, slots=True)
class Runs(Generic[Run]):
    """The runs that count, and the discarded ones."""

    counted: list[Run]
    put_aside: list[Run]


def measured(
    measure: Callable[[], Run], stood_still: Callable[[Run], MachineStalls], count: int
) -> Runs[Run]:
    """Measure until *count* runs were not disturbed.

    Retries are bounded: on a machine that stalls too often, disturbed runs count, in the order
    in which they were made.
    """
    calm: list[Run] = []
    disturbed: list[Run] = []
    while len(calm) < count and len(disturbed) < count * MAX_RETRIES:
        run = measure()
        (disturbed if stood_still(run).disturbed else calm).append(run)
    lacking = count - len(calm)
    return Runs(calm + disturbed[:lacking], disturbed[lacking:])
