"""InterceptionService: which handler of requests each of its methods has.

Requests and responses stay bytes there, because decoding and encoding them row by row would take
most of the time (ADR 11). `batch_handler` shows the path of a request.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from fanzha.decisions import Decisions
from fanzha.tables import Channel
from services.auth.identity import Identity
from services.decision.decision_traces import DecisionTraces
from services.decision.evidence import BatchContext
from services.decision.observer import Observer
from services.decision.pipeline import DecisionPipeline
from services.decision.protocol_answer.answers import ProtocolAnswers
from services.rpc.decide.batch_handler import BatchHandler, Decide
from services.rpc.decide.columnar_decoder import ColumnarDecoder
from services.rpc.decide.message_decoder import MessageDecoder
from services.rpc.decide.repeated_requests import RepeatedRequests
from services.rpc.decide.request_decoder import DecodeColumns, DecodeMessages, RequestDecoder


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
        dry_engine: DecisionPipeline | None = None,
        traces: DecisionTraces | None = None,
    ) -> None:
        """*repeated* recognises retries; None: each request is decided.

        *dry_engine* decides in dry runs (`services.decision.dry_run`); None: they are refused.
        """
        columns, live, dry = ColumnarDecoder(reader.home), engine, dry_engine
        handler = partial(
            _handler,
            now_ms=now_ms,
            observer=observer,
            repeated=repeated,
            protocol_answers=protocol_answers,
            traces=traces,
        )
        self._calls = handler(
            *(Channel.CALL, columns.calls, reader.calls, live.decide_calls),
            dry=None if dry is None else dry.decide_calls,
        )
        self._texts = handler(
            *(Channel.TEXT, columns.texts, reader.texts, live.decide_texts),
            dry=None if dry is None else dry.decide_texts,
        )
        self._links = handler(
            *(Channel.LINK, columns.links, reader.links, live.decide_links),
            dry=None if dry is None else dry.decide_links,
        )

    def answer(self, method: str, data: bytes, *, who: Identity) -> bytes:
        """Answer one unary request outside of a server; raises what it fails with."""
        handler, single = self.methods()[method]
        handler, request = handler.open(data, single=single, who=who)
        (answer,) = handler.answer_batch([request])
        if isinstance(answer, Exception):
            raise answer
        return answer

    def methods(self) -> "Mapping[str, tuple[BatchHandler, bool]]":
        """Return what answers each method, by its name, and whether it takes a single row."""
        return {
            "DecideCall": (self._calls, True),
            "DecideCalls": (self._calls, False),
            "DecideText": (self._texts, True),
            "DecideTexts": (self._texts, False),
            "DecideLink": (self._links, True),
            "DecideLinks": (self._links, False),
        }


def _handler(
    channel: Channel,
    by_column: DecodeColumns,
    by_message: DecodeMessages,
    decide: Decide,
    *,
    dry: Decide | None,
    now_ms: Callable[[], int],
    observer: Observer,
    repeated: RepeatedRequests | None,
    protocol_answers: ProtocolAnswers | None,
    traces: DecisionTraces | None,
) -> BatchHandler:
    decoder = RequestDecoder(
        channel,
        by_column=by_column,
        by_message=by_message,
    )
    common = partial(
        BatchHandler,
        channel,
        decoder=decoder,
        now_ms=now_ms,
        protocol_answers=protocol_answers,
    )
    # Apart from live requests: they share no batch, and no remembered answer.
    dry_runs = None if dry is None else common(decide=_dry(dry), observer=Observer())
    return common(
        decide=decide, observer=observer, repeated=repeated, dry_runs=dry_runs, traces=traces
    )


def _dry(decide: Decide) -> Decide:
    """Mark what *decide* returns as a dry run."""

    def marked(table: Any, now_s: int, context: BatchContext, /) -> Decisions:
        return replace(decide(table, now_s, context), dry_run=True)

    return marked
