"""Sources of a running service: files become changes, proposals and warnings, and it is told."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from services.cli.sources.commands import app
from tests.support.processes import NO_CASCADE, NO_CONSOLE, Running, eventually, fanzha_up

FILE = """
[sources.ministry-numbers]
kind = "folder"
address = "{folder}/entries"
brings = "entries"
source = "ministry"
every = "10s"
settle = "1s"
legal_basis = "公告1号"
fraud_type = "fake_loan"

[sources.hangzhou]
kind = "folder"
address = "{folder}/hangzhou"
brings = "entries"
source = "bureau"
every = "10s"
settle = "1s"
fraud_type = "fake_loan"
region = "3301"
replace = true

[sources.reports-12321]
kind = "folder"
address = "{folder}/reports"
brings = "reports"
source = "tech_company"
schema = "12321"
every = "10s"
settle = "1s"

[sources.mobile.example]
kind = "folder"
address = "{folder}/warnings"
brings = "warnings"
source = "carrier"
every = "10s"
settle = "1s"
""".replace("[sources.mobile.example]", '[sources."mobile.example"]')


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("drops")
    for name in ("entries", "hangzhou", "reports", "warnings"):
        (folder / name).mkdir()
    file = folder / "sources.toml"
    file.write_text(FILE.format(folder=folder))
    up = tmp_path_factory.mktemp("up")
    settings = {**NO_CASCADE, **NO_CONSOLE, "FANZHA_SOURCES_FILE": str(file)}
    with fanzha_up(up, workers=1, **settings) as service:
        yield service


@pytest.fixture(scope="module")
def drops(running: Running) -> Path:
    found = [one["address"] for one in statuses(running)]
    return Path(found[0]).parent


def sources(running: Running, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--target", running.admin])


def statuses(running: Running) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(sources(running, "status", "--json").stdout)["sources"]
    return found


def pulled(running: Running, name: str, *more: str) -> dict[str, Any]:
    """Pull a source and return the pull of its latest file."""
    sources(running, "pull", name, "--wait", "110", "--by", "li", *more)
    found: Any = json.loads(sources(running, "pulls", name, "--json").stdout)
    # The schedule may have taken the file first; then what was asked for waits for its change.
    latest: dict[str, Any] = next(one for one in found["pulls"] if one.get("file"))
    return latest


def found(running: Running, pattern: str) -> dict[str, Any]:
    done = running.fanzha("blocklist", "find", pattern, "--json", check=False)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def drop(folder: Path, name: str, text: str) -> None:
    part = folder / f"{name}.part"
    part.write_text(text, encoding="utf-8")
    part.rename(folder / name)


def test_a_file_of_entries_becomes_a_change_and_its_author_is_the_source(
    running: Running, drops: Path
) -> None:
    more = "".join(f"+861700000040{number},涉诈\n" for number in range(1, 10))
    drop(drops / "entries", "1.csv", "号码,原因\n110,误报\n" + more)

    pull = pulled(running, "ministry-numbers")
    assert pull["outcome"] == "delivered", pull
    change = json.loads(running.fanzha("changes", "show", pull["change_id"], "--json").stdout)[
        "change"
    ]
    before = found(running, "+8617000000401")["entries"]
    running.fanzha("changes", "approve", pull["change_id"], "--by", "wang")
    entry = found(running, "+8617000000401")["entries"][0]

    assert pull["results"] == {"added": "9", "refused": "1"}
    assert entry["created_by"] == "source:ministry-numbers"
    assert entry["legal_basis"] == "公告1号"
    assert entry["source"] == "ministry"
    assert before == [], "its author is no person, so what may do harm waits for one"
    assert "impact is unknown" in pull["why"]
    assert change["author"] == "source:ministry-numbers"


def test_a_source_of_a_region_changes_nothing_of_another(running: Running, drops: Path) -> None:
    added = ("--source", "bureau", "--fraud-type", "fake_loan", "--reason", "x", "--by", "li")
    running.fanzha("blocklist", "add", "+8617000000701", "--region", "3302", *added)
    before = found(running, "+8617000000701")["entries"]
    drop(drops / "hangzhou", "1.csv", "号码,区划代码\n+8617000000702,3302\n")
    named = pulled(running, "hangzhou")
    drop(drops / "hangzhou", "2.csv", "号码\n+8617000000701\n")
    listed = pulled(running, "hangzhou")

    assert (named["outcome"], listed["outcome"]) == ("held", "held"), (named, listed)
    assert {one["why"].partition(",")[0] for one in (named, listed)} == {
        "1 of 1 rows cannot be used"
    }
    assert found(running, "+8617000000701")["entries"] == before
    assert not found(running, "+8617000000702").get("entries")


def test_rows_of_another_region_are_left_out_of_the_file_of_a_source_and_the_rest_goes_on(
    running: Running, drops: Path
) -> None:
    added = ("--source", "bureau", "--fraud-type", "fake_loan", "--reason", "x", "--by", "li")
    running.fanzha("blocklist", "add", "+8617000000711", "--region", "3302", *added)
    own = "".join(f"+861700000072{number},\n" for number in range(9))
    rows = f"号码,区划代码\n+8617000000711,\n{own}+8617000000712,3302\n+8617000000713,330106\n"
    drop(drops / "hangzhou", "3.csv", rows)

    pull = pulled(running, "hangzhou")
    shown = running.fanzha("changes", "show", pull["change_id"], "--json").stdout
    preview = json.loads(shown)["change"]["preview"]
    running.fanzha("changes", "approve", pull["change_id"], "--by", "wang")

    assert (pull["outcome"], pull["results"]) == ("delivered", {"added": "10", "refused": "2"})
    problems = {one["row"]: one["message"] for one in preview["problems"]}
    assert {row: why.partition(":")[0] for row, why in problems.items()} == {
        "2": "pattern", "12": "region",
    }  # fmt: skip
    assert [one["region"] for one in found(running, "+8617000000711")["entries"]] == ["3302"]
    assert [one["region"] for one in found(running, "+8617000000720")["entries"]] == ["3301"]
    assert [one["region"] for one in found(running, "+8617000000713")["entries"]] == ["330106"]
    assert not found(running, "+8617000000712").get("entries")


def test_three_people_make_a_proposal_and_one_person_thrice_does_not(
    running: Running, drops: Path
) -> None:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    rows = [
        *((f"1380000000{one}", "+8617000000501") for one in range(3)),
        *(("13800000009", "+8617000000502") for _ in range(3)),
    ]
    lines = [f"{reporter},{number},{now},虚假贷款" for reporter, number in rows]
    drop(drops / "reports", "1.csv", "\n".join(["举报人,被举报号码,举报时间,诈骗类型", *lines]))

    pull = pulled(running, "reports-12321")
    change = json.loads(running.fanzha("changes", "show", pull["change_id"], "--json").stdout)[
        "change"
    ]
    with_redis = (running.folder / "valkey").rglob("*.aof")

    assert pull["results"] == {"counted": "4", "repeated": "2", "proposed": "1"}
    assert change["author"] == "source:reports-12321"
    assert "3 independent people" in change["reason"]
    assert not found(running, "+8617000000501").get("entries"), "nothing is blocked by reports"
    assert not any(b"13800000000" in file.read_bytes() for file in with_redis)


def test_a_file_of_warnings_opens_cases(running: Running, drops: Path) -> None:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    head = "reference,victim,means_kind,means,occurred_at"
    drop(
        drops / "warnings",
        "1.csv",
        f"{head}\nw-1,+8617000000601,caller,+8619900000001,{now}\nw-2,nobody,caller,x,{now}\n"
        f"w-3,+8617000000602,caller,+8619900000001,{now}\n"
        f"w-4,+8617000000603,caller,+8619900000001,{now}\n"
        f"w-5,+8617000000604,caller,+8619900000001,{now}\n"
        f"w-6,+8617000000605,caller,+8619900000001,{now}\n",
    )

    pull = pulled(running, "mobile.example")

    assert pull["results"] == {"accepted": "5", "refused": "1"}


def test_the_audit_log_has_each_file_by_its_hash(running: Running, drops: Path) -> None:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    row = f"w-9,+8617000000609,caller,+8619900000009,{now}"
    drop(drops / "warnings", "2.csv", f"reference,victim,means_kind,means,occurred_at\n{row}\n")
    pull = pulled(running, "mobile.example")

    def recorded() -> bool:
        log = running.fanzha("audit", "list", "--kind", "source_pulled", "--json").stdout
        return str(pull["sha256"]) in log

    eventually(recorded)


def test_an_unknown_source_and_a_hash_that_nothing_has_are_refused(running: Running) -> None:
    unknown = sources(running, "pull", "nothing", "--by", "li")
    not_held = sources(
        running, "pull", "reports-12321", "--accept", "0" * 64, "--reason", "so", "--by", "li"
    )

    assert (unknown.exit_code, not_held.exit_code) == (1, 2)
