"""A call that we make: rings, is answered or refused, carries requests of the peer, ends once.

Redirections (3xx) are refusals: who is called is for us to say, not for whoever is called.
"""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from infra.sip.codec import SipRequest, SipResponse
from infra.sip.dialog import SipDialog, SipWritten, tag_of
from infra.sip.digest import SipCredentials, authorization, read_challenge
from infra.sip.exchange import SipExchange

ALLOWED = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE"
NO_RESPONSE = 408
_RINGS, _OK, _REFUSED = 180, 200, 300
_CHALLENGES = {401: ("www-authenticate", "Authorization"),
               407: ("proxy-authenticate", "Proxy-Authorization")}  # fmt: skip
_AFTER_CANCEL_SECONDS = 5.0
_BYE_SECONDS = 5.0
_MOST_INFO_BYTES = 256
_SIGNAL = re.compile(r"^\s*Signal\s*=\s*([0-9A-D*#])\s*$", re.IGNORECASE | re.MULTILINE)
_PLAIN_KEY = re.compile(r"\s*([0-9A-D*#])\s*", re.IGNORECASE)


class CallRefused(Exception):
    """A call that was not answered; `status` is that of SIP, 408 for no response in time."""

    def __init__(
        self, status: int, phrase: str, *, rang: bool, silent: bool = False, retry_after: str = ""
    ) -> None:
        super().__init__(f"{status} {phrase}")
        self.status = status
        self.rang = rang
        """Whether the phone has rung."""
        self.silent = silent
        """Whether nothing came at all."""
        self.retry_after = retry_after
        """As the header has it; empty without one."""


