"""Where results of messages are recorded: with their case, or with their educational campaign."""

from typing import Protocol

from services.warning.cases import ids
from services.warning.cases.events import MessageRef
from services.warning.dispatch.receipts import DeliveryRecorder
from services.warning.dispatch.send_results import SendResultRecorder


class MessageRecords(SendResultRecorder, DeliveryRecorder, Protocol):
    """Records what channels and receipts say of messages."""


class RoutedRecords:
    """Records with cases what is a warning, and with campaigns what educates."""

    def __init__(self, cases: MessageRecords, education: MessageRecords) -> None:
        self._cases = cases
        self._education = education

    async def sent(self, message: MessageRef, *, by: str) -> None:
        """Record that a channel accepted a message."""
        await self._of(message).sent(message, by=by)

    async def delivered(self, message: MessageRef, *, by: str, at_ms: int = 0) -> None:
        """Record that a message was delivered."""
        await self._of(message).delivered(message, by=by, at_ms=at_ms)

    async def failed(self, message: MessageRef, *, by: str, why: str, at_ms: int = 0) -> None:
        """Record that a message was not delivered."""
        await self._of(message).failed(message, by=by, why=why, at_ms=at_ms)

    async def postpone(self, message: MessageRef, *, until_ms: int, why: str) -> None:
        """Record that a message may not be sent before a time."""
        await self._of(message).postpone(message, until_ms=until_ms, why=why)

    async def obsolete_reason(self, message: MessageRef) -> str:
        """Return why a delayed message is obsolete; empty: it is to be sent."""
        return await self._of(message).obsolete_reason(message)

    def _of(self, message: MessageRef) -> MessageRecords:
        return self._education if ids.education_of(message.id) else self._cases
