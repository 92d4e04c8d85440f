"""The requests of one peer, in their order, until the other peer has answered them.

A request waits while it is decided on, and behind those before it: requests leave in the order in
which they came. Nothing is acknowledged here: the response of the other peer goes back under the
sequence number of the request, so a message that was acknowledged is one that the other peer has.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from integrations.messages.carried_message import MessageDirection
from integrations.messages.dialect import Dialect, PduKind, RelayedPdu
from integrations.messages.peer_link import PeerLink

_LAST_SEQUENCE = 0x7FFFFFFF


@dataclass(slots=True, eq=False)
class RelayedRequest:
    """One request on its way."""

    pdu: RelayedPdu
    kind: PduKind
    octets: bytes
    """What to forward."""
    ready: bool = True
    """Whether it may leave; a message waits for its decision."""
    answer: bytes | None = None
    """What to answer instead of forwarding it."""
    answer_delay: float = 0.0
    """Seconds until that answer goes back."""
    sent_at: float = field(default=0.0)


class Lane:
    """One direction of a session. *progress* is called when a request left or was answered."""

    def __init__(
        self,
        direction: MessageDirection,
        dialect: Dialect,
        source: PeerLink,
        progress: Callable[[], None],
    ) -> None:
        self.direction = direction
        self._dialect = dialect
        self._loop = asyncio.get_running_loop()
        self._progress = progress
        self.source = source
        self.sink: PeerLink | None = None
        self._waiting: deque[RelayedRequest] = deque()
        self._unanswered: dict[int, RelayedRequest] = {}
        self._keepalives: dict[int, float] = {}
        self._delayed = 0
        self._sequence = 0

    @property
    def in_flight(self) -> int:
        """Requests of the source that have no answer yet."""
        return len(self._waiting) + len(self._unanswered) + self._delayed

    @property
    def waiting(self) -> int:
        """Requests that have not left."""
        return len(self._waiting)

    @property
    def is_awaiting(self) -> bool:
        """Whether the sink owes an answer, to a request or a keepalive."""
        return bool(self._unanswered or self._keepalives)

    @property
    def oldest_sent_at(self) -> float | None:
        """When the oldest unanswered request or keepalive left; None without one."""
        times = [request.sent_at for request in self._unanswered.values()][:1]
        times += list(self._keepalives.values())[:1]
        return min(times, default=None)

    def add(self, request: RelayedRequest) -> None:
        """Take a request; it leaves when it is ready and all before it have left."""
        self._waiting.append(request)

    def release(self) -> None:
        """Let requests leave, up to the first that is not ready."""
        sink, waiting = self.sink, self._waiting
        while waiting and waiting[0].ready and sink is not None and not sink.is_slow:
            request = waiting.popleft()
            if request.answer is not None:
                self._answer(request)
                continue
            sequence = self._next_sequence()
            if request.kind is not PduKind.NOTICE:
                request.sent_at = self._loop.time()
                self._unanswered[sequence] = request
            sink.send(self._dialect.renumbered(request.octets, sequence))
        self._progress()

    def answered(self, response: RelayedPdu) -> RelayedRequest | None:
        """Pass a response of the sink back; return its request, None where it belongs to none."""
        request = self._unanswered.pop(response.sequence, None)
        if request is not None:
            self.source.send(self._dialect.renumbered(response.octets, request.pdu.sequence))
        return request

    def keep_alive(self) -> None:
        """Send the sink a keepalive."""
        if self.sink is not None and not self._keepalives:
            sequence = self._next_sequence()
            self._keepalives[sequence] = self._loop.time()
            self.sink.send(self._dialect.keepalive(sequence))

    def is_kept_alive(self, response: RelayedPdu) -> bool:
        """Return whether a response answers a keepalive."""
        return self._keepalives.pop(response.sequence, None) is not None

    def say_unbind(self) -> None:
        """Send the sink an unbind of the relay's own; its response is not waited for."""
        if self.sink is not None:
            self.sink.send(self._dialect.unbind(self._next_sequence()))

    def _answer(self, request: RelayedRequest) -> None:
        answer = request.answer or b""
        if not request.answer_delay:
            self.source.send(answer)
            return
        self._delayed += 1
        self._loop.call_later(request.answer_delay, self._answer_late, answer)

    def _answer_late(self, answer: bytes) -> None:
        self._delayed -= 1
        self.source.send(answer)
        self._progress()

    def _next_sequence(self) -> int:
        self._sequence = self._sequence % _LAST_SEQUENCE + 1
        return self._sequence
