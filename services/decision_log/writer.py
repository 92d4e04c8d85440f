"""Writes logged rows as segments, from a thread of its own.

Every few seconds, or sooner when half the buffer is full, all that waits becomes one segment for
each channel and hour. When the disk is full or gone these rows are lost and counted;
decisions are not affected.
"""

import logging
import os
import socket
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from infra.periodic import OutageLog
from infra.safe_traceback import kind_and_places
from services.decision_log import arrow_tables, schema, segment_files
from services.decision_log.arrow_tables import LoggedEnds
from services.decision_log.buffer import Batch, DecisionLogCounters, LogBuffer
from services.decision_log.partitions import hour_of, segment_name
from services.decision_log.segment_files import SegmentMetadata

logger = logging.getLogger(__name__)

NICENESS_STEPS = 5
"""A third of the processor share of a thread that decides. With more, a writer that waits for the
processor would hold the interpreter lock, and with it the decisions, for as long."""


def lower_priority() -> None:
    """Lower the priority of the calling thread, where the system has one per thread: on Linux."""
    # Linux has a niceness per thread, whatever POSIX says; see setpriority(2).
    thread = threading.get_native_id()
    with suppress(OSError):
        niceness = os.getpriority(os.PRIO_PROCESS, thread) + NICENESS_STEPS
        os.setpriority(os.PRIO_PROCESS, thread, niceness)


class LogWriter:
    """The thread of one worker that writes; start it once."""

    def __init__(
        self,
        buffer: LogBuffer,
        root: Path,
        *,
        flush_seconds: float,
        now_ms: Callable[[], int],
        counters: DecisionLogCounters,
        each_turn: Callable[[], None] = lambda: None,
    ) -> None:
        """Write what is in *buffer* to *root*; *each_turn* is called in the thread, too."""
        self._buffer = buffer
        self._root = root
        self._flush_seconds = flush_seconds
        self._now_ms = now_ms
        self._counters = counters
        self._each_turn = each_turn
        self._writing = threading.Lock()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="decision-log", daemon=True)
        self._number = 0
        self._outage = OutageLog("decision log", logger)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def close(self, seconds: float) -> bool:
        """Flush the buffer and stop; False when the time was not enough."""
        self._ending.set()
        self._buffer.pressing.set()
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def flush(self) -> None:
        """Write all there is now, in the calling thread."""
        with self._writing:
            batches, dropped = self._buffer.take_all()
            groups = _by_folder_and_hour(batches)
            for (folder, at_ms), group in groups.items():
                self._write(folder, at_ms, group, dropped)
                # Noted in one segment only; if that fails, the counter still has the rows.
                dropped = 0
            self._counters.log_buffered(len(self._buffer))

    def _run(self) -> None:
        # Twenty milliseconds of a core that decides, every few seconds, in one go.
        lower_priority()
        while not self._ending.is_set():
            self._buffer.pressing.wait(self._flush_seconds)
            self._turn()
        self._turn()

    def _turn(self) -> None:
        self._each_turn()
        self.flush()

    def _write(self, folder: str, at_ms: int, batches: Sequence[Any], dropped: int) -> None:
        rows = sum(map(len, batches))
        first_ms = min(batch.decided_at_ms for batch in batches)
        path = hour_of(self._root, folder, at_ms).folder / self._next_name()
        try:
            table = _TABLES[folder](batches)
            if not len(table):
                return
            notes = SegmentMetadata(first_ms=first_ms, dropped=dropped)
            size = segment_files.write([table], table.schema, path, notes)
        except OSError as error:
            self._counters.log_failed(rows)
            self._outage.failed(error.strerror or type(error))
            return
        except Exception as error:
            # The thread must survive: one unexpected row must not stop the log.
            self._counters.log_failed(rows)
            # Not its message, which may quote personal data.
            logger.error("%d decisions cannot be logged: %s", rows, kind_and_places(error))  # noqa: TRY400
            return
        self._outage.succeeded()
        self._counters.log_written(len(table), size)

    def _next_name(self) -> str:
        # By the clock, so that a process that gets this one's number later begins beyond.
        self._number = max(self._now_ms(), self._number + 1)
        return segment_name(socket.gethostname(), os.getpid(), self._number)


_TABLES: dict[str, Callable[[Sequence[Any]], Any]] = {
    **dict.fromkeys(schema.FOLDERS.values(), arrow_tables.of_decisions),
    schema.CALL_ENDS: arrow_tables.of_ends,
    schema.TEXT_CONTENT: arrow_tables.of_content,
}


def _by_folder_and_hour(batches: Sequence[Batch]) -> dict[tuple[str, int], list[Batch]]:
    groups: dict[tuple[str, int], list[Batch]] = defaultdict(list)
    for batch in batches:
        for folder in _folders(batch):
            groups[folder, batch.decided_at_ms // 3_600_000 * 3_600_000].append(batch)
    return groups


def _folders(batch: Batch) -> list[str]:
    if isinstance(batch, LoggedEnds):
        return [schema.CALL_ENDS]
    folders = [schema.FOLDERS[batch.channel]]
    if batch.bodies:
        folders.append(schema.TEXT_CONTENT)
    return folders
