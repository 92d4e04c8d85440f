"""Cases, list administration and their outcome loop in the test's process, on a real store."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import CollectorRegistry

from blocklists.entries import Entry, entry_id
from blocklists.queries import MatchingEntries
from blocklists.store.current_lists import CurrentLists
from fanzha.decisions import Action
from fanzha.errors import Unavailable
from fanzha.fraud import FraudType
from fanzha.phone import HomePlan
from infra import process_lifecycle
from infra.redis.client import Client, connect
from services.changes.model import ChangeRequest
from services.changes.popularity import PopularHosts
from services.changes.report import ChangeTerms
from services.decision.sinks.hit_store import CONFIRMED
from services.lists.service import ListService
from services.settings.settings import Settings
from services.warning import wiring
from services.warning.cases.events import CaseEvent, CaseOutcome, EventKind
from services.warning.cases.opening import PlainRouter
from services.warning.model import Means, Region, WarningRecord
from services.warning.outcomes import wiring as outcomes_wiring
from services.warning.outcomes.applied_log import NOTED, AppliedLog
from services.warning.outcomes.loss_means import ProposedEntry
from services.warning.outcomes.proposals import PIPELINE, ListProposals
from services.warning.wiring import WarningPipeline
from tests.support.change_desk import ChangeDesk, an_impact, change_desk
from tests.support.proposed_rows import proposed

LISTED = "+8619900000001"
"""The caller in `Loop.hit`."""
OTHER = "+8619900000002"
COUNTIES = {"+8617000007001": "330106", "+8617000007002": "330203", "+8617000007003": "330100"}
"""Where people live who live in a known place."""
PATIENCE_SECONDS = 240.0


class CountyRouter(PlainRouter):
    """Knows where a few people live, by their number."""

    def region(self, victim: str) -> Region:
        county = COUNTIES.get(victim, "")
        how = "prefix" if county else "unknown"
        return Region(province=county[:2], city=county[:4], county=county, how=how)


class Lossy:
    """Proposals whose answers are lost a number of times, after the request was made."""

    def __init__(self, inner: ListProposals) -> None:
        self._inner = inner
        self.lost = 0

    async def find(self, pattern: str) -> MatchingEntries:
        return await self._inner.find(pattern)

    def is_popular(self, host: str) -> bool:
        return self._inner.is_popular(host)

    async def is_open(self, change_id: int) -> bool:
        return await self._inner.is_open(change_id)

    async def remove(self, entry: Entry, reason: str) -> int:
        return self._answered(await self._inner.remove(entry, reason))

    async def block(
        self,
        wanted: ProposedEntry,
        *,
        fraud_type: FraudType,
        campaign: str,
        region: str,
        reason: str,
    ) -> int:
        done = await self._inner.block(
            wanted, fraud_type=fraud_type, campaign=campaign, region=region, reason=reason
        )
        return self._answered(done)

    def _answered(self, change: int) -> int:
        if self.lost:
            self.lost -= 1
            raise Unavailable("the process was killed before it heard")
        return change


@dataclass(kw_only=True)
class Loop:
    """Cases, lists, and the outcome loop."""

    desk: ChangeDesk
    administration: ListService
    pipeline: WarningPipeline
    client: Client
    registry: CollectorRegistry
    proposals: Lossy

    async def list_(self, *patterns: str, action: Action = Action.BLOCK) -> None:
        rows = len(patterns)
        row = proposed(*patterns, sources=[2] * rows, actions=[int(action)] * rows)
        await self.administration.update(row, [], ChangeTerms(author="li", reason="three victims"))

    async def hit(self, decision_id: int, pattern: str = LISTED) -> str:
        """Make a hit by a listed caller; return the case."""
        fields = {
            "decision_id": str(decision_id),
            "channel": "CALL",
            "fraud_type": "FAKE_LOAN",
            "reason": "BLOCKLISTED",
            "from_party": LISTED,
            "to_party": f"+861700000{decision_id:04}",
            "pattern": pattern,
            "entry_id": entry_id(1 if pattern == LISTED else 2, pattern, Action.BLOCK),
            "occurred_at_ms": str(self.desk.clock[0]),
        }
        before = set(await self.cases())
        await self.client.xadd(CONFIRMED, fields)  # type: ignore[arg-type]
        await until(lambda: self._more_cases(before))
        (new,) = set(await self.cases()) - before
        return new

    async def warned(self, warned: WarningRecord) -> str:
        (result,) = await self.pipeline.intake.ingest([warned])
        return result.case_id

    async def close(
        self, case_id: str, outcome: CaseOutcome, lost_to: tuple[Means, ...] = ()
    ) -> None:
        event = CaseEvent(
            kind=EventKind.CLOSED,
            at_ms=self.desk.clock[0],
            by="wang",
            outcome=outcome,
            lost_to=lost_to,
        )
        await self.pipeline.store.change(case_id, lambda _case: [event])

    async def ends(self, case_id: str, outcome: CaseOutcome) -> list[str]:
        """Close a case, wait until its outcome is processed, and return the result."""
        await self.close(case_id, outcome)
        return await self.learnt(case_id)

    async def learnt(self, case_id: str) -> list[str]:
        learned = AppliedLog(self.client, retention_days=1)

        async def noted() -> bool:
            return NOTED in await learned.of(case_id)

        await until(noted)
        done = await learned.of(case_id)
        return sorted(text for field, text in done.items() if field != NOTED)

    async def requests(self) -> list[ChangeRequest]:
        page = await self.desk.changes.views.page(None, before_id=0, size=100)
        return [one for one in page.records if one.author == PIPELINE.name]

    async def until_counted(self, outcome: CaseOutcome, what: str, least: int = 1) -> None:
        """Wait until a metric reaches a count."""
        labels = {"outcome": outcome.value, "what": what}

        async def holds() -> bool:
            name = "fanzha_warning_outcomes_total"
            return (self.registry.get_sample_value(name, labels) or 0) >= least

        await until(holds)

    async def cases(self) -> list[str]:
        return [case.id async for case, _ in self.pipeline.listing.walk()]

    async def _more_cases(self, before: set[str]) -> bool:
        return len(await self.cases()) > len(before)


def _administration(desk: ChangeDesk, now_ms: Callable[[], int]) -> ListService:
    return ListService(
        store=desk.store,
        replica=desk.replica,
        changes=desk.changes,
        home=HomePlan(),
        now_ms=now_ms,
        default_expiry_days=365,
    )


def _proposals(
    desk: ChangeDesk,
    administration: ListService,
    popular: PopularHosts,
    now_ms: Callable[[], int],
) -> ListProposals:
    return ListProposals(
        administration=administration,
        changes=desk.changes,
        current=CurrentLists(desk.store, desk.replica),
        popular=popular,
        popular_rank=10,
        entry_days=180,
        now_ms=now_ms,
    )


@asynccontextmanager
async def outcome_loop(redis_url: str, folder: Path) -> AsyncIterator[Loop]:
    """Run it; ``shop.example`` is popular, and two informative cases are enough."""
    popular = folder / "popular.txt"
    popular.write_text("shop.example\n")
    settings = Settings(
        redis_url=redis_url,
        data_dir=folder,
        warning_claim_ms=500,
        warning_reliability_cases=2,
    )
    client, registry = connect(redis_url, connections=64), CollectorRegistry()
    async with change_desk(redis_url, folder / "lists") as desk:
        desk.impact.says = an_impact(known=False)  # so that a second person is needed

        def now_ms() -> int:
            return desk.clock[0]

        pipeline = wiring.build(
            settings, client, registry=registry, now_ms=now_ms, router=CountyRouter()
        )
        administration = _administration(desk, now_ms)
        proposals = Lossy(_proposals(desk, administration, PopularHosts.load(popular), now_ms))
        outcomes = outcomes_wiring.build(
            settings, client, proposals=proposals, registry=registry, now_ms=now_ms
        )
        tasks = [*pipeline.start(), *outcomes.start()]
        try:
            yield Loop(
                desk=desk,
                administration=administration,
                pipeline=pipeline,
                client=client,
                registry=registry,
                proposals=proposals,
            )
        finally:
            await process_lifecycle.cancel(tasks)
            await client.aclose()


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until *holds*; fail when it does not for `PATIENCE_SECONDS`."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await holds():  # noqa: ASYNC110 - the store tells nobody
            await asyncio.sleep(0.02)
