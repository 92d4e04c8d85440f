"""Decodes requests for decisions: bytes of one row or many become one table.

Protobuf appends the rows of two messages when their bytes are joined, and a request for a
single decision looks like a batch of one. So the requests of a batch are joined as they
are, and decoded once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from google.protobuf.message import DecodeError

from fanzha.errors import InvalidInput
from fanzha.tables import MAX_ROWS, Channel
from fanzha.tracing.trace_context import TraceContext
from fanzha.v1 import interception_pb2 as pb
from services.decision.observer import Table
from services.rpc.decide import wire_format
from services.rpc.decide.row_recovery import ParsedRows, recover, rows_as_written
from services.rpc.middleware.load_shedder import Remaining

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
_OTHER_FIELDS = 64
"""Fields a request may have besides its rows, some of which a later version may know."""

DecodeColumns: TypeAlias = Callable[[bytes, int, int], Table]
"""Takes the bytes of rows, how many there are, and the time in milliseconds for rows that have
none; raises `wire_format.Unusual`."""
DecodeMessages: TypeAlias = Callable[[Sequence[Any], int], Table]


def no_deadline() -> None:
    """Return None: the request has no deadline."""


@dataclass(slots=True, kw_only=True)
class EncodedRequest:
    """One request, not yet decoded."""

    data: bytes
    single: bool
    """Asks for one decision, not for a batch that may have one row."""
    rows: int
    """At least one."""
    plain: bool = False
    """Is nothing but rows; protobuf decodes any other."""
    with_shadow_entries: bool = False
    """Asks which shadow entries would have blocked. Only people do, so such a request may be
    slower: protobuf decodes it."""
    with_protocol_answer: bool = False
    """Asks for ready protocol answers; likewise."""
    dry_run: bool = False
    """Asks for decisions that are recorded nowhere; likewise."""
    remaining: Remaining = no_deadline
    carrier: str = ""
    """The carrier of who sent it."""
    login: str = ""
    """Login that sent it."""
    trace: TraceContext | None = None
    """Its span; None: it is not traced."""

    def is_late(self) -> bool:
        """Tell whether the deadline has passed."""
        remaining = self.remaining()
        return remaining is not None and remaining <= 0


class RequestDecoder:
    """Decodes the requests of one channel, by column where that is possible."""

    def __init__(
        self,
        channel: Channel,
        *,
        by_column: DecodeColumns,
        by_message: DecodeMessages,
    ) -> None:
        self._channel = channel
        self._field = channel.name.lower()
        self._rows_field = f"{self._field}s"
        self._single: Any = _SINGLE[channel]
        self._batch: Any = _BATCH[channel]
        self._by_column = by_column
        self._by_message = by_message

    def open(self, data: bytes, *, single: bool) -> EncodedRequest:
        """Find the rows of a request; raises `InvalidInput` for what cannot be one."""
        try:
            rows = wire_format.count_rows(data)
        except wire_format.Unusual:
            rows = 0
        if not rows or (single and rows > 1):
            self._check_fields(data)
            read = self._parse(data, single=single)
            return EncodedRequest(
                data=data,
                single=single,
                rows=len(read.messages),
                with_shadow_entries=read.with_shadow_entries,
                with_protocol_answer=read.with_protocol_answer,
                dry_run=read.dry_run,
            )
        return EncodedRequest(data=data, single=single, rows=rows, plain=True)

    def rows(self, request: EncodedRequest) -> list[bytes]:
        """Return the rows of a batch request as they may stand in one, tags included."""
        data = request.data
        if request.single:
            return [data]
        if request.plain:
            return wire_format.split_rows(data, request.rows)
        return rows_as_written(data)

    def table(self, requests: Sequence[EncodedRequest], now_ms: int) -> Table:
        """Decode all rows of opened requests into one table."""
        if all(request.plain for request in requests):
            data = b"".join([request.data for request in requests])
            try:
                return self._by_column(data, sum(request.rows for request in requests), now_ms)
            except wire_format.Unusual:
                pass
            try:
                joined = self._batch.FromString(data)
                return self._by_message(getattr(joined, self._rows_field), now_ms)
            except DecodeError:
                pass  # request by request, because one row spoils all that are parsed together
        messages, errors = self._parse_each(requests)
        table = self._by_message(messages, now_ms)
        return replace(table, errors={**table.errors, **errors}) if errors else table

    def _parse_each(self, requests: Sequence[EncodedRequest]) -> tuple[list[Any], dict[int, str]]:
        """Return the rows of all requests, and what is wrong with those protobuf refuses."""
        messages: list[Any] = []
        errors: dict[int, str] = {}
        for request in requests:
            read = self._parse(request.data, single=request.single)
            errors |= {len(messages) + row: error for row, error in read.errors.items()}
            messages += read.messages
        return messages, errors

    def _check_fields(self, data: bytes) -> None:
        if wire_format.has_more_fields(data, MAX_ROWS + _OTHER_FIELDS):
            raise InvalidInput(
                "{field}s: 1 to {max_rows} rows, not more", field=self._field, max_rows=MAX_ROWS
            )

    def _parse(self, data: bytes, *, single: bool) -> ParsedRows:
        try:
            read = self._parse_message(data, single=single)
        except DecodeError:
            try:
                read = recover(self._channel, data, single=single)
            except DecodeError:
                raise InvalidInput("request: its bytes are no message of this method") from None
        rows = len(read.messages)
        if not 1 <= rows <= MAX_ROWS:
            raise InvalidInput(
                "{field}s: 1 to {max_rows} rows, not {rows}",
                field=self._field,
                max_rows=MAX_ROWS,
                rows=rows,
            )
        return read

    def _parse_message(self, data: bytes, *, single: bool) -> ParsedRows:
        request = (self._single if single else self._batch).FromString(data)
        rows = (getattr(request, self._field),) if single else getattr(request, self._rows_field)
        return ParsedRows(
            messages=list(rows),
            errors={},
            with_shadow_entries=request.with_shadow_entries,
            with_protocol_answer=request.with_protocol_answer,
            dry_run=request.dry_run,
        )
