"""Numbers that were called before, and their neighbours."""

import pytest

from classifiers.velocity.memory import HISTORY, NEAR, VelocityMemory
from tests.support.builders import NINE_O_CLOCK_MS, some_calls

CALLER, CALLED = "+8617000000001", 8617000012345


def counted(*callees: int) -> tuple[float, float]:
    """Return how many of these calls were repeated, and how many to neighbours."""
    memory = VelocityMemory(slots=2**4)
    calls = some_calls(
        *[CALLER] * len(callees), callees=[f"+{key}" for key in callees], at_ms=NINE_O_CLOCK_MS
    )
    known = memory.observe(calls)
    return known.repeated.item(0), known.neighbours.item(0)


@pytest.mark.parametrize(
    ("apart", "repeated", "neighbours"),
    [
        (0, 1, 0),
        (1, 0, 1),
        (-NEAR, 0, 1),
        (NEAR + 1, 0, 0),
        (2**15, 0, 0),
        (2**15 - 1, 0, 0),
        (2**16, 1, 0),  # only 16 bits are kept
    ],
)
def test_repeated_and_neighbouring_callees_are_found(
    apart: int, repeated: int, neighbours: int
) -> None:
    assert counted(CALLED, CALLED + apart) == (repeated, neighbours)


def test_a_history_is_of_the_last_callees() -> None:
    others = [CALLED + 1000 * nth for nth in range(1, HISTORY + 1)]

    assert counted(CALLED, *others[:-1], CALLED) == (1, 0)
    assert counted(CALLED, *others, CALLED) == (0, 0)


def test_an_empty_history_matches_no_callee() -> None:
    assert counted(CALLED - CALLED % 2**16 + 1) == (0, 0)
