"""Files of reports: every form of them, and that reporters leave them hashed."""

import gzip
import json
from pathlib import Path

import openpyxl
import pytest

from blocklists.entries import EntryKind
from fanzha.errors import InvalidInput
from fanzha.fraud import FraudType
from fanzha.phone import HomePlan
from services.sources.reports.reader import ReportReader, UserReport
from services.sources.reports.rules import ReportRules

NOW_MS = 1_800_000_000_000
OF_12321 = ReportRules(schema="12321")
HEAD = ["举报人", "被举报号码", "发送端口", "被举报网址", "举报时间", "举报类型"]
ROWS = [
    ["13800000001", "+86 170 0000 0501", "", "", "2027-01-15 10:00:00", "虚假贷款"],
    ["+8613800000001", "", "1069012345", "", "2027-01-15T02:00:00Z", "其他"],
    ["u-7", "", "", "https://Pay.Example/login?x=1", "1800000000", ""],
]


def read(file: Path, rules: ReportRules = OF_12321, key: bytes = b"key") -> list[object]:
    reader = ReportReader(key, HomePlan(), now_ms=lambda: NOW_MS)
    return [one.report for one in reader.rows(file, rules)]


def reports(file: Path, rules: ReportRules = OF_12321) -> list[UserReport]:
    return [one for one in read(file, rules) if isinstance(one, UserReport)]


def as_csv(folder: Path, rows: list[list[str]], encoding: str = "utf-8") -> Path:
    file = folder / "reports.csv"
    file.write_text("\n".join(",".join(row) for row in [HEAD, *rows]), encoding=encoding)
    return file


def as_xlsx(folder: Path, rows: list[list[str]]) -> Path:
    file, book = folder / "reports.xlsx", openpyxl.Workbook()
    for row in [HEAD, *rows]:
        book.active.append(row)
    book.save(file)
    return file


def as_json(folder: Path, rows: list[list[str]]) -> Path:
    file = folder / "reports.jsonl"
    lines = [json.dumps(dict(zip(HEAD, row, strict=True)), ensure_ascii=False) for row in rows]
    file.write_text("\n".join(lines))
    return file


@pytest.mark.parametrize("form", ["utf-8", "gb18030", "xlsx", "json"])
def test_every_form_says_the_same(tmp_path: Path, form: str) -> None:
    forms = {"xlsx": as_xlsx, "json": as_json}
    file = forms[form](tmp_path, ROWS) if form in forms else as_csv(tmp_path, ROWS, form)

    found = reports(file)

    assert [(one.subject.kind, one.subject.pattern) for one in found] == [
        (EntryKind.NUMBER, "+8617000000501"),
        (EntryKind.SENDER, "1069012345"),
        (EntryKind.HOST, "pay.example"),
    ]
    assert [one.fraud_type for one in found] == [FraudType.FAKE_LOAN, 0, 0]
    assert found[0].reported_at_ms == found[1].reported_at_ms, "without a zone it is China's"
    assert found[2].reported_at_ms == NOW_MS


def test_a_reporter_is_hashed_with_the_key_and_one_person_however_written(tmp_path: Path) -> None:
    file = as_csv(tmp_path, ROWS)

    first, second, third = reports(file)
    other = read(file, key=b"another")[0]

    assert first.reporter == second.reporter != third.reporter
    assert isinstance(other, UserReport)
    assert other.reporter != first.reporter
    assert "13800000001" not in repr(first)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (["", "+8617000000501", "", "", "2027-01-15", ""], "reporter: required"),
        (["u", "", "", "", "2027-01-15", ""], "number, sender or link"),
        (["u", "12", "", "", "2027-01-15", ""], "means"),
        (["u", "", "", "intranet", "2027-01-15", ""], "means"),
        (["u", "+8617000000501", "", "", "soon", ""], "reported_at"),
        (["u", "+8617000000501", "", "", "2099-01-01", ""], "reported_at"),
        (["u", "+8617000000501", "", "", "2027-01-15", "", "more"], "does not fit"),
    ],
)
def test_a_wrong_row_says_why_and_stops_no_other(tmp_path: Path, row: list[str], why: str) -> None:
    wrong, right = read(as_csv(tmp_path, [row, ROWS[0]]))

    assert isinstance(wrong, InvalidInput)
    assert why in str(wrong)
    assert isinstance(right, UserReport)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        b"a,b\n1,2\n",
        b"\xff\xfe\x00",
        b"PK\x03\x04",
        gzip.compress(b"a" * 999, mtime=0)[:-9],
    ],
)
def test_what_is_no_file_of_reports_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "other"
    file.write_bytes(content)

    with pytest.raises(InvalidInput):
        read(file)


def test_a_file_that_unpacks_to_hundreds_of_times_its_size_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "bomb.csv.gz"
    file.write_bytes(gzip.compress(b"reporter,number,time\n" + (b" " * 999 + b"\n") * 20_000))

    with pytest.raises(InvalidInput, match="times its size"):
        read(file, ReportRules())


def test_columns_of_a_source_go_before_those_of_the_schema(tmp_path: Path) -> None:
    file = tmp_path / "own.csv"
    file.write_text("谁,举报人,号,时\n13800000001,x,+8617000000501,2027-01-15\n")
    columns = {"谁": "reporter", "号": "number", "时": "reported_at"}

    found = reports(file, ReportRules(schema="12321", columns=columns))

    assert found[0].reporter == reports(as_csv(tmp_path, ROWS))[0].reporter


def test_json_that_is_no_report_is_a_wrong_row(tmp_path: Path) -> None:
    file = tmp_path / "reports.jsonl"
    deep = "[" * 100_000
    file.write_text('{"reporter": [1], "number": {}}\n[]\nnull\n{"a":\n' + deep + "\n")

    assert all(isinstance(one, InvalidInput) for one in read(file, ReportRules()))
