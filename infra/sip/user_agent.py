"""A SIP user agent that calls over one link, and answers what its peer asks (RFC 3261, section 8).

It takes no calls. What it cannot read it drops, and counts: its peer sends it again, or not at all.
"""

import asyncio
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from infra.sip.addresses import Hops, read_address, read_via
from infra.sip.codec import (
    MalformedSip,
    SipRequest,
    SipResponse,
    is_response,
    read_request,
    read_response,
    split_message,
)
from infra.sip.dialog import SipDialog, SipWritten, tag_of
from infra.sip.digest import SipCredentials
from infra.sip.exchange import MOST_SECONDS, SipExchange
from infra.sip.link import SipLink, SipPeerAddress
from infra.sip.outgoing_call import ALLOWED, InDialogReply, OutgoingCall

_SERVING = InDialogReply(status=200, phrase="OK")
_NO_CALLS = InDialogReply(status=480, phrase="Temporarily Unavailable")
_NO_DIALOG = InDialogReply(status=481, phrase="Call/Transaction Does Not Exist")
_NOT_ALLOWED = InDialogReply(status=405, phrase="Method Not Allowed")


@dataclass(frozen=True, slots=True, kw_only=True)
class SipIdentity:
    """Who calls, and where the trunk knows us."""

    user: str
    """The number or name in From."""
    domain: str
    credentials: SipCredentials | None = None

    @property
    def uri(self) -> str:
        """Our address."""
        return f"sip:{self.user}@{self.domain}"


class SipUserAgent:
    """Makes calls to one peer."""

    def __init__(self, peer: SipPeerAddress, identity: SipIdentity) -> None:
        self.identity = identity
        self.link = SipLink(peer, self._receive)
        self.unreadable = 0
        """Messages that could not be read."""
        self._exchanges: dict[tuple[str, str], SipExchange] = {}
        self._calls: dict[str, OutgoingCall] = {}

    async def open(self) -> None:
        """Begin to connect."""
        await self.link.open()

    async def close(self) -> None:
        """Stop what is under way, and disconnect; calls are hung up by whoever made them."""
        for exchange in self._exchanges.values():
            exchange.stop()
        await self.link.close()

    def dialog(self, remote_uri: str) -> SipDialog:
        """Return a dialog that begins, over the connection that there is."""
        host, port = self.link.local
        place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        transport = self.link.peer.transport
        return SipDialog(
            local_uri=self.identity.uri,
            remote_uri=remote_uri,
            contact=f"sip:{self.identity.user}@{place};transport={transport.lower()}",
            hop=f"{transport} {place}",
        )

    def call(
        self, number: str, offer: bytes, *, on_key: Callable[[str], None] = lambda _key: None
    ) -> OutgoingCall:
        """Return a call to a number at the domain of the trunk, to be rung."""
        dialog = self.dialog(f"sip:{number}@{self.identity.domain}")
        call = OutgoingCall(
            self, dialog, offer, credentials=self.identity.credentials, on_key=on_key
        )
        self._calls[dialog.call_id] = call
        # An answer or a BYE may come after the end, again.
        call.ended.add_done_callback(lambda _: self._forget_call(dialog.call_id))
        return call

    def exchange(
        self,
        written: SipWritten,
        *,
        acknowledge: Callable[[SipResponse], None] = lambda _response: None,
        succeeded_again: Callable[[SipResponse], None] = lambda _response: None,
    ) -> SipExchange:
        """Send a request; the exchange takes its responses for as long as they may come."""
        found = SipExchange(
            written,
            self.link.send,
            reliable=self.link.reliable,
            acknowledge=acknowledge,
            succeeded_again=succeeded_again,
        )
        key = (written.branch, written.method)
        self._exchanges[key] = found
        if written.method != "INVITE":
            self._later(lambda: self._exchanges.pop(key, None))
        return found

    def send(self, data: bytes) -> None:
        """Send what nobody answers."""
        self.link.send(data)

    def _forget_call(self, call_id: str) -> None:
        def forget() -> None:
            self._calls.pop(call_id, None)
            for key, one in list(self._exchanges.items()):
                if one.written.call_id == call_id:
                    del self._exchanges[key]

        self._later(forget)

    def _later(self, forget: Callable[[], object]) -> None:
        asyncio.get_running_loop().call_later(MOST_SECONDS, forget)

    def _receive(self, data: bytes) -> None:
        try:
            raw = split_message(data)
            if is_response(raw):
                self._take_response(read_response(raw))
            else:
                self._take_request(read_request(raw))
        except MalformedSip:
            self.unreadable += 1

    def _take_response(self, response: SipResponse) -> None:
        top, _ = read_via(response.headers.all("via"))
        exchange = self._exchanges.get((top.branch, response.method))
        if exchange is not None:
            exchange.take(response)

    def _take_request(self, request: SipRequest) -> None:
        hops = read_via(request.headers.all("via"))
        if request.method == "ACK":
            return
        call = self._calls.get(request.headers.first("call-id"))
        if call is not None and tag_of(request.headers.first("to")) == call.dialog.local_tag:
            reply = call.take(request)
            tag, contact = call.dialog.local_tag, call.dialog.contact
        else:
            reply = _reply_outside(request)
            tag, contact = secrets.token_hex(8), self.dialog(self.identity.uri).contact
        self.link.send(_response(request, reply, hops=hops, tag=tag, contact=contact))


def _reply_outside(request: SipRequest) -> InDialogReply:
    """Return what to answer to a request that belongs to no call."""
    with suppress(MalformedSip):
        if read_address(request.headers.first("to")).parameters.get("tag"):
            return _NO_DIALOG
    if request.method == "OPTIONS":
        return _SERVING
    return _NO_CALLS if request.method == "INVITE" else _NOT_ALLOWED


def _response(
    request: SipRequest, reply: InDialogReply, *, hops: Hops, tag: str, contact: str
) -> bytes:
    headers, (top, below) = request.headers, hops
    to = headers.first("to")
    lines = [
        f"SIP/2.0 {reply.status} {reply.phrase}",
        f"Via: {top.text}",
        *(f"Via: {hop}" for hop in below),
        *(f"Record-Route: {one}" for one in headers.all("record-route")),
        f"From: {headers.first('from')}",
        f"To: {to if tag_of(to) else f'{to};tag={tag}'}",
        f"Call-ID: {headers.first('call-id')}",
        f"CSeq: {headers.first('cseq')}",
        f"Contact: <{contact}>",
        f"Allow: {ALLOWED}",
    ]
    if reply.body:
        lines.append("Content-Type: application/sdp")
    lines += [f"Content-Length: {len(reply.body)}", "", ""]
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + reply.body
