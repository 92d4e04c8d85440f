"""Backfills of a confirmed number: a log that a real engine wrote, a real store, the command."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from blocklists.entries import Entry
from blocklists.queries import MatchingEntries
from fanzha.errors import InvalidInput, NotAllowed, NotFound, VersionConflict
from fanzha.fraud import FraudType
from fanzha.phone import HomePlan
from infra import process_lifecycle
from infra.redis.client import Client, connect
from services.audit.events import AuditKind
from services.auth import identity
from services.auth.identity import Identity, Role
from services.cli.warnings.commands import app
from services.decision_log.query import DecisionQuery
from services.decision_log.recipient_subject import SubjectKind
from services.decision_log.recipients import RecipientQuery
from services.rpc.warnings.backfill_handler import WarningBackfillServicer
from services.warning.backfill.model import Backfill, BackfillState
from services.warning.backfill.runner import BackfillRunner
from services.warning.backfill.service import BackfillRequest, BackfillService
from services.warning.backfill.store import BackfillStore
from services.warning.cases.listing import CaseListing
from services.warning.cases.opening import PlainRouter
from services.warning.cases.store import CaseStore
from services.warning.intake.service import WarningIntake
from services.warning.policy.regions import RegionFinder
from tests.support.builders import an_entry, some_calls
from tests.support.change_desk import MemoryAudit
from tests.support.decision_logs import NOW_MS, logged
from tests.support.pending_backfills import LandingRig
from tests.support.rpc_server import in_a_thread, rpc_server

FRAUD = "+8619900000001"
PEOPLE = [f"+86130000000{number:02}" for number in range(30)]
LONGEST, LONG = PEOPLE[7], PEOPLE[20]
ASKED = BackfillRequest(kind=SubjectKind.NUMBER, pattern=FRAUD, days=7)
SOON_MS = NOW_MS + 1000
LATER = datetime.fromtimestamp(SOON_MS / 1000, UTC) + timedelta(days=1)
LONG_AGO = LATER - timedelta(days=100)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Log a hundred calls to thirty people, two of whom talked long; ten more were blocked."""
    log = logged(tmp_path_factory.mktemp("log") / "decisions")
    callees = [PEOPLE[number % 30] for number in range(100)]
    log.decide(some_calls(*[FRAUD] * 100, callees=callees))
    blocked = [f"+86131000000{number:02}" for number in range(10)]
    log.decide(some_calls(*[FRAUD] * 10, callees=blocked), an_entry(FRAUD))
    log.ends((FRAUD, LONG, 90), (FRAUD, LONGEST, 800), (FRAUD, PEOPLE[0], 5))
    return log.folder


@pytest.fixture
def audit() -> MemoryAudit:
    return MemoryAudit()


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Client]:
    client = connect(redis_url)
    yield client
    await client.aclose()


def a_service(client: Client, folder: Path, audit: MemoryAudit, *listed: Entry) -> BackfillService:
    async def found(_pattern: str) -> MatchingEntries:
        return MatchingEntries(entries=listed, version=1, protected_because="")

    return BackfillService(
        RecipientQuery(DecisionQuery(folder, HomePlan())),
        BackfillStore(client),
        home=HomePlan(),
        regions=RegionFinder.load,
        listed=found,
        samples=False,
        audit=audit,
        now_ms=lambda: SOON_MS,
    )


def runner(client: Client, worker: str = "a") -> BackfillRunner:
    store = CaseStore(client)
    intake = WarningIntake(client=client, store=store, router=PlainRouter(), now_ms=lambda: SOON_MS)
    return BackfillRunner(BackfillStore(client), intake, worker=worker, now_ms=lambda: SOON_MS)


async def started(backfills: BackfillService, rate: int = 100) -> Backfill:
    return await backfills.start(ASKED, rate=rate, fraud_type=FraudType.FAKE_LOAN, by="wang")


async def cases(client: Client) -> int:
    listing = CaseListing(client, CaseStore(client))
    return len([one async for one in listing.walk(only_open=False)])


async def test_thirty_people_have_thirty_cases_and_a_second_run_opens_none(
    client: Client, folder: Path, audit: MemoryAudit
) -> None:
    desk = a_service(client, folder, audit)
    first = await started(desk)
    await runner(client).step()
    again = await started(desk)
    await runner(client, "b").step()

    done = {one.id: one for one in await desk.backfills()}

    assert await cases(client) == 30
    assert (done[first.id].state, done[first.id].counts) == (BackfillState.DONE, {"accepted": 30})
    assert done[again.id].counts == {"duplicate": 30}
    assert audit.kinds == [AuditKind.BACKFILL_STARTED] * 2


async def test_recipients_join_the_campaign_named_by_the_lists(
    client: Client, folder: Path, audit: MemoryAudit
) -> None:
    ended = replace(an_entry(FRAUD, expires_at=LONG_AGO), campaign="over")
    acts = replace(an_entry(FRAUD, expires_at=LATER), campaign="star-river")
    await started(a_service(client, folder, audit, ended, acts))

    await runner(client).step()

    listing = CaseListing(client, CaseStore(client))
    found = {case.campaign async for case, _ in listing.walk(only_open=False)}
    assert found == {"campaign:star-river"}


