"""The path of a request for decisions, from bytes to bytes, for one channel.

1. `services.rpc.core.decision_call` authenticates, sheds load and reads the bytes;
2. `handler` says which `BatchHandler` a method has; from here on it is this file:
3. open: find the rows of the request, without decoding them (`request_decoder`);
4. wait while what came before is decided, and become one batch with what came meanwhile
   (`batch_queue`);
5. decode: make one table of all their rows (`request_decoder`);
6. decide: one decision per row (`services.decision.pipeline`);
7. encode: the bytes of each response (`encoder`).

A long request of texts or links is decided in parts, with a turn of the event loop after each, so
that other requests and health checks need not wait for its end. Work stops between two stages once
all deadlines have passed.
"""

import asyncio
import logging
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from time import time_ns
from typing import Any, Protocol

from fanzha.decisions import Decisions, Detail
from fanzha.errors import InvalidInput
from fanzha.tables import Calls, Channel
from services.auth import roles
from services.auth.identity import Identity
from services.decision.decision_traces import DecisionTraces, TracedRows
from services.decision.evidence import BatchContext
from services.decision.observer import Observer, Table
from services.decision.protocol_answer.answers import MAX_PAGES, ProtocolAnswers
from services.decision.protocol_answer.model import ProtocolAnswer
from services.decision.shed_reasons import ShedReason
from services.rpc.decide.encoder import (
    NO_EXTRAS,
    BatchResponses,
    EntryMessages,
    RequestedExtras,
    repeated_response,
    single_response,
)
from services.rpc.decide.repeated_requests import (
    NO_REPEATS,
    DecidedBatch,
    RepeatedRequests,
    Repeats,
)
from services.rpc.decide.request_decoder import EncodedRequest, RequestDecoder, no_deadline
from services.rpc.decide.request_parts import (
    PART_BYTES,
    PART_ROWS,
    RequestPart,
    join_decisions,
    split,
    with_read_bytes,
)
from services.rpc.decide.row_truncation import MAX_BYTES, NOT_READ
from services.rpc.middleware.load_shedder import DeadlineExceeded, Remaining

logger = logging.getLogger(__name__)

Answer = bytes | InvalidInput | DeadlineExceeded

MAX_COALESCED_ROWS = {Channel.CALL: 1024, Channel.TEXT: 128, Channel.LINK: 128}
"""Rows that requests are decided together up to. A row of texts or links costs ten times as much
as one of calls, so larger batches save little, and everyone would wait for them."""
BYTES_OF_A_ROW = 256
"""A request with longer rows counts as more of them."""
_LOG_INTERVAL_MS = 10_000
_IN_PARTS = {Channel.TEXT, Channel.LINK}
"""Even a full batch of calls takes no longer than a part of these."""


class Decide(Protocol):
    """Decides on a table, or on a part of one that shares a context with the others."""

    def __call__(self, table: Any, now_s: int, context: BatchContext, /) -> Decisions:
        """Return the decisions, row by row."""
        ...


