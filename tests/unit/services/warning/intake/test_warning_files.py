"""Workbooks of warnings: each visible sheet is a table, and nothing is guessed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from fanzha.errors import InvalidInput
from services.warning.intake import warning_files
from services.warning.intake.parser import RawWarning

HEAD = ("reference", "victim", "means_kind", "means", "occurred_at")
AT = "2026-12-01T10:00:00+08:00"
GOOD = ("w-1", "+8617000000601", "caller", "+8617000000001", AT)


def workbook(folder: Path, *sheets: Sequence[Sequence[Any]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets):
        sheet = book.create_sheet(f"s{number}")
        for row in rows:
            sheet.append(list(row))
    file = folder / "1.xlsx"
    book.save(file)
    return file


def test_each_sheet_has_a_header_and_empty_cells_at_the_end_are_no_fields(tmp_path: Path) -> None:
    numeric = ("w-2", 17000000602, "caller", "+8617000000001", 1_796_000_000_000, None)
    file = workbook(
        tmp_path,
        [(), HEAD, GOOD, (), ("w-3", "+8617000000603", "caller", "x", AT)],
        [tuple(name.upper() for name in (*HEAD, "campaign")), numeric],
    )

    found = list(warning_files.rows(file))

    raws = [one.raw for one in found if isinstance(one.raw, RawWarning)]
    assert [one.where for one in found] == ["3", "5", "2:2"]
    assert len(raws) == len(found), found
    assert (raws[2].victim, raws[2].occurred_at_ms) == ("17000000602", 1_796_000_000_000)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ((*GOOD, "more"), "has 6 fields, not 5"),
        (("w-1", "+8617000000601", "caller", "x", "2026-12-01 10:00:00"), "no time zone"),
        (("w-1", "+8617000000601", "spell", "x", AT), "means_kind"),
    ],
)
def test_a_row_that_cannot_be_read_says_why(tmp_path: Path, row: Sequence[Any], why: str) -> None:
    good, bad = warning_files.rows(workbook(tmp_path, [HEAD, GOOD, row]))

    assert isinstance(good.raw, RawWarning)
    assert isinstance(bad.raw, InvalidInput)
    assert why in str(bad.raw)


def test_a_decision_id_that_excel_has_rounded_is_refused(tmp_path: Path) -> None:
    rounded = (*GOOD, 1234567890123456789)
    file = workbook(tmp_path, [(*HEAD, "decision_id"), rounded, (*GOOD, "1234567890123456789")])

    first, second = warning_files.rows(file)

    assert isinstance(first.raw, InvalidInput)
    assert isinstance(second.raw, RawWarning)
    assert second.raw.decision_id == 1234567890123456789


@pytest.mark.parametrize(
    ("sheets", "why"),
    [
        ([[HEAD]], "no rows"),
        ([[("victim", "name"), GOOD]], "unknown column 2"),
        ([[HEAD, GOOD], [("reference",), ("w-2",)]], "missing victim"),
    ],
)
def test_a_sheet_that_is_none_of_warnings_is_refused(
    tmp_path: Path, sheets: Sequence[Sequence[Sequence[Any]]], why: str
) -> None:
    with pytest.raises(InvalidInput, match=why):
        list(warning_files.rows(workbook(tmp_path, *sheets)))


@pytest.mark.parametrize("start", [b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04 no workbook"])
def test_what_only_begins_like_a_workbook_is_refused(tmp_path: Path, start: bytes) -> None:
    file = tmp_path / "1.xlsx"
    file.write_bytes(start + b"\0" * 600)

    with pytest.raises(InvalidInput):
        list(warning_files.rows(file))
