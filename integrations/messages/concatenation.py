"""Messages of several parts: which parts belong together, and what is there of each message.

Parts belong together when sender, receivers, reference and total agree (TS 23.040, 9.2.3.24.1).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from integrations.messages.carried_message import CarriedMessage, MessageSegment
from integrations.messages.lane import RelayedRequest
from integrations.messages.text_judge import Verdict

_Key = tuple[str, tuple[str, ...], int, int, str]


@dataclass(slots=True, eq=False)
class ConcatenatedMessage:
    """The parts of a message that have come."""

    key: _Key
    total: int
    begun_at: float
    arrivals: int
    """Requests of the session when its first part came."""
    parts: dict[int, CarriedMessage] = field(default_factory=dict)
    held: list[RelayedRequest] = field(default_factory=list)
    """Parts that wait for the rest."""
    goes_on: bool = False
    """Whether parts were decided on before the rest came."""
    verdict: Verdict | None = None
    """What blocked the parts that are there; later ones share it."""

    @property
    def is_whole(self) -> bool:
        """Whether all parts have come."""
        return len(self.parts) == self.total

    def in_order(self) -> list[CarriedMessage]:
        """Return the parts that are there, in their order."""
        return [self.parts[number] for number in sorted(self.parts)]


class Concatenations:
    """Messages of a session in one direction of which parts are missing; the oldest first."""

    def __init__(self) -> None:
        self._messages: dict[_Key, ConcatenatedMessage] = {}
        self.segments = 0
        """Parts of all of them."""

    def __iter__(self) -> Iterator[ConcatenatedMessage]:
        return iter(list(self._messages.values()))

    def of(
        self, message: CarriedMessage, segment: MessageSegment, now: float, arrivals: int
    ) -> ConcatenatedMessage:
        """Return the message that *segment* is a part of; a new one where none is known."""
        key = _key(message, segment)
        found = self._messages.get(key)
        if found is None:
            found = ConcatenatedMessage(key, segment.total, now, arrivals)
            self._messages[key] = found
        return found

    def put(self, whole: ConcatenatedMessage, number: int, message: CarriedMessage) -> None:
        """Add a part."""
        self.segments += number not in whole.parts
        whole.parts[number] = message

    def forget(self, whole: ConcatenatedMessage) -> None:
        """Drop what is known of a message."""
        if self._messages.pop(whole.key, None) is not None:
            self.segments -= len(whole.parts)


def _key(message: CarriedMessage, segment: MessageSegment) -> _Key:
    reference, total, scheme = segment.reference, segment.total, segment.scheme
    return message.sender, message.receivers, reference, total, scheme
