"""Tells ended calls to all workers of a host, for each counts for itself.

A switch reports an ended call on whatever connection it has, and so to any worker; the
one that decided on the call is perhaps another. Reports go to every sibling through a
datagram socket in the data folder. A worker counts the ends of the callers it knows and
drops the rest. Best effort, like the report itself: nobody waits, and what a full or
dead sibling does not take is lost and counted.
"""

import asyncio
import logging
import os
import socket
from pathlib import Path

import numpy as np

from fanzha.tables import Bools, Int64s
from infra import atomic_file
from services.feedback.call_ends import RecordEnds

logger = logging.getLogger(__name__)

ROWS_AT_ONCE = 1024
"""A datagram of 40 bytes a row, well under what a socket takes."""
_COLUMNS = 5
_LARGEST = ROWS_AT_ONCE * _COLUMNS * 8
_SUFFIX = ".ends"
_LONGEST_ADDRESS = 100
"""Bytes of a path that a socket can have as its address, on every system; Linux takes 107."""


class CallEndFanout:
    """One worker's part in the exchange; call it like the `RecordEnds` it wraps."""

    def __init__(self, folder: Path, name: str, record_ends: RecordEnds) -> None:
        atomic_file.make_folder(folder)
        self._folder = folder
        self._path = folder / f"{name}{_SUFFIX}"
        self._record_ends = record_ends
        self._directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self.dropped = 0
        """Rows that a sibling did not take."""

    def open(self) -> None:
        """Begin to take what siblings tell; needs a running event loop."""
        self._path.unlink(missing_ok=True)
        self._socket.bind(self._address(self._path))
        asyncio.get_running_loop().add_reader(self._socket, self._take)

    def close(self) -> None:
        """Take part no more."""
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()
        self._path.unlink(missing_ok=True)
        os.close(self._directory)

    def __call__(
        self,
        callers: Int64s,
        callees: Int64s,
        answered: Bools,
        durations_ms: Int64s,
        ended_at_ms: Int64s,
    ) -> None:
        """Count ends in here, and tell the siblings."""
        self._record_ends(callers, callees, answered, durations_ms, ended_at_ms)
        columns = (callers, callees, answered.astype(np.int64), durations_ms, ended_at_ms)
        siblings = [path for path in self._folder.glob(f"*{_SUFFIX}") if path != self._path]
        for start in range(0, len(callers), ROWS_AT_ONCE):
            part = np.stack([column[start : start + ROWS_AT_ONCE] for column in columns])
            for sibling in siblings:
                self._tell(sibling, part)

    def _tell(self, sibling: Path, part: Int64s) -> None:
        try:
            self._socket.sendto(part.tobytes(), self._address(sibling))
        except BlockingIOError:
            self.dropped += part.shape[1]
        except (ConnectionRefusedError, FileNotFoundError):
            # It died without closing; whoever replaces it has a name of its own.
            sibling.unlink(missing_ok=True)
            self.dropped += part.shape[1]

    def _address(self, path: Path) -> str:
        # A data folder may lie deeper than a socket's address is long; Linux has a short way there.
        text = str(path)
        if len(os.fsencode(text)) <= _LONGEST_ADDRESS:
            return text
        return f"/proc/self/fd/{self._directory}/{path.name}"

    def _take(self) -> None:
        try:
            told = self._socket.recv(_LARGEST)
        except BlockingIOError:
            return
        if len(told) % (_COLUMNS * 8):
            logger.warning("a sibling told %d bytes that are no ended calls", len(told))
            return
        callers, callees, answered, durations_ms, ended_at_ms = np.frombuffer(
            told, np.int64
        ).reshape(_COLUMNS, -1)
        self._record_ends(callers, callees, answered.astype(np.bool_), durations_ms, ended_at_ms)
