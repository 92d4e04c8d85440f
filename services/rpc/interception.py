"""Serves InterceptionService: read, ask the engine, write."""

from collections.abc import Callable, Sequence
from typing import Any

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
        def desk(channel: Channel, read: Any, decide: Any) -> "_Desk":
            return _Desk(channel, read=read, decide=decide, now_ms=now_ms, observer=observer)

        self._calls = desk(Channel.CALL, reader.calls, engine.decide_calls)
        self._texts = desk(Channel.TEXT, reader.texts, engine.decide_texts)
        self._links = desk(Channel.LINK, reader.links, engine.decide_links)

    async def DecideCall(
        self, request: pb.DecideCallRequest, context: object
    ) -> pb.DecideCallResponse:
        return pb.DecideCallResponse(decision=await self._calls.one(request.call))

    async def DecideCalls(
        self, request: pb.DecideCallsRequest, context: object
    ) -> pb.DecideCallsResponse:
        return pb.DecideCallsResponse(decisions=self._calls.batch(request.calls))

    async def DecideText(
        self, request: pb.DecideTextRequest, context: object
    ) -> pb.DecideTextResponse:
        return pb.DecideTextResponse(decision=await self._texts.one(request.text))

    async def DecideTexts(
        self, request: pb.DecideTextsRequest, context: object
    ) -> pb.DecideTextsResponse:
        return pb.DecideTextsResponse(decisions=self._texts.batch(request.texts))

    async def DecideLink(
        self, request: pb.DecideLinkRequest, context: object
    ) -> pb.DecideLinkResponse:
        return pb.DecideLinkResponse(decision=await self._links.one(request.link))

    async def DecideLinks(
        self, request: pb.DecideLinksRequest, context: object
    ) -> pb.DecideLinksResponse:
        return pb.DecideLinksResponse(decisions=self._links.batch(request.links))


class _Desk:
    """Where the requests of one channel are answered, single ones and batches."""

    def __init__(
        self,
        channel: Channel,
        *,
        read: Callable[[Sequence[Any], int], Any],
        decide: Callable[[Any, int], Decisions],
        now_ms: Callable[[], int],
        observer: Observer,
    ) -> None:
        self._channel = channel
        self._read = read
        self._decide = decide
        self._now_ms = now_ms
        self._observer = observer
        self._together: Coalescer[Any] = Coalescer(self._decided)

    async def one(self, message: Any) -> decision_pb2.Decision:
        """Answer one request, together with others that are waiting."""
        decisions, row = await self._together.decide(message)
        detail = decisions.details.get(row)
        if detail is not None and detail.error:
            raise InvalidInput(detail.error)
        return decision_to_proto(decisions, row)

    def batch(self, messages: Sequence[Any]) -> decision_pb2.Decisions:
        """Answer a batch of requests."""
        if not 1 <= len(messages) <= MAX_ROWS:
            field = f"{self._channel.name.lower()}s"
            raise InvalidInput(f"{field}: 1 to {MAX_ROWS} rows, not {len(messages)}")
        answers = decisions_to_proto(self._decided(messages))
        self._observer.stage_done(self._channel, "respond")
        return answers

    def _decided(self, messages: Sequence[Any]) -> Decisions:
        self._observer.started(self._channel)
        now_ms = self._now_ms()
        table = self._read(messages, now_ms)
        self._observer.stage_done(self._channel, "convert")
        return self._decide(table, now_ms // 1000)
