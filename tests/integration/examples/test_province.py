"""The made-up province: two years in all stores, as the service reads them."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from blocklists.snapshot.replica import Replica
from examples.province import fill, places, stores
from examples.province.fill import FillReport, ProvinceSize
from fanzha.phone import HomePlan
from infra.clock import now_ms
from infra.data_paths import ADMIN_LISTS, AUDIT
from infra.redis.client import Client, connect
from services.appeals.store import AppealStore
from services.audit import records
from services.audit.records import AuditRecord
from services.changes.store import ChangeStore
from services.decision_log import options
from services.decision_log.conditions import Conditions
from services.decision_log.query import DecisionQuery
from services.processes.embedded_valkey import EmbeddedValkey
from services.settings.settings import Settings
from services.warning.cases.listing import CaseListing
from services.warning.cases.model import Case
from services.warning.cases.store import CaseStore

DAY_MS = 86_400_000
SIZE = ProvinceSize(decisions=6_000, cases=120, appeals=25, imports=2, campaigns=12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A filled folder."""

    settings: Settings
    report: FillReport
    end_ms: int


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    folder = tmp_path_factory.mktemp("province")
    places.write_regions(folder / "regions.csv")
    with pytest.MonkeyPatch.context() as environment:
        for name, value in stores.settings_of(folder / "data", folder / "regions.csv").items():
            environment.setenv(name, value)
        settings, end_ms = Settings(), now_ms()
        report = asyncio.run(
            fill.fill(settings, SIZE, end_ms=end_ms, progress=lambda _part, _share: None)
        )
        yield Filled(settings=settings, report=report, end_ms=end_ms)


@asynccontextmanager
async def served(settings: Settings) -> AsyncIterator[tuple[Client, Client]]:
    """Start the store on the folder as the service does; yield clients for text and bytes."""
    valkey = EmbeddedValkey(settings.data_dir)
    url = await valkey.start()
    text, raw = connect(url), connect(url, decode_responses=False)
    try:
        yield text, raw
    finally:
        await text.aclose()
        await raw.aclose()
        await valkey.stop()


def audited(filled: Filled) -> list[AuditRecord]:
    """Return all audit records, the oldest first."""
    files = sorted((filled.settings.data_dir / AUDIT).glob("*.jsonl"))
    lines = [line for file in files for line in file.read_bytes().splitlines()]
    return [records.read(line) for line in lines]


def test_all_stores_have_a_history_of_two_years(filled: Filled) -> None:
    log = DecisionQuery(options.folder(filled.settings), HomePlan())
    oldest = filled.end_ms - 700 * DAY_MS
    logged = log.find(Conditions(since_ms=0, until_ms=oldest, limit=1))

    written = audited(filled)

    async def read() -> tuple[list[Case], int, int]:
        async with served(filled.settings) as (text, raw):
            cases = CaseListing(text, CaseStore(text))
            page = await cases.page(lambda _: True, only_open=False, size=20)
            appeals = await AppealStore(text).received_between(0, filled.end_ms - 300 * DAY_MS)
            first = await ChangeStore(raw).get(1)
            return page.cases, len(appeals), first.created_ms

    cases, appeals, first_change = asyncio.run(read())
    assert logged.total > 0
    assert written[0].time_ms < oldest
    assert min(case.opened_at_ms for case in cases) < filled.end_ms - 690 * DAY_MS
    assert appeals > 0
    assert first_change < oldest


def test_cases_lie_in_counties_and_end_in_every_way(filled: Filled) -> None:
    async def read() -> list[Case]:
        async with served(filled.settings) as (text, _):
            listing = CaseListing(text, CaseStore(text))
            return (await listing.page(lambda _: True, only_open=False, size=500)).cases

    cases = asyncio.run(read())

    known = {one.code for one in places.counties()}
    assert len(cases) == filled.report.counts["cases"] == SIZE.cases
    assert {case.region.county for case in cases} <= known
    assert {case.outcome for case in cases if case.outcome} >= {"safe", "lost_money"}
    assert max(case.opened_at_ms for case in cases) < filled.end_ms


def test_times_of_the_audit_log_go_back_by_less_than_a_day(filled: Filled) -> None:
    times = [record.time_ms for record in audited(filled)]

    assert len(times) > SIZE.cases
    assert all(later > earlier - DAY_MS for earlier, later in pairwise(times))


def test_nothing_of_the_past_waits_to_be_sent(filled: Filled) -> None:
    async def waiting() -> int:
        async with served(filled.settings) as (text, _):
            return len([name async for name in text.scan_iter("*:outbox")])

    assert asyncio.run(waiting()) == 0


def test_lists_are_at_the_version_of_the_store(filled: Filled) -> None:
    replica = Replica(Path(filled.settings.data_dir) / ADMIN_LISTS)

    replica.refresh()

    assert replica.current.version > 0
    assert len(replica.current.live_rows()) > SIZE.imports * 400
