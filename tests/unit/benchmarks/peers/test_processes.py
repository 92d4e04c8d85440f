"""Servers under test: pinned, measured, and ended with all their children."""

import os
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from benchmarks.peers import processes
from benchmarks.peers.processes import Server, Unready

PARENT = """
import subprocess, sys, time
child = subprocess.Popen(
    [sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True
)
open(sys.argv[1], "w").write(str(child.pid))
open(sys.argv[1] + ".ready", "w").close()
time.sleep(60)
"""


def state_of(process: int) -> str:
    """Return its letter in /proc. Who collects an ended child, and when, is not told."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    return "collected"


def test_a_server_is_ended_with_children_of_another_session(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    ready = tmp_path / "pid.ready"
    command = [sys.executable, "-c", PARENT, str(file)]

    with Server(command, log=tmp_path / "log", ready=ready.exists) as server:
        child = int(file.read_text())
        assert Path(f"/proc/{child}").exists()
        assert server.memory_bytes() > 2**20
        assert server.cpu_seconds() >= 0

    assert state_of(child) in {"Z", "collected"}


def test_a_server_that_exits_at_once_reports_its_last_output(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no such table')"]

    with (
        pytest.raises(Unready, match="no such table"),
        Server(command, log=tmp_path / "log", ready=lambda: False),
    ):
        pass


def test_a_failing_command_is_an_error_with_its_output() -> None:
    command = [sys.executable, "-c", "raise SystemExit('wrong option')"]

    with pytest.raises(RuntimeError, match="wrong option"):
        processes.run(command, core=min(os.sched_getaffinity(0)), seconds=120)
