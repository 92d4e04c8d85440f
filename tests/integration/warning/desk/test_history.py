"""What people of a desk and channels do at the same time, in a real store and in a cluster."""

import asyncio
import random
from collections.abc import AsyncIterator

import pytest
from prometheus_client import CollectorRegistry

from fanzha.errors import FanzhaError
from services.warning.cases import state_machine
from services.warning.cases.events import CaseOutcome, MessageRef
from services.warning.cases.metrics import CaseBacklogMetrics
from services.warning.cases.model import Case
from services.warning.desk.actions import CaseClosure, CaseNote
from services.warning.desk.filter import CaseFilter
from services.warning.desk.service import CaseCommand
from services.warning.dispatch import delivery_records
from tests.support.case_desk import Office, an_office
from tests.support.warnings import a_warning


@pytest.fixture(params=["redis_url", "cluster_url"])
async def office(request: pytest.FixtureRequest) -> AsyncIterator[Office]:
    async with an_office(request.getfixturevalue(request.param)) as office:
        yield office


async def test_gauges_count_the_cases(office: Office) -> None:
    ids = await office.opened()
    closing = CaseClosure(outcome=CaseOutcome.SAFE)
    await office.desk.take(CaseCommand(case_id=ids[1], by="wang"), take_over=False)
    await office.desk.close(CaseCommand(case_id=ids[0], by="wang"), closing, "")
    office.clock[0] += 10**9
    registry = CollectorRegistry()

    await CaseBacklogMetrics(office.client, registry, now_ms=lambda: office.clock[0]).refresh()

    def gauge(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(f"fanzha_warning_cases_{name}", labels)

    assert gauge("open", state="routed", tier="medium") == 3
    assert gauge("open", state="dissuading", tier="medium") == 1
    assert gauge("closed", outcome="safe") == 1
    assert gauge("overdue") == 4
    assert gauge("without_region") == 1


@pytest.mark.parametrize("seed", range(2))
async def test_the_view_equals_the_replayed_history_under_random_actions(
    office: Office, seed: int
) -> None:
    chance = random.Random(seed)
    ids = await office.opened()
    delivery = delivery_records.DeliveryRecords(office.store, now_ms=lambda: office.clock[0])

    async def something(case: Case) -> None:
        command = CaseCommand(case_id=case.id, by=chance.choice(["wang", "li"]))
        desk = office.desk
        match chance.randrange(7):
            case 0:
                await desk.take(command, take_over=chance.random() < 0.5)
            case 1:
                await desk.note(command, "x", CaseNote(unreached=chance.random() < 0.5))
            case 2:
                region = chance.choice(["340503", "340102", "34"])
                await desk.assign(command, region=region, officer="zhao", why="")
            case 3:
                await desk.close(command, CaseClosure(outcome=CaseOutcome.SAFE), "")
            case 4:
                number = int(case.victim[-4:])
                await office.intake.ingest([a_warning(number, reference=str(chance.random()))])
            case _:
                await channel_reports(delivery, case, chance)

    for _ in range(15):
        office.clock[0] += chance.randrange(10_000_000)
        cases = [await office.store.get(chance.choice(ids)) for _ in range(3)]
        results = await asyncio.gather(*map(something, cases), return_exceptions=True)
        odd = [one for one in results if one and not isinstance(one, FanzhaError)]
        assert odd == []

    for case_id in ids:
        history = await office.store.history(case_id)
        assert await office.store.get(case_id) == state_machine.fold(history)
    everything = await office.desk.list(CaseFilter(), size=500, after="")
    views = [await office.store.get(case_id) for case_id in ids]
    assert {one.id for one in everything.cases} == {one.id for one in views if one.open}
    assert sum(one.revision for one in views) > 25


async def channel_reports(
    delivery: delivery_records.DeliveryRecords, case: Case, chance: random.Random
) -> None:
    for message in case.messages:
        reference = MessageRef(id=message, channel="sms")
        say = chance.choice([delivery.sent, delivery.delivered])
        await say(reference, by="sms")
