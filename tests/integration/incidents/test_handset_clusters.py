"""Numbers of one handset in a real decision log: found, with why, or said why not."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fanzha.errors import NotFound
from fanzha.phone import HomePlan
from services.decision_log import schema
from services.decision_log.handsets.handset_hash import HandsetHash
from services.decision_log.maintenance import LogMaintenance, RetentionLimits
from services.decision_log.query import DecisionQuery
from services.incidents.clusters import FEWEST, ClusterFinder, ClusterKind
from tests.support.builders import an_entry, some_calls
from tests.support.decision_logs import HOUR_MS, NOW_MS, Clock, Logged, logged, without_columns

BANK, SHOP, PHONE = "35209900176148", "35209900999999", "86042500111111"
CARDS = [f"+86170000{last:05}" for last in range(10, 10 + FEWEST)]
REPAIRED = [f"+86170111{last:05}" for last in range(10, 11 + FEWEST)]
"""Numbers of a repair shop, one more than of the bank; nobody blocks them."""
OWN = ["+8617022200001", "+8617022200002"]
HASH = HandsetHash(b"k" * 32)


def call(
    log: Logged,
    callers: Sequence[str],
    handsets: Sequence[str],
    *,
    at_ms: Sequence[int] = (),
    trunk: str = "t-1",
    blocked: Sequence[str] = (),
) -> None:
    """Let each caller call from its handset, all at once unless *at_ms* says when."""
    calls = some_calls(*callers, trunk=trunk)
    times = np.array(at_ms or [NOW_MS] * len(callers), np.int64)
    log.decide(
        replace(calls, handset_texts=handsets, attempted_at_ms=times), *map(an_entry, blocked)
    )


@pytest.fixture
def log(tmp_path: Path) -> Logged:
    return logged(tmp_path, handsets=HASH)


@pytest.fixture
def finder(log: Logged, tmp_path: Path) -> ClusterFinder:
    """Log a SIM bank within an hour, a repair shop over days, and somebody with two cards."""
    call(log, [*CARDS, CARDS[0]], [BANK] * (FEWEST + 1), blocked=CARDS[:3])
    call(log, CARDS[:1], [PHONE], trunk="t-2")
    days = [NOW_MS + place * 24 * HOUR_MS for place in range(len(REPAIRED))]
    call(log, REPAIRED, [SHOP] * len(REPAIRED), at_ms=days)
    call(log, OWN, [PHONE, PHONE])
    return ClusterFinder(DecisionQuery(tmp_path, HomePlan()))


def test_numbers_of_one_handset_are_a_cluster_with_what_tells_a_sim_bank_from_a_repair_shop(
    finder: ClusterFinder,
) -> None:
    bank, shop = finder.find(ClusterKind.SAME_HANDSET, 0)

    assert sorted(bank.numbers) == CARDS
    assert (bank.size, bank.blocked, bank.numbers[0]) == (FEWEST, 4, CARDS[0])
    assert bank.evidence == {
        "calls": FEWEST + 1,
        "blocked_share": 4 / (FEWEST + 1),
        "blocked_numbers": 3,
        "numbers_an_hour": FEWEST,
        "numbers_a_day": FEWEST,
        "trunks": 1,
        "handsets_a_number": 2,
    }
    assert sorted(shop.numbers) == REPAIRED
    assert (shop.blocked, shop.evidence["numbers_a_day"], shop.evidence["blocked_share"]) == (
        0,
        1,
        0,
    )


def test_neither_the_log_nor_the_cluster_has_the_handset(
    finder: ClusterFinder, tmp_path: Path
) -> None:
    bank, _ = finder.find(ClusterKind.SAME_HANDSET, 0)

    assert bank.common == f"{int(HASH.of([BANK])[0]):016x}"
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    assert not any(BANK.encode() in content for content in files)
    assert not any(number in bank.why for number in CARDS)


def test_two_cards_of_one_person_are_none_until_somebody_asks_for_so_few(
    finder: ClusterFinder,
) -> None:
    found = finder.find(ClusterKind.SAME_HANDSET, 0, 2)

    assert [one.size for one in found] == [FEWEST, len(REPAIRED), 3]
    assert set(OWN) < set(found[2].numbers)


def test_a_cluster_is_found_again_by_its_hash(finder: ClusterFinder) -> None:
    bank, _ = finder.find(ClusterKind.SAME_HANDSET, 0)

    assert finder.one(ClusterKind.SAME_HANDSET, bank.common, 0) == bank


@pytest.mark.parametrize("common", ["0" * 16, "f" * 16, BANK, "", "'; --", "１" * 16])
def test_what_is_no_hash_of_a_handset_names_no_cluster(finder: ClusterFinder, common: str) -> None:
    with pytest.raises(NotFound, match="there is none"):
        finder.one(ClusterKind.SAME_HANDSET, common, 0)


def test_handsets_under_another_key_are_other_handsets(log: Logged, tmp_path: Path) -> None:
    call(log, CARDS[:3], [BANK] * 3)
    rotated = logged(tmp_path, handsets=HandsetHash(b"K" * 32))
    rotated.clock.now_ms += HOUR_MS
    call(rotated, CARDS[3:], [BANK] * (FEWEST - 3))

    found = ClusterFinder(DecisionQuery(tmp_path, HomePlan())).find(ClusterKind.SAME_HANDSET, 0, 2)

    assert [one.size for one in found] == [3, 2]


def test_segments_that_know_no_handsets_are_read_beside_others(
    finder: ClusterFinder, tmp_path: Path
) -> None:
    first = min((tmp_path / "call").rglob("*.parquet"))
    without_columns(first, "handset_hash")

    found = finder.find(ClusterKind.SAME_HANDSET, 0, 2)

    assert REPAIRED[0] in {number for one in found for number in one.numbers}


def test_a_merge_of_old_and_new_segments_keeps_what_is_known(
    finder: ClusterFinder, tmp_path: Path
) -> None:
    bank, *_ = finder.find(ClusterKind.SAME_HANDSET, 0)
    second = sorted((tmp_path / "call").rglob("*.parquet"))[1]
    without_columns(second, "handset_hash")
    limits = RetentionLimits(days=dict.fromkeys(schema.ALL_FOLDERS, 180), max_bytes=2**40)

    LogMaintenance(tmp_path, limits, now_ms=Clock(NOW_MS + 2 * HOUR_MS)).turn()

    (merged,) = (tmp_path / "call").rglob("*.parquet")
    assert pq.read_schema(merged).field("handset_hash").type == pa.uint64()
    merged_finder = ClusterFinder(DecisionQuery(tmp_path, HomePlan()))
    assert merged_finder.one(ClusterKind.SAME_HANDSET, bank.common, 0).numbers == bank.numbers


def test_a_log_without_handsets_says_so(tmp_path: Path) -> None:
    call(logged(tmp_path), CARDS, [BANK] * FEWEST)
    finder = ClusterFinder(DecisionQuery(tmp_path, HomePlan()))

    with pytest.raises(NotFound, match="decision_log_handsets"):
        finder.find(ClusterKind.SAME_HANDSET, 0)
    for segment in (tmp_path / "call").rglob("*.parquet"):
        without_columns(segment, "handset_hash")
    with pytest.raises(NotFound, match="decision_log_handsets"):
        finder.find(ClusterKind.SAME_HANDSET, 0)
    assert ClusterFinder(DecisionQuery(tmp_path, HomePlan())).find(ClusterKind.SIM_BOX, 0) == []
