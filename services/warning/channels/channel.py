"""The interface of channels: messages, send results, receipts."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A message to send."""

    message_id: str
    """The same for each attempt; deduplicates sends."""
    to: str
    """The recipient, E.164."""
    text: str
    priority: int = 0
    """0 is normal, 1 urgent; channels without priorities ignore it."""
    case_id: str = ""
    attempt: int = 1
    """Number of this attempt, from 1."""
    region: str = ""
    """Region of the recipient, if known; its city chooses a queue."""
    tier: int = 0
    """Tier of the case, 1 to 3; 0: unknown. Limits and quiet hours depend on it."""
    campaign: str = ""
    step: int = 0
    """Index of the step in its plan."""
    trace: str = ""
    """``traceparent`` of its case; empty: it is not traced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendResult:
    """The answer of a channel.

    ============================  ==============================================================
    accepted                      the channel accepted it
    in_doubt                      it may have accepted it: no answer. A retry may duplicate it
    retry_after                   it did not, and may be retried after so many seconds
    none of these                 it will never accept it, because of `error`
    ============================  ==============================================================
    """

    accepted: bool = False
    provider_ids: tuple[str, ...] = ()
    """The provider's ids of its parts, as receipts name them."""
    error: str = ""
    retry_after: float | None = None
    in_doubt: bool = False
    down: bool = False
    """The channel as a whole is down: the attempt does not count."""
    trouble: bool = False
    """The channel has a fault, and the attempt counts."""
    untried: bool = False
    """It was not tried, since it may not be now: the attempt does not count."""
    given_up: bool = False
    """Retries are exhausted: it becomes a dead letter, which may be replayed."""


UNANSWERED = "nobody answered the calls"
"""Error of a message by voice that was redialled as often as it may be."""


class ReceiptState(StrEnum):
    """Delivery states of an accepted message."""

    DELIVERED = "delivered"
    FAILED = "failed"
    """Permanently; `Receipt.why` has the reason."""
    ON_ITS_WAY = "on_its_way"
    """Not final: another receipt follows."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A delivery receipt for one part of a message."""

    provider_id: str
    state: ReceiptState
    at_ms: int
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonReply:
    """What a person wrote back to a warning."""

    sender: str
    """Digits, as the provider writes them."""
    text: str
    at_ms: int


OnReply: TypeAlias = Callable[[PersonReply], Awaitable[None]]
"""Stores a reply durably before the provider is answered, as `OnReceipt` does."""

OnReceipt: TypeAlias = Callable[[Receipt], Awaitable[None]]
"""Stores a receipt durably before the provider is answered. If it raises `Unavailable`, the
provider is asked to send the receipt again."""


class ChannelSender(Protocol):
    """A sender of messages over one channel."""

    @property
    def width(self) -> int:
        """Maximum number of messages in flight."""

    @property
    def repeatable(self) -> bool:
        """Whether a message in doubt may be resent, because the provider deduplicates by id."""

    async def ready(self) -> None:
        """Return when it can send."""

    async def send(self, outgoing: Outgoing) -> SendResult:
        """Send a message. Raises only `CancelledError`."""

    async def close(self) -> None:
        """Finish messages in flight, and disconnect."""
