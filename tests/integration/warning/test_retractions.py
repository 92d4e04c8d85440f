"""Warnings that rest on a wrong entry are withdrawn, corrected, and closed as false alarms."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, cast

import pytest
from prometheus_client import CollectorRegistry

from fanzha.errors import Unavailable
from infra.clock import now_ms
from infra.redis.client import Client, connect
from infra.redis.consumer_group import StreamEntry
from services.decision.sinks.hit_store import CONFIRMED
from services.settings.settings import Settings
from services.warning import keys, wiring
from services.warning.cases import ids
from services.warning.cases.events import CaseEvent, CaseOutcome, EventKind, MessageRef
from services.warning.cases.model import Case
from services.warning.cases.opening import PlainRouter
from services.warning.cases.store import CaseCommit, CaseStore
from services.warning.channels.channel import Outgoing
from services.warning.channels.city_queues import CityQueues, queue
from services.warning.dispatch import channel_stream, outbox_relay
from services.warning.dispatch.send_ledger import SendLedger, SendStatus
from services.warning.intake.own_hits import OwnHitIntake
from services.warning.intake.service import WarningIntake
from services.warning.model import WarningRecord
from services.warning.outcomes.entry_outcomes import EntryOutcomeStore
from services.warning.retractions.handler import CaseRetractor, CorrectionPolicy
from services.warning.retractions.late_hits import LateHits
from services.warning.retractions.notices import RetractionNotice, RetractionStore
from services.warning.retractions.withdrawal import MessageWithdrawal
from services.warning.wiring import WarningPipeline

ENTRY, OTHER = "nwrong", "nright"
CALLER = "+8619900000001"
VICTIM = "+8617000000001"


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Client]:
    opened = connect(redis_url)
    yield opened
    await opened.aclose()


@pytest.fixture
def pipeline(client: Client) -> WarningPipeline:
    return wiring.build(
        Settings(warning_claim_ms=500), client, registry=CollectorRegistry(), now_ms=now_ms
    )


async def hit(client: Client, number: int, entry: str = ENTRY, **fields: str) -> None:
    hit: Any = {
        "decision_id": str(number),
        "channel": "CALL",
        "from_party": CALLER,
        "to_party": VICTIM,
        "fraud_type": "FAKE_LOAN",
        "reason": "BLOCKLISTED",
        "pattern": CALLER,
        "entry_id": entry,
        "evidence": "CALLER",
        "occurred_at_ms": str(now_ms() - 1000),
    } | fields
    await client.xadd(CONFIRMED, hit)


def notice(**changes: Any) -> RetractionNotice:
    fields: dict[str, Any] = {
        "entry_id": ENTRY, "kind": "number", "pattern": CALLER, "source": "carrier",
        "why": "appeal 7 was upheld", "by": "officer.example", "at_ms": now_ms(),
    }  # fmt: skip
    return RetractionNotice(**fields | changes)


async def the_case(pipeline: WarningPipeline) -> Case:
    (case,) = (await pipeline.listing.page(lambda _case: True, only_open=False)).cases
    return case


async def opened(client: Client, pipeline: WarningPipeline, *entries: str) -> Case:
    for number, entry in enumerate(entries or (ENTRY,), 1):
        await hit(client, number, entry)
    await pipeline.hits.step()
    return await the_case(pipeline)


async def retract(client: Client, pipeline: WarningPipeline, **changes: Any) -> Case:
    await RetractionStore(client).publish([notice(**changes)])
    await pipeline.retractions.step()
    return await the_case(pipeline)


async def relay(client: Client, pipeline: WarningPipeline, case: Case) -> list[dict[str, str]]:
    """Relay the outbox of a case; return the messages in the stream of SMS."""
    place = keys.SHARDS.index(keys.shard_of(case.id))
    while int(await client.xlen(keys.key(keys.shard_of(case.id), "outbox"))):
        await pipeline.relays[place].step()
    found: Any = await client.xrange(outbox_relay.send_stream("sms"))
    return [fields for _place, fields in found]


def a_retractor(
    client: Client, pipeline: WarningPipeline, store: CaseStore | None = None
) -> CaseRetractor:
    return CaseRetractor(
        store=store or pipeline.store,
        withdrawal=MessageWithdrawal(client, owner="one"),
        policy=CorrectionPolicy(),
        now_ms=now_ms,
    )


def ledger(client: Client) -> SendLedger:
    return SendLedger(client, outbox_relay.send_stream("sms"), owner="worker")


async def status(client: Client, message: str) -> SendStatus:
    (claim,) = await ledger(client).claim([message], now_ms(), repeatable=False)
    return claim.status


async def test_a_queued_message_is_withdrawn_and_its_case_closed(
    client: Client, pipeline: WarningPipeline
) -> None:
    before = await opened(client, pipeline)
    (message,) = before.messages
    assert len(await relay(client, pipeline, before)) == 1

    after = await retract(client, pipeline)

    assert (after.outcome, after.reason) == (CaseOutcome.FALSE_ALARM, "appeal 7 was upheld")
    assert after.messages == {message: EventKind.FAILED.value}
    assert await status(client, message) is SendStatus.REFUSED
    assert len(await relay(client, pipeline, after)) == 1


async def test_a_worker_cannot_begin_to_send_a_retracted_message_it_claimed(
    client: Client, pipeline: WarningPipeline
) -> None:
    (message,) = (await opened(client, pipeline)).messages
    assert await status(client, message) is SendStatus.CLAIMED

    await retract(client, pipeline)

    assert not await ledger(client).begin(message)


@pytest.mark.parametrize("recorded", [True, False])
async def test_a_person_who_was_warned_gets_a_correction_once(
    client: Client, pipeline: WarningPipeline, recorded: bool
) -> None:
    before = await opened(client, pipeline)
    (message,) = before.messages
    await relay(client, pipeline, before)
    await ledger(client).settle(message, SendStatus.SENT, now_ms())
    if recorded:
        await pipeline.delivery.sent(MessageRef(id=message, channel="sms"), by="sms")

    after = await retract(client, pipeline)
    again = await retract(client, pipeline)

    assert after.outcome is CaseOutcome.FALSE_ALARM
    assert again.revision == after.revision
    sent = await relay(client, pipeline, again)
    assert [one["message_id"] for one in sent] == [message, ids.correction_id(before.id, "sms")]
    assert "更正" in sent[1]["text"]


async def test_a_person_whose_warning_is_in_doubt_is_corrected(
    client: Client, pipeline: WarningPipeline
) -> None:
    before = await opened(client, pipeline)
    (message,) = before.messages
    await relay(client, pipeline, before)
    await ledger(client).settle(message, SendStatus.DOUBT, now_ms(), why="no answer")
    why = channel_stream.why_of(SendStatus.DOUBT, "no answer")
    await pipeline.delivery.failed(MessageRef(id=message, channel="sms"), by="sms", why=why)

    after = await retract(client, pipeline)

    assert after.messages == {
        message: EventKind.FAILED.value,
        ids.correction_id(before.id, "sms"): EventKind.QUEUED.value,
    }


@pytest.mark.parametrize("subject", ["", CALLER])
async def test_a_hit_that_joins_while_its_entry_is_retracted_is_taken_out_again(
    client: Client, pipeline: WarningPipeline, subject: str
) -> None:
    retractions = RetractionStore(client)
    looks: list[list[WarningRecord]] = []

    async def look_before_and_after(warnings: Sequence[WarningRecord]) -> list[WarningRecord]:
        """Let the whole retraction happen between the look and the commit."""
        looks.append(await retractions.wrong_among(warnings))
        if len(looks) == 1:
            await retractions.publish([notice(subject=subject)])
            await pipeline.retractions.step()
        return looks[-1]

    late = LateHits(pipeline.store, a_retractor(client, pipeline))
    intake = OwnHitIntake(
        pipeline.intake,
        now_ms=now_ms,
        max_age_hours=72,
        wrong_among=look_before_and_after,
        withdraw=late.withdraw,
    )
    await hit(client, 1)
    found: Any = await client.xrange(CONFIRMED)
    ((_, fields),) = found
    entry = StreamEntry(id="1-0", fields=fields)

    await intake.handle([entry])
    await intake.handle([entry])

    assert [bool(found) for found in looks] == [False, True, True, True]
    closed = await the_case(pipeline)
    assert (closed.outcome, closed.hits) == (CaseOutcome.FALSE_ALARM, 1)


class SlowStore(CaseStore):
    """Its commits reach Redis long after their sender gave up."""

    def __init__(self, client: Client) -> None:
        super().__init__(client)
        self._under_way: list[CaseCommit] = []

    async def commit(self, commits: Sequence[CaseCommit]) -> list[bool]:
        """Give up."""
        self._under_way += commits
        raise Unavailable("no answer")

    async def arrive(self) -> list[bool]:
        """Let the commits reach Redis."""
        return await super().commit(self._under_way)


async def test_a_commit_that_arrives_after_its_hit_was_skipped_opens_no_case(
    client: Client, pipeline: WarningPipeline
) -> None:
    await hit(client, 1)
    ((_, fields),) = await cast(Any, client.xrange(CONFIRMED))
    slow = SlowStore(client)
    giving_up = OwnHitIntake(
        WarningIntake(client=client, store=slow, router=PlainRouter(), now_ms=now_ms),
        now_ms=now_ms,
        max_age_hours=72,
    )
    with pytest.raises(Unavailable):
        await giving_up.handle([StreamEntry(id="1-0", fields=fields)])
    await RetractionStore(client).publish([notice()])
    await pipeline.retractions.step()
    await pipeline.hits.step()

    assert await slow.arrive() == [False]
    assert not (await pipeline.listing.page(lambda _case: True, only_open=False)).cases


async def test_a_case_with_other_evidence_stays_open_without_the_retracted_entry(
    client: Client, pipeline: WarningPipeline
) -> None:
    before = await opened(client, pipeline, ENTRY, OTHER)

    after = await retract(client, pipeline)

    assert after.open
    assert (after.entries, after.decisions, after.hits) == ((OTHER,), (2,), 1)
    assert after.messages == before.messages
    assert (await retract(client, pipeline)).revision == after.revision
    assert not (await retract(client, pipeline, entry_id=OTHER)).open


class BusyStore(CaseStore):
    """Where somebody else writes one event right before the first commit."""

    def __init__(self, client: Client) -> None:
        super().__init__(client)
        self.left = 1

    async def commit(self, commits: Sequence[CaseCommit]) -> list[bool]:
        """Let the other be first."""
        if self.left:
            self.left -= 1
            other = CaseEvent(kind=EventKind.NOTED, at_ms=now_ms(), by="other", why="rang once")
            await super().change(commits[0].after.id, lambda _case: [other])
        return await super().commit(commits)


@pytest.mark.parametrize(("entries", "done"), [((ENTRY, OTHER), "kept"), ((ENTRY,), "closed")])
async def test_a_retraction_is_not_taken_for_done_when_others_write_as_many_events(
    client: Client, pipeline: WarningPipeline, entries: Sequence[str], done: str
) -> None:
    before = await opened(client, pipeline, *entries)
    busy = BusyStore(client)

    what = await a_retractor(client, pipeline, busy).retract(
        before.id, lambda warning: warning.entry_id == ENTRY, by="officer", why="wrong"
    )

    after = await the_case(pipeline)
    assert (what, busy.left) == (done, 0)
    assert (after.outcome is CaseOutcome.FALSE_ALARM, after.decisions) == (
        (False, (2,)) if done == "kept" else (True, (1,))
    )


async def test_a_retraction_for_one_subject_leaves_the_entry_valid_for_others(
    client: Client, pipeline: WarningPipeline
) -> None:
    await opened(client, pipeline)

    assert (await retract(client, pipeline, subject="+8619900000002")).open
    assert not (await retract(client, pipeline, subject=CALLER)).open


async def test_hits_of_one_subject_before_its_retraction_open_no_case_and_all_others_do(
    client: Client, pipeline: WarningPipeline
) -> None:
    other = "+8619900000002"
    for subject, at_ms in ((CALLER, now_ms()), (CALLER, now_ms() - 5000), (other, 1)):
        await RetractionStore(client).publish([notice(subject=subject, at_ms=at_ms)])
        await pipeline.retractions.step()
    await hit(client, 1)
    await hit(client, 2, from_party=other, to_party="+8617000000002")
    await hit(client, 3, entry=OTHER, to_party="+8617000000003")
    await hit(client, 4, to_party="+8617000000004", occurred_at_ms=str(now_ms() + 10_000))
    await pipeline.hits.step()

    cases = (await pipeline.listing.page(lambda _case: True, only_open=False)).cases
    assert {case.decisions for case in cases} == {(2,), (3,), (4,)}


@pytest.mark.parametrize("subject", ["", CALLER])
async def test_hits_before_the_retraction_open_no_case_and_later_ones_do(
    client: Client, pipeline: WarningPipeline, subject: str
) -> None:
    await RetractionStore(client).publish([notice(subject=subject)])
    await pipeline.retractions.step()
    await hit(client, 1, occurred_at_ms=str(now_ms() - 60_000))
    await pipeline.hits.step()

    assert await pipeline.listing.count() == 0

    await hit(client, 2, occurred_at_ms=str(now_ms() + 10_000))
    await pipeline.hits.step()

    assert await pipeline.listing.count() == 1


async def test_a_retraction_counts_once_against_the_entry_and_its_source(
    client: Client, pipeline: WarningPipeline
) -> None:
    one = notice()
    await RetractionStore(client).publish([one, one])
    await pipeline.retractions.step()
    await pipeline.retractions.step()

    record = await EntryOutcomeStore(client).get(ENTRY)

    assert (record.source, record.pattern) == ("carrier", CALLER)
    assert record.tally.false == 1


async def test_unread_messages_are_withdrawn_from_a_city_queue(client: Client) -> None:
    queues = CityQueues(client, "voice")
    for name in ("c.1", "c.2"):
        await queues.send(
            Outgoing(message_id=name, case_id="c", to=VICTIM, text="-", region="330100")
        )
    await client.xreadgroup("call-centre", "one", {queue("voice", "3301"): ">"}, count=1)

    assert [await queues.withdraw(name, "330100") for name in ("c.1", "c.2", "c.3")] == [
        False,
        True,
        False,
    ]
    assert int(await client.xlen(queue("voice", "3301"))) == 1


async def test_the_backlog_of_each_stream_is_measured(client: Client) -> None:
    registry = CollectorRegistry()
    built = wiring.build(Settings(warning_claim_ms=500), client, registry=registry, now_ms=now_ms)
    await built.upkeep.refresh()  # creates the groups: Redis knows their lag from then on
    await hit(client, 1)
    await RetractionStore(client).publish([notice(), notice(entry_id=OTHER)])
    await built.upkeep.refresh()
    lag = "fanzha_warning_stream_lag"

    found = {
        stream: registry.get_sample_value(lag, {"stream": stream})
        for stream in ("hits", "dismissals", "retractions", "outbox")
    }

    assert found == {"hits": 1, "dismissals": 0, "retractions": 2, "outbox": 0}
