"""Clusters in a real decision log: numbers that were blocked and have something in common."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from blocklists.entries import Entry
from blocklists.snapshot.snapshot import Snapshot
from fanzha.errors import InvalidInput, NotFound
from fanzha.phone import HomePlan
from services.auth import identity
from services.auth.entry_sight import EntrySight
from services.auth.identity import Identity
from services.decision.pipeline import DecisionPipeline
from services.decision_log.query import DecisionQuery
from services.incidents.caller_behaviour import DAY_MS, FEWEST_CALLS, LEAST_SPREAD
from services.incidents.cluster_sight import ScopedClusters
from services.incidents.clusters import BY_BEHAVIOUR, FEWEST, ClusterFinder, ClusterKind
from tests.support.builders import an_entry, some_calls, some_models, some_texts
from tests.support.decision_logs import NOW_MS, Logged, logged

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


@pytest.mark.parametrize("kind", [ClusterKind.NUMBER_POOL, ClusterKind.AUTO_DIALER])
def test_a_time_before_all_others_is_refused(finder: ClusterFinder, kind: ClusterKind) -> None:
    with pytest.raises(InvalidInput, match="since_ms"):
        finder.find(kind, -(2**63))

    assert finder.find(kind, 2**63 - 1) == []


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


def clusters_of(tmp_path: Path, log: Logged, lists: Sequence[Entry]) -> ScopedClusters:
    log.decide(some_calls(*(one.pattern for one in lists)), *lists)
    snapshot = Snapshot.build(1, lists)
    finder = ClusterFinder(DecisionQuery(tmp_path, HomePlan()))
    return ScopedClusters(finder, EntrySight(lambda: snapshot))


def of_regions(*regions: str) -> Identity:
    return Identity(name="wang", roles=frozenset(), regions=frozenset(regions))


@pytest.mark.parametrize(
    ("regions", "pools"),
    [
        ((), "0123"),
        (("3301",), "013"),
        (("330106",), "03"),
        (("33",), "0123"),
        (("3301", "3302"), "0123"),
    ],
)
async def test_people_of_a_county_see_no_pool_of_numbers_that_another_lists(
    tmp_path: Path, regions: tuple[str, ...], pools: str
) -> None:
    log = logged(tmp_path)
    lists = [
        replace(an_entry(f"+861700000{pool}{last}"), region=region)
        for pool, region in enumerate(("", "3301", "3302"))
        for last in range(100, 105)
    ]
    # Blocked by a model.
    log.decide(some_calls(*(f"+8617000003{last}" for last in range(100, 105))),
               models=some_models(0.99999))  # fmt: skip
    clusters = clusters_of(tmp_path, log, lists)

    with identity.acting_as(of_regions(*regions)):
        found = await clusters.find(ClusterKind.NUMBER_POOL, 0)
        for hidden in set("0123") - set(pools):
            with pytest.raises(NotFound):
                await clusters.one(ClusterKind.NUMBER_POOL, f"+861700000{hidden}*", 0)

    assert "".join(sorted(one.common[10] for one in found)) == pools


async def test_a_number_that_another_county_lists_is_not_in_a_cluster_of_a_county(
    tmp_path: Path,
) -> None:
    lists = [replace(an_entry(one), region="3301") for one in POOL]
    foreign = replace(an_entry("+8617000000999"), region="3302")
    clusters = clusters_of(tmp_path, logged(tmp_path), [*lists, foreign])

    with identity.acting_as(of_regions("3301")):
        (mine,) = await clusters.find(ClusterKind.NUMBER_POOL, 0)
    (whole,) = await clusters.find(ClusterKind.NUMBER_POOL, 0)

    assert (sorted(mine.numbers), mine.size, mine.blocked) == (POOL, 5, 5)
    assert (whole.size, whole.blocked) == (6, 6)


STRANGERS = [f"+86171{last:08}" for last in range(3000)]
SIM_BOX = [f"+86170010000{last:02}" for last in range(10, 16)]
CENTRE = [f"+86170020000{last:02}" for last in range(10, 16)]
SINCE_MS, MINUTE_MS = NOW_MS - DAY_MS, 60_000


def calling(
    log: Logged, engine: DecisionPipeline, caller: str, at_ms: int, *, back: int = 0
) -> None:
    """Let a number call strangers for a minute; *back* of them call it back."""
    called = STRANGERS[: FEWEST_CALLS + 5]
    calls = some_calls(*([caller] * len(called)), callees=called, trunk="t-1")
    back_calls = some_calls(*called[:back], callee=caller)
    later = some_calls(*[caller] * min(back, 1), callees=STRANGERS[-1:] * min(back, 1), trunk="t-1")
    for place, table in enumerate((calls, back_calls, later)):
        log.clock.now_ms = since_ms = at_ms + place * MINUTE_MS
        if len(table):
            each_second = since_ms + 1000 * np.arange(len(table), dtype=np.int64)
            engine.decide_calls(replace(table, attempted_at_ms=each_second), since_ms // 1000)


@pytest.fixture
def behaving(tmp_path: Path) -> ClusterFinder:
    """Six numbers of a SIM box, of which one called before; six of a call centre, called back."""
    log = logged(tmp_path)
    # Scores as near to the threshold as suspects have them: their activity is logged.
    engine = log.engine(models=some_models(0.8))
    calling(log, engine, SIM_BOX[0], SINCE_MS - 3 * DAY_MS)
    for caller in SIM_BOX:
        calling(log, engine, caller, NOW_MS)
    for caller in CENTRE:
        calling(log, engine, caller, NOW_MS, back=4)
    log.log.writer.flush()
    return ClusterFinder(DecisionQuery(tmp_path, HomePlan()))


def test_who_dials_strangers_like_a_machine_is_found_though_nothing_was_blocked(
    behaving: ClusterFinder,
) -> None:
    (pack,) = behaving.find(ClusterKind.AUTO_DIALER, SINCE_MS)

    assert (pack.common, pack.blocked) == ("t-1", 0)
    assert set(pack.numbers) <= set(SIM_BOX)
    assert pack.evidence["people_per_call"] >= LEAST_SPREAD
    assert pack.evidence["called_per_call"] == 0
    assert "calls_an_hour" in pack.why
    assert not any(number in pack.why for number in SIM_BOX)


def test_numbers_of_a_block_that_began_together_are_found_without_one_that_was_there(
    behaving: ClusterFinder,
) -> None:
    (pack,) = behaving.find(ClusterKind.ACTIVATED_TOGETHER, SINCE_MS)

    assert pack.common == "+8617001000*"
    assert sorted(pack.numbers) == SIM_BOX[1:]
    assert pack.evidence["new_numbers"] == FEWEST


def test_who_is_called_back_is_in_no_pack(behaving: ClusterFinder) -> None:
    packs = [one for kind in BY_BEHAVIOUR for one in behaving.find(kind, SINCE_MS, 1)]

    assert not {number for one in packs for number in one.numbers} & set(CENTRE)
