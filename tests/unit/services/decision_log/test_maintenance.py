import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from fanzha.tables import Bools, Int64s
from services.decision_log import compaction, schema
from services.decision_log.buffer import LogBuffer
from services.decision_log.maintenance import LogMaintenance, MaintenanceFigures, RetentionLimits
from services.decision_log.partitions import hour_of, logged_hours
from services.decision_log.retention import DAY_MS
from tests.support.builders import an_entry, some_calls, some_links, some_texts
from tests.support.decision_logs import (
    HOUR_MS,
    NOW_MS,
    Clock,
    LogCounts,
    Logged,
    logged,
    without_columns,
)
from tests.support.processes import eventually

FRAUD, ANN = "+8617000000123", "+8619900000001"


def keeper(
    folder: Path, at_ms: int = NOW_MS, *, max_bytes: int = 2**40, **days: int
) -> LogMaintenance:
    """Keep a folder at a time of one's choice."""
    limits = RetentionLimits(
        days=dict.fromkeys(schema.ALL_FOLDERS, 180) | days, max_bytes=max_bytes
    )
    return LogMaintenance(folder, limits, now_ms=Clock(at_ms))


def figures(
    folder: Path, at_ms: int = NOW_MS, *, max_bytes: int = 2**40, **days: int
) -> MaintenanceFigures:
    """Keep a folder in order once, and say what that did."""
    keeping = keeper(folder, at_ms, max_bytes=max_bytes, **days)
    keeping.turn()
    keeping.close(1)
    return keeping.figures


def segments(log: Logged, channel: str = "call") -> list[Path]:
    return sorted((log.folder / channel).rglob("*.parquet"))


def ids_of(log: Logged) -> int:
    """Count the rows that readers see."""
    impact = log.preview(an_entry("+8617199999999"), hours=24 * 365, now_ms=NOW_MS + HOUR_MS)
    return impact.rows_examined


def test_the_segments_of_an_hour_that_is_over_become_one(tmp_path: Path) -> None:
    log = logged(tmp_path)
    for _ in range(3):
        log.decide(some_calls(FRAUD, FRAUD, callee=ANN))

    keeping = figures(tmp_path, NOW_MS + 2 * HOUR_MS)

    (one,) = segments(log)
    assert pq.read_metadata(one).num_rows == ids_of(log) == 6
    assert (keeping.joined, keeping.segments) == (3, 1)


def test_segments_of_an_earlier_version_are_joined_with_newer_ones(tmp_path: Path) -> None:
    log = logged(tmp_path)
    for _ in range(2):
        log.decide(some_calls(FRAUD, callee=ANN, trunk="gw-7"), an_entry(FRAUD))
    old = segments(log)[0]
    without_columns(old, "trunk", "caller_activity", "velocity_inputs", "link_score")

    figures(tmp_path, NOW_MS + 2 * HOUR_MS)

    (one,) = segments(log)
    rows = pq.read_table(one).to_pylist()
    assert sorted(str(row["trunk"]) for row in rows) == ["None", "gw-7"]
    assert sorted(row["caller_activity"] is None for row in rows) == [False, True]
    assert {row["pattern"] for row in rows} == {FRAUD}


def test_a_preview_finds_the_same_before_and_after(tmp_path: Path) -> None:
    log = logged(tmp_path, texts=True)
    for _ in range(2):
        log.decide(some_calls(FRAUD, FRAUD, callee=ANN), an_entry(FRAUD))
        log.decide(some_texts("看 http://shop.example/a", sender=FRAUD))
        log.decide(some_links("http://shop.example/b", subscriber=ANN))
        log.ends((FRAUD, ANN, 90))
    entries = [an_entry("shop.example/a"), an_entry("shop.example")]
    before = log.preview(*entries, removals=[an_entry(FRAUD)])

    figures(tmp_path, NOW_MS + 2 * HOUR_MS)

    assert log.preview(*entries, removals=[an_entry(FRAUD)]) == before
    assert (before.calls, before.texts, before.links, before.known_contacts) == (4, 2, 2, 1)


def test_the_current_hour_is_joined_only_when_it_has_many_segments(tmp_path: Path) -> None:
    log = logged(tmp_path)
    for _ in range(compaction.MANY - 1):
        log.decide(some_calls(FRAUD, callee=ANN))
    figures(tmp_path)
    few = len(segments(log))

    log.decide(some_calls(FRAUD, callee=ANN))
    figures(tmp_path)

    assert (few, len(segments(log)), ids_of(log)) == (compaction.MANY - 1, 1, compaction.MANY)


