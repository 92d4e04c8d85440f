"""Clusters in a real decision log: numbers that were blocked and have something in common."""

from pathlib import Path

import pytest

from fanzha.errors import NotFound
from fanzha.phone import HomePlan
from services.decision_log.query import DecisionQuery
from services.incidents.clusters import FEWEST, ClusterFinder, ClusterKind
from tests.support.builders import an_entry, some_calls, some_texts
from tests.support.decision_logs import NOW_MS, logged

POOL = [f"+8617000000{last:03}" for last in (100, 201, 302, 403, 504)]
ELSEWHERE = "+8617000011111"


@pytest.fixture
def finder(tmp_path: Path) -> ClusterFinder:
    log = logged(tmp_path)
    blocked = [an_entry(number) for number in (*POOL, ELSEWHERE)]
    log.decide(some_calls(*POOL, POOL[1], ELSEWHERE, "+8617000000999"), *blocked)
    for sender in POOL[:2]:
        text = some_texts("please look at http://pay.loan.example/x", sender=sender)
        log.decide(text, *blocked, an_entry("loan.example"))
    return ClusterFinder(DecisionQuery(tmp_path, HomePlan()))


def test_blocked_numbers_of_one_block_of_a_thousand_are_a_pool(finder: ClusterFinder) -> None:
    (pool,) = finder.find(ClusterKind.NUMBER_POOL, 0)

    assert (pool.common, pool.size) == ("+8617000000*", FEWEST)
    assert sorted(pool.numbers) == POOL
    assert pool.numbers[0] == POOL[1]
    assert pool.blocked == 8


def test_numbers_that_were_let_through_are_in_no_cluster(finder: ClusterFinder) -> None:
    pools = finder.find(ClusterKind.NUMBER_POOL, 0, 2)

    assert all("+8617000000999" not in one.numbers for one in pools)


def test_senders_of_one_link_are_a_cluster(finder: ClusterFinder) -> None:
    (shared,) = finder.find(ClusterKind.SHARED_LINK, 0, 2)

    assert (shared.common, sorted(shared.numbers)) == ("pay.loan.example", POOL[:2])


def test_only_decisions_since_then_count(finder: ClusterFinder) -> None:
    assert finder.find(ClusterKind.NUMBER_POOL, NOW_MS + 1) == []


def test_one_cluster_is_found_by_what_it_has_in_common(finder: ClusterFinder) -> None:
    found = finder.one(ClusterKind.SHARED_LINK, "pay.loan.example", 0)

    assert found.size == 2
    with pytest.raises(NotFound):
        finder.one(ClusterKind.SHARED_LINK, "other.example", 0)


def test_there_are_no_clusters_of_what_did_not_happen(finder: ClusterFinder) -> None:
    assert finder.find(ClusterKind.SIM_BOX, 0, 2) == []
    assert finder.find(ClusterKind.RELATED, 0, 2) == []


def test_without_a_log_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no decision log"):
        ClusterFinder(None).find(ClusterKind.SIM_BOX, 0)
    with pytest.raises(NotFound, match="no decision log"):
        ClusterFinder(DecisionQuery(tmp_path / "no", HomePlan())).find(ClusterKind.SIM_BOX, 0)
