"""How tables are read that people replay and score."""

import gzip
from pathlib import Path

import pytest

from fanzha.errors import InvalidInput
from services.cli._common.files import Row, open_table


def rows_of(path: Path) -> list[Row]:
    with open_table(path, single_column="text") as table:
        return [dict(row) for row in table.rows]


def test_a_tab_ends_a_field_and_only_a_line_feed_ends_a_row_of_tsv(tmp_path: Path) -> None:
    path = tmp_path / "texts.tsv"
    path.write_text('id\ttext\n1\tsays "hi\r, she"\u2028more\r\n2\n', newline="")

    assert rows_of(path) == [
        {"id": "1", "text": 'says "hi\r, she"\u2028more'},
        {"id": "2", "text": ""},
    ]


def test_csv_may_quote_commas_and_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "links.csv"
    path.write_text('\ufeffurl,label\r\n"http://x.example/?a=1,2\nb",ham\r\n\r\n')

    assert rows_of(path) == [{"url": "http://x.example/?a=1,2\nb", "label": "ham"}]


def test_gzip_is_read_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "texts.tsv.gz"
    path.write_bytes(gzip.compress("text\n您好\n".encode()))

    assert rows_of(path) == [{"text": "您好"}]


def test_any_other_file_is_one_value_a_line(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("one\ttwo\nthree\n")

    assert rows_of(path) == [{"text": "one\ttwo"}, {"text": "three"}]


def test_bytes_that_are_no_utf_8_are_replaced(tmp_path: Path) -> None:
    path = tmp_path / "texts.tsv"
    path.write_bytes(b"text\n\xff\xfe\n")

    assert rows_of(path) == [{"text": "\ufffd\ufffd"}]


@pytest.mark.parametrize("name", ["texts.tsv.gz", "links.csv.gz"])
def test_a_truncated_file_is_named(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(b"text\n" + bytes(range(32, 127)) * 999)[:-20])

    with pytest.raises(InvalidInput, match=name):
        rows_of(path)
