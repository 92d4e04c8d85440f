"""Withdraws messages that were not sent yet: queued, delayed, or waiting in a city's queue."""

from collections.abc import Sequence

from infra.redis.client import Client
from services.warning.cases.events import CaseEvent, EventKind, MessageRef
from services.warning.cases.model import Case
from services.warning.channels.city_queues import CityQueues
from services.warning.dispatch.outbox_relay import send_stream
from services.warning.dispatch.send_ledger import SendLedger, SendStatus

_CERTAINLY_UNSENT = frozenset({SendStatus.REFUSED})


class MessageWithdrawal:
    """Withdraws the messages of a case. Raises `Unavailable` while Redis is away."""

    def __init__(self, client: Client, *, owner: str) -> None:
        self._client = client
        self._owner = owner

    async def withdraw(
        self, case: Case, history: Sequence[CaseEvent], now_ms: int, *, why: str
    ) -> list[MessageRef]:
        """Withdraw what is not sent yet; return those messages.

        A message that a channel is sending counts as sent.
        """
        messages = {
            event.message.id: event.message
            for event in history
            if event.kind is EventKind.QUEUED and event.message is not None
        }
        regions = {event.region.code for event in history if event.region} | {case.region.code}
        withdrawn = []
        for message_id, state in case.messages.items():
            message = messages.get(message_id)
            if message is None:
                continue
            if state == EventKind.QUEUED.value:
                ledger = SendLedger(self._client, send_stream(message.channel), owner=self._owner)
                status = await ledger.withdraw(message_id, now_ms, why=why)
                if status in _CERTAINLY_UNSENT:
                    withdrawn.append(message)
                    continue
            if state != EventKind.FAILED.value and await self._from_queue(message, regions):
                withdrawn.append(message)
        return withdrawn

    async def _from_queue(self, message: MessageRef, regions: set[str]) -> bool:
        """Remove a message from the queue of a call centre, unless that has read it."""
        queues = CityQueues(self._client, message.channel)
        found = [await queues.withdraw(message.id, region) for region in sorted(regions)]
        return any(found)
