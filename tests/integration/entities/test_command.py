"""An entity from the first row of a file to a link that is blocked, by the command."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from fanzha.client import Client, Link, Options
from fanzha.translation import catalogue
from services.cli.entities.commands import app
from tests.support.processes import LEAN, Running, eventually, fanzha_up

CLEANUP = ("--cleanup", "2026 online lending")
FILE = """name,kind,financial_fraud,hosts,numbers,icp_records
示例贷,platform,online_lending,file-loan.example;m.file-loan.example,+8617000000123,示例ICP备1号
"""
STEPS = 8


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with fanzha_up(tmp_path_factory.mktemp("up"), workers=1, **LEAN) as service:
        yield service


def entities(running: Running, *arguments: str, check: bool = True) -> Result:
    """Run the command in this process: it asks the service over its socket all the same."""
    done = CliRunner().invoke(app, [*arguments, "--target", running.admin])
    if check and done.exit_code:
        raise AssertionError(f"{arguments}: {done.output}")
    return done


def registered(running: Running, name: str, *more: str) -> dict[str, Any]:
    done = entities(running, "add", name, *CLEANUP, *more, "--by", "li", "--json")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_file_is_imported_once_and_wrong_rows_are_named(running: Running, tmp_path: Path) -> None:
    file = tmp_path / "entities.csv"
    file.write_text(FILE + "x\u200b,app,false_advertising,,,\ny,app,nonsense,,,\n")

    first = entities(running, "import", str(file), *CLEANUP, "--by", "li", check=False)
    again = entities(running, "import", str(file), *CLEANUP, "--by", "li", check=False)

    assert first.exit_code == again.exit_code == 1
    assert "line 3: name: has control or invisible characters" in first.output
    assert "line 4: financial_fraud: 'nonsense' is none of" in first.output
    assert "1 registered, 0 were known, 2 refused" in first.output
    assert "0 registered, 1 were known, 2 refused" in again.output


def test_its_entries_are_proposed_approved_and_block(running: Running) -> None:
    entity = registered(running, "示例贷甲", "--host", "a-loan.example", "--icp-record", "示例1号")
    number = str(entity["entity_id"])

    dry = entities(running, "propose", number, "--dry-run", "--by", "li").stdout
    done = json.loads(entities(running, "propose", number, "--by", "li", "--json").stdout)

    assert "proposed as" not in dry
    assert (done["change_id"], done["not_listable"]) == ("1", 1)
    with Client(running.interception, Options(timeout=60.0)) as client:
        link = Link(url="http://pay.a-loan.example/x")
        eventually(lambda: client.decide_link(link).blocked)
    again = entities(running, "propose", number, "--by", "li")
    assert "duplicate" in again.stdout


def test_its_steps_are_settled_and_another_person_closes_it(
    running: Running, tmp_path: Path
) -> None:
    notice = tmp_path / "notice.pdf"
    notice.write_bytes(b"%PDF")
    number = str(registered(running, "示例贷乙", "--app", "com.example.loan")["entity_id"])
    shown = json.loads(entities(running, "show", number, "--json").stdout)
    names = [step["name"] for step in shown["steps"]]
    assert len(names) == STEPS

    entities(running, "assign", number, names[0], "--owner", "示例单位", "--due", "2030-01-02")
    owed = entities(running, "list", "--owner", "示例单位").stdout
    early = entities(running, "close", number, "--yes", "--by", "ma", check=False)
    for name in names[:-1]:
        entities(running, "settle", number, name, "--file", str(notice), "--by", "li")
    last = ("settle", number, names[-1], "--not-needed", "--note", "none to decide")
    entities(running, *last, "--by", "li")
    own = entities(running, "close", number, "--yes", "--by", "li", check=False)
    closed = entities(running, "close", number, "--yes", "--by", "ma", "--json")

    assert "示例贷乙" in owed
    assert early.exit_code
    assert own.exit_code
    assert json.loads(closed.stdout)["closed_by"] == "ma"
    listed = json.loads(entities(running, "list", "--state", "closed", "--json").stdout)
    assert [one["name"] for one in listed["entities"]] == ["示例贷乙"]


def test_who_owes_a_step_is_read_in_chinese_and_found_by_each_name(running: Running) -> None:
    number = str(registered(running, "示例贷丁", "--app", "com.example.four")["entity_id"])
    entities(running, "assign", number, "repaid", "--owner", "网信部门", "--by", "li")

    try:
        catalogue.use("zh")
        shown = entities(running, "show", number).stdout
    finally:
        catalogue.use("en")
    owed = entities(running, "list", "--owner", "communications bureau").stdout

    assert "省通信管理局" in shown
    assert "清退资金 (repaid)" in shown
    assert "清退资金: 网信部门" in shown
    assert shown.count("网信部门") == 3  # two steps and the event
    assert "repaid: cyberspace administration" in entities(running, "show", number).stdout
    assert "示例贷丁" in owed


def test_identifiers_are_added_and_removed(running: Running) -> None:
    number = str(registered(running, "示例贷丙", "--host", "c-loan.example")["entity_id"])

    edited = entities(
        running,
        "edit",
        number,
        "--number",
        "+8617000000456",
        "--remove",
        "c-loan.example",
        "--json",
    )
    unknown = entities(running, "edit", number, "--remove", "x.example", check=False)

    values = [one["value"] for one in json.loads(edited.stdout)["identifiers"]]
    assert values == ["+8617000000456"]
    assert unknown.exit_code
