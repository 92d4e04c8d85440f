"""Read records of the store that may be damaged: count them, log them, carry on.

`reading` surrounds the parsing of one record and turns what it raises into `DamagedRecord`. That is
an `Unavailable`, so a request answers UNAVAILABLE and a loop goes on. `readable` parses many
records and leaves out the damaged ones. Counts are `FailureKind.DAMAGED_RECORD`.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from fanzha.errors import Unavailable
from infra.clock import monotonic_seconds
from infra.failure_counts import FAILURES, FailureKind

logger = logging.getLogger(__name__)

Result = TypeVar("Result")
Written = TypeVar("Written")

_LOG_SECONDS = 10.0
_PARSE_ERRORS = (
    *(ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError),
    OSError,
)
"""What parsing raises for a text of another form; `OSError` for a time far off (`datetime`)."""


class DamagedRecord(Unavailable):
    """A record in the store is not what was written."""


class _LogLimit:
    """Lets one line per sort of record through every `_LOG_SECONDS`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._logged_at: dict[str, float] = {}

    def passes(self, what: str) -> bool:
        now = monotonic_seconds()
        with self._lock:
            passes = now - self._logged_at.get(what, -_LOG_SECONDS) >= _LOG_SECONDS
            if passes:
                self._logged_at[what] = now
        return passes


_LOG_LIMIT = _LogLimit()


def counts() -> dict[str, int]:
    """Return how often each sort of record could not be read since the process started."""
    return FAILURES.of(FailureKind.DAMAGED_RECORD)


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Turn parse errors into `DamagedRecord`, and count them as *what*."""
    try:
        yield
    except _PARSE_ERRORS as error:
        _count(what, error)
        raise DamagedRecord("a {what} in the store cannot be read", what=what) from error


def readable(
    what: str, read: Callable[[Written], Result], records: Iterable[Written]
) -> list[Result]:
    """Return what *read* makes of each record; damaged ones are counted and left out."""
    found = []
    for record in records:
        try:
            with reading(what):
                found.append(read(record))
        except DamagedRecord:
            continue
    return found


def _count(what: str, error: Exception) -> None:
    number = FAILURES.add(FailureKind.DAMAGED_RECORD, what)
    if _LOG_LIMIT.passes(what):
        # Not what the error says: it may quote the record.
        logger.error("a %s in the store cannot be read (%s), %d times since the start",
                     what, type(error).__name__, number)  # fmt: skip
