"""One command for all benchmarks: what it runs, what it refuses, and what counts as kept."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from benchmarks import machine
from benchmarks.report import latest_results
from benchmarks.suite import running, steps

GIT = shutil.which("git") or "git"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "code.py").write_text("x = 1\n")
    (tmp_path / "README.md").write_text("# Fanzha\n")
    for arguments in (
        ("init", "--quiet"),
        ("config", "user.email", "a@fanzha.example"),
        ("config", "user.name", "a"),
        ("add", "."),
        ("commit", "--quiet", "-m", "one"),
    ):
        subprocess.run([GIT, "-C", str(tmp_path), *arguments], check=True)
    return tmp_path


def test_a_tree_that_is_its_commit_is_clean(checkout: Path) -> None:
    assert machine.changed_files(checkout) == []
    assert not machine.commit(checkout).endswith(machine.DIRTY)


@pytest.mark.parametrize("name", ["code.py", "new.py"])
def test_changed_and_new_files_make_a_tree_dirty(checkout: Path, name: str) -> None:
    (checkout / name).write_text("x = 2\n")

    assert machine.changed_files(checkout) == [name]
    assert machine.commit(checkout).endswith(machine.DIRTY)


def test_what_benchmarks_write_leaves_a_tree_clean(checkout: Path) -> None:
    results = checkout / "benchmarks" / "results"
    results.mkdir()
    (results / "2026-12-01-h2load.json").write_text("{}")
    (checkout / "README.md").write_text("# Fanzha\n\nfast\n")

    assert machine.changed_files(checkout) == []


def test_a_folder_without_git_has_no_clean_commit(tmp_path: Path) -> None:
    assert machine.commit(tmp_path).endswith(machine.DIRTY)


def test_results_of_a_dirty_tree_are_never_rendered(tmp_path: Path) -> None:
    clean = {"kind": "h2load", "at": "2026-12-01T10:00:00", "commit": "0a6340fc"}
    dirty = {"kind": "h2load", "at": "2026-12-01T11:00:00", "commit": "0a6340fc-dirty"}
    part = {"kind": "peers", "commit": "0a6340fc", "rows": [{"commit": "0a6340fc-dirty"}]}
    for name, result in (("clean", clean), ("dirty", dirty), ("part", part)):
        (tmp_path / f"{name}.json").write_text(json.dumps(result))

    found = latest_results.newest(tmp_path)

    assert {kind: result["file"] for kind, result in found.items()} == {"h2load": "clean.json"}
    assert latest_results.dirty(tmp_path) == ["dirty.json", "part.json"]


def test_a_step_keeps_what_was_written_since_it_began(tmp_path: Path) -> None:
    for name, kind, at in (
        ("old", "h2load", "2026-12-01T09:59:59+00:00"),
        ("other", "client", "2026-12-01T10:00:01+00:00"),
        ("mine", "h2load", "2026-12-01T10:00:00+00:00"),
    ):
        (tmp_path / f"{name}.json").write_text(json.dumps({"kind": kind, "at": at}))

    assert running.kept_since("2026-12-01T10:00:00+00:00", ["h2load"], tmp_path) == ["mine.json"]


def test_a_step_that_fails_says_what_its_process_said(tmp_path: Path) -> None:
    shown: list[str] = []

    ended = running.run(
        ["benchmarks.no_such_module"], ["h2load"], tmp_path / "log",
        lambda line, _: shown.append(line), tmp_path,
    )  # fmt: skip

    assert ended.status
    assert not ended.kept
    assert "no_such_module" in ended.last_words


def test_every_step_runs_a_module_that_is_there() -> None:
    for step in steps.STEPS:
        path = machine.CHECKOUT.joinpath(*step.module.split("."))
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), step.name


def test_a_quick_run_leaves_out_long_steps_and_ends_within_twelve_minutes() -> None:
    quick = steps.selected([], quick=True)

    assert sum(step.quick_minutes for step in quick) <= 12
    assert {"h2load", "before-after", "overload"} <= {step.name for step in quick}
    assert "sweeps" not in {step.name for step in quick}


def test_an_option_without_a_value_is_left_out() -> None:
    peers = next(step for step in steps.STEPS if step.name == "peers")
    chosen = {"before": "HEAD~1", "server_cores": "0", "generator_cores": "1"}

    without = steps.command_of(peers, quick=False, data="", **chosen)
    with_data = steps.command_of(peers, quick=False, data="texts", **chosen)

    assert without == ["benchmarks.peers"]
    assert with_data == ["benchmarks.peers", "--data", "texts"]


def test_a_step_gets_the_older_commit_and_its_cores() -> None:
    (step,) = steps.selected(["before-after"], quick=True)

    command = steps.command_of(
        step, quick=True, before="HEAD~1", data="", server_cores="0", generator_cores="1"
    )

    assert command[:3] == ["benchmarks.load.before_after", "--before", "HEAD~1"]
    assert command[-4:] == ["--server-cores", "0", "--generator-cores", "1"]
