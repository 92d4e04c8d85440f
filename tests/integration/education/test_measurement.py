"""What a campaign changed, from cases of a real store: before, after, and in those held out."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field

import pytest
import pytest_asyncio

from fanzha.errors import NotFound
from infra.redis.client import connect
from services.auth import identity
from services.auth.identity import Role
from services.education.draft import DAY_MS
from services.education.measurement import EducationMeasurement
from services.education.model import EducationCampaign
from services.education.report import EducationReport
from services.warning.cases.events import CaseEvent, CaseOutcome, EventKind
from services.warning.cases.listing import CaseListing
from services.warning.cases.opening import PlainRouter
from services.warning.cases.store import CaseStore
from services.warning.intake.service import WarningIntake
from tests.support.education import EducationDesk, named, number, person, row
from tests.support.sending import Sink, drain
from tests.support.warnings import a_warning

PEOPLE = 300


@dataclass
class MeasuredDesk:
    """A campaign that was sent, and cases of its people."""

    desk: EducationDesk
    sent: list[int] = field(default_factory=list)
    held: list[int] = field(default_factory=list)

    async def send(self) -> EducationCampaign:
        desk, sink = self.desk, Sink()
        draft = named("衡量", hold_out_percent=40)
        campaign = await desk.approved([row(at) for at in range(PEOPLE)], draft)
        runner, worker = desk.runner(), desk.worker(sink)
        for _ in range(3):
            await runner.step()
            await drain(worker)
        got = {one.to for one in sink.got}
        for at in range(PEOPLE):
            (self.sent if number(at) in got else self.held).append(at)
        return await desk.store.get(campaign.campaign_id)

    async def open_cases(
        self, people: Iterable[int], at_ms: int, outcome: CaseOutcome | None
    ) -> None:
        store = CaseStore(self.desk.client)
        intake = WarningIntake(
            client=self.desk.client, store=store, router=PlainRouter(), now_ms=lambda: at_ms
        )
        warnings = [a_warning(at, reference=f"{at}-{at_ms}", campaign=str(at_ms)) for at in people]
        for one in await intake.ingest(warnings):
            if outcome is not None:
                taken = CaseEvent(kind=EventKind.TAKEN, at_ms=at_ms, by="wang")
                closed = CaseEvent(kind=EventKind.CLOSED, at_ms=at_ms, by="wang", outcome=outcome)
                await store.change(one.case_id, lambda _case, c=closed, t=taken: [t, c])  # type: ignore[misc]

    async def report(self, campaign_id: int, *regions: str) -> EducationReport:
        listing = CaseListing(self.desk.client, CaseStore(self.desk.client))
        measurement = EducationMeasurement(
            self.desk.campaigns, self.desk.recipients, listing, now_ms=self.desk.clock
        )
        with identity.acting_as(person("sun", *regions, role=Role.AUDITOR)):
            found = [one.report async for one in measurement.make(campaign_id)]
        assert found[-1] is not None
        return found[-1]


@pytest_asyncio.fixture
async def measured(redis_url: str) -> AsyncIterator[MeasuredDesk]:
    client = connect(redis_url)
    yield MeasuredDesk(EducationDesk(client))
    await client.aclose()


async def test_exposure_and_loss_are_compared_with_those_held_out(measured: MeasuredDesk) -> None:
    campaign = await measured.send()
    after, before = campaign.finished_at_ms + DAY_MS, campaign.assigned_at_ms - DAY_MS
    await measured.open_cases(measured.sent[:12], before, None)
    await measured.open_cases(measured.sent[:20], after, CaseOutcome.SAFE)
    await measured.open_cases(measured.sent[30:33], after, CaseOutcome.LOST_MONEY)
    await measured.open_cases(measured.held[:60], after, CaseOutcome.LOST_MONEY)
    await measured.open_cases(measured.held[60:70], after, CaseOutcome.FALSE_ALARM)
    await measured.open_cases(range(900, 950), after, CaseOutcome.LOST_MONEY)
    measured.desk.now[0] = campaign.finished_at_ms + 31 * DAY_MS

    report = await measured.report(campaign.campaign_id)

    assert (report.to_send, report.sent) == (len(measured.sent), len(measured.sent))
    assert report.held_out == len(measured.held)
    exposed = report.exposed
    assert (exposed.sent_before.count, exposed.sent_after.count) == (12, 23)
    assert (exposed.held_before.count, exposed.held_after.count) == (0, 60)
    assert exposed.difference == pytest.approx(23 / len(measured.sent) - 60 / len(measured.held))
    assert exposed.beyond_chance
    assert report.lost.held_after.count == 60
    assert report.lost.sent_after.suppressed
    assert report.lost.difference is None
    assert report.complete


async def test_before_it_was_sent_nothing_is_compared_and_it_is_not_final(
    measured: MeasuredDesk,
) -> None:
    campaign = await measured.desk.approved([row(at) for at in range(50)])
    draft = await measured.report(campaign.campaign_id)
    await measured.desk.runner().step()
    running = await measured.report(campaign.campaign_id)

    assert (draft.to_send, draft.complete, draft.exposed.interval) == (0, False, None)
    assert running.to_send > 0
    assert not running.complete
    assert running.window.after_from_ms == running.window.after_until_ms


async def test_the_report_of_another_region_is_not_there(measured: MeasuredDesk) -> None:
    campaign = await measured.desk.approved([row(0)], named("杭州", region="3301"))

    await measured.report(campaign.campaign_id, "33")
    with pytest.raises(NotFound):
        await measured.report(campaign.campaign_id, "3302")
