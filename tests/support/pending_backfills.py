"""Detects and counts newly effective entries, on a real store and a log, with a fixed clock.

`work` is the body of a separate process, which tests kill.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import redis
from prometheus_client import CollectorRegistry

from blocklists.entries import Entry
from blocklists.entry_table import EntryTable, Identities
from blocklists.queries import MatchingEntries
from blocklists.store.changes import ListChange
from blocklists.store.store import Store
from fanzha.fraud import FraudType
from fanzha.phone import HomePlan
from infra.redis.client import Client, connect
from services.audit.events import Audit, NoAudit
from services.decision.sinks.hit_store import HitStore
from services.decision_log.query import DecisionQuery
from services.decision_log.recipients import RecipientQuery
from services.feedback.service import FeedbackService
from services.warning.backfill.counter import BackfillMode, RecipientCounter
from services.warning.backfill.list_log import ListLog
from services.warning.backfill.lookback import Lookback
from services.warning.backfill.metrics import BackfillMetrics
from services.warning.backfill.pending_service import PendingBackfillService
from services.warning.backfill.pending_store import PendingBackfillStore
from services.warning.backfill.runner import BackfillRunner
from services.warning.backfill.service import BackfillService
from services.warning.backfill.start import BackfillStarter
from services.warning.backfill.store import BackfillStore
from services.warning.backfill.suspected_hits import SuspectedHitService
from services.warning.backfill.trigger import BackfillTrigger
from services.warning.cases.opening import PlainRouter
from services.warning.cases.store import CaseStore
from services.warning.intake.service import WarningIntake
from services.warning.policy.regions import RegionFinder
from tests.support.builders import an_entry, some_calls
from tests.support.decision_logs import NOW_MS, logged

SOON_MS = NOW_MS + 60_000
FRAUD, OTHER, SILENT = "+8619900000001", "+8619900000002", "+8619900000003"
PEOPLE = [f"+86130000000{number:02}" for number in range(20)]
LATER = datetime(2027, 1, 1, tzinfo=UTC)


@dataclass
class LandingRig:
    """The parts of the pipeline and of administration that handle pending backfills."""

    url: str
    folder: Path | None
    audit: Audit
    mode: BackfillMode = BackfillMode.PROPOSE
    most_people: int = 100
    most_entries: int = 3
    now_ms: int = SOON_MS

    def __post_init__(self) -> None:
        self.client: Client = connect(self.url)
        self.lists: Client = connect(self.url, decode_responses=False)
        self.store = PendingBackfillStore(self.client)
        self.backfills = BackfillStore(self.client)
        self.registry = CollectorRegistry()
        self.metrics = BackfillMetrics(self.registry)

    async def close(self) -> None:
        await self.client.aclose()
        await self.lists.aclose()

    def runner(self) -> BackfillRunner:
        """Return the intake of persons."""
        intake = WarningIntake(
            client=self.client,
            store=CaseStore(self.client),
            router=PlainRouter(),
            now_ms=self.clock,
        )
        return BackfillRunner(self.backfills, intake, worker="w", now_ms=self.clock)

    def clock(self) -> int:
        return self.now_ms

    def noticing(self) -> BackfillTrigger:
        return BackfillTrigger(
            ListLog(self.lists),
            self.store,
            days=7,
            most_entries=self.most_entries,
            proposes=self.mode is not BackfillMode.OFF,
            now_ms=self.clock,
            metrics=self.metrics,
        )

    def looking(self) -> Lookback:
        query = RecipientQuery(DecisionQuery(self.folder, HomePlan())) if self.folder else None
        return Lookback(
            query, home=HomePlan(), router=_plain_router, samples=False, now_ms=self.clock
        )

    def beginning(self) -> BackfillStarter:
        return BackfillStarter(self.backfills, self.audit, now_ms=self.clock)

    def counting(self, worker: str = "a") -> RecipientCounter:
        return RecipientCounter(
            self.store,
            self.looking(),
            self.beginning(),
            worker=worker,
            mode=self.mode,
            most_people=self.most_people,
            settle_ms=0,
            now_ms=self.clock,
            metrics=self.metrics,
        )

    def desk(self) -> PendingBackfillService:
        return PendingBackfillService(
            self.store,
            self.looking(),
            self.beginning(),
            audit=self.audit,
            now_ms=self.clock,
            metrics=self.metrics,
        )

    def suspects(self) -> SuspectedHitService:
        hits = HitStore(self.client)
        return SuspectedHitService(
            hits,
            FeedbackService(store=hits, home=HomePlan(), now_ms=self.clock),
            home=HomePlan(),
            max_age_ms=3_600_000,
            audit=self.audit,
            now_ms=self.clock,
        )

    async def all(self) -> None:
        """Detect and count all changes."""
        while await self.noticing().step():
            pass
        await self.counting().step()

    def counted(self, what: str) -> float:
        """Return how many backfills became *what*, by the metrics."""
        labels = {"what": what}
        name = "fanzha_warning_pending_backfills_total"
        return self.registry.get_sample_value(name, labels) or 0


def a_log(folder: Path) -> Path:
    """Log calls of two numbers to five shared people; one of these talked long."""
    log = logged(folder)
    log.decide(some_calls(*[FRAUD] * 12, callees=PEOPLE[:12]))
    log.decide(some_calls(*[OTHER] * 13, callees=PEOPLE[7:]))
    log.ends((OTHER, PEOPLE[9], 90))
    return log.folder


def a_block(pattern: str = FRAUD, *, expires_at: datetime = LATER) -> Entry:
    return an_entry(pattern, expires_at=expires_at, fraud_type=FraudType.FAKE_LOAN)


async def commit(rig: LandingRig, *additions: Entry, removed: tuple[Entry, ...] = ()) -> None:
    """Commit a change to the lists that no request made."""
    change = ListChange(
        version=0,
        author="li",
        reason="a test",
        committed_at_ms=NOW_MS + 1000,
        additions=EntryTable.from_entries(additions),
        removals=Identities.of((one.kind, one.pattern, one.action) for one in removed),
    )
    await Store(rig.lists).commit(change, expected_version=None)


async def listed(rig: LandingRig, *additions: Entry, removed: tuple[Entry, ...] = ()) -> None:
    """Change the lists, and let the change be detected and counted."""
    await commit(rig, *additions, removed=removed)
    await rig.all()


def a_backfill_service(rig: LandingRig) -> BackfillService:
    """Serve a backfill service without a log."""

    async def found(_pattern: str) -> MatchingEntries:
        return MatchingEntries(entries=(), version=1, protected_because="")

    return BackfillService(
        None,
        rig.backfills,
        home=HomePlan(),
        regions=RegionFinder.load,
        listed=found,
        samples=False,
        audit=rig.audit,
        now_ms=rig.clock,
    )


@contextmanager
def writing_through(url: str) -> Iterator[None]:
    """Let the store write through at once: who waits for its disk a hundred times, is glad."""
    with redis.Redis.from_url(url) as client:
        before = client.config_get("appendfsync")
        client.config_set("appendfsync", "always")
        try:
            yield
        finally:
            # Later tests have the same store.
            client.config_set(*before.popitem())


def work(url: str, folder: Path) -> None:
    """Detect newly effective entries, count them, and begin their backfill."""

    async def all_of_it() -> None:
        rig = LandingRig(url, folder, NoAudit(), mode=BackfillMode.START)
        await rig.all()
        await rig.close()

    asyncio.run(all_of_it())


async def _plain_router() -> PlainRouter:
    return PlainRouter()
