"""What every channel offers, whatever it sends through."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One warning on its way to one person."""

    message_id: str
    """The same for every try: what it is sent once by."""
    to: str
    """Whom it is for, E.164."""
    text: str
    priority: int = 0
    """0 is ordinary, 1 goes before; channels that know no order ignore it."""
    case_id: str = ""
    attempt: int = 1
    """Which try this is, from 1."""
    region: str = ""
    """Where the person lives, as far as known: its city chooses a queue."""
    tier: int = 0
    """How urgent it is, 1 to 3; 0: not known. Limits and quiet hours depend on it."""
    campaign: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendResult:
    """What a channel made of a message.

    ============================  ==============================================================
    accepted                      the channel has it
    in_doubt                      it may have it: nobody answered. Sent again, it may come twice
    retry_after                   it has not, and may be asked again after so many seconds
    none of these                 it will never take it, because of `error`
    ============================  ==============================================================
    """

    accepted: bool = False
    provider_ids: tuple[str, ...] = ()
    """What the other side calls its parts: receipts name these."""
    error: str = ""
    retry_after: float | None = None
    in_doubt: bool = False
    down: bool = False
    """The channel as a whole does not work: the try does not count against the message."""
    trouble: bool = False
    """Something is wrong with the channel, and the try counts all the same."""
    given_up: bool = False
    """It was tried as often as is sensible: a dead letter, that may be replayed."""


class ReceiptState(StrEnum):
    """What became of a message after a channel took it."""

    DELIVERED = "delivered"
    FAILED = "failed"
    """For good; `Receipt.why` says how."""
    ON_ITS_WAY = "on_its_way"
    """Not final: another receipt will follow."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Word from the other side about one part of a message."""

    provider_id: str
    state: ReceiptState
    at_ms: int
    why: str = ""


OnReceipt: TypeAlias = Callable[[Receipt], Awaitable[None]]
"""Keeps a receipt, durably; the other side is answered only afterwards. What it raises as
`Unavailable` lets the other side send the receipt again."""


class ChannelSender(Protocol):
    """A way to reach people."""

    @property
    def width(self) -> int:
        """How many messages it can have under way at once."""

    @property
    def repeatable(self) -> bool:
        """Whether a message in doubt may be sent again: the other side knows it by its id."""

    async def ready(self) -> None:
        """Return when it can send: connected, and not told to stop."""

    async def send(self, outgoing: Outgoing) -> SendResult:
        """Send one message. Raises nothing but `CancelledError`."""

    async def close(self) -> None:
        """Finish what is under way, and hang up."""
