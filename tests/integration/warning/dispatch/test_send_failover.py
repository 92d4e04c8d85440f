"""A store that fails over while warnings are sent: what its new primary never had is lost."""

import asyncio

import pytest
import redis

from infra.redis.client import Client
from services.warning.cases.events import EventKind
from services.warning.dispatch.send_ledger import SendLedger, SendStatus
from services.warning.dispatch.send_worker import GROUP
from tests.support.sending import STREAM, Clock, MakeWorker, Notes, Sink, drain, queue

CLAIM_MS = 60_000


class Failover:
    """Takes a store back to what it was, as a replica that lagged behind does."""

    def __init__(self, url: str) -> None:
        self._url = url
        with redis.Redis.from_url(url) as client:
            self._kept = {key: client.dump(key) for key in client.scan_iter()}

    def happens(self) -> None:
        """Fail over to a server that has been the primary before, in the same run."""
        with redis.Redis.from_url(self._url) as client:
            client.execute_command("REPLICAOF", "127.0.0.1", "1")
            client.execute_command("REPLICAOF", "NO", "ONE")
            client.flushall()
            for key, content in self._kept.items():
                client.restore(key, 0, content)
            client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")


@pytest.mark.parametrize("settled", [False, True])
async def test_a_message_whose_sending_the_store_lost_is_in_doubt_and_not_sent_again(
    client: Client, redis_url: str, outbox: MakeWorker, *, settled: bool
) -> None:
    ledger = SendLedger(client, STREAM, owner="dead")
    await queue(client, "a.1")
    await ledger.claim(["a.1"], 1, repeatable=False)
    failover = Failover(redis_url)
    assert await ledger.begin("a.1", 1)
    if settled:
        await ledger.settle("a.1", SendStatus.SENT, 2)
    sink, notes = Sink(), Notes()

    failover.happens()
    await drain(outbox(sink, notes))

    assert (sink.got, notes.noted) == ([], [("a.1", EventKind.FAILED)])


async def test_what_a_live_worker_is_sending_is_left_to_it_where_the_store_lost_who_has_it(
    client: Client, clock: Clock, redis_url: str, outbox: MakeWorker
) -> None:
    first, second, notes = Sink(), Sink(), Notes()
    first.hangs = True
    one = outbox(first, notes, "one", claim_ms=CLAIM_MS)
    other = outbox(second, notes, "other", claim_ms=CLAIM_MS)
    await queue(client, "a.1")

    await one.step()
    await first.began.wait()
    Failover(redis_url).happens()
    # Its claim was durable; what came after, and whose the entry was, is lost.
    await client.hset(f"state:{{{STREAM}}}:a.1", "status", SendStatus.CLAIMED.value)
    await client.xgroup_destroy(STREAM, GROUP)
    await drain(other)
    while_it_sends = list(notes.noted)
    first.go.set()
    await one.finish()
    clock.ms += CLAIM_MS
    await drain(other)

    assert (len(first.got), len(second.got)) == (1, 0)
    assert while_it_sends == []
    assert set(notes.noted) == {("a.1", EventKind.SENT)}


async def test_an_entry_that_is_delivered_again_is_handled_once(
    client: Client, redis_url: str, outbox: MakeWorker
) -> None:
    sink, notes = Sink(), Notes()
    sink.hangs = True
    worker = outbox(sink, notes, claim_ms=CLAIM_MS)
    await queue(client, "a.1")
    failover = Failover(redis_url)

    await worker.step()
    await sink.began.wait()
    failover.happens()
    await worker.step()
    sink.go.set()
    await asyncio.wait_for(drain(worker), 60)

    assert [one.message_id for one in sink.got] == ["a.1"]
    assert set(notes.noted) == {("a.1", EventKind.SENT)}
