"""Requests for decisions as they come in: bytes of one row or many, and tables made of them.

Protobuf appends the rows of two messages when their bytes are joined, and a request for a
single decision looks like a batch of one. So requests that are decided together are
joined as they are, and read once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any

from google.protobuf.message import DecodeError

from fanzha.errors import InvalidInput
from fanzha.tables import MAX_ROWS, Channel
from fanzha.v1 import interception_pb2 as pb
from services.observer import Table
from services.rpc import wire

_SINGLE = {
    Channel.CALL: pb.DecideCallRequest,
    Channel.TEXT: pb.DecideTextRequest,
    Channel.LINK: pb.DecideLinkRequest,
}
_BATCH = {
    Channel.CALL: pb.DecideCallsRequest,
    Channel.TEXT: pb.DecideTextsRequest,
    Channel.LINK: pb.DecideLinksRequest,
}


Remaining = Callable[[], float | None]
"""Seconds until a deadline; None where there is none."""


def no_deadline() -> None:
    """Stand for the time that is left where nobody set a deadline."""


@dataclass(slots=True, kw_only=True)
class Request:
    """One request, not yet read."""

    data: bytes
    single: bool
    """Asks for one decision, not for a batch that may have one row."""
    rows: int
    heads: Sequence[int] = ()
    """Where its rows begin; none if it is not written as usual."""
    fault: InvalidInput | None = None
    """What is wrong with all of it. It has no rows then."""
    with_shadow_entries: bool = False
    """Asks which shadow entries would have blocked. Only people do, so such a request may be
    slower: it is not written as usual, and protobuf reads it."""
    remaining: Remaining = no_deadline

    def is_late(self) -> bool:
        """Tell whether nobody waits for the answer any more."""
        remaining = self.remaining()
        return remaining is not None and remaining <= 0


class Intake:
    """Reads the requests of one channel, the quick way where that is possible and pays."""

    def __init__(
        self,
        channel: Channel,
        *,
        by_column: Callable[[wire.Rows, int], Table],
        by_message: Callable[[Sequence[Any], int], Table],
        fewest_by_column: int,
    ) -> None:
        self._field = channel.name.lower()
        self._single: Any = _SINGLE[channel]
        self._batch: Any = _BATCH[channel]
        self._by_column = by_column
        self._by_message = by_message
        self._fewest_by_column = fewest_by_column

    def opened(self, data: bytes, *, single: bool) -> Request:
        """Find out how many rows a request has; what cannot be a request raises."""
        try:
            heads = wire.heads(data)
        except wire.Unusual:
            heads = ()
        if not heads or (single and len(heads) > 1):
            message = self._message(data, single=single)
            rows = len(self._rows(message, single=single))
            with_shadows = message.with_shadow_entries
            return Request(data=data, single=single, rows=rows, with_shadow_entries=with_shadows)
        return Request(data=data, single=single, rows=len(heads), heads=heads)

    def rows(self, request: Request) -> list[bytes]:
        """Return the rows of a batch request as they may stand in one, tags included."""
        data = request.data
        if request.heads:
            return [data[start:end] for start, end in pairwise((*request.heads, len(data)))]
        alone = (self._batch(**{f"{self._field}s": [row]}) for row in self._messages_of(request))
        return [message.SerializeToString() for message in alone]

    def table(self, requests: Sequence[Request], now_ms: int) -> Table:
        """Read all rows into one table; requests that turn out to be no messages get a fault."""
        if sum(request.rows for request in requests) >= self._fewest_by_column and all(
            request.heads for request in requests
        ):
            try:
                rows = wire.Rows(
                    [request.data for request in requests], [request.heads for request in requests]
                )
                return self._by_column(rows, now_ms)
            except wire.Unusual:
                pass
        messages = [self._messages_or_fault(request) for request in requests]
        return self._by_message(list(chain.from_iterable(messages)), now_ms)

    def _messages_or_fault(self, request: Request) -> Sequence[Any]:
        try:
            return self._messages_of(request)
        except InvalidInput as fault:
            request.fault, request.rows = fault, 0
            return ()

    def _messages_of(self, request: Request) -> Sequence[Any]:
        message = self._message(request.data, single=request.single)
        return self._rows(message, single=request.single)

    def _message(self, data: bytes, *, single: bool) -> Any:
        try:
            return (self._single if single else self._batch).FromString(data)
        except DecodeError:
            raise InvalidInput("request: its bytes are no message of this method") from None

    def _rows(self, message: Any, *, single: bool) -> Sequence[Any]:
        if single:
            return (getattr(message, self._field),)
        rows: Sequence[Any] = getattr(message, f"{self._field}s")
        if not 1 <= len(rows) <= MAX_ROWS:
            raise InvalidInput(f"{self._field}s: 1 to {MAX_ROWS} rows, not {len(rows)}")
        return rows
