"""An older commit is taken out of git, and compared in pairs."""

import shutil
import subprocess
from pathlib import Path

import pytest

from benchmarks import h2load
from benchmarks.load import before_after
from benchmarks.report.before_after import Sides, cell, comparison, section


def git(folder: Path, *arguments: str) -> None:
    subprocess.run([str(shutil.which("git")), "-C", str(folder), *arguments], check=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    for arguments in (
        ["init", "--quiet"],
        ["config", "user.name", "A"],
        ["config", "user.email", "a@a.example"],
    ):
        git(folder, *arguments)
    for content in ("old", "new"):
        (folder / "file").write_text(content)
        for arguments in (["add", "."], ["commit", "--quiet", "-m", content]):
            git(folder, *arguments)
    return folder


def test_the_files_of_an_older_commit_are_taken_out_beside_the_checkout(
    repository: Path, tmp_path: Path
) -> None:
    before_after.take_out("HEAD~1", tmp_path / "old", repository)

    assert (tmp_path / "old" / "file").read_text() == "old"
    assert (repository / "file").read_text() == "new"


@pytest.mark.parametrize("name", ["nothing-like-it", "--help", "--output=file"])
def test_what_is_no_commit_is_refused(repository: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(RuntimeError, match="git rev-parse"):
        before_after.take_out(name, tmp_path / "old", repository)


def test_ratios_are_taken_within_pairs() -> None:
    sides = Sides()
    for old, new in ((100.0, 110.0), (200.0, 180.0), (50.0, 55.0)):
        sides.add("before", old, old / 2)
        sides.add("after", new, new / 4)

    found = cell("call", 256, sides)

    assert (found["before"], found["after"]) == (100.0, 110.0)
    assert (found["ratio"], found["ratio_lowest"], found["ratio_highest"]) == (1.1, 0.9, 1.1)
    assert found["of_processor_time"]["ratio"] == 0.55


def test_a_pair_without_a_figure_is_left_out() -> None:
    sides = Sides()
    for old, new in ((10.0, 11.0), (0.0, 90.0), (10.0, 0.0)):
        sides.add("before", 1.0, old)
        sides.add("after", 1.0, new)

    found = cell("link", 1, sides)["of_processor_time"]

    assert (found["before"], found["after"], found["ratio"]) == (10.0, 11.0, 1.1)
    assert (found["ratio_lowest"], found["ratio_highest"]) == (1.1, 1.1)
    assert found["before_runs"] == [10.0, 0.0, 10.0]


def test_the_table_names_the_commit_and_the_range_of_ratios() -> None:
    sides = Sides()
    for old, new in ((1000.0, 1200.0), (1100.0, 1000.0)):
        sides.add("before", old, 2 * old)
        sides.add("after", new, 2 * new)
    report = {
        "kind": "before-after",
        "before_commit": "1234567890abcdef",
        "repeats": 2,
        "seconds": 3,
        "listed": 1000,
        "generator": "h2load",
        "cells": [cell("text", 256, sides)],
    }

    lines = comparison(report)

    (line,) = (line for line in lines if line.startswith("| texts, 256 rows |"))
    assert line == (
        "| texts, 256 rows | 1,050 | 1,100 | 1.05 (0.91 to 1.20) "
        "| 2,100 | 2,200 | 1.05 (0.91 to 1.20) |"
    )
    assert any("commit 12345678" in line for line in lines)
    assert section({"before-after": report}) == lines
    assert section({})[0].startswith("Not measured yet")


def test_both_sides_are_sent_less_at_a_time_until_neither_refuses() -> None:
    asked: list[tuple[str, int]] = []

    def side(name: str, most: int) -> before_after.Measure:
        def measure(_seconds: int, streams: int) -> float:
            asked.append((name, streams))
            if streams > most:
                raise h2load.Refused("2.4% of 100 requests were refused")
            return 100.0 * streams

        return measure

    cell = before_after.PairedCell(
        shape=("call", 1024), streams=4, seconds=1,
        cpu={"before": lambda: 0.0, "after": lambda: 0.0},
        measures={"before": side("before", 2), "after": side("after", 4)},
    )  # fmt: skip

    said = [cell.measure_pair() for _ in range(3)]

    assert said == [
        "some were refused; 2 at a time on each connection from now on",
        "200 before, 200 after", "200 before, 200 after",
    ]  # fmt: skip
    assert (cell.pairs, cell.streams, cell.sides.before) == (2, 2, [200.0, 200.0])
    assert [streams for name, streams in asked if name == "after"] == [2, 2, 2]


def test_a_side_that_refuses_one_request_at_a_time_is_not_measured() -> None:
    def refuses(_seconds: int, _streams: int) -> float:
        raise h2load.Refused("50% of 100 requests were refused")

    cell = before_after.PairedCell(
        shape=("call", 1024), streams=1, seconds=1,
        cpu={"before": lambda: 0.0, "after": lambda: 0.0},
        measures={"before": refuses, "after": refuses},
    )  # fmt: skip

    with pytest.raises(h2load.Refused):
        cell.measure_pair()


def test_cells_with_fewer_requests_at_a_time_are_named() -> None:
    sides = Sides(before=[1.0], after=[2.0], before_cpu=[1.0], after_cpu=[2.0])
    report = {
        "before_commit": "1234567890abcdef", "repeats": 1, "seconds": 1, "listed": 0,
        "generator": "h2load",
        "cells": [cell("call", 1024, sides) | {"streams": 2, "usual_streams": 4}],
    }  # fmt: skip

    assert any("connections: calls, 1,024 rows: 2." in line for line in comparison(report))
