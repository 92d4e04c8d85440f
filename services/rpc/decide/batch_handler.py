"""Answers the requests of one channel: bytes in, bytes out; requests that wait, together.

A long request of texts or links is decided in parts, with a turn of the event loop after each, so
that other requests and health checks need not wait for its end. Work for which nobody waits any
more stops between the stages of deciding.
"""

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

from fanzha.decisions import Decisions, Detail
from fanzha.errors import InvalidInput
from fanzha.tables import Channel
from services.decision.joined_decisions import joined
from services.decision.observer import Observer, Table
from services.decision.pipeline import BatchContext
from services.decision.shed_reasons import ShedReason
from services.rpc.decide.coalescer import Coalescer
from services.rpc.decide.encoder import batch_response, single_response
from services.rpc.decide.request_decoder import (
    EncodedRequest,
    Remaining,
    RequestDecoder,
    no_deadline,
)
from services.rpc.decide.request_parts import NOT_READ, PART_BYTES, PART_ROWS, RequestPart, parts
from services.rpc.middleware.load_shedder import DeadlineExceeded

Answer = bytes | InvalidInput | DeadlineExceeded

MOST_ROWS_TOGETHER = {Channel.CALL: 1024, Channel.TEXT: 128, Channel.LINK: 128}
"""With so many rows a batch waits for no more. Of texts and links each row costs ten times as
much as of calls, so company gains little, and everybody would wait for a large batch."""
BYTES_OF_A_ROW = 256
"""A request with longer rows counts for more of them."""
_IN_PARTS = {Channel.TEXT, Channel.LINK}
"""Of calls even a full batch takes no longer than a part of these."""


class Decide(Protocol):
    """Decides on a table, or on a part of one that shares a context with the others."""

    def __call__(self, table: Any, now_s: int, batch: BatchContext, /) -> Decisions:
        """Return the decisions, row by row."""
        ...


class BatchHandler:
    """Where the requests of one channel are answered."""

    def __init__(
        self,
        channel: Channel,
        *,
        intake: RequestDecoder,
        decide: Decide,
        now_ms: Callable[[], int],
        observer: Observer,
    ) -> None:
        self._channel = channel
        self._intake = intake
        self._decide = decide
        self._now_ms = now_ms
        self._observer = observer
        most = MOST_ROWS_TOGETHER[channel]
        self._most_in_company = most // 2
        self._together: Coalescer[EncodedRequest, Answer] = Coalescer(self._answers, most)

    async def answer(
        self, data: bytes, *, single: bool, remaining: Remaining = no_deadline
    ) -> bytes:
        """Answer one request; raises `InvalidInput`, and `DeadlineExceeded` once nobody waits."""
        request = self._intake.opened(data, single=single)
        request.remaining = remaining
        weight = max(request.rows, len(data) // BYTES_OF_A_ROW)
        if weight <= self._most_in_company:
            answer = await self._together.ask(request, weight)
        elif self._is_long(request):
            answer = await self._answer_in_parts(request)
        else:
            (answer,) = self._answers([request])
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _is_long(self, request: EncodedRequest) -> bool:
        long = request.rows > PART_ROWS or len(request.data) > PART_BYTES
        return long and not request.single and self._channel in _IN_PARTS

    def _answers(self, requests: Sequence[EncodedRequest]) -> list[Answer]:
        late = [request.is_late() for request in requests]
        if not any(late):
            return self._answers_in_time(requests)
        in_time = [request for request, is_late in zip(requests, late, strict=True) if not is_late]
        others = iter(self._answers_in_time(in_time) if in_time else ())
        return [
            DeadlineExceeded(ShedReason.LATE_WHEN_GATHERED) if is_late else next(others)
            for is_late in late
        ]

    def _answers_in_time(self, requests: Sequence[EncodedRequest]) -> list[Answer]:
        now_ms = self._now_ms()
        table = self._table(requests, now_ms)
        go_on = partial(_go_on, requests)
        try:
            go_on()
            decisions = self._decide(table, now_ms // 1000, BatchContext(go_on=go_on))
        except DeadlineExceeded as late:
            return [DeadlineExceeded(late.reason) for _ in requests]
        answers = _written(requests, decisions)
        self._observer.stage_done(self._channel, "respond")
        return answers

    def _table(self, requests: Sequence[EncodedRequest], now_ms: int) -> Table:
        self._observer.started(self._channel)
        table = self._intake.table(requests, now_ms)
        self._observer.stage_done(self._channel, "convert")
        return table

    async def _answer_in_parts(self, request: EncodedRequest) -> Answer:
        now_ms, go_on = self._now_ms(), partial(_go_on, [request])
        tables: list[Table] = []
        # All parts are read before any is decided, by one time of day.
        for part in parts(self._intake.rows(request)):
            go_on()
            own = _request(part, request)
            tables.append(self._without(part.unread, self._table([own], now_ms)))
            await asyncio.sleep(0)
        batch, decided = BatchContext(request.rows, go_on), list[Decisions]()
        for table in tables:
            go_on()
            # Others may have been decided meanwhile.
            self._observer.started(self._channel)
            decided.append(self._decide(table, now_ms // 1000, batch))
            await asyncio.sleep(0)
        self._observer.started(self._channel)
        (answer,) = _written([request], joined(decided))
        self._observer.stage_done(self._channel, "respond")
        return answer

    def _without(self, unread: Sequence[int], table: Table) -> Table:
        if not unread:
            return table
        self._observer.rows_unread(self._channel, len(unread))
        return replace(table, errors={**table.errors, **dict.fromkeys(unread, NOT_READ)})


def _go_on(requests: Sequence[EncodedRequest]) -> None:
    if all(request.is_late() for request in requests):
        raise DeadlineExceeded(ShedReason.LATE_BETWEEN_STAGES)


def _request(part: RequestPart, whole: EncodedRequest) -> EncodedRequest:
    # What protobuf had to read may hold rows that only protobuf can read.
    heads = part.heads if whole.heads else ()
    return EncodedRequest(data=part.data, single=False, rows=len(part.heads), heads=heads)


def _written(requests: Sequence[EncodedRequest], decisions: Decisions) -> list[Answer]:
    if len(requests) == 1:
        return [_answer(requests[0], decisions, decisions.details, 0)]
    firsts, rows = [], 0
    for request in requests:
        firsts.append(rows)
        rows += request.rows
    details: list[dict[int, Detail]] = [{} for _ in requests]
    for row, detail in decisions.details.items():
        details[bisect_right(firsts, row) - 1][row] = detail
    return [
        _answer(request, decisions, own, first)
        for request, own, first in zip(requests, details, firsts, strict=True)
    ]


def _answer(
    request: EncodedRequest, decisions: Decisions, details: Mapping[int, Detail], first: int
) -> Answer:
    would_block = decisions.would_block if request.with_shadow_entries else {}
    if not request.single:
        return batch_response(decisions, details, first, request.rows, would_block)
    detail = details.get(first)
    if detail is not None and detail.error:
        return InvalidInput(detail.error)
    return single_response(decisions, first, would_block.get(first))
