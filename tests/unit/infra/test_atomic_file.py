import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from infra import atomic_file
from tests.support.audit_logs import no_file_beyond


@pytest.fixture(autouse=True)
def _open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_file_is_private_from_its_first_byte_on(tmp_path: Path) -> None:
    with atomic_file.replacing(tmp_path / "a") as file:
        file.write(b"1")
        seen = {path.name: mode(path) for path in tmp_path.iterdir()}

    assert seen == {"a.new": 0o600}
    assert {path.name: mode(path) for path in tmp_path.iterdir()} == {"a": 0o600}


def test_the_replacement_of_an_open_file_is_private(tmp_path: Path) -> None:
    for name in ("a", "a.new"):
        (tmp_path / name).write_text("old")
        (tmp_path / name).chmod(0o666)

    atomic_file.write(tmp_path / "a", "neu €")

    assert (tmp_path / "a").read_text(encoding="utf-8") == "neu €"
    assert {path.name: mode(path) for path in tmp_path.iterdir()} == {"a": 0o600}


def test_an_interrupted_write_leaves_the_old_file_and_no_temporary_one(tmp_path: Path) -> None:
    atomic_file.write(tmp_path / "a", b"old")

    def break_off(file: IO[bytes]) -> None:
        file.write(b"half")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), atomic_file.replacing(tmp_path / "a") as file:
        break_off(file)

    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"old"}


def test_a_planted_symlink_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("kept")
    (tmp_path / "a.new").symlink_to(tmp_path / "elsewhere")

    atomic_file.write(tmp_path / "a", b"new")

    assert (tmp_path / "elsewhere").read_text() == "kept"
    assert not (tmp_path / "a").is_symlink()


def test_text_keeps_its_line_endings_and_byte_order_mark(tmp_path: Path) -> None:
    with atomic_file.replacing_text(tmp_path / "a", encoding="utf-8-sig") as lines:
        lines.write("ä\r\n\n")

    assert (tmp_path / "a").read_bytes() == "\ufeffä\r\n\n".encode()


def test_an_existing_file_is_not_overwritten_where_a_new_one_is_required(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("there")

    with pytest.raises(FileExistsError), atomic_file.create(tmp_path / "a", fresh=False):
        pass

    assert (tmp_path / "a").read_text() == "there"


def test_folders_are_private_all_the_way_down_and_old_ones_stay(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)

    atomic_file.make_folder(tmp_path / "a" / "b")
    atomic_file.make_folder(tmp_path / "a" / "b")

    assert [mode(path) for path in (tmp_path, tmp_path / "a", tmp_path / "a" / "b")] == [
        0o755,
        0o700,
        0o700,
    ]


def test_a_file_in_place_of_a_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a").touch()

    with pytest.raises(OSError, match="a"):
        atomic_file.make_folder(tmp_path / "a" / "b")


def test_a_full_disk_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    file = tmp_path / "lists.json"
    atomic_file.write(file, "before")

    with no_file_beyond(1000), pytest.raises(OSError, match=r"File too large.*lists\.json") as full:
        atomic_file.write(file, b"x" * 100_000)

    assert full.value.filename == str(tmp_path / "lists.json.new")
    assert file.read_text() == "before"