class BatchHandler:
    """Answers the requests of one channel."""

    def __init__(
        self,
        channel: Channel,
        *,
        decoder: RequestDecoder,
        decide: Decide,
        now_ms: Callable[[], int],
        observer: Observer,
        repeated: RepeatedRequests | None = None,
        protocol_answers: ProtocolAnswers | None = None,
        dry_runs: "BatchHandler | None" = None,
        traces: DecisionTraces | None = None,
    ) -> None:
        """*repeated* recognises retries; None: each request is decided.

        *dry_runs* answers requests for dry runs; None: they are refused.
        *traces* makes spans of requests that are traced; None: none are.
        """
        self._traces = traces
        self.channel = channel
        self._dry_runs = dry_runs
        self._repeated = repeated
        self._decoder = decoder
        self._decide = decide
        self._now_ms = now_ms
        self._observer = observer
        self._entries = EntryMessages()
        self._protocol_answers = protocol_answers or ProtocolAnswers()
        self.max_rows = MAX_COALESCED_ROWS[channel]
        """The weight that the requests of a batch have together at most, if it is not one."""
        self._cut_logged_at_ms = -_LOG_INTERVAL_MS

    def open(
        self, data: bytes, *, single: bool, who: Identity, remaining: Remaining = no_deadline
    ) -> "tuple[BatchHandler, EncodedRequest]":
        """Find the rows of a request of *who*; return it, and what answers it.

        Raises `InvalidInput` and `NotAllowed`.
        """
        request = self._decoder.open(data, single=single)
        request.remaining = remaining
        request.carrier, request.login = who.carrier, who.name
        if not request.dry_run:
            roles.check_live_decisions(who)
            return self, request
        if self._dry_runs is None:
            raise InvalidInput("dry_run: this server answers none")
        return self._dry_runs, request

    def weight(self, request: EncodedRequest) -> int:
        """Return how many rows a request counts as."""
        return max(request.rows, len(request.data) // BYTES_OF_A_ROW)

    def takes_parts(self, request: EncodedRequest) -> bool:
        """Tell whether a request is so long that it is decided in parts."""
        if request.single or self.channel not in _IN_PARTS:
            return False
        long = request.rows > PART_ROWS or len(request.data) > PART_BYTES
        return long and self.weight(request) > self.max_rows // 2

    def answer_batch(self, requests: Sequence[EncodedRequest]) -> list[Answer]:
        """Answer requests as one batch, apart from those whose deadline has passed."""
        left = [request.remaining() for request in requests]
        late = [seconds is not None and seconds <= 0 for seconds in left]
        if not any(late):
            return self._answer_in_time(requests)
        in_time = [request for request, is_late in zip(requests, late, strict=True) if not is_late]
        others = iter(self._answer_in_time(in_time) if in_time else ())
        return [
            DeadlineExceeded(ShedReason.LATE_WHEN_GATHERED) if is_late else next(others)
            for is_late in late
        ]

    def _answer_in_time(self, requests: Sequence[EncodedRequest]) -> list[Answer]:
        now_ms, started_ns = self._now_ms(), time_ns()
        table = self._decode(requests, now_ms)
        check_deadline = partial(_check_deadlines, requests)
        try:
            check_deadline()
            context = BatchContext(check_deadline=check_deadline, carriers=_carriers(requests))
            batch = self._decide_once(requests, table, now_ms, context)
        except DeadlineExceeded as late:
            return [DeadlineExceeded(late.reason) for _ in requests]
        protocol = self._protocol(requests, table, batch.decisions)
        responses = BatchResponses(batch.decisions, self._entries)
        answers = _encode(requests, responses, protocol, batch.repeats)
        self._observer.stage_done(self.channel, "respond")
        if self._traces is not None:
            self._trace(requests, batch.decisions, started_ns)
        return answers

    def _trace(
        self, requests: Sequence[EncodedRequest], decisions: Decisions, started_ns: int
    ) -> None:
        first, traced = 0, list[TracedRows]()
        for request in requests:
            if request.trace is not None:
                traced.append((request.trace, first, request.rows))
            first += request.rows
        if traced and self._traces is not None:
            self._traces.decided(self.channel.name.lower(), traced, decisions, started_ns)

    def _decide_once(
        self, requests: Sequence[EncodedRequest], table: Table, now_ms: int, context: BatchContext
    ) -> DecidedBatch:
        """Decide all rows but those that repeat others."""
        if self._repeated is None or not table.request_ids:
            return DecidedBatch(decisions=self._decide(table, now_ms // 1000, context))

        def decide(rows: Table) -> Decisions:
            return self._decide(rows, now_ms // 1000, context)

        def decode(fresh: Sequence[EncodedRequest]) -> Table:
            context.carriers = _carriers(fresh)
            return self._decoder.table(fresh, now_ms)

        return self._repeated.decide(
            self.channel,
            requests,
            table,
            now_ms,
            rows_of=self._decoder.rows,
            decode=decode,
            decide=decide,
        )

    def _protocol(
        self, requests: Sequence[EncodedRequest], table: Table, decisions: Decisions
    ) -> dict[int, ProtocolAnswer]:
        """Return the protocol answers of requests that ask for them, by row of the batch."""
        first, found = 0, dict[int, ProtocolAnswer]()
        for request in requests:
            if request.with_protocol_answer:
                rows = range(first, first + request.rows)
                found |= self._protocol_answers.of_rows(table, decisions, rows)
            first += request.rows
        return found

    def _decode(self, requests: Sequence[EncodedRequest], now_ms: int) -> Table:
        self._observer.started(self.channel)
        table = self._decoder.table(requests, now_ms)
        if not isinstance(table, Calls) and table.read_bytes:
            self._observer.rows_cut(self.channel, len(table.read_bytes))
        if table.errors:
            self._observer.rows_unreadable(self.channel, table.errors.values())
        self._observer.stage_done(self.channel, "convert")
        return table

    async def answer_in_parts(self, request: EncodedRequest) -> Answer:
        """Answer a long request; raises `DeadlineExceeded`."""
        now_ms, started_ns = self._now_ms(), time_ns()
        check_deadline = partial(_check_deadlines, [request])
        parts: list[tuple[EncodedRequest, Table, Mapping[int, int]]] = []
        # All parts are decoded before any is decided, with one time of day.
        for part in split(self.channel, self._decoder.rows(request)):
            check_deadline()
            encoded = _part_request(part, request)
            table = self._decode([encoded], now_ms)
            parts.append((encoded, _mark_unread(part.cut, table), part.cut))
            await asyncio.sleep(0)
        if rows_cut := sum(len(cut) for _, _, cut in parts):
            self._note_cut(rows_cut, request, now_ms)
        context = BatchContext(request.rows, check_deadline, _carriers([request]))
        decided = list[Decisions]()
        first, protocol = 0, dict[int, ProtocolAnswer]()
        for encoded, table, cut in parts:
            check_deadline()
            # Other batches may have started and ended meanwhile.
            self._observer.started(self.channel)
            decisions = self._decide_once([encoded], table, now_ms, context).decisions
            decided.append(with_read_bytes(decisions, cut))
            if request.with_protocol_answer:
                protocol |= self._protocol_of_part(table, decisions, first, len(protocol))
            first += len(table)
            await asyncio.sleep(0)
        self._observer.started(self.channel)
        joined = join_decisions(decided)
        (answer,) = _encode([request], BatchResponses(joined, self._entries), protocol)
        self._observer.stage_done(self.channel, "respond")
        if self._traces is not None:
            self._trace([request], joined, started_ns)
        return answer

    def _protocol_of_part(
        self, table: Table, decisions: Decisions, first: int, before: int
    ) -> dict[int, ProtocolAnswer]:
        """Return the protocol answers of a part that begins at row *first* of its request."""
        found = self._protocol_answers.of_rows(
            table, decisions, range(len(table)), max_pages=MAX_PAGES - before
        )
        return {first + row: answer for row, answer in found.items()}

    def _note_cut(self, rows: int, request: EncodedRequest, now_ms: int) -> None:
        self._observer.rows_cut(self.channel, rows)
        if now_ms - self._cut_logged_at_ms >= _LOG_INTERVAL_MS:
            self._cut_logged_at_ms = now_ms
            logger.warning(
                "%d of %d rows of a %s request were cut: it holds %d bytes, of which %d are read",
                *(rows, request.rows, self.channel.name.lower(), len(request.data), MAX_BYTES),
            )


def _mark_unread(cut: Mapping[int, int], table: Table) -> Table:
    unread = [row for row, read_bytes in cut.items() if not read_bytes]
    if not unread:
        return table
    return replace(table, errors={**table.errors, **dict.fromkeys(unread, NOT_READ)})


def _carriers(requests: Sequence[EncodedRequest]) -> list[tuple[str, int]]:
    """Return the carrier and the rows of each request; nothing where none has a carrier."""
    if not any(request.carrier for request in requests):
        return []
    return [(request.carrier, request.rows) for request in requests]


def _check_deadlines(requests: Sequence[EncodedRequest]) -> None:
    for request in requests:
        if not request.is_late():
            return
    raise DeadlineExceeded(ShedReason.LATE_BETWEEN_STAGES)


def _part_request(part: RequestPart, whole: EncodedRequest) -> EncodedRequest:
    # A request that protobuf had to read may hold rows that only protobuf can read.
    return EncodedRequest(
        data=part.data,
        single=False,
        rows=part.rows,
        plain=whole.plain,
        carrier=whole.carrier,
        login=whole.login,
    )


def _encode(
    requests: Sequence[EncodedRequest],
    batch: BatchResponses,
    protocol: Mapping[int, ProtocolAnswer],
    repeats: Repeats = NO_REPEATS,
) -> list[Answer]:
    """Write the response to each request from its rows of the batch."""
    decisions = batch.decisions
    if len(requests) == 1:
        extras = _extras_of(requests[0], decisions, protocol)
        return [_response(requests[0], batch, decisions.details, 0, extras, repeats=repeats)]
    firsts, rows = [], 0
    for request in requests:
        firsts.append(rows)
        rows += request.rows
    details: list[dict[int, Detail]] = [{} for _ in requests]
    for row, detail in decisions.details.items():
        details[bisect_right(firsts, row) - 1][row] = detail
    return [
        _response(
            request,
            batch,
            own,
            first,
            _extras_of(request, decisions, protocol),
            repeats=repeats,
        )
        for request, own, first in zip(requests, details, firsts, strict=True)
    ]


def _extras_of(
    request: EncodedRequest, decisions: Decisions, protocol: Mapping[int, ProtocolAnswer]
) -> RequestedExtras:
    if not request.with_shadow_entries and not request.with_protocol_answer:
        return NO_EXTRAS
    return RequestedExtras(
        would_block=decisions.would_block if request.with_shadow_entries else {},
        protocol_answers=protocol if request.with_protocol_answer else {},
    )


def _response(
    request: EncodedRequest,
    batch: BatchResponses,
    details: Mapping[int, Detail],
    first: int,
    extras: RequestedExtras,
    *,
    repeats: Repeats,
) -> Answer:
    if not request.single:
        return batch.write(details, first, request.rows, extras)
    if first in repeats:
        return repeated_response(repeats[first], first, extras)
    detail = details.get(first)
    if detail is not None and detail.error:
        return InvalidInput(detail.error)
    return single_response(batch.decisions, first, extras)
