"""Warnings out, over a real store: once to the person, whatever happens in between."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from infra.redis.client import Client, connect
from infra.redis.consumer_group import ConsumerGroup, StreamEntry
from infra.redis.dead_letters import DeadLetters
from infra.redis.stream_consumer import StreamConsumer
from services.warning import keys
from services.warning.cases.events import EventKind, MessageRef
from services.warning.channels.channel import Outgoing, Receipt, ReceiptState, SendResult
from services.warning.dispatch.limits import SendPermission, WithholdReason
from services.warning.dispatch.outbox_relay import send_stream
from services.warning.dispatch.receipts import GROUP as RECEIPTS
from services.warning.dispatch.receipts import Receipts
from services.warning.dispatch.send_ledger import SendLedger, SendStatus
from services.warning.dispatch.send_worker import GROUP, SendWorker

STREAM = send_stream("sms")
ACCEPTED = SendResult(accepted=True, provider_ids=("0a",))


class Notes:
    """Remembers what was put on record."""

    def __init__(self, unwanted: str = "") -> None:
        self.noted: list[tuple[str, EventKind]] = []
        self.waits: list[tuple[str, int, str]] = []
        self._unwanted = unwanted

    async def sent(self, message: MessageRef, *, by: str) -> None:
        self.noted.append((message.id, EventKind.SENT))

    async def delivered(self, message: MessageRef, *, by: str, at_ms: int = 0) -> None:
        self.noted.append((message.id, EventKind.DELIVERED))

    async def failed(self, message: MessageRef, *, by: str, why: str, at_ms: int = 0) -> None:
        self.noted.append((message.id, EventKind.FAILED))

    async def postpone(self, message: MessageRef, *, until_ms: int, why: str) -> None:
        self.waits.append((message.id, until_ms, why))

    async def obsolete_reason(self, message: MessageRef) -> str:
        return self._unwanted


class Sink:
    """Takes messages, and answers what it is told to."""

    width = 4

    def __init__(self, *answers: SendResult, repeatable: bool = False) -> None:
        self.got: list[Outgoing] = []
        self._answers = list(answers)
        self.repeatable = repeatable
        self.up = asyncio.Event()
        self.up.set()
        self.hangs = False
        self.began, self.go = asyncio.Event(), asyncio.Event()

    async def ready(self) -> None:
        await self.up.wait()

    async def send(self, outgoing: Outgoing) -> SendResult:
        self.got.append(outgoing)
        self.began.set()
        if self.hangs:
            await self.go.wait()
        return self._answers.pop(0) if self._answers else ACCEPTED

    async def close(self) -> None:
        pass


class NotNow:
    """Lets nothing out before a time, or ever."""

    def __init__(self, not_before_ms: int) -> None:
        self.until = not_before_ms

    async def may_send(self, outgoing: Outgoing, channel: str) -> SendPermission:
        return SendPermission(
            allowed=False, not_before_ms=self.until, reason=WithholdReason.QUIET_HOURS
        )

    async def give_back(self, outgoing: Outgoing, channel: str) -> None:
        pass


class Clock:
    """Stands until somebody moves it."""

    def __init__(self) -> None:
        self.ms = 1_764_000_000_000

    def __call__(self) -> int:
        return self.ms


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Client]:
    client = connect(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
def clock() -> Clock:
    return Clock()


Make = Callable[..., SendWorker]


@pytest.fixture
def outbox(client: Client, clock: Clock) -> Make:
    def make(sink: Sink, notes: Notes, name: str = "one", **more: object) -> SendWorker:
        return SendWorker(
            client=client,
            channel="sms",
            sender=sink,
            record=notes,
            dead=DeadLetters(client, keys.DEAD_LETTERS),
            consumer=name,
            now_ms=clock,
            block_ms=50,
            claim_ms=100,
            **more,  # type: ignore[arg-type]
        )

    return make


async def queue(client: Client, *ids: str, **more: str) -> None:
    for one in ids:
        fields = {"message_id": one, "to": "+8617000000001", "text": "警惕诈骗", "step": "1"}
        entry: Any = fields | more
        await client.xadd(STREAM, entry)


async def through(outbox: SendWorker) -> None:
    while await outbox.step():
        pass
    await outbox.finish()


async def test_each_message_is_sent_and_recorded_once(client: Client, outbox: Make) -> None:
    sink, notes = Sink(), Notes()
    await queue(client, "a.1", "b.1", "a.1")

    await through(outbox(sink, notes))
    await asyncio.sleep(0.15)
    await through(outbox(sink, notes))  # the repeat is found out once its first is settled

    assert sorted(one.message_id for one in sink.got) == ["a.1", "b.1"]
    assert set(notes.noted) >= {("a.1", EventKind.SENT), ("b.1", EventKind.SENT)}
    assert await client.xlen(STREAM) == 0


async def test_a_sent_message_is_not_resent_after_a_crash(client: Client, outbox: Make) -> None:
    claims = SendLedger(client, STREAM, owner="dead")
    await claims.claim(["a.1"], 1, repeatable=False)
    await claims.settle("a.1", SendStatus.SENT, 2)
    await queue(client, "a.1")
    sink, notes = Sink(), Notes()

    await through(outbox(sink, notes))

    assert (sink.got, notes.noted) == ([], [("a.1", EventKind.SENT)])


async def test_a_message_being_sent_by_a_dead_worker_is_in_doubt(
    client: Client, outbox: Make
) -> None:
    claims = SendLedger(client, STREAM, owner="dead")
    await claims.claim(["a.1"], 1, repeatable=False)
    assert await claims.begin("a.1")
    await queue(client, "a.1")
    sink, notes = Sink(), Notes()

    await through(outbox(sink, notes))

    assert (sink.got, notes.noted) == ([], [("a.1", EventKind.FAILED)])


async def test_a_message_only_claimed_by_a_dead_worker_is_sent(
    client: Client, outbox: Make
) -> None:
    await SendLedger(client, STREAM, owner="dead").claim(["a.1"], 1, repeatable=False)
    await queue(client, "a.1")
    sink = Sink()

    await through(outbox(sink, Notes()))

    assert [one.message_id for one in sink.got] == ["a.1"]


async def test_only_its_owner_keeps_a_claim_across_a_restart_of_the_store(
    client: Client,
) -> None:
    stream = send_stream("sms")
    ours, other = (SendLedger(client, stream, owner=name) for name in ("ours", "other"))

    async def claimed(claims: SendLedger, message: str, at_ms: int) -> SendStatus:
        return (await claims.claim([message], at_ms, repeatable=False))[0].status

    for message in ("m1", "m2", "m3"):
        await claimed(ours, message, 1)
        await client.hset(f"state:{{{stream}}}:{message}", "run", "before")

    assert await claimed(ours, "m1", 1) is SendStatus.CLAIMED
    assert await claimed(ours, "m2", 2) is SendStatus.DOUBT
    assert await claimed(other, "m3", 1) is SendStatus.DOUBT


async def test_a_send_can_be_repeated_only_until_another_worker_marked_it_in_doubt(
    client: Client,
) -> None:
    stream = send_stream("sms")
    ours, other = (SendLedger(client, stream, owner=name) for name in ("ours", "other"))
    await ours.claim(["m1"], 1, repeatable=False)

    assert [await ours.begin("m1"), await ours.begin("m1")] == [True, True]
    assert not await other.begin("m1")
    (found,) = await other.claim(["m1"], 2, repeatable=False)
    assert found.status is SendStatus.DOUBT
    assert not await ours.begin("m1")


async def test_a_deduplicating_channel_gets_messages_in_doubt(client: Client, outbox: Make) -> None:
    claims = SendLedger(client, STREAM, owner="dead")
    await claims.claim(["a.1"], 1, repeatable=True)
    await claims.begin("a.1")
    await queue(client, "a.1")
    sink = Sink(repeatable=True)

    await through(outbox(sink, Notes()))

    assert len(sink.got) == 1


async def test_a_message_of_a_dead_worker_is_claimed(client: Client, outbox: Make) -> None:
    await queue(client, "a.1")
    group = ConsumerGroup(client, stream=STREAM, group=GROUP, consumer="dead")
    await group.read_new(10, 50)
    await asyncio.sleep(0.15)
    sink, notes = Sink(), Notes()

    await through(outbox(sink, notes))

    assert [one.message_id for one in sink.got] == ["a.1"]
    assert await group.backlog() == (0, 0)


async def test_a_message_of_a_live_worker_is_not_claimed(client: Client, outbox: Make) -> None:
    await queue(client, "a.1")
    slow, sink = Sink(), Sink()
    slow.hangs = True
    holder = outbox(slow, Notes(), "slow")
    running = asyncio.create_task(holder.run())
    await slow.began.wait()
    await asyncio.sleep(0.3)

    await outbox(sink, Notes(), "other").step()

    assert sink.got == []
    slow.go.set()
    await holder.drain(5)
    await running


async def test_a_deferred_message_is_sent_later(client: Client, outbox: Make, clock: Clock) -> None:
    await queue(client, "a.1")
    sink = Sink(SendResult(error="busy", retry_after=60))
    sending = outbox(sink, Notes())
    await through(sending)
    assert len(sink.got) == 1
    clock.ms += 61_000

    await through(outbox(sink, Notes()))

    assert [one.attempt for one in sink.got] == [1, 2]


async def test_quiet_hours_defer_a_message_without_counting_a_try(
    client: Client, outbox: Make, clock: Clock
) -> None:
    await queue(client, "a.1")
    sink, notes = Sink(), Notes()

    await through(outbox(sink, notes, permit=NotNow(clock.ms + 1000)))
    assert (sink.got, notes.noted) == ([], [])
    assert notes.waits == [("a.1", clock.ms + 1000, WithholdReason.QUIET_HOURS)]
    clock.ms += 1001
    await through(outbox(sink, notes))

    assert [one.attempt for one in sink.got] == [1]


async def test_a_long_stop_is_noted_on_the_case_at_a_bounded_rate(
    client: Client, outbox: Make, clock: Clock
) -> None:
    await queue(client, "a.1")
    notes = Notes()

    for _ in range(8):
        await through(outbox(Sink(), notes, permit=NotNow(clock.ms + 1000)))
        clock.ms += 60_000

    assert len(notes.waits) == 2


@pytest.mark.parametrize(("waited", "goes"), [(True, 0), (False, 1)])
async def test_a_deferred_message_of_a_closed_case_is_not_sent(
    client: Client, outbox: Make, clock: Clock, *, waited: bool, goes: int
) -> None:
    await queue(client, "a.1")
    sink, notes = Sink(), Notes(unwanted="the case was closed before")
    if waited:
        await through(outbox(sink, notes, permit=NotNow(clock.ms + 1000)))
        clock.ms += 1001

    await through(outbox(sink, notes))

    assert len(sink.got) == goes
    assert notes.noted == [("a.1", EventKind.SENT if goes else EventKind.FAILED)]


async def test_a_permanently_withheld_message_is_reported(client: Client, outbox: Make) -> None:
    await queue(client, "a.1")
    sink, notes = Sink(), Notes()

    await through(outbox(sink, notes, permit=NotNow(0)))

    assert (sink.got, notes.noted) == ([], [("a.1", EventKind.FAILED)])


async def test_a_message_sent_by_a_dead_worker_counts_as_sent_though_now_withheld(
    client: Client, outbox: Make
) -> None:
    await queue(client, "a.1")
    gone = SendLedger(client, STREAM, owner="gone")
    await gone.claim(["a.1"], 1, repeatable=False)
    await gone.begin("a.1")
    await gone.settle("a.1", SendStatus.SENT, 2)
    sink, notes = Sink(), Notes()

    await through(outbox(sink, notes, permit=NotNow(0)))

    assert (sink.got, notes.noted) == ([], [("a.1", EventKind.SENT)])


async def test_a_poison_message_becomes_a_dead_letter_and_blocks_no_other(
    client: Client, outbox: Make
) -> None:
    await client.xadd(STREAM, {"message_id": "bad.1", "to": "nobody", "text": "x"})
    await queue(client, "a.1")
    sink = Sink()

    await through(outbox(sink, Notes()))

    (letter,) = await DeadLetters(client, keys.DEAD_LETTERS).list()
    assert (letter.stream, letter.reason) == (STREAM, "to: is no E.164 number")
    assert [one.message_id for one in sink.got] == ["a.1"]


async def test_a_dead_letter_can_be_replayed(client: Client, outbox: Make) -> None:
    await queue(client, "a.1")
    sink, notes = Sink(SendResult(error="no", given_up=True)), Notes()
    await through(outbox(sink, notes))
    dead = DeadLetters(client, keys.DEAD_LETTERS)
    (letter,) = await dead.list()

    await dead.replay(letter)
    await through(outbox(sink, notes))

    assert len(sink.got) == 2
    assert notes.noted == [("a.1", EventKind.FAILED), ("a.1", EventKind.SENT)]


async def test_no_messages_are_read_while_a_channel_is_down(client: Client, outbox: Make) -> None:
    await queue(client, "a.1")
    sink = Sink()
    sink.up.clear()
    sending = outbox(sink, Notes())

    await sending.step()

    assert await client.xlen(STREAM) == 1
    assert not await client.exists(f"state:{{{STREAM}}}:a.1")


async def test_a_receipt_can_arrive_before_its_message_is_settled(
    client: Client, outbox: Make, clock: Clock
) -> None:
    notes = Notes()
    receipts = Receipts(client=client, channel="sms", record=notes, now_ms=clock)
    reading = StreamConsumer(
        ConsumerGroup(client, stream=receipts.stream, group=RECEIPTS, consumer="one"),
        receipts.handle,
        dead_letters=DeadLetters(client, keys.DEAD_LETTERS),
        now_ms=clock,
        drop=True,
        block_ms=10,
    )
    await receipts.store(Receipt(provider_id="0A", state=ReceiptState.DELIVERED, at_ms=5))
    await reading.step()
    assert notes.noted == []
    await queue(client, "a.1")
    await through(outbox(Sink(), notes))
    clock.ms += 600

    await receipts.bring_back()
    await reading.step()

    assert notes.noted == [("a.1", EventKind.SENT), ("a.1", EventKind.DELIVERED)]


async def test_an_early_receipt_is_not_matched_to_a_message_with_the_same_hexadecimal_id(
    client: Client, clock: Clock
) -> None:
    notes = Notes()
    receipts = Receipts(client=client, channel="sms", record=notes, now_ms=clock)
    claims = SendLedger(client, send_stream("sms"), owner="one")
    remember = json.dumps(["other.1", 0])
    await claims.settle("other.1", SendStatus.SENT, 1, provider_ids=["0000000a"], remember=remember)
    fields = {"provider_id": "00000010", "state": "delivered", "at_ms": "5"}

    await receipts.handle([StreamEntry(id="1-0", fields=fields)])
    assert notes.noted == []
    await receipts.handle([StreamEntry(id="1-0", fields=fields | {"retries": "3"})])

    # By then its own message would be settled: the centre writes the ids of receipts in decimal.
    assert notes.noted == [("other.1", EventKind.DELIVERED)]


async def test_a_message_is_delivered_once_all_its_parts_are(
    client: Client, outbox: Make, clock: Clock
) -> None:
    notes = Notes()
    receipts = Receipts(client=client, channel="sms", record=notes, now_ms=clock)
    reading = StreamConsumer(
        ConsumerGroup(client, stream=receipts.stream, group=RECEIPTS, consumer="one"),
        receipts.handle,
        dead_letters=DeadLetters(client, keys.DEAD_LETTERS),
        now_ms=clock,
        drop=True,
        block_ms=10,
    )
    await queue(client, "a.1")
    await through(outbox(Sink(SendResult(accepted=True, provider_ids=("x1", "x2"))), notes))

    for part in ("x1", "x1", "x2"):
        assert notes.noted == [("a.1", EventKind.SENT)]
        await receipts.store(Receipt(provider_id=part, state=ReceiptState.DELIVERED, at_ms=5))
        await reading.step()

    assert notes.noted == [("a.1", EventKind.SENT), ("a.1", EventKind.DELIVERED)]
