"""Stores delivery receipts, matches each to its message, and records it with the case.

A receipt is appended to ``fanzha:warning:receipts:<channel>`` before the provider is answered. It
may arrive before the provider's id of the message was settled, so an unmatched receipt is retried.
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
_RETRY_MS = (500, 5_000, 20_000, 60_000, 600_000)
"""Retry delays of an unmatched receipt; after the last it is a dead letter."""

_CONVERTED_FROM = 3
"""Retry from which an id may also match in the other base. Earlier, 10 could match the message a
because the message 10 is not settled yet."""


class DeliveryRecorder(Protocol):
    """Records delivery with the case: see `delivery_log`."""

    async def delivered(self, message: MessageRef, *, by: str, at_ms: int = 0) -> None:
        """Record that a message was delivered."""

    async def failed(self, message: MessageRef, *, by: str, why: str, at_ms: int = 0) -> None:
        """Record that a message was not delivered."""


def stream_of(channel: str) -> str:
    """Return the receipt stream of a channel."""
    return f"fanzha:warning:receipts:{channel}"


class Receipts:
    """Receipts of one channel. Raises `Unavailable` while Redis is away."""

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
        self._delayed = DelayQueue(client, self.stream)
        self._claims = SendLedger(client, send_stream(channel), owner="")
        self._record = record
        self._now_ms = now_ms
        self._counted = counted
        # Receipts come in bursts, and the client's hundred connections are shared.
        self._store_slots = asyncio.Semaphore(_KEPT_AT_ONCE)
        # Each waits for an fsync; concurrent ones share it.
        self._handle_slots = asyncio.Semaphore(_HANDLED_AT_ONCE)

    async def store(self, receipt: Receipt) -> None:
        """Store a receipt durably."""
        fields: Any = {
            "provider_id": receipt.provider_id,
            "state": receipt.state.value,
            "at_ms": str(receipt.at_ms),
            "why": receipt.why,
        }
        async with self._store_slots, within(_SECONDS):
            await self._client.xadd(self.stream, fields, maxlen=_ROWS, approximate=True)

    async def bring_back(self) -> int:
        """Return unmatched receipts to the stream once their delay has passed; their number."""
        return await self._delayed.bring_back(self._now_ms())

    async def handle(self, entries: Sequence[StreamEntry]) -> None:
        """Match and record receipts; handler of the receipt stream."""
        ends = await asyncio.gather(*map(self._handle_in_slot, entries), return_exceptions=True)
        errors = [one for one in ends if isinstance(one, BaseException)]
        if errors:
            # An outage concerns all; any other error makes the consumer retry entries one by one.
            raise min(errors, key=lambda one: not isinstance(one, Unavailable))

    async def _handle_in_slot(self, entry: StreamEntry) -> None:
        async with self._handle_slots:
            await self._handle(entry)

    async def _handle(self, entry: StreamEntry) -> None:
        try:
            state = ReceiptState(entry.fields["state"])
            provider_id, at_ms = entry.fields["provider_id"], int(entry.fields["at_ms"])
        except (KeyError, ValueError) as error:
            raise InvalidInput("receipt: cannot be read: {error}", error=error) from error
        late = int(entry.fields.get("retries", 0)) >= _CONVERTED_FROM
        forms = smpp_receipts.id_forms(provider_id, converted=late)
        found = await self._claims.remembered(forms)
        if found is None:
            await self._retry(entry)
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

    async def _retry(self, entry: StreamEntry) -> None:
        retries = int(entry.fields.get("retries", 0))
        if retries >= len(_RETRY_MS):
            self._counted(self._channel, "receipt_unmatched", 0)
            raise InvalidInput(
                "receipt: no message is called {provider_id!r}",
                provider_id=entry.fields["provider_id"],
            )
        fields = {**entry.fields, "retries": str(retries + 1)}
        await self._delayed.put(fields, self._now_ms() + _RETRY_MS[retries])
