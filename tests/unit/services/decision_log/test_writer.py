"""What the writer's thread makes of many batches, and that it leaves others the processor."""

import os
import threading
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from fanzha.decisions import Action, Reason
from fanzha.tables import Channel
from services.decision_log import schema
from services.decision_log.buffer import LogBuffer
from services.decision_log.rows import LoggedRows
from services.decision_log.writer import (
    NICENESS_STEPS,
    PORTION_ROWS,
    ROWS_OF_A_BATCH,
    LogWriter,
    lower_priority,
)
from tests.support.decision_logs import LogCounts

NOW_MS = 1_767_603_600_000
MANY = PORTION_ROWS // ROWS_OF_A_BATCH
"""More batches than are made a table at once, however few rows they have."""


def a_batch(first_id: int, rows: int, model_version: str) -> LoggedRows:
    return LoggedRows(
        channel=Channel.CALL,
        rows=np.arange(rows),
        first_id=first_id,
        from_keys=np.arange(rows),
        to_keys=np.arange(rows),
        occurred_at_ms=np.full(rows, NOW_MS),
        ingress=np.zeros(rows, np.uint8),
        attestations=np.zeros(rows, np.uint8),
        names={},
        urls=(),
        text_urls=(),
        text_owners=np.zeros(0, np.int64),
        bodies=(),
        trunks=(),
        activity_places=np.zeros(0, np.int64),
        activity=np.zeros((len(schema.ACTIVITY), 0), np.float32),
        held=None,
        actions=np.full(rows, Action.ALLOW, np.uint8),
        reasons=np.full(rows, Reason.SCORED, np.uint8),
        scores=np.zeros(rows, np.float32),
        weights=np.ones(rows, np.uint32),
        details={},
        would_block={},
        threshold=0.5,
        monitored=None,
        carriers=[],
        list_version=1,
        model_version=model_version,
        velocity_version="",
        link_version="",
        velocity_threshold=None,
        policy_version=0,
        settings="",
        decided_at_ms=NOW_MS,
    )


@pytest.mark.parametrize(
    ("batches", "rows", "most_groups"),
    [(1, 3, 1), (2 * MANY + 1, 2, 1), (40, 1024, 40 * 1024 // PORTION_ROWS + 1)],
)
def test_many_batches_become_one_segment_with_all_their_rows_in_order(
    batches: int, rows: int, most_groups: int, tmp_path: Path
) -> None:
    counts = LogCounts()
    buffer = LogBuffer(batches * rows * 3, counts)
    writer = LogWriter(buffer, tmp_path, flush_seconds=60.0, now_ms=lambda: NOW_MS, counters=counts)
    for number in range(batches):
        buffer.offer(a_batch(number * rows, rows, f"v{number // MANY}"))

    writer.flush()

    (segment,) = tmp_path.rglob("*.parquet")
    table = pq.read_table(segment)
    assert table["decision_id"].to_pylist() == list(range(batches * rows))
    expected = [f"v{number // MANY}" for number in range(batches) for _ in range(rows)]
    assert table["model_version"].to_pylist() == expected
    assert pq.read_metadata(segment).num_row_groups <= most_groups
    assert (counts.written, counts.failed, counts.buffered) == (batches * rows, 0, 0)


def test_batches_without_rows_leave_no_segment(tmp_path: Path) -> None:
    counts = LogCounts()
    buffer = LogBuffer(10, counts)
    writer = LogWriter(buffer, tmp_path, flush_seconds=60.0, now_ms=lambda: NOW_MS, counters=counts)
    buffer.offer(a_batch(1, 0, "v"))

    writer.flush()

    assert not list(tmp_path.rglob("*.parquet"))
    assert (counts.written, counts.failed) == (0, 0)


def test_only_the_calling_thread_gets_a_lower_priority() -> None:
    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    seen: list[int] = []

    def work() -> None:
        lower_priority()
        seen.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert seen == [min(before + NICENESS_STEPS, 19)]
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before
