"""The redirect server: takes messages from transports, and answers them (RFC 3261, section 8.3).

It keeps no dialogs and sends no requests. An INVITE outside of a dialog gets one final response;
the switch acts on it. A redirect server ignores what it does not understand, such as option tags in
Require; methods that make no sense here are answered 405.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from infra.safe_traceback import kind_and_places
from infra.sip.addresses import Hops, SipVia, read_via
from infra.sip.codec import (
    MalformedSip,
    RawSip,
    SipHeaders,
    SipRequest,
    is_response,
    read_request,
    split_message,
)
from integrations.sip import responses
from integrations.sip.metrics import SipMetrics
from integrations.sip.redirect import CallRedirector
from integrations.sip.responses import SipReply, serialised
from integrations.sip.settings import SipSettings
from integrations.sip.transactions import ServerTransaction, ServerTransactions, key_of

_LOGGER = logging.getLogger(__name__)
_DIALOG_METHODS = frozenset({"BYE", "UPDATE", "PRACK", "INFO", "REFER", "NOTIFY"})
_OF_TRANSACTIONS = frozenset({"INVITE", "ACK", "CANCEL"})
_MALFORMED = "malformed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SipPeer:
    """Who sent a message, and how it is answered."""

    transport: str
    """udp or tcp."""
    host: str
    port: int
    send: Callable[[bytes, SipVia], None]
    """Sends a response to the hop that its topmost Via names."""

    @property
    def reliable(self) -> bool:
        """Whether nothing is lost on the way."""
        return self.transport != "udp"


class SipRedirectServer:
    """Answers messages; transports hand them in. Used within one event loop."""

    def __init__(
        self, settings: SipSettings, redirector: CallRedirector, metrics: SipMetrics
    ) -> None:
        self._settings = settings
        self._redirector = redirector
        self._metrics = metrics
        self._transactions = ServerTransactions(settings.max_transactions, metrics.count_evicted)
        self._decisions: set[asyncio.Task[None]] = set()
        self._draining = False
        metrics.transactions.set_function(lambda: len(self._transactions))

    def receive(self, data: bytes, peer: SipPeer) -> None:
        """Take one message; never raises for what is in it."""
        try:
            raw = split_message(data)
        except MalformedSip:
            self._metrics.count_fault(_MALFORMED)
            return
        if is_response(raw):
            self._metrics.count_fault("response")
            return
        if len(data) > self._settings.max_message_bytes:
            self.refuse(raw, peer, responses.TOO_LARGE)
            return
        try:
            request = read_request(raw)
            hops = read_via(raw.headers.all("via"))
        except MalformedSip:
            self.refuse(raw, peer, responses.MALFORMED)
            return
        self._metrics.count_request(request.method, peer.transport)
        self._handle(request, (hops[0].seen_from(peer.host, peer.port), hops[1]), peer)

    def refuse(self, raw: RawSip, peer: SipPeer, reply: SipReply) -> None:
        """Answer a request that cannot be read, where it says enough of who sent it."""
        self._metrics.count_fault("too_large" if reply is responses.TOO_LARGE else _MALFORMED)
        headers = raw.headers
        if raw.first_line.startswith("ACK ") or not _can_be_answered(headers):
            return
        try:
            top, below = read_via(headers.all("via"))
        except MalformedSip:
            return
        self._send(reply, headers, (top.seen_from(peer.host, peer.port), below), peer)

    async def drain(self) -> None:
        """Tell switches to turn away, and answer what waits."""
        self._draining = True
        await asyncio.sleep(self._settings.drain_seconds)
        if self._decisions:
            await asyncio.wait(self._decisions, timeout=self._settings.timeout_ms / 1000)
        self._transactions.close()

    def _handle(self, request: SipRequest, hops: Hops, peer: SipPeer) -> None:
        known = None
        if request.method in _OF_TRANSACTIONS:
            known = self._transactions.find(key_of(request, hops[0]))
        if request.method == "ACK":
            if known is not None:
                self._transactions.acknowledge(known)
        elif request.method == "CANCEL":
            self._cancel(request, hops, peer, known)
        elif known is not None:
            self._metrics.count_repeated()
            if known.response:
                known.send(known.response)
        elif request.method == "INVITE" and not responses.has_tag(request.headers.first("to")):
            self._decide(request, hops, peer)
        else:
            self._send(self._plain(request), request.headers, hops, peer)

    def _plain(self, request: SipRequest) -> SipReply:
        if request.method == "OPTIONS":
            return responses.UNAVAILABLE if self._draining else responses.SERVING
        if request.method == "INVITE" or request.method in _DIALOG_METHODS:
            return responses.NO_TRANSACTION
        return responses.NOT_ALLOWED

    def _decide(self, request: SipRequest, hops: Hops, peer: SipPeer) -> None:
        transaction = ServerTransaction(
            key=key_of(request, hops[0]),
            headers=request.headers,
            hops=hops,
            reliable=peer.reliable,
            send=lambda data: peer.send(data, hops[0]),
            tag=responses.new_tag(),
        )
        self._transactions.begin(transaction)
        task = asyncio.get_running_loop().create_task(self._answer(request, transaction))
        self._decisions.add(task)
        task.add_done_callback(self._decisions.discard)

    async def _answer(self, request: SipRequest, transaction: ServerTransaction) -> None:
        try:
            reply = await self._redirector.reply(request)
        except Exception as error:  # in doubt, the phone rings
            _LOGGER.error("a call was let through: %s", kind_and_places(error))  # noqa: TRY400
            self._metrics.count_fault("internal")
            reply = self._redirector.let_through(request)
        if not transaction.response:
            self._finish(transaction, reply)

    def _cancel(
        self, request: SipRequest, hops: Hops, peer: SipPeer, known: ServerTransaction | None
    ) -> None:
        if known is None:
            self._send(responses.NO_TRANSACTION, request.headers, hops, peer)
            return
        self._send(responses.OK, request.headers, hops, peer, tag=known.tag)
        if not known.response:
            self._finish(known, responses.CANCELLED)

    def _finish(self, transaction: ServerTransaction, reply: SipReply) -> None:
        self._metrics.count_response(reply.status)
        data = serialised(reply, transaction.headers, transaction.hops, transaction.tag)
        self._transactions.respond(transaction, data)

    def _send(
        self, reply: SipReply, headers: SipHeaders, hops: Hops, peer: SipPeer, tag: str = ""
    ) -> None:
        self._metrics.count_response(reply.status)
        peer.send(serialised(reply, headers, hops, tag or responses.new_tag()), hops[0])


def _can_be_answered(headers: SipHeaders) -> bool:
    return all(headers.first(name) for name in ("from", "to", "call-id", "cseq"))
