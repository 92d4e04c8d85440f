"""A file that is parsed again when it changes: keys and roles change without a restart."""

import logging
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Generic, TypeVar

Contents = TypeVar("Contents")

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""The shortest time between two checks (one `stat` each), which `current` makes."""


class ReloadedFile(Generic[Contents]):
    """The parsed contents of a file.

    Contents that *read* refuses are logged, and those before them stay in force; the constructor
    raises `ValueError` instead.
    """

    def __init__(
        self,
        path: Path,
        read: Callable[[bytes], Contents],
        *,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._path = path
        self._read = read
        self._clock = clock
        self._mark = _mark(path)
        self._look_at = clock() + LOOK_SECONDS
        try:
            self._contents = read(path.read_bytes())
        except (OSError, ValueError) as error:
            raise ValueError(f"{path}: {error}") from error

    def current(self) -> Contents:
        """Return the contents, the same object until the file changes."""
        now = self._clock()
        if now >= self._look_at:
            self._look_at = now + LOOK_SECONDS
            self._look()
        return self._contents

    def _look(self) -> None:
        mark = _mark(self._path)
        if mark == self._mark:
            return
        self._mark = mark
        try:
            self._contents = self._read(self._path.read_bytes())
        except (OSError, ValueError) as error:
            logger.warning("%s: %s; what was read before stays in force", self._path, error)
        else:
            logger.info("%s: reloaded", self._path)


def _mark(path: Path) -> tuple[int, int, int]:
    try:
        stat = path.stat()
    except OSError:
        return (0, 0, 0)
    return (stat.st_mtime_ns, stat.st_size, stat.st_ino)
