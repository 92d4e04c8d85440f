"""A request that was sent, and its responses: the client transaction of RFC 3261, section 17.1.

Over UDP the request is sent again, after half a second and twice as long each time, until a
response comes. A refusal of an INVITE is acknowledged each time that it comes.
"""

import asyncio
from collections.abc import Callable

from infra.sip.codec import SipResponse
from infra.sip.dialog import SipWritten

FIRST_SECONDS = 0.5
"""T1 of the RFC."""
SLOWEST_SECONDS = 4.0
"""T2: the longest time between two repetitions of a request other than INVITE."""
MOST_SECONDS = 32.0
"""64 * T1: how long a response is waited for, and how long repetitions of the last may come."""
_FINAL = 200
_REFUSED = 300
_MOST_WAITING = 64


class SipExchange:
    """Waits for the responses to one request."""

    def __init__(
        self,
        written: SipWritten,
        send: Callable[[bytes], None],
        *,
        reliable: bool,
        acknowledge: Callable[[SipResponse], None] = lambda _response: None,
        succeeded_again: Callable[[SipResponse], None] = lambda _response: None,
    ) -> None:
        """*acknowledge* is called at each refusal of an INVITE, *succeeded_again* at each 2xx."""
        self.written = written
        self._send = send
        self._acknowledge = acknowledge
        self._succeeded = succeeded_again
        self._responses = asyncio.Queue[SipResponse]()
        self._final = False
        send(written.data)
        self._repeating = None if reliable else asyncio.create_task(self._repeat())

    def take(self, response: SipResponse) -> None:
        """Take a response that came."""
        is_invite = self.written.method == "INVITE"
        if is_invite or response.status >= _FINAL:
            self.stop()
        if is_invite and response.status >= _REFUSED:
            self._acknowledge(response)
        elif is_invite and response.status >= _FINAL:
            self._succeeded(response)
        if self._final:
            return  # a repetition
        if response.status < _FINAL and self._responses.qsize() >= _MOST_WAITING:
            return  # a peer that only ever rings
        self._final = response.status >= _FINAL
        self._responses.put_nowait(response)

    async def response(self) -> SipResponse:
        """Return the next response; whoever waits says how long."""
        return await self._responses.get()

    async def final(self, seconds: float = MOST_SECONDS) -> SipResponse | None:
        """Return the final response; None where none comes in time."""
        try:
            async with asyncio.timeout(seconds):
                while (found := await self.response()).status < _FINAL:
                    pass
        except TimeoutError:
            return None
        return found

    def stop(self) -> None:
        """Send the request no more."""
        if self._repeating is not None:
            self._repeating.cancel()
            self._repeating = None

    async def _repeat(self) -> None:
        wait, waited = FIRST_SECONDS, 0.0
        while waited + wait < MOST_SECONDS:
            await asyncio.sleep(wait)
            self._send(self.written.data)
            waited += wait
            wait *= 2
            if self.written.method != "INVITE":
                wait = min(wait, SLOWEST_SECONDS)
