"""A file that is parsed again when it changes: keys, roles and numbers change without a restart."""

import logging
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Generic, TypeVar

from fanzha.errors import InvalidConfiguration

Contents = TypeVar("Contents")

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""The shortest time between two checks (one `stat` each), which `current` makes."""


class ReloadedFile(Generic[Contents]):
    """The parsed contents of a file.

    Contents that *read* refuses are logged, and those before them stay in force; the constructor
    raises `ValueError` instead. With *absent*, the file need not be there: these are the contents
    while it is not, and the constructor never raises.
    """

    def __init__(
        self,
        path: Path,
        read: Callable[[bytes], Contents],
        *,
        absent: Contents | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._path = path
        self._read = read
        self._absent = absent
        self._clock = clock
        self.refused = 0
        """How often contents were refused since the first."""
        self._mark = _NO_FILE
        self._look_at = clock() + LOOK_SECONDS
        if absent is not None:
            self._contents = absent
            self.reload()
            return
        self._mark = _mark(path)
        try:
            self._contents = read(path.read_bytes())
        except (OSError, ValueError) as error:
            raise InvalidConfiguration("{path}: {error}", path=path, error=error) from error

    @property
    def latest(self) -> Contents:
        """What was read last, without a look at the file: for files that are read elsewhere."""
        return self._contents

    def current(self) -> Contents:
        """Return the contents, the same object until the file changes."""
        now = self._clock()
        if now >= self._look_at:
            self._look_at = now + LOOK_SECONDS
            return self.reload()
        return self._contents

    def reload(self) -> Contents:
        """Check the file now, and return the contents."""
        mark = _mark(self._path)
        if mark != self._mark:
            self._mark = mark
            self._replace(missing=mark == _NO_FILE)
        return self._contents

    def _replace(self, *, missing: bool) -> None:
        if missing and self._absent is not None:
            self._contents = self._absent
            logger.warning("%s: the file is gone, and what it held no longer holds", self._path)
            return
        try:
            self._contents = self._read(self._path.read_bytes())
        except (OSError, ValueError) as error:
            self.refused += 1
            logger.warning("%s: %s; what was read before stays in force", self._path, error)
        else:
            logger.info("%s: reloaded", self._path)


_NO_FILE = (0, 0, 0)
_NO_STATUS = (0, 0, -1)


def _mark(path: Path) -> tuple[int, int, int]:
    try:
        stat = path.stat()
    except FileNotFoundError:
        return _NO_FILE
    except OSError:
        return _NO_STATUS
    return (stat.st_mtime_ns, stat.st_size, stat.st_ino)
