"""Serves InterceptionService: read, ask the engine, write."""

from collections.abc import Callable, Sequence

from fanzha.decisions import Decisions
from fanzha.errors import InvalidInput
from fanzha.tables import MAX_ROWS, Channel
from fanzha.v1 import decision_pb2
from fanzha.v1 import interception_pb2 as pb
from fanzha.v1 import interception_pb2_grpc as pb_grpc
from services.engine import Engine
from services.observer import Observer
from services.rpc.coalescer import Coalescer
from services.rpc.reading import Reader
from services.rpc.writing import decision_to_proto, decisions_to_proto


class InterceptionServicer(pb_grpc.InterceptionServiceServicer):
    """Decides on live traffic. Errors become statuses in the error interceptor."""

    def __init__(
        self,
        *,
        engine: Engine,
        reader: Reader,
        now_ms: Callable[[], int],
        observer: Observer,
    ) -> None:
        self._engine = engine
        self._reader = reader
        self._now_ms = now_ms
        self._observer = observer
        self._single_calls = Coalescer(self._decide_calls)
        self._single_texts = Coalescer(self._decide_texts)
        self._single_links = Coalescer(self._decide_links)

    async def DecideCall(
        self, request: pb.DecideCallRequest, context: object
    ) -> pb.DecideCallResponse:
        answer = _single(*await self._single_calls.decide(request.call))
        return pb.DecideCallResponse(decision=answer)

    async def DecideCalls(
        self, request: pb.DecideCallsRequest, context: object
    ) -> pb.DecideCallsResponse:
        _check_rows("calls", request.calls)
        answers = decisions_to_proto(self._decide_calls(request.calls))
        self._observer.stage_done(Channel.CALL, "respond")
        return pb.DecideCallsResponse(decisions=answers)

    async def DecideText(
        self, request: pb.DecideTextRequest, context: object
    ) -> pb.DecideTextResponse:
        answer = _single(*await self._single_texts.decide(request.text))
        return pb.DecideTextResponse(decision=answer)

    async def DecideTexts(
        self, request: pb.DecideTextsRequest, context: object
    ) -> pb.DecideTextsResponse:
        _check_rows("texts", request.texts)
        answers = decisions_to_proto(self._decide_texts(request.texts))
        self._observer.stage_done(Channel.TEXT, "respond")
        return pb.DecideTextsResponse(decisions=answers)

    async def DecideLink(
        self, request: pb.DecideLinkRequest, context: object
    ) -> pb.DecideLinkResponse:
        answer = _single(*await self._single_links.decide(request.link))
        return pb.DecideLinkResponse(decision=answer)

    async def DecideLinks(
        self, request: pb.DecideLinksRequest, context: object
    ) -> pb.DecideLinksResponse:
        _check_rows("links", request.links)
        answers = decisions_to_proto(self._decide_links(request.links))
        self._observer.stage_done(Channel.LINK, "respond")
        return pb.DecideLinksResponse(decisions=answers)

    def _decide_calls(self, messages: Sequence[pb.Call]) -> Decisions:
        now_ms = self._started(Channel.CALL)
        calls = self._reader.calls(messages, now_ms)
        self._observer.stage_done(Channel.CALL, "convert")
        return self._engine.decide_calls(calls, now_ms // 1000)

    def _decide_texts(self, messages: Sequence[pb.Text]) -> Decisions:
        now_ms = self._started(Channel.TEXT)
        texts = self._reader.texts(messages, now_ms)
        self._observer.stage_done(Channel.TEXT, "convert")
        return self._engine.decide_texts(texts, now_ms // 1000)

    def _decide_links(self, messages: Sequence[pb.Link]) -> Decisions:
        now_ms = self._started(Channel.LINK)
        links = self._reader.links(messages, now_ms)
        self._observer.stage_done(Channel.LINK, "convert")
        return self._engine.decide_links(links, now_ms // 1000)

    def _started(self, channel: Channel) -> int:
        self._observer.started(channel)
        return self._now_ms()


def _single(decisions: Decisions, row: int) -> decision_pb2.Decision:
    detail = decisions.details.get(row)
    if detail is not None and detail.error:
        raise InvalidInput(detail.error)
    return decision_to_proto(decisions, row)


def _check_rows(field: str, rows: Sequence[object]) -> None:
    if not 1 <= len(rows) <= MAX_ROWS:
        raise InvalidInput(f"{field}: 1 to {MAX_ROWS} rows, not {len(rows)}")
