"""The worker that sends warnings, over a real store, for the tests of this folder."""

from collections.abc import AsyncIterator

import pytest

from infra.redis.client import Client, connect
from infra.redis.dead_letters import DeadLetters
from services.warning import keys
from services.warning.dispatch.send_worker import SendWorker
from tests.support.sending import Clock, MakeWorker, Notes, Sink


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Client]:
    client = connect(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def outbox(client: Client, clock: Clock) -> MakeWorker:
    def make(
        sink: Sink, notes: Notes, name: str = "one", *, claim_ms: int = 100, **more: object
    ) -> SendWorker:
        return SendWorker(
            client=client,
            channel="sms",
            sender=sink,
            record=notes,
            dead=DeadLetters(client, keys.DEAD_LETTERS),
            consumer=name,
            now_ms=clock,
            block_ms=50,
            claim_ms=claim_ms,
            **more,  # type: ignore[arg-type]
        )

    return make