def test_a_crash_before_the_old_ones_are_removed_counts_nothing_twice(tmp_path: Path) -> None:
    log = logged(tmp_path)
    for _ in range(2):
        log.decide(some_calls(FRAUD, callee=ANN))
    old = {path: path.read_bytes() for path in segments(log)}
    figures(tmp_path, NOW_MS + 2 * HOUR_MS)
    for path, data in old.items():
        path.write_bytes(data)

    seen = ids_of(log)
    figures(tmp_path, NOW_MS + 2 * HOUR_MS)

    assert (seen, ids_of(log), len(segments(log))) == (2, 2, 1)


def test_old_hours_are_removed_by_the_retention_of_their_channel(tmp_path: Path) -> None:
    log = logged(tmp_path, texts=True)
    log.decide(some_texts("你好"))
    log.decide(some_calls(FRAUD, callee=ANN))

    keeping = figures(tmp_path, NOW_MS + 31 * DAY_MS, text_content=30)

    assert [name for name in schema.ALL_FOLDERS if segments(log, name)] == ["call", "text"]
    assert (keeping.removed_old, keeping.removed_large) == (1, 0)


def test_the_oldest_hours_go_when_the_log_is_too_large(tmp_path: Path) -> None:
    log = logged(tmp_path)
    for hours in (3, 2, 1):
        log.clock.now_ms = NOW_MS - hours * HOUR_MS
        log.decide(some_calls(*[FRAUD] * 50, callee=ANN))
    size = sum(path.stat().st_size for path in segments(log))

    keeping = figures(tmp_path, max_bytes=size - 1)

    left = [hour.start_ms for hour in logged_hours(tmp_path, "call")]
    assert left == [NOW_MS - 2 * HOUR_MS, NOW_MS - HOUR_MS]
    assert keeping.removed_large == 1


def test_ended_calls_may_take_half(tmp_path: Path) -> None:
    log = logged(tmp_path)
    log.clock.now_ms = NOW_MS - 3 * HOUR_MS
    log.decide(some_calls(FRAUD, callee=ANN))
    log.clock.now_ms = NOW_MS - 2 * HOUR_MS
    log.ends(*((f"+86170{number:08}", ANN, 60 + number) for number in range(4000)))
    ends, decisions = (segments(log, name)[0].stat().st_size for name in ("call_ends", "call"))
    assert ends > decisions

    figures(tmp_path, max_bytes=ends * 2 - 1)

    assert (len(segments(log)), len(segments(log, "call_ends"))) == (1, 0)


def test_one_process_at_a_time_maintains_the_log(tmp_path: Path) -> None:
    first, second = keeper(tmp_path), keeper(tmp_path)

    taken = first.turn(), second.turn()
    first.close(1)

    assert (*taken, second.turn()) == (True, False, True)
    second.close(1)


def test_a_segment_that_is_torn_is_set_aside_at_the_start(tmp_path: Path) -> None:
    log = logged(tmp_path)
    for _ in range(2):
        log.decide(some_calls(FRAUD, callee=ANN))
    torn, whole = segments(log)
    torn.write_bytes(b"PAR1 not any more")

    keeping = figures(tmp_path)

    assert (segments(log), keeping.torn) == ([whole], 1)
    assert torn.with_name(torn.name + ".torn").exists()


def test_a_segment_torn_in_the_middle_is_set_aside_by_the_reader(tmp_path: Path) -> None:
    log = logged(tmp_path)
    for _ in range(2):
        log.decide(some_calls(*[FRAUD] * 500, callee=ANN))
    torn, _ = segments(log)
    data = bytearray(torn.read_bytes())
    data[4:2000] = bytes(1996)
    torn.write_bytes(data)

    impact = log.preview(an_entry(FRAUD))

    assert (impact.calls, impact.segments_torn) == (500, 1)


WRITER = """
import sys, time
from pathlib import Path
from services.decision_log import arrow_tables, schema, segment_files
from services.decision_log.partitions import segment_name
from tests.support.builders import some_calls
from tests.support.decision_logs import logged
import os, socket

log = logged(Path(sys.argv[1]))
log.decide(some_calls(*["+8617000000123"] * 1000, callee="+8619900000001"))
whole = next(Path(sys.argv[1]).rglob("*.parquet"))
table = next(segment_files.tables(whole, schema.DECISIONS.names, (), []))

def parts():
    yield table
    print("in the middle", flush=True)
    time.sleep(600)
    yield table

name = segment_name(socket.gethostname(), os.getpid(), 1)
notes = segment_files.SegmentMetadata(first_ms=1)
segment_files.write(parts(), table.schema, whole.with_name(name), notes)
"""


