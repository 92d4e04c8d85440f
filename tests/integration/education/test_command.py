"""A campaign from a file of recipients to its report, by the command, through a running service."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from services.cli.education.commands import app
from tests.support.processes import NO_CASCADE, NO_CONSOLE, Running, eventually, fanzha_up

CONSENTING, WITHOUT = 40, 3
HEADER = "number,region,age_band,consent_source,consent_day\n"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    always = {"FANZHA_WARNING_QUIET_FROM": "00:00", "FANZHA_WARNING_QUIET_UNTIL": "00:00"}
    sink = {"FANZHA_WARNING_TEST_MODE": "true"}
    settings = NO_CASCADE | NO_CONSOLE | always | sink
    with fanzha_up(tmp_path_factory.mktemp("up"), workers=1, **settings) as service:
        yield service


@pytest.fixture
def people(tmp_path: Path) -> Path:
    file = tmp_path / "people.csv"
    rows = [f"1700000{at:04},330106,60+,服务协议,2026-05-31" for at in range(CONSENTING)]
    rows += [f"1700001{at:04},330106,60+,," for at in range(WITHOUT)]
    file.write_text(HEADER + "\n".join(rows) + "\n", "gb18030")
    return file


def education(running: Running, *arguments: str, check: bool = True) -> Result:
    """Run the command in this process: it asks the service over its socket all the same."""
    done = CliRunner().invoke(app, [*arguments, "--target", running.admin])
    if check and done.exit_code:
        raise AssertionError(f"{arguments}: {done.output}")
    return done


def asked(running: Running, *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(education(running, *arguments, "--json").stdout)
    return found


def drafted(running: Running, name: str, *more: str) -> str:
    created = asked(running, "create", name, "--start", "1s", "--by", "li", *more)
    return str(created["campaign_id"])


def test_it_is_drafted_previewed_approved_sent_and_reported(
    running: Running, people: Path, tmp_path: Path
) -> None:
    number = drafted(running, "十二月宣传", "--occasion", "month", "--hold-out", "50")
    loaded = education(running, "recipients", number, str(people), "--by", "li")
    preview = asked(running, "preview", number)
    revision = preview["campaign"]["revision"]

    own = education(running, "approve", number, "--revision", revision, "--by", "li", check=False)
    asked(running, "approve", number, "--revision", revision, "--by", "wang")
    to_send = int(preview["people"]["to_send"])
    eventually(lambda: asked(running, "show", number)["people"].get("sent") == str(to_send))
    eventually(lambda: asked(running, "show", number)["state"] == "ended")
    day = ("--day", "2026-01-02", "--people", "80", "--material", "120")
    education(running, "event", number, "示例社区", "--occasion", "communities", *day)
    shown = education(running, "report", number, "--csv", str(tmp_path / "report.csv")).stdout
    report = asked(running, "report", number)

    assert "40 added" in loaded.stdout
    assert "3 without consent" in loaded.stdout
    assert own.exit_code
    assert (int(report["to_send"]), int(report["sent"])) == (to_send, to_send)
    assert int(report["held_out"]) == CONSENTING - to_send == int(preview["people"]["held_out"])
    assert (report["event_people"], report["complete"]) == ("80", False)
    assert "not final" in shown
    table = (tmp_path / "report.csv").read_text("utf-8-sig")
    assert f"sent,{to_send}\n" in table.replace("\r\n", "\n")
    assert "1700000" not in shown + table + json.dumps(report)


def test_a_hostile_file_is_named_by_its_lines_and_stores_nothing_of_them(
    running: Running, tmp_path: Path
) -> None:
    number = drafted(running, "敌意名单")
    file = tmp_path / "hostile.csv"
    rows = (
        "=HYPERLINK(1),330106,60+,x,2026-05-31",
        "17000000999,3301 06,60+,x,2026-05-31",
        "17000000998,330106,60+,x,31/05/2026",
        "17000000997,330106,\u202e60+,x,2026-05-31",
        "17000000996,330106,60+,x,2026-05-31",
    )
    file.write_text(HEADER + "\n".join(rows))
    wide, headless = tmp_path / "wide.csv", tmp_path / "headless.csv"
    wide.write_text(HEADER + "17000000995,330106,60+,x,2026-05-31,more\n")
    headless.write_text("17000000994,330106\n")

    done = education(running, "recipients", number, str(file), check=False)
    refused = [
        education(running, "recipients", number, str(one), check=False) for one in (wide, headless)
    ]

    assert done.exit_code == 1
    assert [f"hostile.csv:{line}:" in done.output for line in range(2, 7)] == [True] * 4 + [False]
    assert "170000009" not in done.output
    assert asked(running, "show", number)["recipients"] == "1"
    assert all(one.exit_code for one in refused)


def test_a_text_that_the_linter_refuses_is_no_draft(running: Running) -> None:
    own = ("--template", "own:1", "--by", "li")

    done = education(running, "create", "链接", "--text", "请看 learn.example", *own, check=False)

    assert done.exit_code
    assert "no link" in done.output


def test_it_is_stopped_and_listed_by_its_state(running: Running) -> None:
    number = drafted(running, "停止")

    unexplained = education(running, "stop", number, check=False)
    stopped = asked(running, "stop", number, "--note", "a wrong text", "--by", "sun")

    assert unexplained.exit_code
    assert stopped["state"] == "stopped"
    listed = asked(running, "list", "--state", "stopped")
    assert [one["name"] for one in listed["campaigns"]] == ["停止"]
