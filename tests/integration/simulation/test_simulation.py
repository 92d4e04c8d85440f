"""Seeded runs of each history under faults keep every promise, and can fail."""

import os
import subprocess
import sys
from pathlib import Path

from tests.support.checkout import CHECKOUT

_MOST_SECONDS = 280
"""A run takes some ten seconds where a core is free; a test may take 300."""
TURNS = (*["changes"] * 10, *["failovers"] * 4, *["warnings"] * 4, "appeals")
"""A seed of changes takes 25 ms, one of appeals 200."""
SEEDS = 9 * len(TURNS)
_MOST_MINUTES = 3
"""A machine that has no time for all seeds runs those it has time for."""
FAULTS = (
    *("self-approval", "no-audit", "no-recovery", "no-journal"),
    *("acknowledged-first", "doubt-repeated", "no-correction"),
)
"""Those that a few seeds find; ``--plant all`` has the others, too."""
FAULT_SEEDS = 60


def simulate(*arguments: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "tests.support.simulation", *map(str, arguments)],
        cwd=CHECKOUT,
        env=os.environ | {"PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        timeout=_MOST_SECONDS,
        check=False,
    )


def assert_holds(history: str, seed: int) -> None:
    """Run one seed, which failed once."""
    done = simulate("--history", history, "--seed", seed)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_invariant_holds() -> None:
    done = simulate("--seeds", SEEDS, "--minutes", _MOST_MINUTES, "--history", *TURNS)

    assert done.returncode == 0, done.stdout + done.stderr


def test_a_seed_takes_the_same_steps_again() -> None:
    first, second = (simulate("--history", "appeals", "--seed", 7).stdout for _ in range(2))

    assert len(first.splitlines()) > 100
    assert first == second


def test_a_base_whose_answer_is_lost_keeps_what_it_is_made_of() -> None:
    assert_holds("changes", 301341)


def test_a_failed_lift_that_is_recorded_late_undoes_no_later_one() -> None:
    assert_holds("appeals", 400083)


def test_a_change_that_was_interrupted_is_given_up_though_a_clock_is_set_back() -> None:
    assert_holds("appeals", 401031)


def test_a_process_that_crashes_again_and_again_costs_nobody_a_warning() -> None:
    assert_holds("appeals", 400684)


def test_a_case_that_is_written_late_rests_on_no_retracted_entry() -> None:
    assert_holds("appeals", 540045)


def test_a_retraction_is_not_taken_for_done_when_others_write_as_many_events() -> None:
    assert_holds("warnings", 1002403)


def test_a_case_that_is_written_late_rests_on_no_entry_that_was_wrong_for_its_caller() -> None:
    assert_holds("appeals", 2003387)


def test_seeds_take_the_same_steps_whatever_ran_before_them() -> None:
    done = simulate("--history", "failovers", "--first", 312, "--seeds", 10, "--twice")

    assert done.returncode == 0, done.stdout + done.stderr


def test_jobs_share_seeds_and_go_on_with_those_that_are_left(tmp_path: Path) -> None:
    record = ("--history", "changes", "--record", tmp_path / "record")

    first = simulate(*record, "--seeds", 20, "--jobs", 2).stdout
    second = simulate(*record, "--seeds", 30).stdout

    assert "20 seeds of changes: 0 failed" in first
    assert second.startswith("20 seeds are on record")
    assert "30 seeds of changes: 0 failed" in second


def test_each_planted_fault_is_found() -> None:
    done = simulate("--plant", *FAULTS, "--seeds", FAULT_SEEDS)

    assert done.returncode == 0, done.stdout + done.stderr