def test_the_unfinished_segment_of_a_killed_writer_is_set_aside_and_nothing_before_is_lost(
    tmp_path: Path,
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"in the middle\n"
    figures(tmp_path)
    while_it_lives = list(tmp_path.rglob("*.tmp"))

    process.send_signal(signal.SIGKILL)
    process.wait(60)
    process.stdout.close()
    keeping = figures(tmp_path)

    assert (len(while_it_lives), list(tmp_path.rglob("*.tmp"))) == (1, [])
    assert (keeping.torn, len(list(tmp_path.rglob("*.torn")))) == (1, 1)
    assert ids_of(logged(tmp_path)) == 1000


def test_a_full_buffer_drops_and_counts_new_rows(tmp_path: Path) -> None:
    counts = LogCounts()
    log = logged(tmp_path, buffer_rows=5)
    log.counts = counts
    log.__post_init__()
    engine = log.engine(an_entry(FRAUD))

    for rows in (3, 3, 2):
        engine.decide_calls(some_calls(*[FRAUD] * rows, callee=ANN), NOW_MS // 1000)
    log.log.writer.flush()

    assert (counts.written, counts.dropped, counts.buffered) == (5, 3, 0)
    impact = log.preview(an_entry("+8617199999999"))
    assert (impact.rows_examined, impact.rows_dropped) == (5, 3)


def test_ended_calls_do_not_take_the_room_of_decisions(tmp_path: Path) -> None:
    log = logged(tmp_path, buffer_rows=5)
    log.log.call_ends(*_ends(5))
    log.log.call_ends(*_ends(5))

    log.decide(some_calls(*[FRAUD] * 5, callee=ANN))

    assert (log.counts.written, log.counts.dropped) == (10, 5)


def test_a_disk_failure_loses_rows_and_is_logged_once(tmp_path: Path) -> None:
    (tmp_path / "call").write_text("a file where a folder should be")
    log = logged(tmp_path)

    for _ in range(2):
        log.decide(some_calls(FRAUD, callee=ANN))
    (tmp_path / "call").unlink()
    log.decide(some_calls(FRAUD, callee=ANN))

    assert (log.counts.failed, log.counts.written) == (2, 1)


def test_the_thread_writes_by_itself_and_the_rest_when_it_ends(tmp_path: Path) -> None:
    log = logged(tmp_path, flush_seconds=0.05)
    log.log.start()
    engine = log.engine(an_entry(FRAUD))

    engine.decide_calls(some_calls(FRAUD, callee=ANN), NOW_MS // 1000)
    eventually(lambda: log.counts.written == 1)
    engine.decide_calls(some_calls(FRAUD, callee=ANN), NOW_MS // 1000)
    ended = log.log.close(30)

    assert (ended, log.counts.written) == (True, 2)


def test_half_a_buffer_is_written_without_waiting_for_the_turn(tmp_path: Path) -> None:
    log = logged(tmp_path, flush_seconds=500, buffer_rows=4)
    log.log.start()

    log.engine().decide_calls(some_calls(FRAUD, FRAUD, callee=ANN), NOW_MS // 1000)

    eventually(lambda: log.counts.written == 2)
    log.log.close(30)


def test_the_folder_of_an_hour_follows_from_its_date(tmp_path: Path) -> None:
    hour = hour_of(tmp_path, "call", NOW_MS + 5)

    assert hour.folder == tmp_path / "call" / "2026-01-05" / "09"
    assert hour.start_ms == NOW_MS


def test_an_empty_buffer_writes_no_segment() -> None:
    buffer = LogBuffer(10, LogCounts())

    assert (len(buffer), buffer.take_all()) == (0, ([], 0))


def _ends(rows: int) -> tuple[Int64s, Int64s, Bools, Int64s, Int64s]:
    ones = np.ones(rows, np.int64)
    return ones, ones + 1, ones > 0, ones, ones


def test_readers_see_each_row_once_while_segments_are_joined(
    tmp_path: Path,
) -> None:
    log = logged(tmp_path)
    keeping, ending = keeper(tmp_path, NOW_MS + 2 * HOUR_MS), threading.Event()

    def keep_on() -> None:
        while not ending.is_set():
            keeping.turn()

    joining = threading.Thread(target=keep_on)
    joining.start()
    try:
        for written in range(1, 31):
            log.decide(some_calls(FRAUD, callee=ANN))
            assert ids_of(log) == written
        eventually(lambda: keeping.figures.joined > 0)
        assert ids_of(log) == 30
    finally:
        ending.set()
        joining.join()
    keeping.close(1)


def test_segments_of_a_version_that_logged_fewer_columns_become_one_with_the_others(
    tmp_path: Path,
) -> None:
    log = logged(tmp_path)
    for _ in range(2):
        log.decide(some_calls(FRAUD, callee=ANN))
    older = segments(log)[0]
    table = pq.read_table(older).drop_columns(["monitored", "carrier"])
    pq.write_table(table, older)

    figures(tmp_path, NOW_MS + 2 * HOUR_MS)

    (one,) = segments(log)
    found = pq.read_table(one).column("monitored").to_pylist()
    assert sorted(found, key=str) == [False, None]
