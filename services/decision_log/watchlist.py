"""Numbers whose every decision is logged, from a file that is reloaded when it changes.

One number, service code or sender a line; text after # is a comment. The decision path
reads a sorted column, the writer's thread replaces it.
"""

import logging
from pathlib import Path

import numpy as np

from fanzha.phone import UNREADABLE, HomePlan
from fanzha.tables import Bools, Int64s

logger = logging.getLogger(__name__)

MOST = 100_000
"""Numbers that are watched at most; each costs every batch a little."""


class Watchlist:
    """The numbers in a file; none without one."""

    def __init__(self, path: Path | None, home: HomePlan) -> None:
        self._path = path
        self._home = home
        self._seen: tuple[int, int] | None = None
        self._keys: Int64s = np.zeros(0, np.int64)

    def __len__(self) -> int:
        return len(self._keys)

    def among(self, from_keys: Int64s, to_keys: Int64s) -> Bools | None:
        """Return which rows have a watched party; None when no number is watched."""
        keys = self._keys
        if not len(keys):
            return None
        return _contained(keys, from_keys) | _contained(keys, to_keys)

    def refresh(self) -> None:
        """Read the file if it has changed; one that cannot be read leaves the numbers as they are.

        A file that is gone watches nobody.
        """
        if self._path is None:
            return
        try:
            status = self._path.stat()
            seen = status.st_mtime_ns, status.st_size
            if seen == self._seen:
                return
            lines = self._path.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            self._forget()
            return
        except (OSError, UnicodeDecodeError) as error:
            logger.warning("decision_log_watched: %s", type(error).__name__)
            return
        self._seen = seen
        self._keys = self._read(lines)

    def _forget(self) -> None:
        if self._seen is not None:
            logger.warning("decision_log_watched: the file is gone; nobody is watched")
        self._seen = None
        self._keys = np.zeros(0, np.int64)

    def _read(self, lines: list[str]) -> Int64s:
        texts = [line.partition("#")[0].strip() for line in lines]
        numbered = [(place, text) for place, text in enumerate(texts, 1) if text]
        keys = self._home.sender_keys([text for _, text in numbered])
        wrong = [place for (place, _), key in zip(numbered, keys, strict=True) if key == UNREADABLE]
        if wrong:
            logger.warning(
                "decision_log_watched: %d lines are no number, the first is line %d",
                len(wrong),
                wrong[0],
            )
        known: Int64s = np.unique(keys[keys != UNREADABLE])
        if len(known) > MOST:
            logger.warning("decision_log_watched: only %d of %d are watched", MOST, len(known))
            known = known[:MOST]
        logger.info("decisions about %d watched numbers are all logged", len(known))
        return known


def _contained(keys: Int64s, watched: Int64s) -> Bools:
    at = np.minimum(np.searchsorted(keys, watched), len(keys) - 1)
    found: Bools = keys[at] == watched
    return found
