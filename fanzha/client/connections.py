"""The connections of a client, and which of them takes the next request.

gRPC itself reconnects, and watches the health of what it is connected to: a channel whose
server is not SERVING is in TRANSIENT_FAILURE. Left to us are three things that it does not
do: several connections for each target, leaving a server alone that sheds, and turning from
one that is connected but does not answer.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import grpc

from fanzha.client import channels
from fanzha.client.concurrency import AdaptiveConcurrency
from fanzha.client.failures import RequestFailed, failure_of
from fanzha.client.login import Bearer, Login
from fanzha.client.options import Options
from fanzha.v1 import feedback_pb2_grpc, interception_pb2, interception_pb2_grpc

_SERVICE = interception_pb2.DESCRIPTOR.services_by_name["InterceptionService"].full_name
_AWAY = (grpc.ChannelConnectivity.TRANSIENT_FAILURE, grpc.ChannelConnectivity.SHUTDOWN)

_SHED = (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.CANCELLED)
"""The second is how gRPC's core cuts a server's line."""

REST_SECONDS = 0.02
"""For a connection whose server sheds and does not say for how long."""
MISSES = 3
"""So many deadlines missed in a row make a suspect: others are preferred."""
SUSPECT_SECONDS = 1.0
"""Before a suspect is tried again."""
REFUSED_SECONDS = 0.1
"""The same for one that is connected, but said UNAVAILABLE."""


class Connection:
    """One channel to one target."""

    def __init__(
        self,
        target: str,
        *,
        pace: AdaptiveConcurrency,
        credentials: grpc.ChannelCredentials | None,
        bearer: Bearer | None,
        freed: Callable[[], None],
        now: Callable[[], float],
    ) -> None:
        self.target = target
        self.pace = pace
        self._bearer = bearer
        self._freed = freed
        self._now = now
        self.channel = channels.balanced(target, watched=_SERVICE, credentials=credentials)
        self._stubs: tuple[Any, Any] = (
            interception_pb2_grpc.InterceptionServiceStub(self.channel),
            feedback_pb2_grpc.FeedbackServiceStub(self.channel),
        )
        self.in_flight = 0
        """Requests for which it was picked, and that are not over."""
        self.rests_until = 0.0
        """Until then its server wants to be left alone."""
        self.suspect_until = 0.0
        self._missed = 0
        self.channel.get_state(try_to_connect=True)

    @property
    def away(self) -> bool:
        """Whether requests would fail at once."""
        return self.channel.get_state() in _AWAY

    @property
    def ready(self) -> bool:
        """Whether requests would be sent at once."""
        return self.channel.get_state() is grpc.ChannelConnectivity.READY

    def take(self) -> None:
        """Count a request in, before it begins: others may be placed meanwhile."""
        self.in_flight += 1
        self.pace.begin()

    async def ask(self, method: str, request: Any, deadline: float) -> Any:
        """Send the request it was picked for; raise `RequestFailed` for want of an answer."""
        try:
            answer = await self._ask(method, request, deadline - self._now())
        except grpc.aio.AioRpcError as error:
            failure = failure_of(error)
            self._note(failure, self._now())
            raise failure from error
        finally:
            self.in_flight -= 1
            self.pace.end()
            self._freed()
        self.pace.answered()
        self._missed = 0
        self.suspect_until = 0.0
        return answer

    async def _ask(self, method: str, request: Any, timeout: float) -> Any:
        if timeout <= 0:
            raise RequestFailed(grpc.StatusCode.DEADLINE_EXCEEDED, "no time left to ask")
        decisions, feedback = self._stubs
        ask = getattr(decisions, method, None) or getattr(feedback, method)
        metadata = None if self._bearer is None else self._bearer.metadata()
        return await ask(request, timeout=timeout, metadata=metadata)

    def _note(self, failure: RequestFailed, now: float) -> None:
        if failure.status in _SHED:
            hint = REST_SECONDS if failure.retry_after is None else failure.retry_after
            self.rests_until = now + hint
        elif failure.status is grpc.StatusCode.DEADLINE_EXCEEDED:
            self.pace.missed()
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
        # Credentials that were handed in are taken for TLS.
        encrypted = credentials is not None or login.encrypted
        credentials = login.credentials() if credentials is None else credentials
        paces = {target: AdaptiveConcurrency(options.max_in_flight) for target in targets}
        bearers = {target: login.bearer(target, encrypted=encrypted) for target in targets}
        self._all = [
            Connection(
                target,
                pace=paces[target],
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

    def pick(self, *, crowded: bool = False, after: str = "") -> Connection | None:
        """Return the connection for one request, or None while all have enough to do.

        *crowded* ones are taken, too, when asked for. After a failure at the target *after*,
        another is preferred. Raises `RequestFailed` when no request can be sent now.
        """
        now = self._now()
        usable = [one for one in self._in_turn() if one.rests_until <= now and not one.away]
        if not usable:
            raise self._why_none(now)
        # A suspect is asked only where all are.
        usable = [one for one in usable if one.suspect_until <= now] or usable
        if not crowded:
            usable = [one for one in usable if not one.pace.full]
        if not usable:
            return None
        picked = min(usable, key=lambda one: (one.target == after, not one.ready, one.in_flight))
        picked.take()
        return picked

    async def wait_until_ready(self, timeout: float) -> bool:
        """Wait until one connection is ready; tell whether one is."""
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
        """Close all connections; what is under way ends as cancelled."""
        for one in self._all:
            await one.channel.close()

    def _in_turn(self) -> list[Connection]:
        self._turn = (self._turn + 1) % len(self._all)
        return self._all[self._turn :] + self._all[: self._turn]

    def _why_none(self, now: float) -> RequestFailed:
        rests = [one.rests_until - now for one in self._all if one.rests_until > now]
        if rests:
            return RequestFailed(
                grpc.StatusCode.RESOURCE_EXHAUSTED,
                "every server asked to be left alone",
                min(rests),
            )
        return RequestFailed(grpc.StatusCode.UNAVAILABLE, "no target is serving")
