"""A file that changes is read anew; one that becomes wrong changes nothing."""

import logging
from pathlib import Path

import pytest

from infra import reloaded_file
from infra.reloaded_file import LOOK_SECONDS, ReloadedFile


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def replace(path: Path, text: str) -> None:
    beside = path.with_suffix(".new")
    beside.write_text(text)
    beside.replace(path)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "number"
    path.write_text("1")
    return path


def number(data: bytes) -> list[int]:
    return [int(data)]


def test_a_change_is_seen_at_the_next_check(file: Path) -> None:
    clock = Clock()
    watched = ReloadedFile(file, number, clock=clock)
    replace(file, "2")
    assert watched.current() == [1]

    clock.now += LOOK_SECONDS

    assert watched.current() == [2]


def test_contents_stay_the_same_object_while_the_file_does(file: Path) -> None:
    clock = Clock()
    watched = ReloadedFile(file, number, clock=clock)
    first = watched.current()

    clock.now += LOOK_SECONDS

    assert watched.current() is first


@pytest.mark.parametrize("then", ["no number", None])
def test_a_file_that_becomes_invalid_is_ignored_and_logged_once(
    file: Path, then: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    watched = ReloadedFile(file, number, clock=clock)
    file.unlink()
    if then is not None:
        file.write_text(then)

    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            clock.now += LOOK_SECONDS
            assert watched.current() == [1]

    said = [one.getMessage() for one in caplog.records if one.name == reloaded_file.logger.name]
    assert ["stays in force" in message for message in said] == [True]


def test_a_file_that_is_right_again_is_read(file: Path) -> None:
    clock = Clock()
    watched = ReloadedFile(file, number, clock=clock)
    for text in ("wrong", "3"):
        replace(file, text)
        clock.now += LOOK_SECONDS
        seen = watched.current()

    assert seen == [3]


def test_a_file_that_is_wrong_from_the_start_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nowhere"):
        ReloadedFile(tmp_path / "nowhere", number)


def test_an_optional_file_can_appear_and_disappear(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "number"
    watched = ReloadedFile(file, number, absent=[-1])
    found = [watched.reload()]

    for text in ("7", "no number"):
        file.write_text(text)
        found.append(watched.reload())
    file.unlink()
    found.append(watched.reload())

    assert found == [[-1], [7], [7], [-1]]
    assert "the file is gone" in caplog.text


def test_an_unreadable_optional_file_is_ignored(tmp_path: Path) -> None:
    file = tmp_path / "number"
    file.write_text("no number")

    assert ReloadedFile(file, number, absent=[-1]).current() == [-1]


def test_the_latest_contents_are_told_without_a_look_at_the_file(file: Path) -> None:
    clock = Clock()
    watched = ReloadedFile(file, number, clock=clock)
    replace(file, "2")
    clock.now += LOOK_SECONDS
    assert watched.latest == [1]

    watched.reload()

    assert watched.latest == [2]


def test_refused_contents_are_counted_once_each(file: Path) -> None:
    watched = ReloadedFile(file, number, clock=Clock())

    for text in ("no number", "3", "nor this"):
        replace(file, text)
        watched.reload()
        watched.reload()

    assert (watched.latest, watched.refused) == ([3], 2)
