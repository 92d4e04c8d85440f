"""Appends what channels report about messages to their cases: sent, failed, delivered.

Idempotent. Reports may come in any order: one of a lower rank never replaces a higher one.
"""

from collections.abc import Callable, Mapping

from fanzha.errors import NotFound
from services.warning.cases import ids
from services.warning.cases.events import CaseEvent, EventKind, MessageRef
from services.warning.cases.model import Case
from services.warning.cases.store import CaseStore

_RANK: Mapping[str, int] = {
    EventKind.QUEUED.value: 0,
    EventKind.FAILED.value: 1,
    EventKind.SENT.value: 1,
    EventKind.DELIVERED.value: 2,
}


class DeliveryRecords:
    """Records delivery of messages. Raises `Unavailable` while Redis is away."""

    def __init__(self, store: CaseStore, *, now_ms: Callable[[], int]) -> None:
        self._store = store
        self._now_ms = now_ms

    async def sent(self, message: MessageRef, *, by: str) -> None:
        """Record that a channel accepted a message."""
        await self._note(EventKind.SENT, message, by, "", 0)

    async def delivered(self, message: MessageRef, *, by: str, at_ms: int = 0) -> None:
        """Record that a message was delivered."""
        await self._note(EventKind.DELIVERED, message, by, "", at_ms)

    async def failed(self, message: MessageRef, *, by: str, why: str, at_ms: int = 0) -> None:
        """Record that a message was not delivered."""
        await self._note(EventKind.FAILED, message, by, why, at_ms)

    async def _note(
        self, kind: EventKind, message: MessageRef, by: str, why: str, at_ms: int
    ) -> None:
        def events(case: Case) -> list[CaseEvent]:
            known = case.messages.get(message.id)
            if known == kind.value or (known is not None and _RANK[known] > _RANK[kind.value]):
                return []
            when = at_ms or self._now_ms()
            return [CaseEvent(kind=kind, at_ms=when, by=by, why=why, message=message)]

        try:
            await self._store.change(ids.case_of_message(message.id), events)
        except NotFound:
            return  # the case has expired, or the message belongs to none
