"""What models suspected of one number, confirmed for many people at once, on a real store."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import pytest
from typer.testing import CliRunner, Result

from fanzha.decisions import Action, Reason
from fanzha.errors import InvalidInput, NotAllowed
from fanzha.fraud import FraudType
from fanzha.phone import HomePlan
from fanzha.tables import Channel
from services.audit.events import AuditKind
from services.auth import identity
from services.auth.identity import Identity, Role
from services.cli.warnings.commands import app
from services.decision.sinks.hit_records import Hit
from services.decision.sinks.hit_store import CONFIRMED, HitStore
from services.decision_log.recipient_subject import SubjectKind
from services.feedback.service import FeedbackService, FeedbackVerdict
from services.processes.embedded_valkey import EmbeddedValkey
from services.rpc.warnings.backfill_handler import WarningBackfillServicer
from tests.support.builders import as_written
from tests.support.change_desk import MemoryAudit
from tests.support.pending_backfills import (
    FRAUD,
    OTHER,
    SOON_MS,
    LandingRig,
    a_backfill_service,
    writing_through,
)
from tests.support.rpc_server import in_a_thread, rpc_server

HOUR_MS = 3_600_000
PEOPLE = 620


@pytest.fixture(scope="module", autouse=True)
def quick_disk(valkey: EmbeddedValkey) -> Iterator[None]:
    with writing_through(valkey.url):
        yield


@pytest.fixture
def audit() -> MemoryAudit:
    return MemoryAudit()


@pytest.fixture
async def rig(redis_url: str, audit: MemoryAudit) -> AsyncIterator[LandingRig]:
    """Suspect one number of calling many people, and another of calling one."""
    rig = LandingRig(redis_url, None, audit)
    await suspected(rig)
    yield rig
    await rig.close()


def a_hit(number: int, caller: str = FRAUD, *, ago_ms: int = 1000, spam: bool = False) -> Hit:
    return Hit(
        decision_id=number,
        channel=Channel.CALL,
        from_party=caller,
        to_party=f"+86130000{number:05}",
        action=Action.BLOCK,
        reason=Reason.SPAM if spam else Reason.SCORED,
        occurred_at_ms=SOON_MS - ago_ms,
    )


async def suspected(rig: LandingRig) -> None:
    hits = [
        *(a_hit(number) for number in range(1, PEOPLE + 1)),
        a_hit(7),  # written twice: delivery is at least once
        a_hit(901, OTHER),
        a_hit(902, ago_ms=2 * HOUR_MS),
        a_hit(903, spam=True),
        a_hit(904),
        a_hit(905),
    ]
    store = HitStore(rig.client)
    await store.write(map(as_written, hits))
    feedback = FeedbackService(store=store, home=HomePlan(), now_ms=rig.clock)
    await feedback.dismiss(FeedbackVerdict(decision_id=904, by="wang"))
    await feedback.confirm(FeedbackVerdict(decision_id=905, by="wang"), None)


async def confirmed(rig: LandingRig, place: str, until: str) -> tuple[int, int, str]:
    done = await rig.suspects().confirm(
        SubjectKind.NUMBER,
        FRAUD,
        place=place,
        until=until,
        fraud_type=FraudType.FAKE_LOAN,
        note="case 17",
        by="li",
    )
    return done.hits, done.before, done.next_place


async def test_previewed_hits_are_confirmed_in_parts_and_once(
    rig: LandingRig, audit: MemoryAudit
) -> None:
    found = await rig.suspects().preview(SubjectKind.NUMBER, FRAUD)
    await HitStore(rig.client).write([as_written(a_hit(999))])  # nobody has seen this one counted

    hits, _, place = await confirmed(rig, "", found.until)
    again, before, end = await confirmed(rig, place, found.until)

    assert (found.hits, len(found.people), found.dismissed) == (PEOPLE, PEOPLE, 1)
    assert (found.confirmed, found.left_out) == (1, {"old": 1, "spam": 1})
    assert place
    assert (hits + again, before, end) == (PEOPLE, 0, "")
    stream = await HitStore(rig.client).between(CONFIRMED, "-", "+", count=10_000)
    assert {int(hit["decision_id"]) for _, hit in stream} == {*range(1, PEOPLE + 1), 905}
    assert len(stream) == PEOPLE + 1
    assert {hit["fraud_type"] for _, hit in stream if hit["decision_id"] != "905"} == {"FAKE_LOAN"}
    assert set(audit.kinds) == {AuditKind.HITS_CONFIRMED}
    assert await confirmed(rig, "", found.until) == (0, 0, "")


async def test_hosts_match_their_subdomains_and_ranges_match_by_prefix(
    rig: LandingRig,
) -> None:
    pages = ("http://jf.example/a", "http://pay.jf.example/", "http://notjf.example/")
    await HitStore(rig.client).write(
        as_written(
            Hit(
                decision_id=2000 + place,
                channel=Channel.LINK,
                from_party="",
                to_party=f"+8613000001{place:03}",
                url=page,
                reason=Reason.SCORED,
                occurred_at_ms=SOON_MS,
            )
        )
        for place, page in enumerate(pages)
    )
    desk = rig.suspects()

    assert (await desk.preview(SubjectKind.LINK, "jf.example")).hits == 2
    assert (await desk.preview(SubjectKind.NUMBER, "+8619900*")).hits == PEOPLE + 1


async def test_an_unsupported_subject_is_refused(rig: LandingRig) -> None:
    local = Identity(name="li", roles=frozenset({Role.OPERATOR}), regions=frozenset({"3405"}))

    with pytest.raises(InvalidInput, match="texts"):
        await rig.suspects().preview(SubjectKind.TEXT, f"fp1:{'0a' * 32}")
    with pytest.raises(InvalidInput, match="until_place"):
        await confirmed(rig, "", "yesterday")
    with identity.acting_as(local), pytest.raises(NotAllowed, match="3405"):
        await confirmed(rig, "", "9-9")


@pytest.fixture
def run(redis_url: str) -> Iterator[Callable[..., Result]]:
    @asynccontextmanager
    async def serving() -> AsyncIterator[str]:
        rig = LandingRig(redis_url, None, MemoryAudit())
        await suspected(rig)
        servicer = WarningBackfillServicer(a_backfill_service(rig), rig.desk(), rig.suspects())
        async with rpc_server({"warning_backfill": servicer}) as target:
            yield target
        await rig.close()

    with in_a_thread(serving) as target:

        def run_command(*arguments: str) -> Result:
            return CliRunner().invoke(app, [*arguments, "--target", target])

        yield run_command


def test_the_command_previews_prompts_and_confirms(run: Callable[..., Result]) -> None:
    counted = run("suspected", "--number", FRAUD, "--dry-run")
    done = run("suspected", "--number", FRAUD, "--fraud-type", "fake_loan", "--yes")
    again = run("suspected", "--number", FRAUD)

    assert f"{FRAUD}: 620 suspected hits, 620 persons at risk" in counted.stdout
    assert "1 left out: too old to warn of" in counted.stdout
    assert "620 hits confirmed" in done.stdout
    assert f"{FRAUD}: 0 suspected hits" in again.stdout
    assert run("suspected").exit_code == 2
