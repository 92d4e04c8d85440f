"""Receipts of sent messages, over a real store: before, after and in parts."""

import json

from infra.redis.client import Client
from infra.redis.consumer_group import ConsumerGroup, StreamEntry
from infra.redis.dead_letters import DeadLetters
from infra.redis.stream_consumer import StreamConsumer
from services.warning import keys
from services.warning.cases.events import EventKind
from services.warning.channels.channel import Receipt, ReceiptState, SendResult
from services.warning.dispatch.outbox_relay import send_stream
from services.warning.dispatch.receipts import GROUP as RECEIPTS
from services.warning.dispatch.receipts import Receipts
from services.warning.dispatch.send_ledger import SendLedger, SendStatus
from tests.support.sending import Clock, MakeWorker, Notes, Sink, drain, queue


async def test_a_receipt_can_arrive_before_its_message_is_settled(
    client: Client, outbox: MakeWorker, clock: Clock
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
    await drain(outbox(Sink(), notes))
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
    client: Client, outbox: MakeWorker, clock: Clock
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
    await drain(outbox(Sink(SendResult(accepted=True, provider_ids=("x1", "x2"))), notes))

    for part in ("x1", "x1", "x2"):
        assert notes.noted == [("a.1", EventKind.SENT)]
        await receipts.store(Receipt(provider_id=part, state=ReceiptState.DELIVERED, at_ms=5))
        await reading.step()

    assert notes.noted == [("a.1", EventKind.SENT), ("a.1", EventKind.DELIVERED)]
