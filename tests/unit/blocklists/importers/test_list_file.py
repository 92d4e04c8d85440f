"""A list file is opened by what it is, and its lines are found again."""

import gzip
import json
from pathlib import Path

import openpyxl
import pytest

from blocklists.importers.list_file import ListFile, ReadOptions
from blocklists.importers.list_format import Format
from blocklists.importers.rows import ListRow
from fanzha.errors import InvalidInput
from tests.support.builders import NINE_O_CLOCK_S


def opened(path: Path, ways: ReadOptions | None = None) -> ListFile:
    return ListFile(path, ways or ReadOptions(), NINE_O_CLOCK_S)


def test_a_text_is_read_and_its_lines_can_be_located(tmp_path: Path) -> None:
    path = tmp_path / "list.csv.gz"
    path.write_bytes(gzip.compress("号码,原因\n17000000001,举报\n".encode("gb18030")))
    file = opened(path)

    rows = [item for item in file.items() if isinstance(item, ListRow)]

    assert (file.format_, file.encoding, file.lines, len(rows)) == (Format.CSV, "gb18030", 2, 1)
    assert dict(file.texts({2, 7})) == {2: "17000000001,举报"}
    assert (file.place(2), file.sheets, file.hidden_sheets) == (("", 2), [], [])
    file.close()


def test_a_workbook_is_known_by_its_bytes_whatever_its_name(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    book = openpyxl.Workbook()
    book.active.title = "一"
    book.active.append(("号码",))
    book.active.append(("17000000001",))
    book.save(path)
    file = opened(path)

    rows = [item for item in file.items() if isinstance(item, ListRow)]

    assert (file.format_, file.encoding, file.lines) == (Format.XLSX, "", 2)
    assert file.place(rows[0].line) == ("一", 2)
    assert [header.sheet for header in file.headers] == ["一"]
    file.close()


def test_lines_without_meaning_of_their_own_cannot_be_located(tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    path.write_text(json.dumps({"deny": ["a.example"]}))
    file = opened(path)

    assert [row.line for row in file.items()] == [1]
    assert list(file.texts({1})) == []
    file.close()


@pytest.mark.parametrize(
    ("ways", "why"),
    [
        (ReadOptions(sheets=("一",)), "only workbooks"),
        (ReadOptions(format_=Format.XLSX), "not a workbook"),
    ],
)
def test_a_text_is_not_read_as_a_workbook(tmp_path: Path, ways: ReadOptions, why: str) -> None:
    path = tmp_path / "list.csv"
    path.write_text("号码\n17000000001\n", encoding="utf-8")

    with pytest.raises(InvalidInput, match=why):
        opened(path, ways)


def test_an_empty_file_is_an_empty_list(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.touch()
    file = opened(path)

    assert (list(file.items()), file.encoding) == ([], "ascii")
    file.close()
