"""Answers the requests of one channel: bytes in, bytes out; requests that wait, together."""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fanzha.decisions import Decisions, Detail
from fanzha.errors import InvalidInput
from fanzha.tables import Channel
from services.observer import Observer
from services.rpc.coalescer import Coalescer
from services.rpc.requests import Intake, Request
from services.rpc.writing import batch_response, single_response

Answer = bytes | InvalidInput

MOST_ROWS_TOGETHER = {Channel.CALL: 1024, Channel.TEXT: 128, Channel.LINK: 128}
"""With so many rows a batch waits for no more. Of texts and links each row costs ten times as
much as of calls, so company gains little, and everybody would wait for a large batch."""


class Desk:
    """Where the requests of one channel are answered."""

    def __init__(
        self,
        channel: Channel,
        *,
        intake: Intake,
        decide: Callable[[Any, int], Decisions],
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
        self._together: Coalescer[Request, Answer] = Coalescer(self._answers, most)

    async def answer(self, data: bytes, *, single: bool) -> bytes:
        """Answer one request; a wrong one raises `InvalidInput`."""
        request = self._intake.opened(data, single=single)
        if request.rows > self._most_in_company:
            (answer,) = self._answers([request])
        else:
            answer = await self._together.ask(request, request.rows)
        if isinstance(answer, InvalidInput):
            raise answer
        return answer

    def _answers(self, requests: Sequence[Request]) -> list[Answer]:
        self._observer.started(self._channel)
        now_ms = self._now_ms()
        table = self._intake.table(requests, now_ms)
        self._observer.stage_done(self._channel, "convert")
        answers = _written(requests, self._decide(table, now_ms // 1000))
        self._observer.stage_done(self._channel, "respond")
        return answers


def _written(requests: Sequence[Request], decisions: Decisions) -> list[Answer]:
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
    request: Request, decisions: Decisions, details: Mapping[int, Detail], first: int
) -> Answer:
    would_block = decisions.would_block if request.with_shadow_entries else {}
    if not request.single:
        return batch_response(decisions, details, first, request.rows, would_block)
    detail = details.get(first)
    if detail is not None and detail.error:
        return InvalidInput(detail.error)
    return single_response(decisions, first, would_block.get(first))
