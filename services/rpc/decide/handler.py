"""Serves InterceptionService: hands the bytes of each request to the desk of its channel.

Requests and responses stay bytes here, because reading and writing them row by row would
take most of the time (ADR 11).
"""

from collections.abc import Callable, Coroutine
from typing import Any

from fanzha.tables import Channel
from services.decision.observer import Observer
from services.decision.pipeline import DecisionPipeline
from services.rpc.decide.batch_handler import BatchHandler
from services.rpc.decide.columnar_decoder import ColumnarDecoder
from services.rpc.decide.message_decoder import MessageDecoder
from services.rpc.decide.request_decoder import RequestDecoder

Answering = Coroutine[Any, Any, bytes]

FEWEST_BY_COLUMN = {Channel.CALL: 64, Channel.TEXT: 40, Channel.LINK: 128}
"""Rows from which reading by column is the quicker way."""


class InterceptionServicer:
    """Decides on live traffic. Errors become statuses in `services.rpc.middleware.errors`."""

    def __init__(
        self,
        *,
        engine: DecisionPipeline,
        reader: MessageDecoder,
        now_ms: Callable[[], int],
        observer: Observer,
    ) -> None:
        columns = ColumnarDecoder(reader.home)

        def desk(channel: Channel, by_column: Any, by_message: Any, decide: Any) -> BatchHandler:
            intake = RequestDecoder(
                channel,
                by_column=by_column,
                by_message=by_message,
                fewest_by_column=FEWEST_BY_COLUMN[channel],
            )
            return BatchHandler(
                channel, intake=intake, decide=decide, now_ms=now_ms, observer=observer
            )

        self._calls = desk(Channel.CALL, columns.calls, reader.calls, engine.decide_calls)
        self._texts = desk(Channel.TEXT, columns.texts, reader.texts, engine.decide_texts)
        self._links = desk(Channel.LINK, columns.links, reader.links, engine.decide_links)

    def DecideCall(self, request: bytes, context: Any) -> Answering:
        return self._calls.answer(request, single=True, remaining=context.time_remaining)

    def DecideCalls(self, request: bytes, context: Any) -> Answering:
        return self._calls.answer(request, single=False, remaining=context.time_remaining)

    def DecideText(self, request: bytes, context: Any) -> Answering:
        return self._texts.answer(request, single=True, remaining=context.time_remaining)

    def DecideTexts(self, request: bytes, context: Any) -> Answering:
        return self._texts.answer(request, single=False, remaining=context.time_remaining)

    def DecideLink(self, request: bytes, context: Any) -> Answering:
        return self._links.answer(request, single=True, remaining=context.time_remaining)

    def DecideLinks(self, request: bytes, context: Any) -> Answering:
        return self._links.answer(request, single=False, remaining=context.time_remaining)
