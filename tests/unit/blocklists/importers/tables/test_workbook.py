"""Workbooks: cells that are numbers, dates or text, merged headers, several sheets."""

import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import Any

import openpyxl
import pytest

from blocklists.entries import EntryKind
from blocklists.importers.decompression import Limits
from blocklists.importers.rows import BadLine, Ignored, Item, ListRow
from blocklists.importers.tables.headers import Header
from blocklists.importers.tables.workbook import SHEET_BITS, Workbook
from fanzha.errors import InvalidInput

Make = Callable[[Any], None]


def made(*sheets: tuple[str, Make]) -> io.BytesIO:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, make in sheets:
        make(book.create_sheet(name))
    file = io.BytesIO()
    book.save(file)
    file.seek(0)
    return file


def of_rows(*rows: Sequence[Any]) -> Make:
    def make(sheet: Any) -> None:
        for row in rows:
            sheet.append(row)

    return make


def read(file: io.BytesIO, **ways: Any) -> tuple[list[Item], list[Header]]:
    headers: list[Header] = []
    return list(Workbook(file, on_header=headers.append, **ways).items()), headers


def entries(*rows: Sequence[Any]) -> list[Item]:
    return read(made(("s", of_rows(*rows))))[0][1:]


def test_a_sheet_without_a_header_is_read_where_it_is_said_to_have_none() -> None:
    rows = of_rows(("清单", None), ("17000000001", "举报"), ("17000000002", "举报"))

    as_it_looks, _ = read(made(("s", rows)))
    without, headers = read(made(("s", rows)), header=False)

    assert not [item for item in as_it_looks if isinstance(item, ListRow)]
    assert [item.pattern for item in without if isinstance(item, ListRow)] == [
        "17000000001",
        "17000000002",
    ]
    assert headers == []


def test_a_sheet_is_a_table() -> None:
    items, headers = read(
        made(
            ("清单", of_rows(("号码", "原因", "备注"), ("17000000001", "举报", "x"), (None, None)))
        )
    )

    assert items == [
        Ignored(1, "header"),
        ListRow(2, "17000000001", EntryKind.NUMBER, reason="举报"),
        Ignored(3, "blank"),
    ]
    assert (headers[0].sheet, headers[0].layout.unused) == ("清单", ("备注",))


@pytest.mark.parametrize("value", [17000000001, 17000000001.0, "17000000001", "'17000000001"])
def test_a_number_in_a_cell_is_read_with_all_its_digits(value: object) -> None:
    assert entries(("号码",), (value,)) == [ListRow(2, "17000000001", EntryKind.NUMBER)]


@pytest.mark.parametrize("value", [1.06900001234567e19, 10**15, 10690000000000001, "1.7E+10"])
def test_a_number_that_lost_digits_is_a_bad_row(value: object) -> None:
    (item,) = entries(("号码",), (value,))

    assert isinstance(item, BadLine)
    assert "digits are lost" in item.reason


def test_a_number_that_may_have_lost_its_zero_is_a_bad_row_and_a_text_is_not() -> None:
    number, text = entries(("号码",), (1055550199,), ("01055550199",))

    assert isinstance(number, BadLine)
    assert "leading 0" in number.reason
    assert text == ListRow(3, "01055550199", EntryKind.NUMBER)


def test_the_format_of_a_cell_says_how_many_digits_there_are() -> None:
    def make(sheet: Any) -> None:
        sheet.append(("号码",))
        sheet["A2"].value, sheet["A2"].number_format = 1055550199, "00000000000"

    assert read(made(("s", make)))[0][1:] == [ListRow(2, "01055550199", EntryKind.NUMBER)]


def test_dates_are_read_as_days_and_numbers_that_look_like_dates_as_numbers() -> None:
    def make(sheet: Any) -> None:
        sheet.append(("号码", "有效期"))
        sheet.append((17000000001, datetime(2027, 12, 31)))
        sheet.append((17000000002, datetime(2027, 12, 31, 8, 30)))
        sheet.append((17000000003, "2027年12月31日"))
        sheet["A4"].number_format = "yyyy-mm-dd"

    found = [item for item in read(made(("s", make)))[0] if isinstance(item, ListRow)]

    assert [row.expires for row in found] == ["2027-12-31", "2027-12-31T08:30:00", "2027年12月31日"]
    assert [row.pattern for row in found] == ["17000000001", "17000000002", "17000000003"]


def test_a_merged_title_and_a_merged_header_are_read() -> None:
    def make(sheet: Any) -> None:
        sheet.append(("涉诈号码清单", None, None, None))
        sheet.append(("序号", "号码", "处置", None))
        sheet.append((None, None, "动作", "有效期"))
        sheet.append((1, "17000000001", "拦截", "30天"))
        for cells in ("A1:D1", "A2:A3", "B2:B3", "C2:D2"):
            sheet.merge_cells(cells)

    items, headers = read(made(("s", make)))

    assert [type(item) for item in items] == [Ignored, Ignored, Ignored, ListRow]
    assert dict(headers[0].layout.used) == {
        "号码": "number", "动作": "action", "有效期": "expires",
    }  # fmt: skip
    assert (items[-1].line, items[0]) == (4, Ignored(1, "title"))


