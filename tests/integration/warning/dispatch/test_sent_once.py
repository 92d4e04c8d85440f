"""The process of the warning pipeline is killed while it sends: nobody gets a warning twice."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from infra.clock import now_ms
from infra.redis.client import Client, connect
from services.decision.sinks.hit_store import CONFIRMED
from services.warning.cases.events import EventKind
from services.warning.cases.listing import CaseListing
from services.warning.cases.store import CaseStore
from services.warning.dispatch.outbox_relay import send_stream
from tests.support.external_servers import needed_message_centre
from tests.support.processes import role
from tests.support.smsc import MessageCentre

HITS = 200
_PATIENCE_SECONDS = 180.0


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Client]:
    client = connect(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
async def centre() -> AsyncIterator[MessageCentre]:
    async with needed_message_centre() as running:
        yield running


async def write_hits(client: Client) -> None:
    for number in range(1, HITS + 1):
        hit: Any = {
            "decision_id": str(number),
            "channel": "CALL",
            "from_party": "+8619900000001",
            "to_party": f"+861700000{number:04}",
            "fraud_type": "FAKE_LOAN",
            "action": "BLOCK",
            "reason": "BLOCKLISTED",
            "pattern": "+8619900000001",
            "entry_id": "e1",
            "evidence": "CALLER",
            "occurred_at_ms": str(now_ms()),
        }
        await client.xadd(CONFIRMED, hit)


async def settled(client: Client) -> Counter[str]:
    """Wait until the SMS of every case is sent or failed; count how they ended."""
    listing = CaseListing(client, CaseStore(client))
    waiting = {EventKind.QUEUED.value}
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while True:
            ends = [next(iter(case.messages.values()), "") async for case, _ in listing.walk()]
            if len(ends) == HITS and not waiting & set(ends) and "" not in ends:
                return Counter(ends)
            await asyncio.sleep(0.2)


async def test_a_worker_killed_while_sending_duplicates_and_loses_no_message(
    client: Client, redis_url: str, centre: MessageCentre, tmp_path: Path
) -> None:
    settings = {
        "FANZHA_REDIS_URL": redis_url,
        "FANZHA_WARNING_PORT": "0",
        "FANZHA_METRICS_ENABLED": "false",
        "FANZHA_WARNING_SMPP_ADDRESS": f"127.0.0.1:{centre.port}",
        "FANZHA_WARNING_SMPP_PER_SECOND": "50",
        "FANZHA_WARNING_CLAIM_MS": "1000",
        "FANZHA_WARNING_QUIET_FROM": "00:00",
        "FANZHA_WARNING_QUIET_UNTIL": "00:00",
    }
    await write_hits(client)
    with role("warn", tmp_path, **settings) as first:
        await centre.wait_for("message", 40)
        first.kill()
    with role("warn", tmp_path, **settings):
        ends = await settled(client)
        # What became of a message is recorded before its entry is removed.
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while await client.xlen(send_stream("sms")):  # noqa: ASYNC110 the worker is a process
                await asyncio.sleep(0.05)

    got = Counter(line["to"] for line in centre.of("message"))
    # What failed was in doubt: it may have arrived, and is not sent again.
    assert max(got.values()) == 1
    assert HITS - ends[EventKind.FAILED.value] <= len(got) <= HITS
    assert ends[EventKind.FAILED.value] <= 32
