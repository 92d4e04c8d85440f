from collections.abc import Sequence
from pathlib import Path

import pytest

from fanzha.phone import HomePlan
from services.decision_log import compaction
from services.decision_log.partitions import logged_hours
from services.decision_log.query import DecisionQuery
from services.decision_log.traffic.rollup import MINUTE_MS, TrafficCount, TrafficRollup
from tests.support.builders import an_entry, some_calls, some_links
from tests.support.decision_logs import HOUR_MS, NOW_MS, Logged, logged

FRAUD, OTHER, ANN = "+8617000000123", "+8619900000007", "+8619900000001"
UNTIL_MS = NOW_MS + HOUR_MS


@pytest.fixture
def log(tmp_path: Path) -> Logged:
    """Log calls of two hours, one of them blocked, and a link."""
    log = logged(tmp_path)
    log.clock.now_ms = NOW_MS - HOUR_MS
    log.decide(some_calls(OTHER, OTHER, callee=ANN))
    log.clock.now_ms = NOW_MS + 5 * MINUTE_MS
    log.decide(some_calls(FRAUD, OTHER, callee=ANN), an_entry(FRAUD))
    log.decide(some_links("http://else.test/", subscriber=ANN))
    return log


def times(counts: Sequence[TrafficCount]) -> list[tuple[int, str, str, int]]:
    return [(one.start_ms - NOW_MS, one.channel, one.action, one.events) for one in counts]


def test_traffic_is_counted_by_hour_channel_and_action(log: Logged) -> None:
    found = TrafficRollup(log.folder).summary(NOW_MS - HOUR_MS, UNTIL_MS, bucket_ms=HOUR_MS)

    assert times(found.by_time) == [
        (-HOUR_MS, "CALL", "ALLOW", 2),
        (0, "CALL", "ALLOW", 1),
        (0, "CALL", "BLOCK", 1),
        (0, "LINK", "ALLOW", 1),
    ]


def test_traffic_is_counted_by_reason_in_the_words_of_the_log(log: Logged) -> None:
    rows = DecisionQuery(log.folder, HomePlan()).stats(0, ["channel", "action", "reason"])

    found = TrafficRollup(log.folder).summary(0, UNTIL_MS, bucket_ms=HOUR_MS)

    expected = {row.values: row.events for row in rows}
    counted = {(one.channel, one.action, one.reason): one.events for one in found.by_reason}
    assert counted == expected
    assert ("CALL", "BLOCK", "BLOCKLISTED") in counted


def test_only_minutes_of_the_period_count(log: Logged) -> None:
    rollup = TrafficRollup(log.folder)

    before = rollup.summary(NOW_MS, NOW_MS + 5 * MINUTE_MS, bucket_ms=MINUTE_MS)
    at = rollup.summary(NOW_MS + 5 * MINUTE_MS, NOW_MS + 6 * MINUTE_MS, bucket_ms=MINUTE_MS)

    assert times(before.by_time) == []
    assert sum(one.events for one in at.by_time) == 3


def test_what_is_logged_between_two_views_is_counted_once(log: Logged) -> None:
    rollup = TrafficRollup(log.folder)
    before = rollup.summary(0, UNTIL_MS, bucket_ms=HOUR_MS)

    log.decide(some_calls(OTHER, callee=ANN))
    for hour in logged_hours(log.folder, "call"):
        compaction.compact(hour, lambda: "h-1-j1.parquet", UNTIL_MS + HOUR_MS, [])
    after = rollup.summary(0, UNTIL_MS, bucket_ms=HOUR_MS)

    assert sum(one.events for one in before.by_time) == 5
    assert sum(one.events for one in after.by_time) == 6


def test_a_sampled_row_counts_for_as_many_as_it_stands_for(tmp_path: Path) -> None:
    log = logged(tmp_path, allowed_one_in=5)
    log.decide(some_calls(*[OTHER] * 1000, callee=ANN))

    (one,) = TrafficRollup(log.folder).summary(0, UNTIL_MS, bucket_ms=HOUR_MS).by_reason

    assert one.logged * 5 == one.events
    assert one.events == pytest.approx(1000, abs=10)


def test_an_empty_log_has_no_traffic(tmp_path: Path) -> None:
    found = TrafficRollup(tmp_path).summary(0, UNTIL_MS, bucket_ms=HOUR_MS)

    assert (found.by_time, found.by_reason, found.torn) == ([], [], ())


def test_a_torn_segment_is_told_and_the_others_count(log: Logged) -> None:
    (path,) = (log.folder / "link").rglob("*.parquet")
    path.write_bytes(path.read_bytes()[:200])

    found = TrafficRollup(log.folder).summary(0, UNTIL_MS, bucket_ms=HOUR_MS)

    assert sum(one.events for one in found.by_time) == 4
    assert len(found.torn) == 1


@pytest.mark.parametrize("since_ms", [2**63 - 1, 253_402_300_800_000])
def test_a_time_that_no_date_can_name_has_no_traffic(log: Logged, since_ms: int) -> None:
    found = TrafficRollup(log.folder).summary(since_ms, since_ms, bucket_ms=HOUR_MS)

    assert found.by_time == []
