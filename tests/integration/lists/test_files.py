"""Files as bureaus have them, through `fanzha blocklist import` and a running service."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.support.processes import LEAN, Running, fanzha_up


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One service for all tests here; each uses numbers and names of its own."""
    with fanzha_up(Path(tmp_path_factory.mktemp("files")), workers=1, **LEAN) as running:
        yield running


def summary(service: Running, *arguments: str) -> dict[str, Any]:
    done = service.fanzha("blocklist", "import", *arguments, "--by", "li", "--json")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_table_in_gb18030_is_previewed_and_then_imported(
    service: Running, tmp_path: Path
) -> None:
    listed, report = tmp_path / "list.csv", tmp_path / "bad.csv"
    rows = [
        "涉诈号码清单,,,", "序号,号码,原因,有效期", "1,17000001001,举报,2099-01-01",
        "2,17000001002,举报,2099-01-01", "3,17000001002,举报,2099-01-01", "4,110,不能封,",
        "5,1.7E+10,丢位,", "6,17000001003,过期,2020-01-01",
    ]  # fmt: skip
    lines = [row.encode("gb18030") for row in rows] + [b"7,17000001004,\xff\xff,"]
    listed.write_bytes(b"\n".join(lines))
    options = (str(listed), "--source", "bureau", "--report", str(report))

    shown = service.fanzha("blocklist", "import", *options, "--by", "li", "--preview")
    before = summary(service, *options, "--preview")
    done = summary(service, *options)

    assert (before["format"], before["encoding"]) == ("csv", "gb18030")
    assert before["columns"][0]["used"] == {"号码": "number", "原因": "reason", "有效期": "expires"}
    assert before["columns"][0]["not_used"] == ["序号"]
    counts = ("rows", "added", "duplicate", "repeated", "refused", "invalid", "expired")
    assert [before[name] for name in counts] == [7, 2, 1, 1, 1, 3, 1]
    assert [done[name] for name in counts] == [7, 2, 1, 1, 1, 3, 1]
    assert before["examples"]["duplicate"][0]["repeated_by"] == {"line": 5}
    assert done["version"] == before["version"] + 1
    for text in ("gb18030", "号码 → number", "not used: 序号", "digits are lost", "line 9", "new,"):
        assert text in shown.stdout
    with report.open(encoding="utf-8-sig", newline="") as file:
        bad = list(csv.DictReader(file))
    assert [(row["line"], row["outcome"]) for row in bad] == [
        ("6", "refused"), ("7", "invalid"), ("8", "invalid"), ("9", "invalid"),
    ]  # fmt: skip
    assert bad[0]["text"] == "4,110,不能封,"
    assert "1.7E+10" in bad[1]["text"]


def test_a_workbook_is_imported_sheet_by_sheet(service: Running, tmp_path: Path) -> None:
    listed = tmp_path / "list.xlsx"
    book = openpyxl.Workbook()
    numbers, sites = book.active, book.create_sheet("网站")
    numbers.title = "号码"
    for row in (
        ("号码", "原因"),
        (17000002001, "举报"),
        (1.7000002002e19, "丢位"),
        (110, "不能封"),
    ):
        numbers.append(row)
    for site in (("域名", "网址"), ("a2.example", None), (None, "http://b2.example/pay/x")):
        sites.append(site)
    book.save(listed)

    done = summary(service, str(listed), "--source", "ministry")

    assert (done["format"], done["sheets"]) == ("xlsx", ["号码", "网站"])
    assert [done[name] for name in ("rows", "added", "refused", "invalid")] == [5, 3, 1, 1]
    assert done["examples"]["refused"][0]["sheet"] == "号码"
    assert done["examples"]["refused"][0]["line"] == 4
    assert (
        "b2.example/pay/x" in service.fanzha("blocklist", "find", "http://b2.example/pay/x").stdout
    )


def test_a_bundle_is_imported(service: Running, tmp_path: Path) -> None:
    listed = tmp_path / "bundle.json"
    patterns = ("[domain-name:value = 'a3.example']", "[phone-number:value = '+8617000003001']",
                "[file:name = 'x']")  # fmt: skip
    common = {"type": "indicator", "pattern_type": "stix", "valid_from": "2026-01-01T00:00:00Z"}
    objects = [common | {"pattern": pattern} for pattern in patterns]
    listed.write_text(json.dumps({"type": "bundle", "id": "bundle--1", "objects": objects}))

    done = summary(service, str(listed), "--source", "tech_company")

    assert [done[name] for name in ("format", "added", "invalid")] == ["stix", 2, 1]


def test_a_column_mapping_is_remembered_for_its_source(service: Running, tmp_path: Path) -> None:
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    first.write_text("涉案标识,登记人\n17000004001,甲\n", encoding="utf-8")
    second.write_text("涉案标识,登记人\n17000004002,乙\n", encoding="utf-8")
    unknown = service.fanzha("blocklist", "import", str(first), "--source", "carrier", check=False)
    options = ("--source", "carrier", "--map", "标识=number")
    wrong = service.fanzha("blocklist", "import", str(first), *options, check=False)

    output = summary(service, str(first), "--source", "carrier", "--map", "涉案标识=号码")
    again = summary(service, str(second), "--source", "carrier")
    other = service.fanzha("blocklist", "import", str(second), "--source", "bureau", check=False)

    assert (unknown.returncode, wrong.returncode, other.returncode) == (2, 2, 2)
    assert "--map" in unknown.stderr
    assert "涉案标识" in unknown.stderr
    assert (output["added"], again["added"]) == (1, 1)
    assert (output["remembered_columns"], again["remembered_columns"]) == (
        {}, {"涉案标识": "number"},
    )  # fmt: skip
    (stored,) = json.loads(service.fanzha("blocklist", "mappings", "list", "--json").stdout)
    shown = service.fanzha("blocklist", "mappings", "show", stored["mapping_id"]).stdout
    assert "涉案标识 → number" in shown
    assert "登记人 → not used" in shown
    service.fanzha("blocklist", "mappings", "forget", "--yes", stored["mapping_id"])
    gone = service.fanzha(
        "blocklist", "mappings", "forget", "--yes", stored["mapping_id"], check=False
    )
    assert gone.returncode == 1
    assert "0 remembered" in service.fanzha("blocklist", "mappings", "list").stdout


def test_conflicts_with_the_lists_are_previewed(service: Running, tmp_path: Path) -> None:
    listed = tmp_path / "numbers.txt"
    listed.write_text("+8617000005001\n+8617000005002\n")
    on_list = ("--action", "allow", "--source", "carrier", "--reason", "a hospital")
    service.fanzha("blocklist", "add", "+861700000500*", *on_list)

    shown = service.fanzha(
        "blocklist", "import", str(listed), "--source", "bureau", "--preview"
    ).stdout
    found = summary(service, str(listed), "--source", "bureau", "--preview")

    assert (found["conflicting"], found["conflicts"]) == (2, {"wider": 2})
    assert "line 1: an exception from the allow entry +861700000500*" in shown


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("--encoding", "latin-1"), 2),
        (("--map", "号码=colour"), 2),
        (("--sheet", "号码"), 2),
        (("--format", "xlsx"), 2),
    ],
)
def test_invalid_reader_options_are_reported_without_a_traceback(
    service: Running, tmp_path: Path, arguments: tuple[str, ...], status: int
) -> None:
    listed = tmp_path / "numbers.txt"
    listed.write_text("+8617000006001\n")

    done = service.fanzha(
        "blocklist", "import", str(listed), "--source", "bureau", *arguments, check=False
    )

    assert done.returncode == status
    assert "Traceback" not in done.stderr
