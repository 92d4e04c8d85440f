"""Serves InterceptionService: hands the bytes of each request to the handler of its channel.

Requests and responses stay bytes here, because decoding and encoding them row by row would take
most of the time (ADR 11). `batch_handler` shows the path of a request.
"""

from collections.abc import Callable, Coroutine
from typing import Any

from fanzha.tables import Channel
from services.decision.observer import Observer
from services.decision.pipeline import DecisionPipeline
from services.decision.protocol_answer.answers import ProtocolAnswers
from services.rpc.decide.batch_handler import BatchHandler, Decide
from services.rpc.decide.columnar_decoder import ColumnarDecoder
from services.rpc.decide.message_decoder import MessageDecoder
from services.rpc.decide.repeated_requests import RepeatedRequests
from services.rpc.decide.request_decoder import DecodeColumns, DecodeMessages, RequestDecoder

Response = Coroutine[Any, Any, bytes]

MIN_COLUMNAR_ROWS = {Channel.CALL: 64, Channel.TEXT: 40, Channel.LINK: 128}
"""Rows from which decoding by column is the quicker way."""


class InterceptionServicer:
    """Decides on live traffic. Errors become statuses in `services.rpc.middleware.errors`."""

    def __init__(
        self,
        *,
        engine: DecisionPipeline,
        reader: MessageDecoder,
        now_ms: Callable[[], int],
        observer: Observer,
        repeated: RepeatedRequests | None = None,
        protocol_answers: ProtocolAnswers | None = None,
    ) -> None:
        """*repeated* recognises retries; None: each request is decided."""
        columns = ColumnarDecoder(reader.home)

        def handler(
            channel: Channel, by_column: DecodeColumns, by_message: DecodeMessages, decide: Decide
        ) -> BatchHandler:
            decoder = RequestDecoder(
                channel,
                by_column=by_column,
                by_message=by_message,
                min_columnar_rows=MIN_COLUMNAR_ROWS[channel],
            )
            return BatchHandler(
                channel,
                decoder=decoder,
                decide=decide,
                now_ms=now_ms,
                observer=observer,
                repeated=repeated,
                protocol_answers=protocol_answers,
            )

        self._calls = handler(Channel.CALL, columns.calls, reader.calls, engine.decide_calls)
        self._texts = handler(Channel.TEXT, columns.texts, reader.texts, engine.decide_texts)
        self._links = handler(Channel.LINK, columns.links, reader.links, engine.decide_links)

    def DecideCall(self, request: bytes, context: Any) -> Response:
        return self._calls.answer(request, single=True, remaining=context.time_remaining)

    def DecideCalls(self, request: bytes, context: Any) -> Response:
        return self._calls.answer(request, single=False, remaining=context.time_remaining)

    def DecideText(self, request: bytes, context: Any) -> Response:
        return self._texts.answer(request, single=True, remaining=context.time_remaining)

    def DecideTexts(self, request: bytes, context: Any) -> Response:
        return self._texts.answer(request, single=False, remaining=context.time_remaining)

    def DecideLink(self, request: bytes, context: Any) -> Response:
        return self._links.answer(request, single=True, remaining=context.time_remaining)

    def DecideLinks(self, request: bytes, context: Any) -> Response:
        return self._links.answer(request, single=False, remaining=context.time_remaining)
