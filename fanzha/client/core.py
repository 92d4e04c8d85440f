"""What both clients share: it lives in one event loop, and only that loop may touch it."""

import asyncio
from collections.abc import Sequence
from typing import Any

import grpc

from fanzha.client.answers import Answers, let_through
from fanzha.client.batch import AnswerSink
from fanzha.client.coalescer import Gatherer
from fanzha.client.connections import Connection, Connections
from fanzha.client.counters import Counters
from fanzha.client.failures import RequestFailed
from fanzha.client.login import Login
from fanzha.client.options import MAX_ROWS, Options
from fanzha.client.request_kinds import CALLS, LINKS, TEXTS, RequestKind, Row
from fanzha.client.sender import RequestSender
from fanzha.v1 import decision_pb2


class Core:
    """Connections, and what gathers requests for them. Made inside the running loop."""

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
        self._sender = RequestSender(self._connections, self.counters, loop.time)
        self._closed = False

        def gatherer(kind: RequestKind[Row]) -> Gatherer[Row]:
            return Gatherer(
                kind,
                sender=self._sender,
                connections=self._connections,
                options=options,
                fail=self.fail,
                loop=loop,
            )

        self.calls, self.texts, self.links = gatherer(CALLS), gatherer(TEXTS), gatherer(LINKS)

    def fail(self, sink: AnswerSink, failure: RequestFailed) -> None:
        """Tell *sink* that there is no answer, the way that was chosen."""
        self.counters.count_failed(failure.status.name)
        if self.options.fail_open:
            sink.set_result(let_through(failure))
        else:
            sink.set_exception(failure)

    async def decide(
        self, kind: RequestKind[Row], rows: Sequence[Row], timeout: float | None
    ) -> Answers:
        """Decide rows that came together already."""
        if len(rows) > MAX_ROWS:
            raise ValueError(f"at most {MAX_ROWS} rows at once, not {len(rows)}")
        self.check_open()
        if not rows:
            return Answers(decision_pb2.Decisions())
        deadline = self.loop.time() + (self.options.timeout if timeout is None else timeout)
        try:
            request = kind.request_of(rows)
            connection = self._pick()
            return await self._sender.decide(connection, kind.method, request, deadline, len(rows))
        except RequestFailed as failure:
            self.counters.count_failed(failure.status.name, len(rows))
            if self.options.fail_open:
                return Answers.failed(failure, len(rows))
            raise

    async def ask_once(self, method: str, request: Any, timeout: float) -> Any:
        """Ask what must not be repeated; raise `RequestFailed` for want of an answer."""
        self.check_open()
        self.counters.requests += 1
        return await self._pick().ask(method, request, self.loop.time() + timeout)

    async def wait_until_ready(self, timeout: float) -> bool:
        """Wait until a server is ready; tell whether one is."""
        return await self._connections.wait_until_ready(timeout)

    def check_open(self) -> None:
        """Refuse what comes after `close`."""
        if self._closed:
            raise RuntimeError("this client is closed")

    async def close(self) -> None:
        """Take no more requests, finish those that were taken, and close the connections."""
        if not self._closed:
            self._closed = True
            await asyncio.gather(self.calls.flush(), self.texts.flush(), self.links.flush())
            while not self._connections.idle:  # noqa: ASYNC110 deadlines bound it
                await asyncio.sleep(0.001)
            await self._connections.close()

    def _pick(self) -> Connection:
        connection = self._connections.pick(crowded=True)
        if connection is None:
            raise RequestFailed(grpc.StatusCode.UNAVAILABLE, "no target is serving")
        return connection

    def _pump(self) -> None:
        for gatherer in (self.calls, self.texts, self.links):
            gatherer.pump()
