import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.processes import data_folder
from services.settings.settings import Settings


@pytest.fixture(autouse=True)
def _open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def prepare(folder: Path, **settings: Path) -> None:
    data_folder.prepare(Settings(data_dir=folder, **settings))  # type: ignore[arg-type]


def open_to_others(*roots: Path) -> list[str]:
    found = [path for root in roots for path in (root, *root.rglob("*")) if not path.is_symlink()]
    return sorted(path.name for path in found if path.stat().st_mode & 0o077)


def test_a_new_data_folder_is_private(tmp_path: Path) -> None:
    prepare(tmp_path / "a" / "data")

    assert open_to_others(tmp_path / "a") == []


def test_loose_permissions_of_an_earlier_release_are_tightened_and_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data, log = tmp_path / "data", tmp_path / "log"
    for folder in (data / "lists", data / "decisions" / "call", log / "call"):
        folder.mkdir(parents=True)
        (folder / "x").touch(0o644)
    caplog.set_level(logging.WARNING)

    prepare(data, decision_log_dir=log)

    assert open_to_others(data / "lists", log) == []
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert "were open to other users" in caplog.text


def test_foreign_files_in_the_folder_are_untouched(tmp_path: Path) -> None:
    (tmp_path / "programs").mkdir(0o755)
    (tmp_path / "elsewhere").touch(0o644)
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "link").symlink_to(tmp_path / "elsewhere")

    prepare(tmp_path)

    assert open_to_others(tmp_path) == ["elsewhere", "programs"]


def test_a_key_readable_by_others_is_left_for_its_reader_to_refuse(tmp_path: Path) -> None:
    (tmp_path / "audit").mkdir()
    (tmp_path / "audit" / "key").touch(0o644)
    (tmp_path / "handset-key").touch(0o644)

    prepare(tmp_path)

    assert open_to_others(tmp_path) == ["handset-key", "key"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    os.chown(data, 12345, -1)

    with pytest.raises(ValueError, match="belongs to user 12345"):
        prepare(data)
