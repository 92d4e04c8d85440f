"""The parts of the fleet: networks that are cut, disks that fail, and nothing left behind."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.fleet import isolation
from tests.support.checkout import CHECKOUT
from tests.support.external_servers import skip_where_forbidden
from tests.support.processes import eventually

LONGEST_SECONDS = 600.0
"""Two seconds of a core, on a machine that does much else."""
ENTER = (
    "import sys; from benchmarks.fleet import isolation; "
    "sys.exit(isolation.enter('tests.support.fleet_parts', sys.argv[1:]))"
)


def entered(*arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", ENTER, *arguments],
        env=os.environ | {"PYTHONPATH": str(CHECKOUT)},
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def permitted() -> None:
    missing = isolation.missing()
    if missing:
        skip_where_forbidden("a fleet needs " + "; ".join(missing))


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    process = entered(str(tmp_path_factory.mktemp("fleet")))
    try:
        output, _ = process.communicate(timeout=LONGEST_SECONDS)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 0
    return {name: value for line in output.splitlines() for name, value in json.loads(line).items()}


def test_a_host_answers_while_its_cable_is_whole(facts: dict[str, Any]) -> None:
    assert (facts["whole"], facts["cut"], facts["mended"]) == ("host-1", "", "host-1")
    assert facts["ended"]


def test_a_disk_that_is_full_or_has_failed_takes_nothing(facts: dict[str, Any]) -> None:
    assert (facts["writable"], facts["full"], facts["emptied"]) == (True, False, True)
    if "failed" not in facts:
        skip_where_forbidden("no loop device, so no disk that can fail")
    assert (facts["failed"], facts["repaired"]) == (False, True)
    assert facts["set up"] == "as an operator wrote it"


def test_a_loss_of_power_takes_what_was_not_synchronised(facts: dict[str, Any]) -> None:
    if "forgotten" not in facts:
        skip_where_forbidden("no loop device, so no disk that forgets")
    assert facts["forgotten"]


def test_nothing_is_left_of_a_fleet_that_was_killed(tmp_path: Path) -> None:
    process = entered(str(tmp_path), "--stay")
    try:
        assert process.stdout is not None
        assert any('"stays"' in line for line in process.stdout)
        inside = [one for one in _processes_with(str(tmp_path)) if one != process.pid]
    finally:
        process.kill()

    process.communicate(timeout=LONGEST_SECONDS)

    assert inside
    # `unshare` ends with whoever started it, and with it all that is inside.
    eventually(lambda: not _processes_with(str(tmp_path)))
    assert not any((tmp_path / "host-1").iterdir())


def _processes_with(word: str) -> list[int]:
    """Return the processes with a word in their command line, of which none has ended."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if word in command and int(folder.name) != os.getpid():
            found.append(int(folder.name))
    return found
