from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fanzha.decisions import Reason
from fanzha.phone import HomePlan
from services.decision_log import compaction
from services.decision_log.conditions import Conditions
from services.decision_log.partitions import logged_hours
from services.decision_log.query import DecisionQuery
from services.decision_log.search import segment_keys
from services.decision_log.search.catalog import BoundedMemo, SegmentCatalog
from tests.support.builders import an_entry, some_calls, some_links, some_texts
from tests.support.decision_logs import HOUR_MS, NOW_MS, Logged, logged

FRAUD, OTHER, ANN = "+8617000000123", "+8619900000007", "+8619900000001"
LISTED = "+8618500000001"


@pytest.fixture
def log(tmp_path: Path) -> Logged:
    """Six hours: a call of another caller each, then a text and a link, and a blocked call."""
    log = logged(tmp_path)
    for hours in range(5):
        log.clock.now_ms = NOW_MS - hours * HOUR_MS
        log.decide(some_calls(f"+861700000010{hours}", callee=ANN))
    log.clock.now_ms -= 1000
    log.decide(some_texts("看 http://a.shop.example/pay/2 吧", sender="Bank", receiver=ANN))
    log.clock.now_ms -= 1000
    log.decide(some_links("http://b.shop.example/", subscriber=ANN))
    log.clock.now_ms -= HOUR_MS
    log.decide(some_calls(LISTED, callee=ANN), an_entry(LISTED))
    return log


def with_keys(log: Logged) -> Logged:
    for channel in ("call", "text", "link"):
        for hour in logged_hours(log.folder, channel):
            compaction.write_keys(hour, NOW_MS + 2 * HOUR_MS, [])
    return log


def opened(log: Logged, **conditions: Any) -> list[Path]:
    """Return the segments that a search opens."""
    wanted = Conditions(since_ms=0, **conditions).keys(HomePlan())
    hours = [h for channel in ("call", "text", "link") for h in logged_hours(log.folder, channel)]
    return SegmentCatalog().segments(hours, [], wanted)


SEARCHES = [
    {"number": "+8617000000102"},
    {"sender": "Bank"},
    {"host": "shop.example"},
    {"host": "a.shop.example"},
    {"link": "http://b.shop.example/"},
    {"number": ANN},
    {"number": "+86170*"},
    {"number": OTHER},
    {"host": "hop.example"},
    {"carrier": "nowhere"},
    {"reason": Reason.BLOCKLISTED},
    {"reason": Reason.SPAM},
    {"pattern": LISTED},
    {"number": "+86185*", "reason": Reason.BLOCKLISTED},
    {"number": "+86*"},
    {"number": "+861701*"},
]


@pytest.mark.parametrize("conditions", SEARCHES)
def test_a_search_finds_with_keys_what_it_finds_without(
    log: Logged, conditions: dict[str, Any]
) -> None:
    wanted = Conditions(since_ms=0, **conditions)
    before = DecisionQuery(log.folder, HomePlan()).find(wanted)

    after = DecisionQuery(with_keys(log).folder, HomePlan()).find(wanted)

    assert after == before


@pytest.mark.parametrize(
    ("conditions", "segments"),
    [
        ({"number": "+8617000000102"}, 1),
        ({"number": ANN}, 8),
        ({"sender": "Bank"}, 1),
        ({"host": "shop.example"}, 2),
        ({"host": "b.shop.example"}, 1),
        ({"number": OTHER}, 0),
        ({"number": "+86170*"}, 5),
        ({"number": "+86*"}, 8),
        ({"number": "+8617000000103*"}, 5),
        ({"number": "+8617011*"}, 0),
        ({"number": "+86170*", "sender": "Bank"}, 0),
        ({"carrier": "nowhere"}, 0),
        ({"reason": Reason.BLOCKLISTED}, 1),
        ({"reason": Reason.SPAM}, 0),
        ({"pattern": LISTED}, 1),
    ],
)
def test_a_search_opens_only_segments_that_have_it(
    log: Logged, conditions: dict[str, Any], segments: int
) -> None:
    assert len(opened(log, **conditions)) == 8

    assert len(opened(with_keys(log), **conditions)) == segments


def test_a_decision_is_found_by_id_through_keys(log: Logged) -> None:
    (row,) = DecisionQuery(log.folder, HomePlan()).find(Conditions(since_ms=NOW_MS)).rows
    known = int(row["decision_id"])

    query = DecisionQuery(with_keys(log).folder, HomePlan())

    assert query.why(known, since_ms=NOW_MS) == row
    assert query.why(known + 2**50) is None


@pytest.mark.parametrize("content", [b"", b"fzkeys2", b"fzkeys1\n1234", b"fzkeys2\n123"])
def test_damaged_keys_hide_nothing(log: Logged, content: bytes) -> None:
    for path in with_keys(log).folder.rglob("*.keys"):
        path.write_bytes(content)

    assert len(opened(log, number=OTHER)) == 8


def test_keys_of_an_earlier_release_are_written_anew(log: Logged) -> None:
    (path, *_) = sorted(with_keys(log).folder.rglob("*.keys"))
    written = path.read_bytes()
    path.write_bytes(written.replace(b"fzkeys2", b"fzkeys1"))

    with_keys(log)

    assert path.read_bytes() == written


def test_keys_go_with_the_segments_that_are_merged(tmp_path: Path) -> None:
    log = logged(tmp_path)
    for _ in range(3):
        log.decide(some_calls(FRAUD), an_entry(FRAUD))
    with_keys(log)
    (hour,) = logged_hours(log.folder, "call")
    number = iter(range(9))

    compaction.compact(hour, lambda: f"h-1-j{next(number)}.parquet", NOW_MS + 2 * HOUR_MS, [])
    with_keys(log)

    assert [path.name for path in hour.files(segment_keys.SUFFIX)] == ["h-1-j0.keys"]
    assert len(opened(log, number=FRAUD)) == 1


def test_pages_follow_each_other_without_gap(log: Logged) -> None:
    query = DecisionQuery(with_keys(log).folder, HomePlan())
    conditions = Conditions(since_ms=0, number=ANN, limit=2)
    every = [row["decision_id"] for row in query.find(replace(conditions, limit=99)).rows]
    paged: list[int] = []
    after = None

    while rows := query.find(replace(conditions, after=after)).rows:
        paged += [row["decision_id"] for row in rows]
        after = rows[-1]["decided_at_ms"], rows[-1]["decision_id"]

    assert paged == every
    assert len(paged) == 8


@given(st.sets(st.integers(1, 2**62)), st.integers(1, 2**62))
def test_no_key_is_missed(keys: set[int], other: int) -> None:
    hashes = np.unique(np.array(list(map(segment_keys.of_party, keys)), np.uint32))

    assert all(segment_keys.has_all(hashes, [segment_keys.of_party(key)]) for key in keys)
    if other not in keys and keys:
        both = [segment_keys.of_party(min(keys)), segment_keys.of_party(other)]
        assert segment_keys.has_all(hashes, both) == (both[1] in hashes)


def test_a_bounded_memo_forgets_what_was_not_asked_for_longest() -> None:
    memo: BoundedMemo[str, int] = BoundedMemo(2)
    memo.put("a", 1)
    memo.put("b", 2)
    memo.get("a")

    memo.put("c", 3)

    assert [memo.get(key) for key in "abc"] == [1, None, 3]
