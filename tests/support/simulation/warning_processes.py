"""Processes of the warning pipeline, as they are put together outside, with one channel of SMS.

The provider of SMS is outside of all processes: a message that it accepted stays accepted, whatever
became of the process that sent it.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from prometheus_client import CollectorRegistry

from infra.redis.client import Client
from services.settings.settings import Settings
from services.warning import keys, wiring
from services.warning.cases.events import EventKind
from services.warning.cases.model import Case
from services.warning.cases.opening import PlainRouter
from services.warning.channels.channel import Outgoing, SendResult
from services.warning.dispatch.delivery_log import DeliveryLog
from services.warning.dispatch.outbox_relay import send_stream
from services.warning.dispatch.schedule import Schedule
from services.warning.dispatch.send_worker import SendWorker
from services.warning.wiring import WarningPipeline
from tests.support.simulation.world import SimulatedProcess, World

SHARDS = ("0", "1")
"""The shards that people of a history lie in: a process has a consumer for each."""
CLAIM_MS = 5_000
_SEND_SECONDS = 0.05


@dataclass(slots=True)
class MessageProvider:
    """Accepts messages, and loses answers, by the seed."""

    world: World
    accepted: list[Outgoing] = field(default_factory=list)

    async def send(self, outgoing: Outgoing) -> SendResult:
        """Take a message; each step of it may be the last of the sending process."""
        chance, world = self.world.chance, self.world
        fate = chance.random() if world.faulty else 1.0
        await asyncio.sleep(chance.random() * _SEND_SECONDS)
        if fate < 0.05:
            return SendResult(error="busy", retry_after=1.0)
        self.accepted.append(outgoing)
        world.trace(f"SMS accepted: {outgoing.message_id}")
        await asyncio.sleep(chance.random() * _SEND_SECONDS)
        if fate < 0.15:
            return SendResult(error="no answer", in_doubt=True)
        return SendResult(accepted=True, provider_ids=(f"p{len(self.accepted)}",))

    def times_sent(self) -> Counter[str]:
        """Return how often each message was accepted."""
        return Counter(one.message_id for one in self.accepted)


class SimulatedSms:
    """The sender of a process, to the one provider."""

    width = 4
    repeatable = False

    def __init__(self, provider: MessageProvider) -> None:
        self._provider = provider

    async def ready(self) -> None:
        """Return at once."""

    async def send(self, outgoing: Outgoing) -> SendResult:
        """Send a message; one whose answer is lost is in doubt."""
        return await self._provider.send(outgoing)

    async def close(self) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WarnParts:
    """What `fanzha warn` is made of, as far as these histories go."""

    pipeline: WarningPipeline
    worker: SendWorker
    client: Any


@cache
def _settings() -> Settings:
    return Settings(warning_claim_ms=CLAIM_MS)


async def start_warn(
    process: SimulatedProcess[WarnParts], *, provider: MessageProvider
) -> WarnParts:
    """Put the pipeline together, and start its background work."""
    client: Client = process.world.network.client()
    registry, router = CollectorRegistry(), PlainRouter()
    pipeline = wiring.build(_settings(), client, registry=registry, now_ms=process.now_ms)
    worker = SendWorker(
        client=client,
        channel="sms",
        sender=SimulatedSms(provider),
        record=DeliveryLog(pipeline.store, pipeline.delivery, router, now_ms=process.now_ms),
        dead=pipeline.dead,
        consumer=pipeline.consumer,
        now_ms=process.now_ms,
        claim_ms=CLAIM_MS,
    )
    schedule = Schedule(
        client=client,
        store=pipeline.store,
        listing=pipeline.listing,
        router=router,
        now_ms=process.now_ms,
        owner=pipeline.consumer,
    )
    consumers = [pipeline.hits, pipeline.retractions]
    consumers += [pipeline.relays[int(shard, 16)] for shard in SHARDS]
    for one in consumers:
        process.run_forever(one.run())
    process.run_forever(worker.run())
    process.run_forever(schedule.run())
    return WarnParts(pipeline=pipeline, worker=worker, client=client)


async def all_cases(parts: WarnParts) -> list[Case]:
    """Return all cases."""
    return [case async for case, _ in parts.pipeline.listing.walk()]


async def streams_are_done(parts: WarnParts, streams: Sequence[str]) -> bool:
    """Whether no entry of *streams* waits, is in work, or is delayed."""
    for stream in streams:
        if await parts.client.exists(stream):
            for group in await parts.client.xinfo_groups(stream):
                if group["pending"] or group.get("lag"):
                    return False
    return not await parts.client.zcard(f"later:{{{send_stream('sms')}}}")


def outboxes() -> list[str]:
    """Return the outbox of each shard in use."""
    return [keys.key(shard, "outbox") for shard in SHARDS]


def is_waiting(case: Case) -> bool:
    """Whether a message of a case is neither sent nor given up."""
    return EventKind.QUEUED.value in case.messages.values()
