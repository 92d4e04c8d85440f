"""Ratings of numbers by a running service: lists in, ratings out, each audited."""

import json
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner, Result

from services.__main__ import app
from tests.support.processes import LEAN, Running, eventually, fanzha_up

LIST = """type,pattern,action,reason,mode
number,+8617000000101,block,reported,enforce
range,+86170000002*,block,reported,enforce
number,+8617000000103,block,reported,shadow
number,+8617000000204,allow,a clinic,enforce
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("up")
    (folder / "list.csv").write_text(LIST)
    with fanzha_up(folder, workers=1, **LEAN) as service:
        done = run(
            service,
            "blocklist",
            "import",
            str(folder / "list.csv"),
            "--source",
            "bureau",
            "--by",
            "li",
        )
        assert not done.exit_code, done.output
        eventually(lambda: rated(service, "+8617000000101")[0]["rating"] != "none")
        yield service


def run(running: Running, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--target", running.admin])


def rated(running: Running, *numbers: str) -> list[dict[str, object]]:
    done = run(running, "risk", *numbers, "--purpose", "transfer", "--json")
    assert not done.exit_code, done.output
    found: list[dict[str, object]] = json.loads(done.stdout)["risks"]
    return found


def test_numbers_are_rated_by_what_is_known(running: Running) -> None:
    numbers = ["17000000101", "+8617000000201", "+8617000000103", "+8617000000999"]

    found = rated(running, *numbers)

    assert [one["rating"] for one in found] == ["very_high", "high", "medium", "none"]
    assert [one.get("reasons") or [] for one in found] == [["listed"], ["range"], ["on_trial"], []]


def test_what_is_allowed_or_protected_or_no_number_is_not_rated(running: Running) -> None:
    allowed, emergency, nothing = rated(running, "+8617000000204", "110", "loan.example")

    assert (allowed["rating"], emergency["rating"]) == ("none", "none")
    assert nothing["unreadable"]


def test_each_request_is_in_the_audit_log_with_masked_numbers(running: Running) -> None:
    rated(running, "+8617000000101")

    log = run(running, "audit", "list", "--kind", "risk_read", "--limit", "1", "--json").output

    assert "transfer" in log
    assert "8617000000101" not in log


@pytest.mark.parametrize("arguments", [("+8617000000101",), ("1",) * 101])
def test_without_a_purpose_or_with_too_many_numbers_it_is_refused(
    running: Running, arguments: tuple[str, ...]
) -> None:
    purpose = () if len(arguments) == 1 else ("--purpose", "x")

    assert run(running, "risk", *arguments, *purpose).exit_code


def test_a_table_says_why(running: Running) -> None:
    shown = run(running, "risk", "+8617000000101", "--purpose", "x").stdout

    assert "very_high" in shown or "very high" in shown
    assert "listed" in shown
