"""Fans out ended calls to all workers of a host, as each has counters of its own.

A switch reports an ended call to the worker of its connection, which may not be the worker
that decided on the call. Reports go to every peer worker through a datagram socket in the
data folder. A worker counts the ends of the callers it knows and drops the rest. Best
effort, like the report itself: sends never block, and rows that a full or dead peer does
not take are lost and counted.
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
"""Rows of a datagram, at 40 bytes each: well below the limit of a socket."""
_COLUMNS = 5
_LARGEST = ROWS_AT_ONCE * _COLUMNS * 8
_SUFFIX = ".ends"
_LONGEST_ADDRESS = 100
"""Bytes of a path that a socket can have as its address, on every system; Linux takes 107."""


class CallEndFanout:
    """The fan-out of one worker; call it like the `RecordEnds` it wraps."""

    def __init__(self, folder: Path, name: str, record_ends: RecordEnds) -> None:
        atomic_file.make_folder(folder)
        self._folder = folder
        self._path = folder / f"{name}{_SUFFIX}"
        self._record_ends = record_ends
        self._directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self.dropped = 0
        """Rows that a peer did not take."""

    def open(self) -> None:
        """Start to receive from peers; needs a running event loop."""
        self._path.unlink(missing_ok=True)
        self._socket.bind(self._address(self._path))
        asyncio.get_running_loop().add_reader(self._socket, self._take)

    def close(self) -> None:
        """Close the sockets."""
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
        """Count ends in this worker, and send them to its peers."""
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
            # It died without closing; its replacement uses another name.
            sibling.unlink(missing_ok=True)
            self.dropped += part.shape[1]

    def _address(self, path: Path) -> str:
        # The path may exceed the limit of a socket address; Linux offers a short alias.
        text = str(path)
        if len(os.fsencode(text)) <= _LONGEST_ADDRESS:
            return text
        return f"/proc/self/fd/{self._directory}/{path.name}"

    def _take(self) -> None:
        try:
            datagram = self._socket.recv(_LARGEST)
        except BlockingIOError:
            return
        if len(datagram) % (_COLUMNS * 8):
            logger.warning("a sibling told %d bytes that are no ended calls", len(datagram))
            return
        callers, callees, answered, durations_ms, ended_at_ms = np.frombuffer(
            datagram, np.int64
        ).reshape(_COLUMNS, -1)
        self._record_ends(callers, callees, answered.astype(np.bool_), durations_ms, ended_at_ms)
