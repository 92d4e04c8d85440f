"""What is sent of a file, and what is told of the rest."""

from pathlib import Path

import pytest

from blocklists.importers.bulk_lines import MIN_RUN_LINES
from blocklists.importers.list_file import ListFile, ReadOptions
from fanzha.errors import InvalidInput
from fanzha.v1 import blocklist_pb2 as pb
from services.list_files.upload import EXPIRED, JUDGED_LINES, ReadProgress, Upload
from tests.support.builders import NINE_O_CLOCK_S


def sent(path: Path, **ways: str) -> tuple[list[pb.ImportRow], ReadProgress]:
    upload = Upload(path, ReadOptions(**ways), NINE_O_CLOCK_S)  # type: ignore[arg-type]
    messages = list(upload.messages(pb.ImportHeader(), lambda: None))
    upload.close()
    return [row for message in messages for row in message.rows.rows], upload.reading


def written(tmp_path: Path, *lines: bytes) -> Path:
    path = tmp_path / "list.csv"
    path.write_bytes(b"\n".join(lines))
    return path


def test_a_line_with_undecodable_bytes_is_bad_and_stops_no_other(tmp_path: Path) -> None:
    head, good = "号码,原因".encode("gb18030"), "17000000001,举报".encode("gb18030")
    path = written(tmp_path, head, good, b"17000000002,\xff\xff", b"17000000003,", good)

    rows, reading = sent(path)

    assert [row.line for row in rows] == [2, 4, 5]
    assert [(bad.line, bad.reason) for bad in reading.problems] == [
        (3, "bytes that are not gb18030")
    ]
    assert reading.invalid.total() == 1


def test_bad_bytes_within_a_row_of_several_lines_make_it_bad(tmp_path: Path) -> None:
    path = written(tmp_path, "号码,原因".encode(), b'17000000001,"a', b'\xff b"', b"17000000002,c")

    rows, reading = sent(path)

    assert [row.line for row in rows] == [4]
    assert [bad.line for bad in reading.problems] == [2]


def test_an_end_that_is_over_is_counted_apart(tmp_path: Path) -> None:
    path = written(tmp_path, "号码,有效期".encode(), b"17000000001,2020-01-01", b"17000000002,soon")

    rows, reading = sent(path)

    assert rows == []
    assert reading.invalid[EXPIRED] == 1
    assert reading.invalid.total() == 2


def test_a_landline_that_may_have_lost_its_zero_is_sent_and_reported(tmp_path: Path) -> None:
    path = written(tmp_path, "号码,原因".encode(), b"1055550199,x", b"17000000001,y")

    rows, reading = sent(path)

    assert [row.pattern for row in rows] == ["1055550199", "17000000001"]
    assert (reading.notes.total(), list(reading.noted.values())) == (1, [[2]])


def test_a_caller_can_stop_an_upload_after_reading_the_file(tmp_path: Path) -> None:
    def refuse(file: ListFile, _reading: ReadProgress) -> None:
        raise InvalidInput(f"{file.lines} lines")

    upload = Upload(
        written(tmp_path, b"number", b"+8617000000001"),
        ReadOptions(),
        NINE_O_CLOCK_S,
        finished=refuse,
    )

    with pytest.raises(InvalidInput, match="2 lines"):
        list(upload.messages(pb.ImportHeader(), lambda: None))
    assert isinstance(upload.reading.error, InvalidInput)
    upload.close()


def test_plain_rows_go_together_and_keep_their_place_in_the_file(tmp_path: Path) -> None:
    names = [f"h{number}.example".encode() for number in range(MIN_RUN_LINES)]
    path = written(tmp_path, b"pattern", b"first.example/pay", *names, b"# note", *names, b"1700*")
    upload = Upload(path, ReadOptions(), NINE_O_CLOCK_S)

    _, *messages = [one.rows for one in upload.messages(pb.ImportHeader(), lambda: None)]
    upload.close()

    first, runs, last = messages
    assert [(row.line, row.pattern) for row in first.rows] == [(2, "first.example/pay")]
    assert [run.first_line for run in runs.plain] == [3, MIN_RUN_LINES + 4]
    assert runs.plain[0].patterns.encode() == b"\n".join([*names, b""])
    assert [(row.line, row.pattern) for row in last.rows] == [(2 * MIN_RUN_LINES + 4, "1700*")]
    assert not [*first.plain, *runs.rows, *last.plain]
    assert upload.reading.rows == 2 * MIN_RUN_LINES + 2


def test_a_file_that_is_mostly_unreadable_is_no_list(tmp_path: Path) -> None:
    rows = [b"number,expires", *[b"+8617000000001,soon", b"+8617000000002,"] * JUDGED_LINES]
    upload = Upload(written(tmp_path, *rows), ReadOptions(), NINE_O_CLOCK_S, invalid_percent=49)

    with pytest.raises(InvalidInput, match=r"lines cannot be read, .* is it a list"):
        list(upload.messages(pb.ImportHeader(), lambda: None))
    upload.close()


def test_a_file_with_as_many_bad_lines_as_are_allowed_is_read(tmp_path: Path) -> None:
    rows = [b"number,expires", *[b"+8617000000001,soon", b"+8617000000002,"] * JUDGED_LINES]
    upload = Upload(written(tmp_path, *rows), ReadOptions(), NINE_O_CLOCK_S, invalid_percent=51)

    list(upload.messages(pb.ImportHeader(), lambda: None))
    upload.close()

    assert upload.reading.invalid.total() == JUDGED_LINES
