"""`fanzha policy` over a real socket, where every change needs a second person."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from services.__main__ import app
from services.changes.change_context import ChangeOptions
from tests.support.builders import NINE_O_CLOCK_MS
from tests.support.list_admin import administering

Run = Callable[..., Result]
STRICT = "[carrier.cmcc.call]\nthreshold = 0.5\n"
_READS = {"show", "diff", "history"}


@pytest.fixture
def target(redis_url: str, tmp_path: Path) -> Iterator[str]:
    options = ChangeOptions(second_person="always")
    with administering(redis_url, tmp_path / "lists", lambda: NINE_O_CLOCK_MS, options) as found:
        yield found


@pytest.fixture
def run(target: str) -> Run:
    def run_command(*arguments: str, by: str = "li") -> Result:
        command = [*arguments, "--target", target]
        asks = arguments[1] not in _READS | {"list"}
        return CliRunner().invoke(app, command + (["--by", by] if asks else []))

    return run_command


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "carriers.toml"
    path.write_text(f"# by contract\n{STRICT}")
    return str(path)


def test_a_policy_is_compared_proposed_approved_and_shown(run: Run, file: str) -> None:
    empty = run("policy", "show")
    compared = run("policy", "diff", file)
    proposed = run("policy", "propose", file, "--reason", "by contract", "--yes")
    listed = run("changes", "list")
    own = run("changes", "approve", "1")
    approved = run("changes", "approve", "1", by="wang")
    shown = run("policy", "show")

    assert empty.exit_code == 0
    assert "no carrier policy was ever applied" in empty.stderr
    assert "cmcc  call.threshold: of the settings or model -> 0.5" in compared.stdout
    assert "a second person is needed" in compared.stdout
    assert "change 1 waits for a second person" in proposed.stdout
    assert "policy" in listed.stdout
    assert own.exit_code == 4
    assert "the carrier policy is at version 1" in approved.stdout
    assert shown.stdout == STRICT
    assert "approved by wang" in shown.stderr


def test_what_show_prints_can_be_proposed_again(run: Run, file: str, tmp_path: Path) -> None:
    run("policy", "propose", file, "--reason", "by contract", "--yes")
    run("changes", "approve", "1", by="wang")
    (tmp_path / "shown.toml").write_text(run("policy", "show").stdout)

    again = run("policy", "diff", str(tmp_path / "shown.toml"))

    assert "changes no setting in effect" in again.stdout


def test_settings_are_set_listed_and_undone(run: Run) -> None:
    for number, value in ((1, "0.5"), (2, "0.6")):
        set_to = f"cmcc.call.threshold={value}"
        run("policy", "propose", "--set", set_to, "--reason", f"to {value}", "--yes")
        run("changes", "approve", str(number), by="wang")
    history = run("policy", "history", "--limit", "1")
    versions = json.loads(run("policy", "history", "--json").stdout)["versions"]
    against = run("policy", "diff", "--version", "1")
    planned = run("policy", "revert", "2", "--reason", "too high", "--dry-run")
    done = run("policy", "restore", "1", "--reason", "too high")
    reverted = run("policy", "revert", "2", "--reason", "too high", "--yes")
    run("changes", "approve", "3", by="wang")

    assert "cmcc  call.threshold: 0.6 -> 0.5" in planned.stdout
    assert "cmcc  call.threshold: 0.6 -> 0.5" in done.stderr
    assert "so say --yes" in done.stderr
    assert "to 0.6" in history.stdout
    assert "there are more: --after" in history.stderr
    assert [(one["version"], one["approved_by"]) for one in versions] == [
        ("2", "wang"), ("1", "wang"),
    ]  # fmt: skip
    assert "cmcc  call.threshold: 0.6 -> 0.5" in against.stdout
    assert "change 3 waits for a second person" in reverted.stdout
    assert run("policy", "show").stdout == STRICT
    shown = run("changes", "show", "3")
    assert "cmcc  call.threshold: 0.6 -> 0.5" in shown.stdout


def test_a_policy_is_proposed_only_after_its_differences_are_seen(run: Run, file: str) -> None:
    asked = run("policy", "propose", file, "--reason", "by contract")

    assert asked.exit_code == 2
    assert "cmcc  call.threshold: of the settings or model -> 0.5" in asked.stderr
    assert "Propose this policy? Nothing changed" in " ".join(asked.stderr.split())
    assert json.loads(run("changes", "list", "--json").stdout)["changes"] == []


def test_the_whole_policy_goes_back_to_a_version(run: Run, file: str) -> None:
    run("policy", "propose", file, "--reason", "by contract", "--yes")
    run("changes", "approve", "1", by="wang")

    restored = run("policy", "restore", "0", "--reason", "nothing is set", "--yes")
    run("changes", "approve", "2", by="wang")

    assert restored.exit_code == 0
    assert run("policy", "show").stdout == ""
    assert run("policy", "show", "--version", "1").stdout == STRICT


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [
        (("propose", "--reason", "x"), "FILE or --set"),
        (("propose", "absent.toml", "--reason", "x"), "cannot be read"),
        (("propose", "--set", "cmcc.call.mode=off", "--reason", "x"), "mode: enforce or monitor"),
        (("propose", "--yes", "--set", "a.call.mode=monitor", "--reason", ""), "reason: required"),
        (("diff", "--version", "1", "--set", "a.call.mode=monitor"), "--version: cannot be given"),
        (("diff", "--version", "5"), "there is no policy version 5"),
        (("revert", "5", "--reason", "x"), "there is no policy version 5"),
        (("revert", "0", "--reason", "x"), "version 0 was made by no change"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(
    arguments: tuple[str, ...], wrong: str, run: Run
) -> None:
    failed = run("policy", *arguments)

    assert failed.exit_code != 0
    assert wrong in " ".join(failed.stderr.split())
