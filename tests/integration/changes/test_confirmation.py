"""Commands that take something away show what, and ask; without a terminal they need `--yes`."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from services.__main__ import app
from services.changes.change_context import ChangeOptions
from tests.support.builders import NINE_O_CLOCK_MS
from tests.support.list_admin import administering

NUMBERS = ("+8617000000001", "+8617000000002", "+8617000000003")
WHY = ("--reason", "a mistake")
Run = Callable[..., Result]


@pytest.fixture
def target(redis_url: str, tmp_path: Path) -> Iterator[str]:
    options = ChangeOptions(second_person="off")
    with administering(redis_url, tmp_path / "lists", lambda: NINE_O_CLOCK_MS, options) as found:
        yield found


@pytest.fixture
def run(target: str) -> Run:
    def run_command(*arguments: str) -> Result:
        return CliRunner().invoke(app, [*arguments, "--target", target])

    return run_command


@pytest.fixture(autouse=True)
def listed(run: Run) -> None:
    done = run("blocklist", "add", *NUMBERS, "--source", "bureau", "--reason", "reported")
    assert done.exit_code == 0, done.output


def still_listed(run: Run) -> int:
    return len(json.loads(run("blocklist", "list", "--json").stdout))


@pytest.mark.parametrize(
    ("command", "question"),
    [
        (("changes", "revert", "1"), "Revert change 1?"),
        (("changes", "restore", "0"), "Restore version 0?"),
        (("blocklist", "remove", *NUMBERS), "Remove these 3 entries?"),
    ],
)
def test_without_a_terminal_nothing_is_taken_away_unless_the_command_says_yes(
    run: Run, command: tuple[str, ...], question: str
) -> None:
    refused = run(*command, *WHY)
    left = still_listed(run)
    done = run(*command, *WHY, "--yes")

    assert (refused.exit_code, left) == (2, 3)
    for number in NUMBERS:
        assert number in refused.stderr
    assert (
        f"error: {question} Nothing changed: there is no terminal to ask at, so say --yes"
        in refused.stderr
    )
    assert (done.exit_code, still_listed(run)) == (0, 0)


@pytest.mark.parametrize("command", [("revert", "1"), ("restore", "0")])
def test_a_dry_run_counts_what_undoing_would_do(run: Run, command: tuple[str, ...]) -> None:
    # What another change removed meanwhile is not removed again.
    run("blocklist", "remove", NUMBERS[0], *WHY, "--yes")

    shown = run("changes", *command, *WHY, "--dry-run")
    plan = json.loads(run("changes", *command, *WHY, "--dry-run", "--json").stdout)

    assert shown.exit_code == 0
    assert "2 entries would be removed, 0 restored" in shown.stdout
    assert (plan["removed_total"], plan["restored_total"]) == ("2", "0")
    assert sorted(one["pattern"] for one in plan["removed"]) == list(NUMBERS[1:])
    assert still_listed(run) == 2
    assert len(json.loads(run("changes", "list", "--json").stdout)["changes"]) == 2


def test_a_dry_run_names_what_would_come_back(run: Run) -> None:
    run("blocklist", "remove", *NUMBERS[:2], *WHY, "--yes")

    plan = json.loads(run("changes", "revert", "2", *WHY, "--dry-run", "--json").stdout)

    assert (plan["removed_total"], plan["restored_total"]) == ("0", "2")
    assert [one["pattern"] for one in plan["restored"]] == list(NUMBERS[:2])


def test_only_the_entries_that_go_are_shown(run: Run) -> None:
    run("blocklist", "add", "+861700000*", "--source", "bureau", "--reason", "a segment")

    refused = run("blocklist", "remove", NUMBERS[0], *WHY)
    unknown = run("blocklist", "remove", "+8617000000009", *WHY)

    assert "Remove this entry?" in refused.stderr
    assert NUMBERS[0] in refused.stderr
    assert "+861700000*" not in refused.stderr
    # Nothing would go, so nothing is asked.
    assert (unknown.exit_code, "Remove" in unknown.output) == (1, False)


def test_dropping_shadows_shows_shadows_only(run: Run) -> None:
    run("blocklist", "add", "shop.example", "--mode", "shadow", "--source", "bureau",
        "--reason", "on trial")  # fmt: skip

    refused = run("blocklist", "drop", "shop.example", *WHY)
    done = run("blocklist", "drop", "shop.example", *WHY, "--yes")

    assert (refused.exit_code, done.exit_code) == (2, 0)
    assert "shop.example" in refused.stderr


@pytest.mark.parametrize(("typed", "left"), [("y", 0), ("n", 3), ("", 3)])
def test_a_terminal_is_asked(target: str, run: Run, typed: str, left: int) -> None:
    keyboard, terminal = pty.openpty()
    command = [sys.executable, "-m", "services", "changes", "revert", "1", *WHY]
    os.write(keyboard, f"{typed}\n".encode())

    done = subprocess.run(
        [*command, "--target", target],
        stdin=terminal, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    os.close(terminal)
    os.close(keyboard)

    assert "3 entries would be removed" in done.stderr
    assert (done.returncode == 0, still_listed(run)) == (left == 0, left)
