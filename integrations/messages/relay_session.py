"""One client and its connection to the message centre, from the bind to the end.

The client's bind opens a connection of its own upstream and is forwarded with its credentials, so
the message centre sees each client as without the relay: its login, its window, its throttling.
Either connection that ends, ends the other.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from enum import Enum

import structlog

from integrations.messages.carried_message import MessageDirection
from integrations.messages.dialect import Dialect, PduKind, RelayedPdu
from integrations.messages.frames import FrameFault
from integrations.messages.lane import Lane, RelayedRequest
from integrations.messages.message_flow import MessageFlow
from integrations.messages.peer_link import LinkOwner, PeerLink
from integrations.messages.relay_metrics import RelayMetrics
from integrations.messages.relay_settings import RelaySettings
from integrations.messages.text_judge import TextJudge

_LOG = structlog.get_logger(__name__)
_WATCH_SECONDS = 0.5
_LINGER_SECONDS = 1.0
_HARD_LIMIT = 2
"""Times the window: what is held while answers of the same peer are waited for."""

Connect = Callable[[Callable[[PeerLink], LinkOwner]], Awaitable[PeerLink]]
"""Connects to the message centre; raises `OSError` or `TimeoutError`."""


class _State(Enum):
    OPEN = "open"
    """Connected, not bound."""
    CONNECTING = "connecting"
    BINDING = "binding"
    BOUND = "bound"
    ENDING = "ending"
    ENDED = "ended"


class RelaySession:
    """Made when a client connects; *ended* is called once, when all is over."""

    def __init__(
        self,
        client: PeerLink,
        *,
        dialect: Dialect,
        settings: RelaySettings,
        judge: TextJudge,
        metrics: RelayMetrics,
        connect: Connect,
        ended: "Callable[[RelaySession], None]",
    ) -> None:
        self._dialect = dialect
        self._settings = settings
        self._metrics = metrics
        self._connect = connect
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self._client = client
        self._centre: PeerLink | None = None
        self._state = _State.OPEN
        self._draining = False
        self._idle = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._begun = self._loop.time()
        self._up = Lane(MessageDirection.SUBMIT, dialect, client, self._progress)
        self._down: Lane | None = None
        self._flows: dict[MessageDirection, MessageFlow] = {}
        self._judge = judge
        self._flows[MessageDirection.SUBMIT] = self._flow(self._up)
        self._watching = self._loop.call_later(_WATCH_SECONDS, self._watch)
        metrics.open_session()

    def received(self, link: PeerLink, octets: bytes) -> None:
        """Act on one PDU of either peer."""
        pdu = self._dialect.parse(octets)
        from_client = link is self._client
        direction = MessageDirection.SUBMIT if from_client else MessageDirection.DELIVER
        kind = self._dialect.kind(pdu, direction)
        if kind is PduKind.RESPONSE or kind is PduKind.FAULT:
            self._responded(self._down if from_client else self._up, pdu)
        elif kind is PduKind.KEEPALIVE:
            link.send(self._dialect.reply_keepalive(pdu))
        elif kind is PduKind.UNKNOWN:
            self._reply_unknown(link, pdu)
        elif kind is PduKind.BIND:
            self._bind(pdu)
        else:
            self._request(link, self._up if from_client else self._down, pdu, kind)

    def unframed(self, link: PeerLink, fault: FrameFault) -> None:
        """Answer a stream that cannot be read any further, and end the session."""
        self._metrics.count_fault("unframed")
        link.send(self._dialect.reply_unframed(fault.header))
        self.end("unframed")

    def slowed(self, link: PeerLink) -> None:
        """Stop or go on sending to a peer that reads slowly."""
        for lane in self._lanes():
            if lane.sink is link and not link.is_slow:
                lane.release()
        self._progress()

    def lost(self, link: PeerLink) -> None:
        """End the session, as one of its connections has; what the client sent still leaves."""
        if self._state in {_State.ENDED, _State.ENDING}:
            return
        if link is self._client and self._up.in_flight and self._centre is not None:
            self._state = _State.ENDING
            self._flows[MessageDirection.SUBMIT].judge_incomplete()
            self._spawn(self._end_when_sent())
            return
        self.end("client_left" if link is self._client else "centre_left")

    async def drain(self) -> None:
        """Take no more requests, wait for the answers to those under way, unbind, end."""
        self._draining = True
        for flow in self._flows.values():
            flow.judge_incomplete()
        await self._until_idle()
        if self._state is _State.BOUND:
            for lane in self._lanes():
                lane.say_unbind()
        self.end("drained")

    def end(self, reason: str) -> None:
        """Send what has been written, and close both connections."""
        if self._state is _State.ENDED:
            return
        self._state = _State.ENDED
        self._watching.cancel()
        for flow in self._flows.values():
            flow.end()
        for task in self._tasks:
            task.cancel()
        for link in (self._client, self._centre):
            if link is not None:
                link.close()
                # Whoever does not read what is left is not waited for.
                self._loop.call_later(_LINGER_SECONDS, link.abort)
        self._metrics.end_session(reason)
        _LOG.info("session ended", reason=reason)
        self._ended(self)

    def _request(self, link: PeerLink, lane: Lane | None, pdu: RelayedPdu, kind: PduKind) -> None:
        if lane is None or self._state is not _State.BOUND:
            if self._state in {_State.OPEN, _State.BINDING}:
                link.send(self._dialect.reply_too_early(pdu))
            return
        other = self._down if lane is self._up else self._up
        if kind is not PduKind.UNBIND and (self._draining or self._is_beyond(lane, other)):
            self._metrics.count_throttled(lane.direction)
            link.send(self._dialect.reply_throttled(pdu))
            return
        request = RelayedRequest(pdu, kind, pdu.octets)
        lane.add(request)
        flow = self._flows[lane.direction]
        if kind is PduKind.MESSAGE:
            request.ready = False
            flow.take(request)
        if kind is PduKind.UNBIND or lane.in_flight >= self._settings.window:
            flow.judge_incomplete()
        lane.release()

    def _is_beyond(self, lane: Lane, other: Lane | None) -> bool:
        limit = self._settings.window * _HARD_LIMIT
        return lane.in_flight >= limit and other is not None and other.is_awaiting

    def _responded(self, lane: Lane | None, pdu: RelayedPdu) -> None:
        if lane is None or lane.is_kept_alive(pdu):
            return
        request = lane.answered(pdu)
        if request is None:
            self._metrics.count_fault("unexpected_response")
            return
        if request.kind is PduKind.BIND:
            bound = self._dialect.is_bound(pdu)
            self._state = _State.BOUND if bound else _State.OPEN
        elif request.kind is PduKind.UNBIND:
            self.end("unbound")
            return
        self._progress()

    def _reply_unknown(self, link: PeerLink, pdu: RelayedPdu) -> None:
        self._metrics.count_fault("unknown_command")
        answer = self._dialect.reply_unknown(pdu)
        if answer:
            link.send(answer)
        else:
            self.end("unknown_command")

    def _bind(self, pdu: RelayedPdu) -> None:
        if self._state is not _State.OPEN or self._draining:
            self._client.send(self._dialect.reply_bound_already(pdu))
            return
        for flow in self._flows.values():
            flow.trunk = self._dialect.client_name(pdu)
        if self._centre is not None:
            self._forward_bind(pdu)
            return
        self._state = _State.CONNECTING
        self._client.hold(held=True)
        self._spawn(self._open(pdu))

    async def _open(self, bind: RelayedPdu) -> None:
        try:
            self._centre = await self._connect(self._take_centre)
        except (OSError, TimeoutError):
            _LOG.warning("the message centre cannot be reached")
            self._metrics.count_fault("no_upstream")
            self._client.send(self._dialect.reply_no_upstream(bind))
            self.end("no_upstream")
            return
        self._client.hold(held=False)
        self._forward_bind(bind)

    def _take_centre(self, link: PeerLink) -> LinkOwner:
        self._centre = link
        self._down = Lane(MessageDirection.DELIVER, self._dialect, link, self._progress)
        self._up.sink, self._down.sink = link, self._client
        flow = self._flow(self._down)
        flow.trunk = self._flows[MessageDirection.SUBMIT].trunk
        self._flows[MessageDirection.DELIVER] = flow
        return self

    def _forward_bind(self, bind: RelayedPdu) -> None:
        self._state = _State.BINDING
        self._up.add(RelayedRequest(bind, PduKind.BIND, bind.octets))
        self._up.release()

    async def _until_idle(self) -> None:
        """Wait until what was submitted is answered, for a while; deliveries are sent again."""
        self._progress()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._settings.drain_seconds):
                await self._idle.wait()

    def _progress(self) -> None:
        if not self._up.in_flight or self._state is _State.ENDED:
            self._idle.set()
        else:
            self._idle.clear()
        if self._state is not _State.BOUND or self._down is None:
            return
        window = self._settings.window
        for lane, other in ((self._up, self._down), (self._down, self._up)):
            full = lane.in_flight >= window and not other.is_awaiting
            lane.source.hold(held=full or lane.source.is_slow)

    async def _end_when_sent(self) -> None:
        await self._until_idle()
        self._up.say_unbind()
        self.end("client_left")

    def _watch(self) -> None:
        now = self._loop.time()
        self._watching = self._loop.call_later(_WATCH_SECONDS, self._watch)
        if self._state is _State.ENDING:
            return
        if self._state is not _State.BOUND:
            if now - self._begun > self._settings.bind_seconds + self._settings.connect_seconds:
                self.end("not_bound")
            return
        for lane in self._lanes():
            oldest = lane.oldest_sent_at
            if oldest is not None and now - oldest > self._settings.response_seconds:
                self.end("no_response")
                return
            sink = lane.sink
            if sink is not None and now - sink.last_heard > self._settings.keepalive_seconds:
                lane.keep_alive()
                self._progress()

    def _flow(self, lane: Lane) -> MessageFlow:
        return MessageFlow(lane, self._dialect, self._judge, self._settings, self._metrics)

    def _lanes(self) -> list[Lane]:
        return [self._up] if self._down is None else [self._up, self._down]

    def _spawn(self, work: Awaitable[None]) -> None:
        async def run() -> None:
            with suppress(asyncio.CancelledError):
                await work

        task = self._loop.create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
