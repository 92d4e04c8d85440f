"""The connections of a client, and which of them takes the next request.

gRPC itself reconnects and watches health: a channel whose server is not SERVING is in
TRANSIENT_FAILURE. Three things it does not do are here: several connections per target, backing
off from a server that sheds, and avoiding one that is connected but does not answer.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import grpc

from fanzha.client import channels
from fanzha.client._concurrency import AdaptiveConcurrency
from fanzha.client._failures import RequestFailed, failure_of
from fanzha.client._options import Options
from fanzha.client.login import Bearer, Login
from fanzha.tracing import trace_context
from fanzha.v1 import feedback_pb2_grpc, interception_pb2, interception_pb2_grpc

_SERVICE = interception_pb2.DESCRIPTOR.services_by_name["InterceptionService"].full_name
_UNAVAILABLE = (grpc.ChannelConnectivity.TRANSIENT_FAILURE, grpc.ChannelConnectivity.SHUTDOWN)

_SHED = (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.CANCELLED)
"""The second is what gRPC's core answers for requests beyond a server's queue."""

BACKOFF_SECONDS = 0.02
"""Back-off from a server that sheds without a hint for how long."""
MISSES = 3
"""Deadlines missed in a row that make a connection suspect: others are preferred."""
SUSPECT_SECONDS = 1.0
"""How long a connection stays suspect after missed deadlines."""
REFUSED_SECONDS = 0.1
"""The same after UNAVAILABLE from a server that is connected."""


class Connection:
    """One channel to one target."""

    def __init__(
        self,
        target: str,
        *,
        concurrency: AdaptiveConcurrency,
        credentials: grpc.ChannelCredentials | None,
        bearer: Bearer | None,
        freed: Callable[[], None],
        now: Callable[[], float],
    ) -> None:
        self.target = target
        self.concurrency = concurrency
        self._bearer = bearer
        self._freed = freed
        self._now = now
        self.channel = channels.balanced(target, watched=_SERVICE, credentials=credentials)
        self._stubs: tuple[Any, Any] = (
            interception_pb2_grpc.InterceptionServiceStub(self.channel),
            feedback_pb2_grpc.FeedbackServiceStub(self.channel),
        )
        self.in_flight = 0
        """Requests for which it was picked and that are not done."""
        self.backs_off_until = 0.0
        """Its server sheds until then."""
        self.suspect_until = 0.0
        self._missed = 0
        self.channel.get_state(try_to_connect=True)

    @property
    def unavailable(self) -> bool:
        """Whether requests would fail at once."""
        return self.channel.get_state() in _UNAVAILABLE

    @property
    def ready(self) -> bool:
        """Whether requests would be sent at once."""
        return self.channel.get_state() is grpc.ChannelConnectivity.READY

    def accepts(self, now: float) -> bool:
        """Return whether it takes requests at *now*: connected, and not backing off."""
        return self.backs_off_until <= now and not self.unavailable

    def take(self) -> None:
        """Count a request before it is sent: others may be placed meanwhile."""
        self.in_flight += 1
        self.concurrency.begin()

    async def call(self, method: str, request: Any, deadline: float) -> Any:
        """Send the request it was picked for; raise `RequestFailed` without an answer."""
        try:
            answer = await self._call(method, request, deadline - self._now())
        except grpc.aio.AioRpcError as error:
            failure = failure_of(error)
            self._note(failure, self._now())
            raise failure from error
        finally:
            self.in_flight -= 1
            self.concurrency.end()
            self._freed()
        self.concurrency.answered()
        self._missed = 0
        self.suspect_until = 0.0
        return answer

    async def _call(self, method: str, request: Any, timeout: float) -> Any:
        if timeout <= 0:
            raise RequestFailed(grpc.StatusCode.DEADLINE_EXCEEDED, "no time left to send")
        decisions, feedback = self._stubs
        ask = getattr(decisions, method, None) or getattr(feedback, method)
        metadata = None if self._bearer is None else self._bearer.metadata()
        trace = trace_context.current()
        if trace is not None:
            metadata = (*(metadata or ()), (trace_context.TRACEPARENT, trace.header()))
        return await ask(request, timeout=timeout, metadata=metadata)

    def _note(self, failure: RequestFailed, now: float) -> None:
        if failure.status in _SHED:
            hint = BACKOFF_SECONDS if failure.retry_after is None else failure.retry_after
            self.backs_off_until = now + hint
        elif failure.status is grpc.StatusCode.DEADLINE_EXCEEDED:
            self.concurrency.missed()
            self._missed += 1
            if self._missed >= MISSES:
                self.suspect_until = now + SUSPECT_SECONDS
        elif failure.status is grpc.StatusCode.UNAVAILABLE:
            self.suspect_until = now + REFUSED_SECONDS


class Connections:
    """All connections to all targets."""

    def __init__(
        self,
        targets: Sequence[str],
        *,
        options: Options,
        credentials: grpc.ChannelCredentials | None,
        login: Login,
        freed: Callable[[], None],
        now: Callable[[], float],
    ) -> None:
        # Credentials passed by the caller imply TLS.
        encrypted = credentials is not None or login.encrypted
        credentials = login.credentials() if credentials is None else credentials
        limits = {target: AdaptiveConcurrency(options.max_in_flight) for target in targets}
        bearers = {target: login.bearer(target, encrypted=encrypted) for target in targets}
        self._all = [
            Connection(
                target,
                concurrency=limits[target],
                credentials=credentials,
                bearer=bearers[target],
                freed=freed,
                now=now,
            )
            for _ in range(options.connections)
            for target in targets
        ]
        self._now = now
        self._turn = 0

    @property
    def idle(self) -> bool:
        """Whether no request is under way."""
        return not any(one.in_flight for one in self._all)

    def pick(self, *, over_limit: bool = False, after: str = "") -> Connection | None:
        """Return the connection for one request, or None while all are at their limit.

        With *over_limit*, also one at its limit. After a failure at the target *after*, another
        is preferred. Raises `RequestFailed` when no request can be sent now.
        """
        now = self._now()
        usable = [one for one in self._in_turn() if one.accepts(now)]
        if not usable:
            raise self._no_connection(now)
        # A suspect is used only where all are.
        usable = [one for one in usable if one.suspect_until <= now] or usable
        if not over_limit:
            usable = [one for one in usable if not one.concurrency.full]
        if not usable:
            return None
        picked = min(usable, key=lambda one: (one.target == after, not one.ready, one.in_flight))
        picked.take()
        return picked

    async def wait_until_ready(self, timeout: float) -> bool:
        """Wait until one connection is ready; return whether one is."""
        waits = [asyncio.ensure_future(one.channel.channel_ready()) for one in self._all]
        try:
            done, _ = await asyncio.wait(
                waits, timeout=timeout, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            for wait in waits:
                wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
        return bool(done)

    async def close(self) -> None:
        """Close all connections; requests in flight end as cancelled."""
        for one in self._all:
            await one.channel.close()

    def _in_turn(self) -> list[Connection]:
        self._turn = (self._turn + 1) % len(self._all)
        return self._all[self._turn :] + self._all[: self._turn]

    def _no_connection(self, now: float) -> RequestFailed:
        rests = [one.backs_off_until - now for one in self._all if one.backs_off_until > now]
        if rests:
            return RequestFailed(
                grpc.StatusCode.RESOURCE_EXHAUSTED,
                "every server sheds load",
                min(rests),
            )
        return RequestFailed(grpc.StatusCode.UNAVAILABLE, "no target is serving")