async def test_the_most_exposed_are_warned_first_and_a_killed_process_is_succeeded(
    client: Client, folder: Path, audit: MemoryAudit
) -> None:
    desk, store = a_service(client, folder, audit), CaseStore(client)
    backfill = await started(desk, rate=2)

    assert await runner(client).step() == 2

    listing = CaseListing(client, store)
    found = [case async for case, _ in listing.walk(only_open=False)]
    assert {case.victim: case.talked_s for case in found} == {LONGEST: 800, LONG: 90}
    # Whoever worked on it is gone, and its lease ends by itself.
    assert await runner(client, "b").step() == 0
    await client.delete(f"fanzha:{{warning:backfill}}:lease:{backfill.id}")
    assert await runner(client, "b").step() == 2
    assert (await desk.backfills())[0].done == 4


async def test_a_repeated_batch_is_counted_once(
    client: Client, folder: Path, audit: MemoryAudit
) -> None:
    backfill = await started(a_service(client, folder, audit), rate=5)
    store = BackfillStore(client)

    first = await store.advance(backfill, 5, {"accepted": 5}, SOON_MS)
    second = await store.advance(backfill, 5, {"accepted": 5}, SOON_MS)

    now = await store.get(backfill.id)
    assert (first, second, now.done, now.counts) == (True, False, 5, {"accepted": 5})
    assert len(await store.head(backfill.id, 100)) == 25


async def test_a_stopped_backfill_warns_no_further_people(
    client: Client, folder: Path, audit: MemoryAudit
) -> None:
    desk = a_service(client, folder, audit)
    backfill = await started(desk, rate=3)
    await runner(client).step()

    stopped = await desk.stop(backfill.id, by="li")

    assert (stopped.state, stopped.stopped_by, stopped.done) == (BackfillState.STOPPED, "li", 3)
    assert await runner(client).step() == 0
    assert await cases(client) == 3
    with pytest.raises(VersionConflict, match="already stopped"):
        await desk.stop(backfill.id, by="li")


async def test_a_subject_has_one_running_backfill(
    client: Client, folder: Path, audit: MemoryAudit
) -> None:
    desk = a_service(client, folder, audit)
    backfill = await started(desk)

    with pytest.raises(VersionConflict, match=backfill.id):
        await started(desk)


async def test_an_identity_with_a_regional_scope_may_not_start_a_backfill(
    client: Client, folder: Path, audit: MemoryAudit
) -> None:
    local = Identity(name="li", roles=frozenset({Role.OPERATOR}), regions=frozenset({"3405"}))

    with identity.acting_as(local), pytest.raises(NotAllowed, match="3405"):
        await started(a_service(client, folder, audit))


async def test_without_a_log_or_contacts_no_recipients_are_found(
    client: Client, folder: Path, audit: MemoryAudit, tmp_path: Path
) -> None:
    with pytest.raises(NotFound, match="decision log"):
        await started(a_service(client, tmp_path / "none", audit))
    unknown = BackfillRequest(kind=SubjectKind.NUMBER, pattern="+8619900000009", days=1)
    with pytest.raises(InvalidInput, match="has no recipients"):
        await a_service(client, folder, audit).start(
            unknown, rate=1, fraud_type=FraudType.UNSPECIFIED, by="wang"
        )


@pytest.fixture
def run(redis_url: str, folder: Path, audit: MemoryAudit) -> Iterator[Callable[..., Result]]:
    @asynccontextmanager
    async def serving() -> AsyncIterator[str]:
        client = connect(redis_url)
        rig = LandingRig(redis_url, folder, audit)
        servicer = WarningBackfillServicer(
            a_service(client, folder, audit), rig.desk(), rig.suspects()
        )
        async with rpc_server({"warning_backfill": servicer}) as target:
            working = asyncio.create_task(runner(client).run())
            yield target
            await process_lifecycle.cancel([working])
        await client.aclose()
        await rig.close()

    with in_a_thread(serving) as target:

        def run_command(*arguments: str) -> Result:
            return CliRunner().invoke(app, [*arguments, "--target", target])

        yield run_command


def test_the_command_previews_confirms_and_follows(run: Callable[..., Result]) -> None:
    counted = run("backfill", "--number", FRAUD, "--dry-run")
    done = run("backfill", "--number", FRAUD, "--rate", "100", "--yes", "--json")
    listed = run("backfills")

    assert "30 persons reached in 7 days" in counted.stdout
    assert "10 blocked, of 10 persons" in counted.stdout
    assert "exposure repeated 28, long_call 2" in counted.stdout
    answer = json.loads(done.stdout)
    assert answer["preview"]["persons"] == "30"
    assert (answer["backfill"]["opened"], answer["backfill"]["state"]) == (
        "30",
        "done",
    )
    assert "30/30" in listed.stdout.replace(" ", "")


@pytest.mark.parametrize("wrong", [(), ("--number", "1", "--link", "x.example")])
def test_a_backfill_names_exactly_one_subject(
    run: Callable[..., Result], wrong: tuple[str, ...]
) -> None:
    assert run("backfill", *wrong).exit_code == 2
