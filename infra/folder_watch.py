"""Wait until a file is renamed into a folder, by inotify instead of polling.

The kernel wakes the event loop; a process that waits uses no processor time. inotify reports what
happens on this machine only, so the folder must be on a local file system. `FolderWatch.wait`
also returns after `FALLBACK_SECONDS`: an event that is lost delays a change, and loses nothing.
Where there is no inotify (another system, or its limit of instances is used up), it returns
every `POLL_SECONDS`.
"""

import asyncio
import contextlib
import ctypes
import logging
import os
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.05
"""Between two returns of `FolderWatch.wait` without inotify."""
FALLBACK_SECONDS = 5.0
"""The longest wait with inotify."""

_IN_MOVED_TO, _IN_ONLYDIR = 0x80, 0x01000000
_IN_NONBLOCK, _IN_CLOEXEC = os.O_NONBLOCK, os.O_CLOEXEC
_READ_BYTES = 65_536


class FolderWatch:
    """A folder; files renamed into it end `wait`. A context manager, used in an event loop."""

    def __init__(self, folder: Path, *, fallback_seconds: float | None = None) -> None:
        """Watch *folder*, which exists."""
        self._folder = folder
        self._fallback_seconds = fallback_seconds or FALLBACK_SECONDS
        self._changed = asyncio.Event()
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        try:
            self._descriptor = _inotify(self._folder)
        except OSError as error:
            logger.warning("%s is polled: %s", self._folder, error)
            self._fallback_seconds = min(self._fallback_seconds, POLL_SECONDS)
            return self
        asyncio.get_running_loop().add_reader(self._descriptor, self._drain)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._descriptor is not None:
            asyncio.get_running_loop().remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = None

    async def wait(self) -> None:
        """Return after a file was renamed into it, or when it is time to poll."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._fallback_seconds):
                await self._changed.wait()
        self._changed.clear()

    def _drain(self) -> None:
        # The events are discarded: callers inspect the folder itself.
        if self._descriptor is not None:
            with contextlib.suppress(BlockingIOError):
                os.read(self._descriptor, _READ_BYTES)
        self._changed.set()


def _inotify(folder: Path) -> int:
    """Return a descriptor that is readable after a rename into *folder*; or raise OSError."""
    if sys.platform != "linux":
        raise OSError("no inotify on this system")
    library = ctypes.CDLL(None, use_errno=True)
    descriptor = library.inotify_init1(_IN_NONBLOCK | _IN_CLOEXEC)
    if descriptor < 0:
        raise _last_error()
    mask = _IN_MOVED_TO | _IN_ONLYDIR
    if library.inotify_add_watch(descriptor, os.fsencode(folder), mask) < 0:
        error = _last_error()
        os.close(descriptor)
        raise error
    return int(descriptor)


def _last_error() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))
