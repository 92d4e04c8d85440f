"""Server transactions of INVITE over UDP and TCP (RFC 3261, section 17.2.1).

An INVITE that comes again gets the response of the first again, and no other decision:

    decision pending ──final response──▶ completed ──ACK──▶ confirmed ──Timer I──▶ gone
                                         │  Timer G: sent again over UDP, 0.5 s, 1 s, 2 s, 4 s …
                                         └──Timer H, 32 s without ACK──▶ gone

Other requests need no table: each time they come, the answer is the same. The table is bounded:
beyond *most*, the oldest transaction is forgotten; a retransmission of its INVITE is decided anew.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from infra.sip.addresses import COOKIE, Hops, SipVia
from infra.sip.codec import SipHeaders, SipRequest

T1_SECONDS = 0.5
"""Estimate of a round trip; the pause before the first retransmission."""
_T2_PER_T1, _T4_PER_T1, _GIVE_UP_PER_T1 = 8, 10, 64
"""The longest pause between retransmissions, the life of a message in the network, and Timer H."""

TransactionKey = tuple[str, ...]


def key_of(request: SipRequest, via: SipVia) -> TransactionKey:
    """Return what identifies the transaction of an INVITE, or of the INVITE of an ACK or CANCEL.

    Peers before RFC 3261 have no branch that is unique (section 17.2.3).
    """
    sent_by = f"{via.host.lower()}:{via.port}"
    if via.branch.startswith(COOKIE):
        return via.branch, sent_by
    headers = request.headers
    return (
        request.uri,
        headers.first("from"),
        headers.first("call-id"),
        str(request.cseq),
        via.branch,
        sent_by,
    )


@dataclass(slots=True, kw_only=True, eq=False)
class ServerTransaction:
    """One INVITE and its response."""

    key: TransactionKey
    headers: SipHeaders
    """Of the request."""
    hops: Hops
    reliable: bool
    """Whether the transport is, so that nothing is sent again."""
    send: Callable[[bytes], None]
    tag: str
    """For To in responses."""
    response: bytes = b""
    """The final one; empty until it is sent."""
    timer: asyncio.TimerHandle | None = None
    retransmission: asyncio.TimerHandle | None = None
    gone: bool = False


class ServerTransactions:
    """The transactions of one server; used within one event loop."""

    def __init__(
        self, most: int, evicted: Callable[[], None], t1_seconds: float = T1_SECONDS
    ) -> None:
        self._most = most
        self._t1 = t1_seconds
        self._evicted = evicted
        self._open: dict[TransactionKey, ServerTransaction] = {}

    def __len__(self) -> int:
        return len(self._open)

    def find(self, key: TransactionKey) -> ServerTransaction | None:
        """Return the transaction that a request belongs to."""
        return self._open.get(key)

    def begin(self, opened: ServerTransaction) -> None:
        """Remember a new request."""
        while len(self._open) >= self._most:
            self._evicted()
            self._forget(next(iter(self._open.values())))
        self._open[opened.key] = opened
        # One whose decision never ends is forgotten, too.
        self._expire(opened, _GIVE_UP_PER_T1 * self._t1)

    def respond(self, transaction: ServerTransaction, response: bytes) -> None:
        """Send the final response, and again for as long as the peer may have missed it."""
        transaction.response = response
        transaction.send(response)
        if transaction.gone:
            return
        self._expire(transaction, _GIVE_UP_PER_T1 * self._t1)
        if not transaction.reliable:
            self._repeat(transaction, self._t1)

    def acknowledge(self, transaction: ServerTransaction) -> None:
        """Take an ACK: nothing is sent again, and further ones are absorbed for a while."""
        if not transaction.response:
            return
        if transaction.retransmission is not None:
            transaction.retransmission.cancel()
        if transaction.reliable:
            self._forget(transaction)
        else:
            self._expire(transaction, _T4_PER_T1 * self._t1)

    def close(self) -> None:
        """Forget all."""
        for transaction in list(self._open.values()):
            self._forget(transaction)

    def _repeat(self, transaction: ServerTransaction, pause: float) -> None:
        def send_again() -> None:
            transaction.send(transaction.response)
            self._repeat(transaction, min(2 * pause, _T2_PER_T1 * self._t1))

        loop = asyncio.get_running_loop()
        transaction.retransmission = loop.call_later(pause, send_again)

    def _expire(self, transaction: ServerTransaction, seconds: float) -> None:
        if transaction.timer is not None:
            transaction.timer.cancel()
        loop = asyncio.get_running_loop()
        transaction.timer = loop.call_later(seconds, self._forget, transaction)

    def _forget(self, transaction: ServerTransaction) -> None:
        transaction.gone = True
        for timer in (transaction.timer, transaction.retransmission):
            if timer is not None:
                timer.cancel()
        self._open.pop(transaction.key, None)
