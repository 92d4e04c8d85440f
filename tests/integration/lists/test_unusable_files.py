"""Files that are no list change nothing, and one sentence says why."""

import base64
import random
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

from tests.support.processes import LEAN, Running, fanzha_up

SEED = 7


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One service for all files."""
    with fanzha_up(tmp_path_factory.mktemp("service"), workers=1, **LEAN) as running:
        yield running


def imported(service: Running, path: Path, *options: str) -> tuple[int, str]:
    """Import a file; return the status and what was printed."""
    done = service.fanzha(
        "blocklist", "import", str(path), "--source", "bureau", "--by", "li", *options, check=False
    )
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def noise(path: Path) -> Path:
    """Write base64 of random bytes, which looks like a list of URLs here and there."""
    bytes_ = random.Random(SEED).randbytes(200_000)
    path.write_bytes(base64.encodebytes(bytes_))
    return path


def test_a_file_of_base64_is_no_list(service: Running, tmp_path: Path) -> None:
    status, printed = imported(service, noise(tmp_path / "noise.txt"))

    assert status == 2
    assert "rows are invalid, more than 20 %: is it a list? The first is in line" in printed


def test_the_share_of_invalid_rows_is_a_choice(service: Running, tmp_path: Path) -> None:
    path = noise(tmp_path / "noise.txt")
    _, printed = imported(service, path, "--max-invalid", "100", "--preview")

    assert "nothing changed, a dry run" in printed


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty, or has comments and headers only"),
        (b"\n# nothing yet\n", "it is empty, or has comments and headers only"),
        (b"number,reason\n", "it is empty, or has comments and headers only"),
        (
            b"number,reason\n+8617000000123,\xff\xfe\xba\n",
            "no line is an entry; the first that cannot be read is line 2: bytes that are not",
        ),
    ],
)
def test_a_file_without_entries_is_told_plainly(
    service: Running, tmp_path: Path, content: bytes, reason: str
) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(content)

    status, printed = imported(service, path)

    assert status == 2
    assert f"list.csv: nothing was imported: {reason}" in printed


def test_a_table_of_taiwan_is_read(service: Running, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes("號碼,原因\n+8617000000123,假冒銀行客服的詐騙電話\n".encode("big5"))

    status, printed = imported(service, path, "--preview")

    assert status == 0, printed
    assert "csv, 2 lines, big5" in printed
    assert "1 × number" in printed


def test_a_workbook_without_a_header_is_read_when_told(service: Running, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for number in range(3):
        book.active.append([f"+861700000013{number}", "call centre"])
    book.save(tmp_path / "list.xlsx")

    status, printed = imported(service, tmp_path / "list.xlsx", "--preview")
    told_status, output = imported(service, tmp_path / "list.xlsx", "--preview", "--no-header")

    assert status == 2
    assert "or --no-header where the first row is data" in printed
    assert told_status == 0, output
    assert "3 × number" in output
