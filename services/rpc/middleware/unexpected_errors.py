"""Logs unexpected errors, each kind once a minute: a sender may repeat what causes one."""

import logging
from collections import Counter
from collections.abc import Callable
from time import monotonic

from infra.safe_traceback import kind_and_places

logger = logging.getLogger(__name__)

WINDOW_SECONDS = 60.0
MAX_KINDS = 32
"""Kinds told apart within a window; errors of further kinds are only counted."""


class UnexpectedLog:
    """Logs the first failure of a kind with its place, and later how many more there were."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._seen: Counter[tuple[str, str]] = Counter()
        self._others = 0
        self._window_ends = clock() + WINDOW_SECONDS

    def note(self, method: str, error: Exception) -> None:
        """Log *error* of a request to *method*, or count it."""
        if self._clock() >= self._window_ends:
            self._begin_window()
        kind = (method, type(error).__name__)
        if kind not in self._seen and len(self._seen) >= MAX_KINDS:
            self._others += 1
            return
        self._seen[kind] += 1
        if self._seen[kind] == 1:
            logger.error("unexpected in %s: %s", method, kind_and_places(error))

    def _begin_window(self) -> None:
        seen, self._seen = self._seen, Counter()
        others, self._others = self._others, 0
        self._window_ends = self._clock() + WINDOW_SECONDS
        for (method, kind), times in seen.items():
            if times > 1:
                logger.error("unexpected in %s: %s %d more times", method, kind, times - 1)
        if others:
            logger.error("unexpected: %d failures of further kinds", others)
