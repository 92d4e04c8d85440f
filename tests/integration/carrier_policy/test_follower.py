"""Workers follow the carrier policy in a real store, and keep what they have without it."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from fanzha.tables import Channel
from infra import process_lifecycle
from infra.data_paths import CARRIER_POLICY
from infra.redis import damaged_records
from infra.redis.client import Client, connect
from services.carrier_policy import follower as followers
from services.carrier_policy import policy_log
from services.carrier_policy.follower import PolicyFollower, report_file
from services.carrier_policy.policy_log import LOG, PolicyLog
from services.carrier_policy.version import PolicyVersion
from services.decision.carriers.policy import CarrierPolicies
from services.decision.carriers.policy_document import read_policies
from tests.support.builders import NINE_O_CLOCK_MS

STRICT = "[carrier.cmcc.call]\nthreshold = 0.5\n"
LENIENT = "[carrier.cmcc.call]\nthreshold = 0.9\n"
NO_SERVER = "redis://127.0.0.1:1/0"


class Shown:
    """What a follower shows in its metrics."""

    def __init__(self) -> None:
        self.version, self.current_at_s, self.refused = -1, -1.0, 0

    def policy_in_force(self, version: int, current_at_seconds: float) -> None:
        self.version, self.current_at_s = version, current_at_seconds

    def policy_refused(self) -> None:
        self.refused += 1


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Client]:
    found = connect(redis_url)
    yield found
    await found.aclose()


@pytest.fixture
def log(client: Client) -> PolicyLog:
    return PolicyLog(client)


@pytest.fixture
def shown() -> Shown:
    return Shown()


Follow = Callable[..., PolicyFollower]


@pytest.fixture
def follow(log: PolicyLog, shown: Shown, tmp_path: Path) -> Follow:
    def make(of: PolicyLog = log, *, refuse_unaudited: bool = False) -> PolicyFollower:
        return PolicyFollower(
            of,
            worker="host/1",
            data_dir=tmp_path,
            counters=shown,
            now_ms=lambda: NINE_O_CLOCK_MS,
            refuse_unaudited=refuse_unaudited,
        )

    return make


async def commit(log: PolicyLog, document: str, name: str = "") -> int:
    head = await log.head()
    policy = PolicyVersion(document=document, author="li", commit=name or f"change:{document}")
    return await log.commit(policy, expected_version=head.version)


async def followed(follower: PolicyFollower, version: int) -> None:
    while follower.version < version:  # noqa: ASYNC110 - it sets no event
        await asyncio.sleep(0.005)


def threshold(follower: PolicyFollower) -> float | None:
    policies = follower.current()
    if "cmcc" not in policies.carriers:
        return None
    return policies["cmcc"].channels[Channel.CALL].threshold


async def test_a_commit_reaches_every_waiting_worker_by_itself(
    log: PolicyLog,
    redis_url: str,
    follow: Follow,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # No wait ends before the deadline of the test, unless the commit ends it.
    monkeypatch.setattr(policy_log, "WAIT_MS", 18_000)
    clients = [connect(redis_url) for _ in range(3)]
    workers = [follow(PolicyLog(client)) for client in clients]
    running = [asyncio.create_task(worker.loop.run()) for worker in workers]
    for worker in workers:
        await worker.loop.first()

    await commit(log, STRICT)
    async with asyncio.timeout(60):
        await asyncio.gather(*(followed(worker, 1) for worker in workers))

    assert [threshold(worker) for worker in workers] == [0.5] * 3
    assert workers[0].current().version == 1
    await process_lifecycle.cancel(running)
    for client in clients:
        await client.aclose()


async def test_a_worker_that_starts_without_the_store_has_the_last_policy_of_its_host(
    log: PolicyLog, follow: Follow
) -> None:
    await commit(log, STRICT)
    await follow().follow_once()
    away = connect(NO_SERVER)

    worker = follow(PolicyLog(away))
    running = asyncio.create_task(worker.loop.run())
    await worker.loop.first()

    assert (worker.version, threshold(worker)) == (1, 0.5)
    assert not running.done()
    await process_lifecycle.cancel([running])
    await away.aclose()


async def test_it_takes_over_what_changed_meanwhile_once_the_store_answers(
    log: PolicyLog, follow: Follow
) -> None:
    await commit(log, STRICT)
    await follow().follow_once()
    await commit(log, LENIENT)

    worker = follow()
    before = threshold(worker)
    await worker.follow_once()

    assert (before, threshold(worker)) == (0.5, 0.9)


async def test_reading_a_long_policy_holds_up_no_decision(
    log: PolicyLog, follow: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = []

    def read(document: str, version: int) -> CarrierPolicies:
        threads.append(threading.current_thread())
        return read_policies(document, version)

    monkeypatch.setattr(followers, "read_policies", read)
    await commit(log, STRICT)
    await follow().follow_once()

    assert threads
    assert threading.main_thread() not in threads


@pytest.mark.parametrize("copy", ["", "{", "[]", '{"version": 1}', '{"version": "x"}', "\x00"])
async def test_a_damaged_copy_is_no_policy_and_no_reason_not_to_start(
    copy: str, follow: Follow, tmp_path: Path
) -> None:
    (tmp_path / CARRIER_POLICY).write_text(copy)

    assert follow().version == 0


@pytest.mark.parametrize("document", ["[carrier", "[carrier.x.call]\nthreshold = 7", "é" * 40_000])
async def test_a_bad_document_in_the_store_never_reaches_decisions(
    document: str, log: PolicyLog, follow: Follow, shown: Shown
) -> None:
    await commit(log, STRICT)
    worker = follow()
    await worker.follow_once()
    await commit(log, document)
    await worker.follow_once()
    await worker.follow_once()
    (report,) = await log.reports(NINE_O_CLOCK_MS)

    assert (worker.version, threshold(worker)) == (1, 0.5)
    assert (shown.version, shown.refused) == (1, 1)
    assert report.refused.startswith("version 2: ")
    assert follow().version == 1


async def test_entries_that_are_no_versions_are_skipped_and_counted(
    client: Client, log: PolicyLog, follow: Follow
) -> None:
    await commit(log, STRICT)
    worker = follow()
    await worker.follow_once()
    counted = damaged_records.counts().get("carrier policy", 0)
    # In the year 2286; ids only grow.
    await client.xadd(LOG, {"what": "ever"}, id="9999999999999-0")
    await client.xadd(LOG, {"version": "-7", "commit": "x"})
    await worker.follow_once()
    still = threshold(worker)

    await commit(log, LENIENT)
    await worker.follow_once()

    assert (still, worker.version, threshold(worker)) == (0.5, 2, 0.9)
    assert damaged_records.counts()["carrier policy"] > counted
    assert [one.version for one in await log.page(0, 5)] == [2, 1]


async def test_a_store_that_lost_its_policies_takes_none_away(
    client: Client, log: PolicyLog, follow: Follow, shown: Shown
) -> None:
    await commit(log, STRICT)
    worker = follow()
    await worker.follow_once()
    await client.delete(LOG)
    await worker.follow_once()
    lost = threshold(worker)

    await commit(log, LENIENT)
    await worker.follow_once()

    assert (lost, shown.refused) == (0.5, 1)
    assert (worker.version, threshold(worker)) == (1, 0.9)


async def test_only_sealed_policies_count_where_the_setting_says_so(
    client: Client, follow: Follow, log: PolicyLog
) -> None:
    sealing = PolicyLog(client, sign=lambda message: f"sealed {len(message)}")
    checking = PolicyLog(client, check_seal=lambda message, seal: seal == f"sealed {len(message)}")
    worker, lenient = follow(checking, refuse_unaudited=True), follow(checking)
    await commit(sealing, STRICT)
    await worker.follow_once()
    await commit(log, LENIENT)
    for each in (worker, lenient):
        await each.follow_once()
    (report,) = await log.reports(NINE_O_CLOCK_MS)

    assert threshold(worker) == 0.5
    assert threshold(lenient) == 0.9
    assert report.unaudited


async def test_a_restart_takes_no_policy_without_a_seal_for_one_with(
    client: Client, follow: Follow, log: PolicyLog
) -> None:
    checking = PolicyLog(client, check_seal=lambda _message, seal: seal == "sealed")
    await commit(log, LENIENT)
    await follow(checking).follow_once()

    again = follow(checking)
    await again.follow_once()
    (report,) = await log.reports(NINE_O_CLOCK_MS)
    strict = follow(checking, refuse_unaudited=True)
    at_start = threshold(strict)
    await strict.follow_once()

    assert report.unaudited
    assert (threshold(again), at_start, threshold(strict)) == (0.9, None, None)


async def test_a_host_with_a_file_reports_that_it_follows_nothing(
    log: PolicyLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(followers, "REPORT_MS", 1)
    running = asyncio.create_task(report_file(log, "host/2", lambda: NINE_O_CLOCK_MS))
    async with asyncio.timeout(60):
        while not (reports := await log.reports(NINE_O_CLOCK_MS)):  # noqa: ASYNC110 - likewise
            await asyncio.sleep(0.005)
    await process_lifecycle.cancel([running])

    assert [(one.worker, one.source) for one in reports] == [("host/2", "file")]
    assert await log.reports(NINE_O_CLOCK_MS + 60_000) == []


async def test_a_commit_of_one_name_happens_once(log: PolicyLog, client: Client) -> None:
    policy = PolicyVersion(document=STRICT, commit="change:1:abc")

    versions = [await log.commit(policy, expected_version=0) for _ in range(2)]

    assert versions == [1, 1]
    assert await client.xlen(LOG) == 1
    assert await log.version_of("change:1:abc", after=0) == 1
    assert await log.version_of("change:1:abc", after=1) is None
