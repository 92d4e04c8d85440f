"""A machine that stands still is noticed, and what it disturbs is measured again."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from benchmarks import stall_detector, stall_retry
from benchmarks.stall_detector import DISTURBED_MS, MachineStalls, StallDetector
from tests.support.processes import eventually

STOPPED_SECONDS = 0.1
CALM = MachineStalls(real_time=True)
DISTURBED = MachineStalls(times=1, total_ms=30, longest_ms=DISTURBED_MS + 10, real_time=True)


@contextmanager
def watch() -> Iterator[StallDetector]:
    looking = StallDetector()
    looking.open()
    try:
        yield looking
    finally:
        looking.close()


def test_a_stop_is_seen_with_its_length() -> None:
    with watch() as looking:
        child = looking.pid
        start = time.monotonic()

        def stopped_and_seen() -> bool:
            # As a hypervisor would: the process is taken off its core, whatever its priority.
            os.kill(child, signal.SIGSTOP)
            time.sleep(STOPPED_SECONDS)
            os.kill(child, signal.SIGCONT)
            return looking.since(start).longest_ms > DISTURBED_MS

        # Its first stops may come before it looks at any core.
        eventually(stopped_and_seen)
        seen = looking.since(start)

    assert seen.times >= 1
    # Others may come up to now, on a machine that is busy with other tests.
    assert looking.since(time.monotonic() + 3600).times == 0


def test_a_watch_ends_its_process() -> None:
    with watch() as looking:
        child = looking.pid

    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_pauses_of_several_cores_at_once_are_one() -> None:
    seen = stall_detector.merged([(2.0, 2.5), (1.0, 1.01), (2.4, 2.6)], real_time=True)

    assert seen.times == 2
    assert seen.total_ms == pytest.approx(610)
    assert seen.longest_ms == pytest.approx(600)


def test_without_real_time_priority_no_stall_is_blamed_on_the_machine() -> None:
    assert stall_detector.merged([(1.0, 2.0)], real_time=True).disturbed
    assert not stall_detector.merged([(1.0, 2.0)], real_time=False).disturbed


def test_disturbed_runs_are_repeated_and_stored_separately() -> None:
    runs = iter([("a", DISTURBED), ("b", CALM), ("c", DISTURBED), ("d", CALM)])

    made = stall_retry.measured(lambda: next(runs), lambda run: run[1], 2)

    assert [name for name, _ in made.counted] == ["b", "d"]
    assert [name for name, _ in made.put_aside] == ["a", "c"]


def test_on_a_machine_that_always_stalls_disturbed_runs_are_counted() -> None:
    runs = iter([(name, DISTURBED) for name in "abcdefgh"])

    made = stall_retry.measured(lambda: next(runs), lambda run: run[1], 2)

    assert [name for name, _ in made.counted] == ["a", "b"]
    assert [name for name, _ in made.put_aside] == ["c", "d"]
