"""Writes logged rows as segments, from a thread of its own.

Every few seconds, or sooner when half the buffer is full, all that waits becomes one segment for
each channel and hour. That is made in steps, with a pause after each: in one go, the 25
milliseconds that five seconds of calls take would hold up what is decided on the same core. When
the disk is full or gone these rows are lost and counted; decisions are not affected.
"""

import logging
import os
import socket
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa

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
PORTION_ROWS = 16_384
"""So many are made a table at once, in some three milliseconds; and written, in twice the time."""
ROWS_OF_A_BATCH = 32
"""A batch costs as much as so many rows, besides its own."""
PAUSE_SECONDS = 0.008
"""After each of these steps, unless half the buffer is full or the thread ends."""


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
            groups = self._row_groups(_TABLES[folder], batches)
            first = next(groups, None)
            if first is None:
                return
            notes = SegmentMetadata(first_ms=first_ms, dropped=dropped)
            written = _CountedGroups(first, groups)
            size = segment_files.write(written, first.schema, path, notes)
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
        self._counters.log_written(written.rows, size)

    def _row_groups(
        self, table_of: Callable[[Sequence[Any]], pa.Table], batches: Sequence[Any]
    ) -> Iterator[pa.Table]:
        """Yield tables of at least `PORTION_ROWS` rows, and the rest; pause after each step."""
        made: list[pa.Table] = []
        for portion in _in_portions(batches):
            made.append(table_of(portion))
            self._pause()
            if sum(map(len, made)) >= PORTION_ROWS:
                yield _joined(made)
                self._pause()
                made = []
        if any(map(len, made)):
            yield _joined(made)

    def _pause(self) -> None:
        if not self._buffer.pressing.is_set():
            self._ending.wait(PAUSE_SECONDS)

    def _next_name(self) -> str:
        # By the clock, so that a process that gets this one's number later begins beyond.
        self._number = max(self._now_ms(), self._number + 1)
        return segment_name(socket.gethostname(), os.getpid(), self._number)


class _CountedGroups:
    """The row groups of a segment, and how many rows those have that were taken."""

    def __init__(self, first: pa.Table, others: Iterator[pa.Table]) -> None:
        self._groups = chain([first], others)
        self.rows = 0

    def __iter__(self) -> Iterator[pa.Table]:
        for table in self._groups:
            self.rows += len(table)
            yield table


def _joined(tables: Sequence[pa.Table]) -> pa.Table:
    if len(tables) == 1:
        return tables[0]
    # Each has dictionaries of its own; a column chunk of a segment has one.
    return pa.concat_tables(tables).unify_dictionaries()


def _in_portions(batches: Sequence[Any]) -> Iterator[list[Any]]:
    """Yield some batches at a time: as many as cost what `PORTION_ROWS` rows do."""
    portion: list[Any] = []
    rows = 0
    for batch in batches:
        portion.append(batch)
        rows += ROWS_OF_A_BATCH + len(batch)
        if rows >= PORTION_ROWS:
            yield portion
            portion, rows = [], 0
    if portion:
        yield portion


_TABLES: dict[str, Callable[[Sequence[Any]], pa.Table]] = {
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
