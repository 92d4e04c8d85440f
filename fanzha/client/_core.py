"""What both clients share. It belongs to one event loop; only that loop may use it."""

import asyncio
from collections.abc import Sequence
from typing import Any

import grpc

from fanzha.client._answers import Answers, let_through
from fanzha.client._batch import AnswerSink
from fanzha.client._coalescer import RequestCoalescer
from fanzha.client._connections import Connection, Connections
from fanzha.client._counters import Counters
from fanzha.client._failures import RequestFailed
from fanzha.client._options import MAX_ROWS, Options
from fanzha.client._request_kinds import CALLS, LINKS, TEXTS, RequestKind, Row
from fanzha.client._sender import RequestSender
from fanzha.client.login import Login
from fanzha.v1 import decision_pb2


class Core:
    """Connections and the coalescers that feed them. To be created in the running loop."""

    def __init__(
        self,
        targets: Sequence[str],
        options: Options,
        credentials: grpc.ChannelCredentials | None,
        login: Login | None = None,
    ) -> None:
        loop = asyncio.get_running_loop()
        self.loop = loop
        self.options = options
        self.counters = Counters()
        self._connections = Connections(
            targets,
            options=options,
            credentials=credentials,
            login=Login.from_environment() if login is None else login,
            freed=self._pump,
            now=loop.time,
        )
        self._sender = RequestSender(
            self._connections, self.counters, loop.time, request_ids=options.request_ids
        )
        self._closed = False

        def coalescer(kind: RequestKind[Row]) -> RequestCoalescer[Row]:
            return RequestCoalescer(
                kind,
                sender=self._sender,
                connections=self._connections,
                options=options,
                counters=self.counters,
                fail=self.fail,
                loop=loop,
            )

        self.calls, self.texts, self.links = coalescer(CALLS), coalescer(TEXTS), coalescer(LINKS)

    def fail(self, sink: AnswerSink, failure: RequestFailed) -> None:
        """Fail open or raise, as the options say; a sink that is done stays as it is."""
        try:
            if self.options.fail_open:
                sink.set_result(let_through(failure))
            else:
                sink.set_exception(failure)
        except asyncio.InvalidStateError:
            return
        self.counters.count_failed(failure.status.name)

    async def decide(
        self, kind: RequestKind[Row], rows: Sequence[Row], timeout: float | None
    ) -> Answers:
        """Decide a batch in one request, without coalescing."""
        if len(rows) > MAX_ROWS:
            raise ValueError(f"at most {MAX_ROWS} rows at once, not {len(rows)}")
        self.check_open()
        if not rows:
            return Answers(decision_pb2.Decisions())
        deadline = self.loop.time() + (self.options.timeout if timeout is None else timeout)
        try:
            request = kind.request_of(rows, self.options)
            connection = self._pick()
            answers = await self._sender.decide(
                connection, kind.method, request, deadline, len(rows)
            )
        except RequestFailed as failure:
            self.counters.count_failed(failure.status.name, len(rows))
            if self.options.fail_open:
                return Answers.failed(failure, len(rows))
            raise
        self.counters.count_decided(len(rows), len(answers.blocked))
        return answers

    async def call_once(self, method: str, request: Any, timeout: float) -> Any:
        """Make a call that must not be retried; raise `RequestFailed` without an answer."""
        self.check_open()
        self.counters.requests += 1
        return await self._pick().call(method, request, self.loop.time() + timeout)

    async def wait_until_ready(self, timeout: float) -> bool:
        """Wait until a server is ready; return whether one is."""
        return await self._connections.wait_until_ready(timeout)

    def check_open(self) -> None:
        """Raise `RuntimeError` after `close`."""
        if self._closed:
            raise RuntimeError("this client is closed")

    async def close(self) -> None:
        """Refuse new requests, drain those accepted, and close the connections."""
        if not self._closed:
            self._closed = True
            await asyncio.gather(self.calls.flush(), self.texts.flush(), self.links.flush())
            while not self._connections.idle:  # noqa: ASYNC110 deadlines bound it
                await asyncio.sleep(0.001)
            await self._connections.close()

    def _pick(self) -> Connection:
        connection = self._connections.pick(over_limit=True)
        if connection is None:
            raise RequestFailed(grpc.StatusCode.UNAVAILABLE, "no target is serving")
        return connection

    def _pump(self) -> None:
        for coalescer in (self.calls, self.texts, self.links):
            coalescer.pump()
