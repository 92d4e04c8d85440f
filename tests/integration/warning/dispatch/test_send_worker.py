"""Warnings out, over a real store: once to the person, whatever happens in between."""

import asyncio

import pytest

from infra.redis.client import Client
from infra.redis.consumer_group import ConsumerGroup
from infra.redis.dead_letters import DeadLetters
from services.warning import keys
from services.warning.cases.events import EventKind
from services.warning.channels.channel import SendResult
from services.warning.dispatch.limits import WithholdReason
from services.warning.dispatch.outbox_relay import send_stream
from services.warning.dispatch.send_ledger import SendLedger, SendStatus
from services.warning.dispatch.send_worker import GROUP
from tests.support.sending import STREAM, Clock, MakeWorker, Notes, NotNow, Sink, drain, queue

HOUR_MS = 3_600_000


async def pending(client: Client) -> tuple[str, int]:
    """Return the one entry that was delivered and not acknowledged, and for how many ms."""
    (found,) = await client.xpending_range(STREAM, GROUP, "-", "+", 10)
    return str(found["message_id"]), int(found["time_since_delivered"])


async def test_each_message_is_sent_and_recorded_once(
    client: Client, clock: Clock, outbox: MakeWorker
) -> None:
    sink, notes = Sink(), Notes()
    sink.hangs = True
    worker = outbox(sink, notes)
    await queue(client, "a.1", "b.1", "a.1")

    await worker.step()
    await queue(client, "a.1")
    await worker.step()
    await sink.began.wait()
    sink.go.set()
    await drain(worker)
    clock.ms += 100  # repeats wait until the message is no longer in work
    await drain(worker)

    assert sorted(one.message_id for one in sink.got) == ["a.1", "b.1"]
    assert set(notes.noted) == {("a.1", EventKind.SENT), ("b.1", EventKind.SENT)}
    assert await client.xlen(STREAM) == await client.zcard(f"later:{{{STREAM}}}") == 0


async def test_a_sent_message_is_not_resent_after_a_crash(
    client: Client, outbox: MakeWorker
) -> None:
    claims = SendLedger(client, STREAM, owner="dead")
    await claims.claim(["a.1"], 1, repeatable=False)
    await claims.settle("a.1", SendStatus.SENT, 2)
    await queue(client, "a.1")
    sink, notes = Sink(), Notes()

    await drain(outbox(sink, notes))

    assert (sink.got, notes.noted) == ([], [("a.1", EventKind.SENT)])


async def test_the_most_urgent_of_those_that_wait_for_a_slot_goes_first(
    client: Client, outbox: MakeWorker
) -> None:
    sink = Sink()
    sink.width = 1
    sink.hangs = True
    worker = outbox(sink, Notes())
    await queue(client, "first.1", "low.1", "low.2", tier="1")
    await worker.step()
    await sink.began.wait()
    await queue(client, "medium.1", tier="2")
    await queue(client, "high.1", tier="3")
    async with asyncio.timeout(60):
        while worker.waiting < 4:
            await worker.step()

    sink.go.set()
    await drain(worker)

    assert [one.message_id for one in sink.got] == [
        "first.1", "high.1", "medium.1", "low.1", "low.2",
    ]  # fmt: skip


async def test_a_message_being_sent_by_a_dead_worker_is_in_doubt(
    client: Client, outbox: MakeWorker
) -> None:
    claims = SendLedger(client, STREAM, owner="dead")
    await claims.claim(["a.1"], 1, repeatable=False)
    assert await claims.begin("a.1")
    await queue(client, "a.1")
    sink, notes = Sink(), Notes()

    await drain(outbox(sink, notes))

    assert (sink.got, notes.noted) == ([], [("a.1", EventKind.FAILED)])


async def test_a_message_only_claimed_by_a_dead_worker_is_sent(
    client: Client, outbox: MakeWorker
) -> None:
    await SendLedger(client, STREAM, owner="dead").claim(["a.1"], 1, repeatable=False)
    await queue(client, "a.1")
    sink = Sink()

    await drain(outbox(sink, Notes()))

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


async def test_a_deduplicating_channel_gets_messages_in_doubt(
    client: Client, outbox: MakeWorker
) -> None:
    claims = SendLedger(client, STREAM, owner="dead")
    await claims.claim(["a.1"], 1, repeatable=True)
    await claims.begin("a.1")
    await queue(client, "a.1")
    sink = Sink(repeatable=True)

    await drain(outbox(sink, Notes()))

    assert len(sink.got) == 1


async def test_a_message_of_a_dead_worker_is_claimed(client: Client, outbox: MakeWorker) -> None:
    await queue(client, "a.1")
    group = ConsumerGroup(client, stream=STREAM, group=GROUP, consumer="dead")
    await group.read_new(10, 50)
    await asyncio.sleep(0.15)
    sink, notes = Sink(), Notes()

    await drain(outbox(sink, notes))

    assert [one.message_id for one in sink.got] == ["a.1"]
    assert await group.backlog() == (0, 0)


