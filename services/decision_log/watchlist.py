"""Numbers whose every decision is logged, from a file that is reloaded when it changes.

One number, service code or sender a line; text after # is a comment. The decision path
reads a sorted column, the writer's thread replaces it.
"""

import logging
from pathlib import Path

import numpy as np

from fanzha.phone import UNREADABLE, HomePlan
from fanzha.tables import Bools, Int64s
from infra.reloaded_file import ReloadedFile

logger = logging.getLogger(__name__)

MOST = 100_000
"""Numbers that are watched at most; each costs every batch a little."""
_NONE: Int64s = np.zeros(0, np.int64)


class Watchlist:
    """The numbers in a file; none without one."""

    def __init__(self, path: Path | None, home: HomePlan) -> None:
        self._home = home
        self._keys: Int64s = _NONE
        self._file = None if path is None else ReloadedFile(path, self._read, absent=_NONE)
        self.refresh()

    def __len__(self) -> int:
        return len(self._keys)

    def among(self, from_keys: Int64s, to_keys: Int64s) -> Bools | None:
        """Return which rows have a watched party; None when no number is watched."""
        keys = self._keys
        if not len(keys):
            return None
        return _contained(keys, from_keys) | _contained(keys, to_keys)

    def refresh(self) -> None:
        """Read the file if it has changed; never in the decision path, which reads `among`."""
        if self._file is not None:
            self._keys = self._file.reload()

    def _read(self, text: bytes) -> Int64s:
        lines = text.decode().splitlines()
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
