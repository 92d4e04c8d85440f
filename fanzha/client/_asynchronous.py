"""The client for asyncio."""

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import grpc

from fanzha.client import _feedback
from fanzha.client._answers import Answer, Answers
from fanzha.client._coalescer import RequestCoalescer
from fanzha.client._core import Core
from fanzha.client._counters import Counters
from fanzha.client._options import Options, targets_of
from fanzha.client._request_kinds import CALLS, LINKS, TEXTS, Row
from fanzha.client.login import Login
from fanzha.v1 import feedback_pb2
from fanzha.v1 import interception_pb2 as pb


class AsyncClient:
    """Requests decisions from servers, such as ``10.0.0.1:7361,10.0.0.2:7361``.

    *login* is what it shows them; unless given, what the variables FANZHA_TOKEN_FILE and
    FANZHA_TLS_… hold. *credentials* replace the TLS of the login.

    Made and used inside one running event loop. A message handed to a method must not be
    changed before its answer is there.
    """

    def __init__(
        self,
        targets: str,
        options: Options | None = None,
        *,
        credentials: grpc.ChannelCredentials | None = None,
        login: Login | None = None,
    ) -> None:
        self._core = Core(targets_of(targets), options or Options(), credentials, login)

    def decide_call(
        self, call: pb.Call, *, timeout: float | None = None
    ) -> "asyncio.Future[Answer]":
        """Decide whether to connect a call. The request is sent whether awaited or not."""
        return self._call(self._core.calls, call, timeout)

    def decide_text(
        self, text: pb.Text, *, timeout: float | None = None
    ) -> "asyncio.Future[Answer]":
        """Decide whether to deliver a text message."""
        return self._call(self._core.texts, text, timeout)

    def decide_link(
        self, link: pb.Link, *, timeout: float | None = None
    ) -> "asyncio.Future[Answer]":
        """Decide whether to let a link be opened."""
        return self._call(self._core.links, link, timeout)

    async def decide_calls(
        self, calls: Sequence[pb.Call], *, timeout: float | None = None
    ) -> Answers:
        """Decide on up to 4096 calls in one request."""
        return await self._core.decide(CALLS, calls, timeout)

    async def decide_texts(
        self, texts: Sequence[pb.Text], *, timeout: float | None = None
    ) -> Answers:
        """Decide on up to 4096 text messages in one request."""
        return await self._core.decide(TEXTS, texts, timeout)

    async def decide_links(
        self, links: Sequence[pb.Link], *, timeout: float | None = None
    ) -> Answers:
        """Decide on up to 4096 links in one request."""
        return await self._core.decide(LINKS, links, timeout)

    async def report_call_ends(
        self, ends: Sequence[feedback_pb2.CallEnd], *, timeout: float = _feedback.TIMEOUT
    ) -> feedback_pb2.ReportCallEndsResponse:
        """Report ended calls. Never repeated; raises `RequestFailed` without an answer."""
        return await _feedback.call_ends(self._core, ends, timeout)

    async def confirm_hit(
        self,
        decision_id: int,
        *,
        confirmed_by: str,
        note: str = "",
        timeout: float = _feedback.TIMEOUT,
    ) -> feedback_pb2.ConfirmHitResponse:
        """Report that a decision was about fraud; raises `RequestFailed` without an answer."""
        return await _feedback.confirm(self._core, decision_id, confirmed_by, note, timeout)

    async def dismiss_hit(
        self,
        decision_id: int,
        *,
        dismissed_by: str,
        note: str = "",
        timeout: float = _feedback.TIMEOUT,
    ) -> feedback_pb2.DismissHitResponse:
        """Report that a decision was not about fraud."""
        return await _feedback.dismiss(self._core, decision_id, dismissed_by, note, timeout)

    async def wait_until_ready(self, timeout: float) -> bool:
        """Wait until a server is ready; return whether one is."""
        return await self._core.wait_until_ready(timeout)

    @property
    def counters(self) -> Counters:
        """What happened so far."""
        return self._core.counters.copy()

    async def close(self) -> None:
        """Drain requests in flight, and close the connections."""
        await self._core.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def _call(
        self, coalescer: RequestCoalescer[Row], row: Row, timeout: float | None
    ) -> "asyncio.Future[Answer]":
        core = self._core
        core.check_open()
        answer: asyncio.Future[Answer] = core.loop.create_future()
        seconds = core.options.timeout if timeout is None else timeout
        coalescer.put(row, answer, core.loop.time() + seconds)
        return answer
