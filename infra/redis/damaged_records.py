"""Readers of records in the store that may not be what we wrote: counted, said, never the end.

Whoever reads one record says with `reading` what it is: what cannot be read is `DamagedRecord`, an
`Unavailable` like any other that the store causes, so every loop waits it out and every request
says so. Whoever reads many takes `readable`, which leaves the bad ones out.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from fanzha.errors import Unavailable

logger = logging.getLogger(__name__)

Result = TypeVar("Result")
Written = TypeVar("Written")

_LOG_SECONDS = 10.0
_WRONG = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError)
"""What reading raises of a text that says something else than expected."""


class DamagedRecord(Unavailable):
    """A record in the store is not what was written."""


class _Figures:
    """How often what could not be read, in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._said_at: dict[str, float] = {}

    def count(self, what: str, error: Exception) -> None:
        now = time.monotonic()
        with self._lock:
            self._counts[what] += 1
            say = now - self._said_at.get(what, -_LOG_SECONDS) >= _LOG_SECONDS
            if say:
                self._said_at[what] = now
            number = self._counts[what]
        if say:
            # Not what the error says: it may quote the record.
            logger.error("a %s in the store cannot be read (%s), %d times since the start",
                         what, type(error).__name__, number)  # fmt: skip

    def all(self) -> dict[str, int]:
        with self._lock:
            return dict(self._counts)


_FIGURES = _Figures()


def counts() -> dict[str, int]:
    """Return how often each sort of record could not be read since the process started."""
    return _FIGURES.all()


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Turn what reading a record raises into `DamagedRecord`, and count it as *what*."""
    try:
        yield
    except _WRONG as error:
        _FIGURES.count(what, error)
        raise DamagedRecord(f"a {what} in the store cannot be read") from error


def readable(
    what: str, read: Callable[[Written], Result], records: Iterable[Written]
) -> list[Result]:
    """Return what *read* makes of each record; those that it cannot read are counted, left out."""
    found = []
    for record in records:
        try:
            with reading(what):
                found.append(read(record))
        except DamagedRecord:
            continue
    return found
