"""A record of seeds says which are left to run, and outlives whoever writes it."""

import time
from collections import Counter
from pathlib import Path

from tests.support.simulation.exploration import Progress
from tests.support.simulation.tally import SeedRange, SeedRecord, Tally


def a_tally(first: int, count: int, *failures: str) -> Tally:
    return Tally(
        history="changes",
        first=first,
        count=count,
        steps=100 * count,
        faults=Counter(split=count),
        failures=[*failures],
    )


def left(record: SeedRecord, first: int, count: int) -> list[int]:
    return [seed for part in record.left(SeedRange(first, count)) for seed in part.seeds]


def test_a_record_goes_on_with_the_seeds_that_were_not_run(tmp_path: Path) -> None:
    file = tmp_path / "record"
    first = SeedRecord(file, "changes")
    first.add(a_tally(0, 10))
    first.add(a_tally(15, 3, "seed 16: broken"))

    again = SeedRecord(file, "changes")

    assert left(again, 0, 25) == [10, 11, 12, 13, 14, 18, 19, 20, 21, 22, 23, 24]
    assert again.total.count == 13
    assert again.total.faults == {"split": 13}
    assert again.total.failures == ["seed 16: broken"]


def test_seeds_of_another_history_are_not_taken_for_done(tmp_path: Path) -> None:
    SeedRecord(tmp_path / "record", "changes").add(a_tally(0, 10))

    assert left(SeedRecord(tmp_path / "record", "appeals"), 0, 3) == [0, 1, 2]


def test_a_line_that_a_kill_tore_is_run_again(tmp_path: Path) -> None:
    file = tmp_path / "record"
    file.write_text(f"{a_tally(0, 2).as_line()}\n{a_tally(2, 2).as_line()[:-9]}", "utf-8")

    record = SeedRecord(file, "changes")
    record.add(a_tally(3, 1))

    assert left(SeedRecord(file, "changes"), 0, 6) == [2, 4, 5]


def test_progress_says_how_many_failed_and_when_it_ends() -> None:
    total = a_tally(0, 100)
    progress = Progress(total, 400)
    total.merge(a_tally(100, 100, "seed 101: broken"))

    line = progress.line(50.0, 0.0)

    day = time.strftime("%a", time.localtime(100.0))
    assert f"200 of 400 seeds, 1 failed, 2.0 a second, ends {day}" in line
    assert line.count("#") == 15
