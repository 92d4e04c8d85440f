"""A file that is renamed into a folder wakes who watches it; without inotify it is polled."""

import asyncio
import contextlib
from pathlib import Path

import pytest

from infra import atomic_file, folder_watch
from infra.folder_watch import FolderWatch

NEVER_SECONDS = 600.0
"""Longer than the test may take: only an event ends the wait."""


async def test_a_file_renamed_into_the_folder_ends_the_wait(tmp_path: Path) -> None:
    with FolderWatch(tmp_path, fallback_seconds=NEVER_SECONDS) as watch:
        waiting = asyncio.create_task(watch.wait())
        await asyncio.sleep(0)
        atomic_file.write(tmp_path / "current.json", "1")

        await asyncio.wait_for(waiting, 60)


async def test_a_change_before_the_wait_ends_it_too(tmp_path: Path) -> None:
    with FolderWatch(tmp_path, fallback_seconds=NEVER_SECONDS) as watch:
        atomic_file.write(tmp_path / "current.json", "1")

        await asyncio.wait_for(watch.wait(), 60)


async def test_each_of_many_watches_is_woken(tmp_path: Path) -> None:
    watches = [FolderWatch(tmp_path, fallback_seconds=NEVER_SECONDS) for _ in range(3)]
    for watch in watches:
        watch.__enter__()
    atomic_file.write(tmp_path / "current.json", "1")

    await asyncio.wait_for(asyncio.gather(*(watch.wait() for watch in watches)), 60)

    for watch in watches:
        watch.__exit__(None, None, None)


async def test_touching_an_existing_file_wakes_no_watch(tmp_path: Path) -> None:
    (tmp_path / "in-step").touch()
    with FolderWatch(tmp_path, fallback_seconds=NEVER_SECONDS) as watch:
        (tmp_path / "in-step").touch()
        waiting = asyncio.create_task(watch.wait())
        for _ in range(100):
            await asyncio.sleep(0)

        assert not waiting.done()
        waiting.cancel()


async def test_a_folder_that_cannot_be_watched_is_polled(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with FolderWatch(tmp_path / "missing", fallback_seconds=NEVER_SECONDS) as watch:
        await asyncio.wait_for(watch.wait(), 60)

    assert "is polled" in caplog.text


def inotify_descriptors() -> int:
    """Count this process's inotify instances (``proc(5)``); others come and go beside a test."""
    count = 0
    for link in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            count += str(link.readlink()) == "anon_inode:inotify"
    return count


async def test_the_descriptor_is_closed(tmp_path: Path) -> None:
    before = inotify_descriptors()

    with FolderWatch(tmp_path):
        within = inotify_descriptors()

    assert (within, inotify_descriptors()) == (before + 1, before)
    assert folder_watch.POLL_SECONDS <= folder_watch.FALLBACK_SECONDS