class CallingAgent(Protocol):
    """What a call needs of the agent that it belongs to."""

    def exchange(
        self,
        written: SipWritten,
        *,
        acknowledge: Callable[[SipResponse], None] = ...,
        succeeded_again: Callable[[SipResponse], None] = ...,
    ) -> SipExchange:
        """Send a request whose responses come to the exchange that is returned."""

    def send(self, data: bytes) -> None:
        """Send what nobody answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InDialogReply:
    """What to answer to a request within a call."""

    status: int
    phrase: str
    body: bytes = b""
    """A session description, or nothing."""


class OutgoingCall:
    """One call; `ring` first, then it goes on until `ended` is done."""

    def __init__(
        self,
        agent: CallingAgent,
        dialog: SipDialog,
        offer: bytes,
        *,
        credentials: SipCredentials | None,
        on_key: Callable[[str], None] = lambda _key: None,
    ) -> None:
        """*on_key* is called for each key that comes in an INFO."""
        self.dialog = dialog
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """Done when the call is over: by whom."""
        self.rang = False
        self._agent = agent
        self._offer = offer
        self._credentials = credentials
        self._on_key = on_key
        self._heard = False
        self._given_up = False
        self._answered = False
        self._invite: SipWritten | None = None
        self._last: tuple[int, InDialogReply] = (0, InDialogReply(status=200, phrase="OK"))

    async def ring(self, seconds: float) -> bytes:
        """Call, and wait up to *seconds*; return the answer's session description.

        Raises `CallRefused` where nobody answers.
        """
        exchange = self._invited()
        try:
            async with asyncio.timeout(seconds):
                response = await self._final_of(exchange)
                if response.status in _CHALLENGES and (again := self._authorized(response)):
                    exchange = self._invited(*again)
                    response = await self._final_of(exchange)
        except TimeoutError:
            await self._cancel(exchange)
            raise CallRefused(
                NO_RESPONSE, "nobody answered in time", rang=self.rang, silent=not self._heard
            ) from None
        except asyncio.CancelledError:
            await asyncio.shield(self._cancel(exchange))
            raise
        if response.status >= _REFUSED:
            self._over("refused")
            raise CallRefused(
                response.status,
                response.phrase,
                rang=self.rang,
                retry_after=response.headers.first("retry-after"),
            )
        return response.body

    async def hang_up(self) -> None:
        """End the call; return when the peer has said so, or soon."""
        if self.ended.done() or not self._answered:
            return
        self._over("us")
        await self._agent.exchange(self.dialog.request("BYE")).final(_BYE_SECONDS)

    def give_up(self) -> None:
        """End the call without waiting for the peer to agree."""
        if self._answered and not self.ended.done():
            self._over("us")
            self._agent.exchange(self.dialog.request("BYE"))

    def take(self, request: SipRequest) -> InDialogReply:
        """Return what to answer to a request of the peer; repeated, the same."""
        no_dialog = InDialogReply(status=481, phrase="Call/Transaction Does Not Exist")
        if not self._answered or tag_of(request.headers.first("from")) != self.dialog.remote_tag:
            return no_dialog
        if request.cseq <= self._last[0]:
            return self._last[1]
        if self.ended.done():
            return no_dialog
        self._last = (request.cseq, self._reply(request))
        return self._last[1]

    def _reply(self, request: SipRequest) -> InDialogReply:
        match request.method:
            case "BYE":
                self._over("the person")
            case "INFO":
                self._take_key(request)
            case "INVITE" | "UPDATE" if request.body or request.method == "INVITE":
                # The session stays as it is: a refresh of its timer, or a hold, is agreed to.
                return InDialogReply(status=200, phrase="OK", body=self._offer)
            case "UPDATE" | "OPTIONS":
                pass
            case _:
                return InDialogReply(status=501, phrase="Not Implemented")
        return InDialogReply(status=200, phrase="OK")

    def _take_key(self, request: SipRequest) -> None:
        if len(request.body) > _MOST_INFO_BYTES:
            return
        kind = request.headers.first("content-type").partition(";")[0].strip().lower()
        text = request.body.decode("ascii", "replace")
        found = None
        if kind == "application/dtmf-relay":
            found = _SIGNAL.search(text)
        elif kind == "application/dtmf":
            found = _PLAIN_KEY.fullmatch(text)
        if found is not None:
            self._on_key(found[1].upper())

    def _invited(self, *headers: tuple[str, str]) -> SipExchange:
        written = self.dialog.request(
            "INVITE",
            headers=(("Allow", ALLOWED), ("Content-Type", "application/sdp"), *headers),
            body=self._offer,
        )
        self._invite = written

        def refused(response: SipResponse) -> None:
            to = response.headers.first("to")
            self._agent.send(self.dialog.request("ACK", like=written, to=to).data)

        def succeeded(response: SipResponse) -> None:
            self._confirm(written, response)

        return self._agent.exchange(written, acknowledge=refused, succeeded_again=succeeded)

    async def _final_of(self, exchange: SipExchange) -> SipResponse:
        while (response := await exchange.response()).status < _OK:
            self._heard = True
            self.rang = self.rang or response.status >= _RINGS
        return response

    def _authorized(self, response: SipResponse) -> tuple[tuple[str, str]] | None:
        asked, answered_in = _CHALLENGES[response.status]
        challenge = read_challenge(response.headers.all(asked))
        if challenge is None or self._credentials is None or self._invite is None:
            return None
        value = authorization(
            challenge, self._credentials, method="INVITE", uri=self._invite.uri
        )  # fmt: skip
        return ((answered_in, value),)

    def _confirm(self, invite: SipWritten, response: SipResponse) -> None:
        """Acknowledge a 2xx, each time that it comes; end what nobody waits for any more."""
        tag = tag_of(response.headers.first("to"))
        if not self._answered:
            self._answered = True
            self.dialog.answered(response)
        if tag == self.dialog.remote_tag:
            self._agent.send(self.dialog.acknowledgement(invite).data)
            if self._given_up and not self.ended.done():
                self._over("us")
                self._agent.exchange(self.dialog.request("BYE"))
            return
        self._end_other_branch(invite, response)

    def _end_other_branch(self, invite: SipWritten, response: SipResponse) -> None:
        """Acknowledge and end the second of two phones that have answered one call."""
        other = SipDialog(
            local_uri=self.dialog.local_uri,
            remote_uri=self.dialog.remote_uri,
            contact=self.dialog.contact,
            hop=self.dialog.hop,
            call_id=self.dialog.call_id,
            local_tag=self.dialog.local_tag,
            cseq=self.dialog.cseq,
        )
        other.answered(response)
        self._agent.send(other.acknowledgement(invite).data)
        self._agent.exchange(other.request("BYE"))

    async def _cancel(self, exchange: SipExchange) -> None:
        """Give up: cancel what has begun to ring; an answer that comes yet is ended at once."""
        self._given_up = True
        exchange.stop()
        if self._answered:
            self._over("us")
            self._agent.exchange(self.dialog.request("BYE"))
            return
        if self._heard:
            self._agent.exchange(self.dialog.request("CANCEL", like=exchange.written))
            await exchange.final(_AFTER_CANCEL_SECONDS)
        if not self._answered:
            self._over("us")

    def _over(self, by: str) -> None:
        if not self.ended.done():
            self.ended.set_result(by)
