"""An incident from its opening to a verified package and its closing, by the command."""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from fanzha.client import Call, Client, Options
from fanzha.translation import catalogue
from services.cli.entities.commands import app as entities_app
from services.cli.incidents.commands import app
from tests.support.processes import LEAN, Running, eventually, fanzha_up

ANN, IMEI = "+8619900000001", "35209900176148"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with fanzha_up(
        tmp_path_factory.mktemp("up"),
        workers=1,
        FANZHA_DECISION_LOG_HANDSETS="1",
        FANZHA_DECISION_LOG_ALLOWED_ONE_IN="1",
        FANZHA_DECISION_LOG_FLUSH_SECONDS="0.1",
        **LEAN,
    ) as service:
        yield service


@pytest.fixture
def in_chinese() -> Iterator[None]:
    catalogue.use("zh")
    yield
    catalogue.use("en")


def incidents(running: Running, *arguments: str, check: bool = True) -> Result:
    """Run the command in this process: it asks the service over its socket all the same."""
    done = CliRunner().invoke(app, [*arguments, "--target", running.admin])
    if check and done.exit_code:
        raise AssertionError(f"{arguments}: {done.output}")
    return done


def opened(running: Running, title: str, *more: str) -> str:
    done = incidents(running, "open", title, *more, "--by", "li", "--json")
    found: dict[str, Any] = json.loads(done.stdout)
    return str(found["incident_id"])


def test_it_goes_through_its_stages_and_hands_over_a_lead(running: Running, tmp_path: Path) -> None:
    report, package = tmp_path / "report.pdf", tmp_path / "lead.zip"
    report.write_bytes(b"%PDF")
    add = ("add", "示例贷", "--cleanup", "2026", "--by", "li", "--target", running.admin, "--json")
    entity = json.loads(CliRunner().invoke(entities_app, list(add)).stdout)["entity_id"]
    number = opened(
        running, "假贷款", "--fraud-type", "虚假贷款", "--subject", "loan.example",
        "--subject", "+8617000000123", "--entity", entity, "--document", str(report),
    )  # fmt: skip

    for stage in ("warning", "disposal", "tracking"):
        incidents(running, "move", number, stage, "--note", "done", "--by", "li")
    purpose = ("--purpose", "look at the company", "--by", "li")
    incidents(running, "leads", "draft", number, "market_regulation", *purpose)
    own = incidents(running, "leads", "send", number, "1", "--yes", "--by", "li", check=False)
    incidents(running, "leads", "send", number, "1", "--yes", "--by", "wang")
    incidents(running, "leads", "get", number, "1", "--out", str(package))
    verified = CliRunner().invoke(app, ["leads", "verify", str(package)])
    missing = CliRunner().invoke(app, ["leads", "verify", str(tmp_path / "none.zip")])
    incidents(running, "leads", "receive", number, "1", "--receipt", "收7号", "--by", "li")
    early = incidents(running, "close", number, "--note", "x", "--yes", "--by", "wang", check=False)
    answer = ("--outcome", "penalty", "--document", "罚7号", "--by", "li")
    incidents(running, "leads", "answer", number, "1", *answer)
    closed = incidents(
        running, "close", number, "--note", "penalty", "--yes", "--by", "wang", "--json"
    )

    assert own.exit_code
    assert "another person sends it" in own.output
    assert early.exit_code
    assert "WHOLE" in verified.stdout
    assert missing.exit_code == 2  # no package is something else than a damaged one
    assert json.loads(closed.stdout)["stage"] == "closed"
    listed = incidents(running, "list", "--department", "market_regulation").stdout
    assert "market regulation" in listed
    assert "1 incidents: closed 1; 0 overdue" in listed


def test_numbers_are_masked_unless_somebody_may_see_them(running: Running) -> None:
    number = opened(running, "号码", "--subject", "+8617000000123")

    shown = incidents(running, "show", number).stdout
    whole = incidents(running, "show", number, "--unmasked").stdout

    assert "+8617000000123" not in shown
    assert "+8617000000123" in whole


