"""Cases in a real store, alone and as a cluster."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest

from fanzha.errors import InvalidInput, NotFound
from infra.redis.client import Client, connect
from services.warning.cases import ids, state_machine
from services.warning.cases.events import CaseEvent, CaseOutcome, EventKind
from services.warning.cases.listing import CaseListing
from services.warning.cases.model import Case
from services.warning.cases.opening import PlainRouter
from services.warning.cases.projections import JUDGED
from services.warning.cases.store import CaseCommit, CaseStore, marker
from services.warning.intake.service import IntakeStatus, WarningIntake
from services.warning.model import Region, Risk, Tier
from services.warning.outcomes.entry_outcomes import EntryOutcomeStore
from tests.support.warnings import NOW_MS, a_warning


@pytest.fixture(params=["redis_url", "cluster_url"])
def url(request: pytest.FixtureRequest) -> str:
    found: str = request.getfixturevalue(request.param)
    return found


@pytest.fixture
async def client(url: str) -> AsyncIterator[Client]:
    client = connect(url)
    yield client
    await client.aclose()


@pytest.fixture
def store(client: Client) -> CaseStore:
    return CaseStore(client)


@pytest.fixture
def intake(client: Client, store: CaseStore) -> WarningIntake:
    return WarningIntake(client=client, store=store, router=PlainRouter(), now_ms=lambda: NOW_MS)


def happens(kind: EventKind, **fields: object) -> CaseEvent:
    return CaseEvent(kind=kind, at_ms=NOW_MS + 1, by="wang", **fields)  # type: ignore[arg-type]


async def test_each_person_has_one_case_per_campaign(intake: WarningIntake) -> None:
    results = await intake.ingest(
        [a_warning(1), a_warning(2), a_warning(1, reference="again"), a_warning(1)]
    )

    found = [result.status for result in results]
    assert found == [
        IntakeStatus.ACCEPTED,
        IntakeStatus.ACCEPTED,
        IntakeStatus.JOINED,
        IntakeStatus.DUPLICATE,
    ]
    assert results[0].case_id == results[2].case_id != results[1].case_id


async def test_a_repeated_warning_is_recognised_and_changes_nothing(
    intake: WarningIntake, store: CaseStore
) -> None:
    (first,) = await intake.ingest([a_warning(1)])
    before = await store.get(first.case_id)

    (again,) = await intake.ingest([a_warning(1)])

    assert again.status is IntakeStatus.DUPLICATE
    assert await store.get(first.case_id) == before


async def test_a_warning_joins_once_even_with_a_stale_read_of_its_marker(
    intake: WarningIntake, store: CaseStore
) -> None:
    (first,) = await intake.ingest([a_warning(1)])
    case = await store.get(first.case_id)
    again = happens(EventKind.JOINED, warning=a_warning(1))
    commit = CaseCommit(
        before=case,
        after=state_machine.apply(case, again),
        events=[again],
        seen=[marker("carrier.example", "r1")],
    )

    assert await store.commit([commit]) == [False]
    assert await store.get(first.case_id) == case


async def test_a_reference_reused_for_another_warning_is_refused(
    intake: WarningIntake,
) -> None:
    await intake.ingest([a_warning(1, reference="x")])

    (other,) = await intake.ingest([a_warning(2, reference="x")])

    assert other.status is IntakeStatus.REFUSED
    assert other.reason.startswith("reference:")


async def test_the_view_equals_the_replayed_events(intake: WarningIntake, store: CaseStore) -> None:
    (first,) = await intake.ingest([a_warning(1)])
    await intake.ingest([a_warning(1, reference="b", risk=Risk.HIGH)])
    await store.change(first.case_id, lambda _case: [happens(EventKind.TAKEN)])
    await store.change(
        first.case_id, lambda _case: [happens(EventKind.CLOSED, outcome=CaseOutcome.SAFE)]
    )

    history = await store.history(first.case_id)

    assert await store.get(first.case_id) == state_machine.fold(history)
    assert [event.kind for event in history][-2:] == [EventKind.TAKEN, EventKind.CLOSED]


async def test_a_repeat_that_raises_the_tier_queues_its_warning(
    intake: WarningIntake, store: CaseStore
) -> None:
    (first,) = await intake.ingest([a_warning(1)])
    await intake.ingest([a_warning(1, reference="b", risk=Risk.HIGH)])

    case = await store.get(first.case_id)

    assert case.tier is Tier.HIGH
    assert set(case.messages) == {
        ids.message_id(case.id, tier, 0) for tier in (Tier.MEDIUM, Tier.HIGH)
    }


async def test_concurrent_changes_all_happen(intake: WarningIntake, store: CaseStore) -> None:
    (first,) = await intake.ingest([a_warning(1)])

    await asyncio.gather(
        *(
            store.change(first.case_id, lambda _case: [happens(EventKind.NOTED, why="x")])
            for _ in range(10)
        )
    )

    notes = [e for e in await store.history(first.case_id) if e.kind is EventKind.NOTED]
    assert len(notes) == 10


async def test_an_invalid_transition_changes_nothing(
    intake: WarningIntake, store: CaseStore
) -> None:
    (first,) = await intake.ingest([a_warning(1)])
    close = happens(EventKind.CLOSED, outcome=CaseOutcome.SAFE)
    closed = await store.change(first.case_id, lambda _case: [close])

    with pytest.raises(InvalidInput):
        await store.change(first.case_id, lambda _case: [close])

    assert await store.get(first.case_id) == closed


async def test_an_unknown_case_is_not_found(store: CaseStore) -> None:
    with pytest.raises(NotFound):
        await store.get("abc")
    with pytest.raises(NotFound):
        await store.history("")


async def test_open_cases_are_listed_by_region_in_pages(
    client: Client, intake: WarningIntake, store: CaseStore
) -> None:
    results = await intake.ingest([a_warning(number) for number in range(1, 8)])
    for number, result in enumerate(results):
        region = Region(province="330000", city="330100" if number < 5 else "330200")
        await store.change(
            result.case_id,
            lambda _case, region=region, number=number: [  # type: ignore[misc]
                happens(EventKind.ROUTED, region=region, due_at_ms=NOW_MS + number)
            ],
        )
    listing = CaseListing(client, store)

    first = await listing.page(_anything, region="3301", size=3)
    second = await listing.page(_anything, region="3301", size=3, after=first.next)

    assert [case.id for case in first.cases + second.cases] == [r.case_id for r in results[:5]]
    assert second.next == ""
    assert await listing.count(region="33") == 7


def _anything(_case: Case) -> bool:
    return True


async def test_outcomes_are_summed_over_all_shards(
    client: Client, intake: WarningIntake, store: CaseStore
) -> None:
    warnings = [replace(a_warning(number), entry_id="nabc") for number in range(1, 40)]
    results = await intake.ingest(warnings)
    for number, result in enumerate(results):
        outcome = CaseOutcome.FALSE_ALARM if number % 3 else CaseOutcome.SAFE
        closed = [happens(EventKind.CLOSED, outcome=outcome)]
        await store.change(result.case_id, _always(closed))

    records = EntryOutcomeStore(client)
    (record,) = [one async for one in records.all()]

    assert record.tally.outcomes == {CaseOutcome.FALSE_ALARM: 26, CaseOutcome.SAFE: 13}
    assert await records.get("nabc") == record
    judged = [case async for case, _ in CaseListing(client, store).walk(indexes=[JUDGED])]
    assert {case.outcome for case in judged} == {CaseOutcome.FALSE_ALARM}
    assert len(judged) == 26


def _always(events: list[CaseEvent]) -> Callable[[Case], list[CaseEvent]]:
    return lambda _case: events
