"""What is remembered of how callers have been calling."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.velocity.memory import (
    BRIEF_MS,
    COUNTERS,
    HALF_LIVES_MS,
    HISTORY,
    MINUTE_MS,
    NEAR,
    VelocityMemory,
)
from fanzha.tables import Calls
from tests.support.builders import NINE_O_CLOCK_MS, some_calls

CALLER, OTHER = "+8617000000001", "+8617000000002"
KEY = 8617000000001
CALLERS = (KEY, KEY + 1, KEY + 2)


def calls_of(events: list[tuple[int, int, int]]) -> Calls:
    """Make calls of callers, callees and times."""
    rows = len(events)
    callers, callees, times = (np.array(column, np.int64) for column in zip(*events, strict=True))
    return Calls(
        callers=callers,
        callees=callees,
        attempted_at_ms=times,
        ingress=np.ones(rows, np.uint8),
        attestations=np.zeros(rows, np.uint8),
        trunks=[""] * rows,
        names={},
        errors={},
    )


def end(memory: VelocityMemory, caller: int, at_ms: int, *, answered: bool, ms: int) -> None:
    one = np.ones(1, np.int64)
    memory.record_ends(one * caller, one, np.array([answered]), one * ms, one * at_ms)


class PlainMemory:
    """The same in plain Python, one event after the other, no slots and no fading in place."""

    def __init__(self) -> None:
        self.callees: dict[int, list[int]] = {}
        self.happened: dict[int, list[tuple[str, int]]] = {}

    def call(self, caller: int, callee: int, at_ms: int) -> None:
        known = self.callees.setdefault(caller, [])
        last = known[-HISTORY:]
        names = ["attempts_minute", "attempts_ten_minutes", "attempts_hour"]
        if callee in last:
            names.append("repeated")
        elif any(abs(callee - other) <= NEAR for other in last):
            names.append("neighbours")
        known.append(callee)
        self.happened.setdefault(caller, []).extend((name, at_ms) for name in names)

    def end(self, caller: int, at_ms: int, *, answered: bool, ms: int) -> None:
        if caller in self.happened:
            kind = "brief" if answered and ms < BRIEF_MS else "" if answered else "unanswered"
            self.happened[caller] += [(name, at_ms) for name in ("ended", kind)]

    def known(self, caller: int) -> list[float]:
        happened = self.happened[caller]
        now = max(at_ms for _, at_ms in happened)
        lives = (*HALF_LIVES_MS[:2], *[HALF_LIVES_MS[2]] * 6)
        return [
            sum(2 ** ((at_ms - now) / life) for name, at_ms in happened if name == counter)
            for counter, life in zip(COUNTERS, lives, strict=True)
        ]


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[int, int, int]]:
    """Draw calls of three callers to callees near and far; times mostly rise."""
    times = draw(st.lists(st.integers(-5_000, 600_000), min_size=1, max_size=60))
    at = NINE_O_CLOCK_MS + np.cumsum(times)
    callees = st.sampled_from([8619800000000 + step * 4 for step in (*range(6), 40, 90, 7000)])
    return [(draw(st.sampled_from(CALLERS)), draw(callees), int(time)) for time in at]


@settings(deadline=None)
@given(histories(), st.sets(st.integers(1, 59)))
def test_counters_fed_in_any_batching_equal_those_of_plain_python(
    events: list[tuple[int, int, int]], cuts: set[int]
) -> None:
    memory, plain = VelocityMemory(2**16), PlainMemory()
    for part in np.split(np.arange(len(events)), sorted(cut for cut in cuts if cut < len(events))):
        memory.observe(calls_of([events[row] for row in part]))
        for row in part.tolist():
            plain.call(*events[row])
        caller, _, at_ms = events[part[-1]]
        answered, ms = bool(at_ms % 2), at_ms % 4_000
        end(memory, caller, at_ms, answered=answered, ms=ms)
        plain.end(caller, at_ms, answered=answered, ms=ms)

    for caller in {caller for caller, _, _ in events}:
        # One more call, at the caller's latest time, reads what is known.
        last = max(at for _, at in plain.happened[caller])
        plain.call(caller, 8619900000000, last)
        known = memory.observe(calls_of([(caller, 8619900000000, last)]))
        assert known.counters[:, 0].tolist() == pytest.approx(
            plain.known(caller), rel=1e-3, abs=1e-4
        )


def test_an_attempt_counts_half_after_each_half_life() -> None:
    memory = VelocityMemory(2**10)
    memory.observe(some_calls(CALLER))

    later = memory.observe(some_calls(CALLER, at_ms=NINE_O_CLOCK_MS + MINUTE_MS))

    assert later.attempts_minute == pytest.approx([1.5])
    assert later.attempts_ten_minutes == pytest.approx([1 + 2**-0.1])
    assert later.attempts_hour == pytest.approx([1 + 2 ** (-1 / 60)])


def test_numbers_dialled_in_a_row_are_neighbours_and_the_same_again_is_a_repeat() -> None:
    memory = VelocityMemory(2**10)
    callees = [f"+861980000{number:04}" for number in (0, 1, 2, 2, 5000, 4991)]

    for callee in callees:
        known = memory.observe(some_calls(CALLER, callee=callee))

    assert (known.neighbours.tolist(), known.repeated.tolist()) == ([3], [1])


def test_a_callee_before_the_last_eight_is_forgotten() -> None:
    memory = VelocityMemory(2**10)
    callees = [f"+86198{number:04}0000" for number in range(HISTORY + 1)]
    memory.observe(some_calls(*[CALLER] * len(callees), callees=callees))

    first = memory.observe(some_calls(CALLER, callee=callees[0]))
    again = memory.observe(some_calls(CALLER, callee=callees[-1]))

    assert (first.repeated.tolist(), again.repeated.tolist()) == ([0], [1])


@pytest.mark.parametrize("caller", ["95588", "anonymous", "?"])
def test_callers_that_are_many_people_are_not_counted(caller: str) -> None:
    known = VelocityMemory(2**10).observe(some_calls(caller, caller))

    assert not known.counters.any()


def test_rows_that_cannot_be_read_count_for_nobody() -> None:
    memory = VelocityMemory(2**10)
    memory.observe(some_calls(CALLER, callee="?"))
    memory.observe(some_calls(CALLER, at_ms=0))

    assert memory.observe(some_calls(CALLER)).attempts_minute.tolist() == [1]


def test_ends_of_unknown_callers_count_for_nobody() -> None:
    memory = VelocityMemory(2**10)
    end(memory, KEY, NINE_O_CLOCK_MS, answered=False, ms=0)

    assert memory.observe(some_calls(CALLER)).ended.tolist() == [0]


def test_a_busy_caller_keeps_its_slot_and_an_idle_one_gives_way() -> None:
    memory = VelocityMemory(2)
    newcomers = [f"+8617000001{number:03}" for number in range(20)]
    memory.observe(some_calls(*[CALLER] * 32))

    soon = memory.observe(some_calls(*newcomers, at_ms=NINE_O_CLOCK_MS + MINUTE_MS))
    known = memory.observe(some_calls(CALLER, at_ms=NINE_O_CLOCK_MS + MINUTE_MS))
    later = memory.observe(some_calls(*newcomers, at_ms=NINE_O_CLOCK_MS + 60 * MINUTE_MS))

    assert known.attempts_hour[0] > 32
    assert np.count_nonzero(soon.attempts_minute) == 1
    assert np.count_nonzero(later.attempts_minute) == 2


@pytest.mark.parametrize("slots", [0, 3, 2**29])
def test_slots_are_a_power_of_two(slots: int) -> None:
    with pytest.raises(ValueError, match="power of two"):
        VelocityMemory(slots)


def test_a_peek_sees_what_counting_would_and_counts_nothing() -> None:
    memory = VelocityMemory(2**10)
    memory.observe(some_calls(CALLER, OTHER))
    later = some_calls(CALLER, CALLER, "+8617000000003", at_ms=NINE_O_CLOCK_MS + MINUTE_MS)

    peeked = [memory.peek(later).counters.tolist() for _ in range(2)]

    assert peeked == [memory.observe(later).counters.tolist()] * 2