def test_parts_come_and_go(running: Running) -> None:
    number = opened(running, "零件", "--subject", "a.example")

    joined = incidents(running, "add", number, "--subject", "B.example", "--json").stdout
    left = incidents(
        running, "remove", number, "--subject", "b.example", "--note", "wrong", "--json"
    ).stdout
    missing = incidents(running, "add", number, "--case", "none", check=False)
    nothing = incidents(running, "remove", number, "--note", "x", check=False)

    assert json.loads(joined)["part_count"] == 2
    assert json.loads(left)["part_count"] == 1
    assert missing.exit_code
    assert nothing.exit_code


def test_a_stage_is_assigned_and_what_is_late_is_listed(running: Running) -> None:
    number = opened(running, "谁", "--subject", "c.example")

    incidents(running, "assign", number, "--owner", "示例单位", "--due", "2030-01-02")
    edited = incidents(running, "edit", number, "--summary", "a sentence", "--json").stdout

    assert json.loads(edited)["summary"] == "a sentence"
    assert "谁" in incidents(running, "list", "--owner", "示例单位", "--open").stdout
    assert "谁" not in incidents(running, "list", "--overdue").stdout


def test_who_owes_what_is_read_in_chinese_and_found_by_each_name(
    running: Running, in_chinese: None
) -> None:
    number = opened(running, "单位", "--subject", "d.example")
    incidents(running, "assign", number, "--owner", "City anti-fraud centre", "--by", "li")
    incidents(running, "leads", "draft", number, "公安机关", "--purpose", "查", "--by", "li")

    shown = incidents(running, "show", number).stdout
    found = json.loads(incidents(running, "list", "--owner", "市反诈中心", "--json").stdout)
    led = incidents(running, "list", "--department", "公安机关").stdout

    incidents(running, "add", number, "--subject", "e.example", "--by", "li")
    assert "号码、域名等 e.example" in incidents(running, "show", number).stdout
    assert shown.count("市反诈中心") == 2  # who owes it, and the event
    assert shown.count("#1 公安机关") == 2
    assert [one["owner"] for one in found["incidents"]] == ["city_anti_fraud_centre"]
    assert "单位" in led
    assert "公安机关" in led


@pytest.mark.parametrize(
    "arguments",
    [
        ("open", "x", "--cluster", "pool"),
        ("open", "x", "--cluster", "pool:1"),
        ("open", "x", "--fraud-type", "none"),
        ("list", "--stage", "later"),
        ("clusters", "--kind", "handset"),
        ("leads", "answer", "1", "1", "--outcome", "x"),
    ],
)
def test_a_wrong_word_is_refused_with_the_known_ones(
    running: Running, arguments: tuple[str, ...]
) -> None:
    assert incidents(running, *arguments, check=False).exit_code == 2


def test_numbers_of_one_handset_become_an_incident_whose_package_says_why(
    running: Running, tmp_path: Path
) -> None:
    cards = [f"+86170000{last:05}" for last in range(21, 26)]
    package = tmp_path / "lead.zip"
    with Client(running.interception, Options(timeout=60.0)) as client:
        client.decide_calls([Call(caller=card, callee=ANN, handset=IMEI) for card in cards])
    found: list[dict[str, Any]] = []

    def is_found() -> bool:
        asked = incidents(running, "clusters", "--kind", "same_handset", "--json", check=False)
        found[:] = json.loads(asked.stdout)["clusters"] if not asked.exit_code else []
        return bool(found)

    eventually(is_found)
    shown = incidents(running, "clusters", "--kind", "same_handset").stdout
    number = opened(running, "一机多卡", "--cluster", f"same_handset:{found[0]['common']}")
    lead = ("public_security", "--purpose", "who holds the device", "--by", "li")
    incidents(running, "leads", "draft", number, *lead)
    incidents(running, "leads", "send", number, "1", "--yes", "--by", "wang")
    incidents(running, "leads", "get", number, "1", "--out", str(package))

    assert (found[0]["size"], found[0]["evidence"]["numbers_an_hour"]) == (5, 5.0)
    assert "numbers an hour 5" in " ".join(shown.split())
    with zipfile.ZipFile(package) as file:
        facts = json.loads(file.read("facts.json"))
    assert {row["why"] for row in facts if "numbers_an_hour 5" in row.get("why", "")}


def test_a_service_that_blocked_nothing_has_no_cluster(running: Running) -> None:
    done = incidents(running, "clusters", "--kind", "sim_box", "--json", check=False)

    assert json.loads(done.stdout or "{}").get("clusters", []) == []
    assert not done.exit_code or "no decision log is kept" in done.output
