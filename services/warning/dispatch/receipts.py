"""Keeps receipts, finds the message each is about, and puts it on record with its case.

A receipt is appended to ``fanzha:warning:receipts:<channel>`` before the other side is answered.
It may be there before the answer that tells the other side's id of the message was settled, so
one that fits no message is looked at again for a while.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from fanzha.errors import InvalidInput, Unavailable
from infra.redis.client import Client, within
from infra.redis.consumer_group import StreamEntry
from infra.redis.delay_queue import DelayQueue
from services.warning.cases.events import MessageRef
from services.warning.channels import smpp_receipts
from services.warning.channels.channel import Receipt, ReceiptState
from services.warning.dispatch.outbox_relay import send_stream
from services.warning.dispatch.send_ledger import SendLedger

GROUP = "receipts"
_SECONDS = 4.0
_KEPT_AT_ONCE = 4
_HANDLED_AT_ONCE = 8
_ROWS = 1_000_000
_AGAIN_MS = (500, 5_000, 20_000, 60_000, 600_000)
"""A receipt that fits no message is looked at again after so long, then it is a dead letter."""

_CONVERTED_FROM = 3
"""At which look an id is read as decimal for hexadecimal: 10 is a, where the message that is called
10 is not settled yet, and there is another that is called a."""


class DeliveryRecorder(Protocol):
    """Puts on record with its case what became of a message: see `delivery`."""

    async def delivered(self, message: MessageRef, *, by: str, at_ms: int = 0) -> None:
        """Note that it reached the person."""

    async def failed(self, message: MessageRef, *, by: str, why: str, at_ms: int = 0) -> None:
        """Note that it did not."""


def stream_of(channel: str) -> str:
    """Return the stream of a channel's receipts."""
    return f"fanzha:warning:receipts:{channel}"


class Receipts:
    """The receipts of one channel. Raises `Unavailable` while Redis is away."""

    def __init__(
        self,
        *,
        client: Client,
        channel: str,
        record: DeliveryRecorder,
        now_ms: Callable[[], int],
        counted: Callable[[str, str, float], None] = lambda _channel, _what, _seconds: None,
    ) -> None:
        self._client = client
        self._channel = channel
        self.stream = stream_of(channel)
        self._later = DelayQueue(client, self.stream)
        self._claims = SendLedger(client, send_stream(channel), owner="")
        self._record = record
        self._now_ms = now_ms
        self._counted = counted
        # Receipts come in bursts, and the client has a hundred connections for everybody.
        self._keeping = asyncio.Semaphore(_KEPT_AT_ONCE)
        # Each waits for the disk of the store, and those that wait together wait once.
        self._handling = asyncio.Semaphore(_HANDLED_AT_ONCE)

    async def keep(self, receipt: Receipt) -> None:
        """Keep a receipt until it is handled."""
        fields: Any = {
            "provider_id": receipt.provider_id,
            "state": receipt.state.value,
            "at_ms": str(receipt.at_ms),
            "why": receipt.why,
        }
        async with self._keeping, within(_SECONDS):
            await self._client.xadd(self.stream, fields, maxlen=_ROWS, approximate=True)

    async def bring_back(self) -> int:
        """Look again at receipts that fitted no message, once their time has come."""
        return await self._later.bring_back(self._now_ms())

    async def handle(self, entries: Sequence[StreamEntry]) -> None:
        """Put receipts on record; for `infra.redis.stream_consumer.StreamConsumer`."""
        ends = await asyncio.gather(*map(self._in_turn, entries), return_exceptions=True)
        errors = [one for one in ends if isinstance(one, BaseException)]
        if errors:
            # While the store is away all wait; otherwise each is tried alone, to find the culprit.
            raise min(errors, key=lambda one: not isinstance(one, Unavailable))

    async def _in_turn(self, entry: StreamEntry) -> None:
        async with self._handling:
            await self._handle(entry)

    async def _handle(self, entry: StreamEntry) -> None:
        try:
            state = ReceiptState(entry.fields["state"])
            provider_id, at_ms = entry.fields["provider_id"], int(entry.fields["at_ms"])
        except (KeyError, ValueError) as error:
            raise InvalidInput(f"receipt: cannot be read: {error}") from error
        late = int(entry.fields.get("looked", 0)) >= _CONVERTED_FROM
        forms = smpp_receipts.id_forms(provider_id, converted=late)
        found = await self._claims.remembered(forms)
        if found is None:
            await self._again(entry)
            return
        message_id, step = json.loads(found)
        message = MessageRef(id=message_id, channel=self._channel, step=step)
        self._counted(self._channel, f"receipt_{state.value}", 0)
        if state is ReceiptState.DELIVERED:
            if await self._claims.part_delivered(message_id, provider_id):
                await self._record.delivered(message, by=self._channel, at_ms=at_ms)
        elif state is ReceiptState.FAILED:
            why = entry.fields.get("why", "")
            await self._record.failed(message, by=self._channel, why=why, at_ms=at_ms)

    async def _again(self, entry: StreamEntry) -> None:
        looked = int(entry.fields.get("looked", 0))
        if looked >= len(_AGAIN_MS):
            self._counted(self._channel, "receipt_unmatched", 0)
            raise InvalidInput(f"receipt: no message is called {entry.fields['provider_id']!r}")
        fields = {**entry.fields, "looked": str(looked + 1)}
        await self._later.put(fields, self._now_ms() + _AGAIN_MS[looked])