def test_every_visible_sheet_is_read_and_rows_name_their_sheet() -> None:
    file = made(
        ("号码", of_rows(("号码",), ("17000000001",))),
        ("说明", of_rows(("填表说明",), ("请勿修改表头",))),
        ("网址", of_rows(("网址",), ("http://a.example/p",))),
    )
    book = Workbook(file)

    items = list(book.items())

    assert book.sheets == ["号码", "说明", "网址"]
    assert [(item.line >> SHEET_BITS, item.line % 2**SHEET_BITS) for item in items] == [
        (0, 1), (0, 2), (1, 1), (1, 2), (2, 1), (2, 2),
    ]  # fmt: skip
    assert [type(item) for item in items[2:4]] == [BadLine, BadLine]
    assert dict(book.texts({2, (2 << SHEET_BITS) + 2})) == {
        2: "17000000001", (2 << SHEET_BITS) + 2: "http://a.example/p",
    }  # fmt: skip


def test_hidden_sheets_are_reported_and_read_only_by_name() -> None:
    def hidden(sheet: Any) -> None:
        sheet.append(("号码",))
        sheet.append(("17000000009",))
        sheet.sheet_state = "hidden"

    sheets = (("号码", of_rows(("号码",), ("17000000001",))), ("旧", hidden))

    book = Workbook(made(*sheets))

    assert (book.sheets, book.hidden) == (["号码"], ["旧"])
    assert Workbook(made(*sheets), sheets=("旧",)).sheets == ["旧"]
    with pytest.raises(InvalidInput, match="there is no '新'"):
        Workbook(made(*sheets), sheets=("新",))


def test_column_mappings_apply_to_a_workbook() -> None:
    file = made(("s", of_rows(("标识", "x"), ("17000000001", 1))))

    items, _ = read(file, choose=lambda _names: {"标识": "number"})

    assert items[1:] == [ListRow(2, "17000000001", EntryKind.NUMBER)]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\xd0\xcf\x11\xe0" + bytes(600), r"\.xls"),
        (b"PK\x03\x04 and no more", "not a workbook"),
        (b"", "not a workbook"),
    ],
)
def test_an_unreadable_workbook_is_reported(data: bytes, why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        Workbook(io.BytesIO(data))


def test_another_archive_is_no_workbook() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("readme.txt", "hello")
    file.seek(0)

    with pytest.raises(InvalidInput, match="not a workbook"):
        Workbook(file)


LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {b} "{("&" + a + ";") * 10}">' for a, b in pairwise("abcdefghij"))
    + "]>"
)


def changed(part: str, change: Callable[[bytes], bytes]) -> io.BytesIO:
    """Return a workbook of one number with one part of it changed."""
    source, file = made(("s", of_rows(("号码",), ("17000000001",)))), io.BytesIO()
    with zipfile.ZipFile(source) as whole, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in whole.namelist():
            data = whole.read(name)
            new.writestr(name, change(data) if name == part else data)
    file.seek(0)
    return file


PARTS = ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml", "xl/theme/theme1.xml"]


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_workbook_that_declares_entities_is_refused(part: str, encoding: str) -> None:
    def declare(data: bytes) -> bytes:
        body = data.decode()
        body = body[body.index("?>") + 2 :] if body.startswith("<?xml") else body
        head = f'<?xml version="1.0" encoding="{encoding}"?><!-- x -->'
        return f"{head}{LAUGHS}{body}".encode(encoding)

    with pytest.raises(InvalidInput, match=f"{part}: declares a type of document"):
        read(changed(part, declare))


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(
    "data", [b"<a>&b;</a>", b"<a", b"", b"\x00\xff", b"<a></b>", b'<a xmlns:b="c">' * 2000]
)
def test_a_damaged_part_is_reported_in_one_sentence(part: str, data: bytes) -> None:
    try:
        read(changed(part, lambda _: data))
    except InvalidInput as error:
        assert "not a workbook that can be read" in str(error)  # noqa: PT017 - some parts may lack


def test_a_truncated_sheet_is_reported_in_one_sentence() -> None:
    with pytest.raises(InvalidInput, match="not a workbook that can be read"):
        read(changed(PARTS[0], lambda data: data[:-40]))


@pytest.mark.parametrize(
    ("part", "told"),
    [
        ("xl/worksheets/sheet1.xml", "more than 8 MiB unpacked|times its size"),
        ("xl/styles.xml", "xl/styles.xml: more than 2 MiB unpacked"),
    ],
)
def test_a_part_that_unpacks_to_too_much_is_refused(part: str, told: str) -> None:
    file = changed(part, lambda data: data + b" " * (3 << 20))
    limits = Limits(unpacked_bytes=8 << 20, ratio=50, ratio_from_bytes=1 << 20, held_bytes=2 << 20)
    if part == "xl/styles.xml":
        limits = replace(limits, ratio=10_000)

    with pytest.raises(InvalidInput, match=told):
        read(file, limits=limits)


def test_the_total_unpacked_size_is_bounded() -> None:
    limits = Limits(unpacked_bytes=1 << 10)

    with pytest.raises(InvalidInput, match="more than 1 KiB unpacked; divide it"):
        read(made(("s", of_rows(("号码",), ("17000000001",)))), limits=limits)


def test_a_cell_of_a_format_that_is_not_there_is_a_damaged_workbook() -> None:
    whole = made(("s", of_rows(["pattern"], [17000000123])))
    damaged = io.BytesIO()
    with zipfile.ZipFile(whole) as parts, zipfile.ZipFile(damaged, "w") as copy:
        for name in parts.namelist():
            data = parts.read(name)
            if name.startswith("xl/worksheets/"):
                data = data.replace(b'<c r="A2"', b'<c r="A2" s="99"')
            copy.writestr(name, data)

    with pytest.raises(InvalidInput, match="not a workbook"):
        read(damaged)