async def test_a_message_of_a_live_worker_is_not_claimed(
    client: Client, outbox: MakeWorker
) -> None:
    await queue(client, "a.1")
    slow, sink = Sink(), Sink()
    slow.hangs = True
    holder = outbox(slow, Notes(), "slow")
    running = asyncio.create_task(holder.run())
    await slow.began.wait()
    # As if its worker had hung for an hour; that lives, and renews it.
    entry, _ = await pending(client)
    hour = ("IDLE", HOUR_MS, "JUSTID")
    await client.execute_command("XCLAIM", STREAM, GROUP, "slow", 0, entry, *hour)
    async with asyncio.timeout(60):
        while (await pending(client))[1] >= HOUR_MS:  # noqa: ASYNC110 - the store tells nobody
            await asyncio.sleep(0.005)

    await outbox(sink, Notes(), "other", claim_ms=HOUR_MS).step()

    assert sink.got == []
    slow.go.set()
    await holder.drain(5)
    await running


async def test_a_deferred_message_is_sent_later(
    client: Client, outbox: MakeWorker, clock: Clock
) -> None:
    await queue(client, "a.1")
    sink = Sink(SendResult(error="busy", retry_after=60))
    sending = outbox(sink, Notes())
    await drain(sending)
    assert len(sink.got) == 1
    clock.ms += 61_000

    await drain(outbox(sink, Notes()))

    assert [one.attempt for one in sink.got] == [1, 2]


async def test_quiet_hours_defer_a_message_without_counting_a_try(
    client: Client, outbox: MakeWorker, clock: Clock
) -> None:
    await queue(client, "a.1")
    sink, notes = Sink(), Notes()

    await drain(outbox(sink, notes, permit=NotNow(clock.ms + 1000)))
    assert (sink.got, notes.noted) == ([], [])
    assert notes.waits == [("a.1", clock.ms + 1000, WithholdReason.QUIET_HOURS)]
    clock.ms += 1001
    await drain(outbox(sink, notes))

    assert [one.attempt for one in sink.got] == [1]


async def test_a_long_stop_is_noted_on_the_case_at_a_bounded_rate(
    client: Client, outbox: MakeWorker, clock: Clock
) -> None:
    await queue(client, "a.1")
    notes = Notes()

    for _ in range(8):
        await drain(outbox(Sink(), notes, permit=NotNow(clock.ms + 1000)))
        clock.ms += 60_000

    assert len(notes.waits) == 2


@pytest.mark.parametrize(("waited", "goes"), [(True, 0), (False, 1)])
async def test_a_deferred_message_of_a_closed_case_is_not_sent(
    client: Client, outbox: MakeWorker, clock: Clock, *, waited: bool, goes: int
) -> None:
    await queue(client, "a.1")
    sink, notes = Sink(), Notes(unwanted="the case was closed before")
    if waited:
        await drain(outbox(sink, notes, permit=NotNow(clock.ms + 1000)))
        clock.ms += 1001

    await drain(outbox(sink, notes))

    assert len(sink.got) == goes
    assert notes.noted == [("a.1", EventKind.SENT if goes else EventKind.FAILED)]


async def test_a_permanently_withheld_message_is_reported(
    client: Client, outbox: MakeWorker
) -> None:
    await queue(client, "a.1")
    sink, notes = Sink(), Notes()

    await drain(outbox(sink, notes, permit=NotNow(0)))

    assert (sink.got, notes.noted) == ([], [("a.1", EventKind.FAILED)])


async def test_a_message_sent_by_a_dead_worker_counts_as_sent_though_now_withheld(
    client: Client, outbox: MakeWorker
) -> None:
    await queue(client, "a.1")
    gone = SendLedger(client, STREAM, owner="gone")
    await gone.claim(["a.1"], 1, repeatable=False)
    await gone.begin("a.1")
    await gone.settle("a.1", SendStatus.SENT, 2)
    sink, notes = Sink(), Notes()

    await drain(outbox(sink, notes, permit=NotNow(0)))

    assert (sink.got, notes.noted) == ([], [("a.1", EventKind.SENT)])


async def test_a_poison_message_becomes_a_dead_letter_and_blocks_no_other(
    client: Client, outbox: MakeWorker
) -> None:
    await client.xadd(STREAM, {"message_id": "bad.1", "to": "nobody", "text": "x"})
    await queue(client, "a.1")
    sink = Sink()

    await drain(outbox(sink, Notes()))

    (letter,) = await DeadLetters(client, keys.DEAD_LETTERS).list()
    assert (letter.stream, letter.reason) == (STREAM, "to: is no E.164 number")
    assert [one.message_id for one in sink.got] == ["a.1"]


async def test_a_dead_letter_can_be_replayed(client: Client, outbox: MakeWorker) -> None:
    await queue(client, "a.1")
    sink, notes = Sink(SendResult(error="no", given_up=True)), Notes()
    await drain(outbox(sink, notes))
    dead = DeadLetters(client, keys.DEAD_LETTERS)
    (letter,) = await dead.list()

    await dead.replay(letter)
    await drain(outbox(sink, notes))

    assert len(sink.got) == 2
    assert notes.noted == [("a.1", EventKind.FAILED), ("a.1", EventKind.SENT)]


async def test_no_messages_are_read_while_a_channel_is_down(
    client: Client, outbox: MakeWorker
) -> None:
    await queue(client, "a.1")
    sink = Sink()
    sink.up.clear()
    sending = outbox(sink, Notes())

    await sending.step()

    assert await client.xlen(STREAM) == 1
    assert not await client.exists(f"state:{{{STREAM}}}:a.1")
