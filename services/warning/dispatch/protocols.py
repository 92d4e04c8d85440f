"""What an outbox asks others: whether a message may go out, and to note what became of it."""

from typing import Protocol

from services.warning.cases.events import MessageRef
from services.warning.channels.channel import Outgoing
from services.warning.dispatch.limits import SendPermission


class SendPermit(Protocol):
    """Knows quiet hours, limits, opt-outs, and the kill switch."""

    async def may_send(self, outgoing: Outgoing, channel: str) -> SendPermission:
        """Return whether *outgoing* may go out now."""

    async def give_back(self, outgoing: Outgoing, channel: str) -> None:
        """Take a message out of the count, because no channel took it after all."""


class AlwaysPermit:
    """Lets everything out."""

    async def may_send(self, outgoing: Outgoing, channel: str) -> SendPermission:  # noqa: ARG002
        """Allow it."""
        return SendPermission(allowed=True)

    async def give_back(self, outgoing: Outgoing, channel: str) -> None:
        """Count nothing."""


class SendResultRecorder(Protocol):
    """Puts on record with its case what became of a message: see `delivery`."""

    async def sent(self, message: MessageRef, *, by: str) -> None:
        """Note that a channel has taken it."""

    async def failed(self, message: MessageRef, *, by: str, why: str, at_ms: int = 0) -> None:
        """Note that it did not reach the person."""

    async def put_off(self, message: MessageRef, *, until_ms: int, why: str) -> None:
        """Note that it may not go out before a time."""

    async def unwanted(self, message: MessageRef) -> str:
        """Say why it is not to go out any more; empty: it is."""
