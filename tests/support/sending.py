"""Fakes around the worker that sends warnings: channel, record, permission and clock."""

import asyncio
from collections.abc import Callable
from typing import Any

from infra.redis.client import Client
from services.warning.cases.events import EventKind, MessageRef
from services.warning.channels.channel import Outgoing, SendResult
from services.warning.dispatch.limits import SendPermission, WithholdReason
from services.warning.dispatch.outbox_relay import send_stream
from services.warning.dispatch.send_worker import SendWorker

STREAM = send_stream("sms")

ACCEPTED = SendResult(accepted=True, provider_ids=("0a",))

MakeWorker = Callable[..., SendWorker]


class Notes:
    """Remembers the events that were recorded."""

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
    """Accepts messages and returns the results it was given."""

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
    """Permits no message before a time, or never."""

    def __init__(self, not_before_ms: int) -> None:
        self.until = not_before_ms

    async def may_send(self, outgoing: Outgoing, channel: str) -> SendPermission:
        return SendPermission(
            allowed=False, not_before_ms=self.until, reason=WithholdReason.QUIET_HOURS
        )

    async def give_back(self, outgoing: Outgoing, channel: str) -> None:
        pass


class Clock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.ms = 1_764_000_000_000

    def __call__(self) -> int:
        return self.ms


async def queue(client: Client, *ids: str, **more: str) -> None:
    for one in ids:
        fields = {"message_id": one, "to": "+8617000000001", "text": "警惕诈骗", "step": "1"}
        entry: Any = fields | more
        await client.xadd(STREAM, entry)


async def drain(outbox: SendWorker) -> None:
    while await outbox.step():
        pass
    await outbox.finish()
