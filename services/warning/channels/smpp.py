"""Sends SMS through a message centre, by SMPP 3.4 over one transceiver connection.

The answer of the message centre determines the result:

* An answer accepts or refuses a part.
* *Throttled* or *queue full*: the rate is halved for a while, and the part is retried.
* **No answer**, by timeout or a lost connection: the centre may have accepted the part. SMPP cannot
  resolve this, because ``query_sm`` needs the id from the missing answer. So the message is *in
  doubt* and not resent: an earlier next step is better than two warnings that nobody believes.
* Parts are sent in order with one reference. If a later part fails, the phone shows nothing or a
  fragment: the message counts as failed.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable

from fanzha.errors import InvalidInput, Unavailable
from infra.backoff import Backoff
from infra.clock import now_ms
from infra.periodic import OutageLog
from services.warning.channels import pdus, smpp_receipts
from services.warning.channels.channel import (
    OnReceipt,
    OnReply,
    Outgoing,
    PersonReply,
    SendResult,
)
from services.warning.channels.pdus import Pdu
from services.warning.channels.rate_limiter import RateLimiter
from services.warning.channels.smpp_link import BindRefused, LinkLost, SmppEndpoint, SmppLink
from services.warning.channels.sms_parts import SmsParts, cut, decoded

LOG = logging.getLogger(__name__)
_REFERENCES = 2**16
_PAUSE_SECONDS = 1.0
_TRIES = 8
"""Attempts per part while throttled; then the message is delayed."""
_FIRST_BACKOFF, _LONGEST_BACKOFF = 0.5, 60.0
_REFUSED_BACKOFF = 30.0
_AGAIN_SECONDS = 5.0


class SmppSender:
    """Sender to one message centre; connects and reconnects in the background until closed."""

    repeatable = False

    def __init__(
        self,
        centre: SmppEndpoint,
        *,
        source: str,
        on_receipt: OnReceipt,
        on_reply: OnReply | None = None,
        window: int = 32,
        per_second: float = 100.0,
        time_ms: Callable[[], int] = now_ms,
    ) -> None:
        self._centre = centre
        self._source = source
        self._on_receipt = on_receipt
        self._on_reply = on_reply
        self._window = asyncio.Semaphore(window)
        self.width = window
        self._pace = RateLimiter(per_second, burst=max(1, int(per_second / 10)))
        self._time_ms = time_ms
        self._link: SmppLink | None = None
        self._up = asyncio.Event()
        self._reference = secrets.randbelow(_REFERENCES)
        self._keeping = asyncio.create_task(self._keep_connected())
        self.submitted = 0
        """Number of accepted parts."""
        self.connects = 0
        self.stray = 0
        """Number of deliver_sm PDUs that are no valid receipt, and that nobody reads."""

    @property
    def connected(self) -> bool:
        """Whether it is bound now."""
        return self._up.is_set()

    @property
    def slowed(self) -> int:
        """How often the message centre throttled."""
        return self._pace.slowed

    async def ready(self) -> None:
        """Return when it is bound."""
        await self._up.wait()

    async def send(self, outgoing: Outgoing) -> SendResult:
        """Send all parts of a message."""
        try:
            parts = cut(outgoing.text, self._next_reference())
        except InvalidInput as error:
            return SendResult(error=str(error))
        ids: list[str] = []
        for at in range(len(parts.bodies)):
            sent = await self._part(outgoing, parts, at)
            if not sent.accepted:
                return _failed(sent, at, len(parts.bodies), tuple(ids))
            ids += sent.provider_ids
        return SendResult(accepted=True, provider_ids=tuple(ids))

    async def close(self) -> None:
        """Unbind and disconnect."""
        self._keeping.cancel()
        await asyncio.gather(self._keeping, return_exceptions=True)
        if self._link is not None:
            await self._link.close()

    async def _part(self, outgoing: Outgoing, parts: SmsParts, at: int) -> SendResult:
        for _ in range(_TRIES):
            await self._pace.take()
            async with self._window:
                sent = await self._submit(outgoing, parts, at)
            if sent.accepted or sent.retry_after is None or sent.down:
                return sent
            self._pace.slow_down(sent.retry_after)
        return sent

    async def _submit(self, outgoing: Outgoing, parts: SmsParts, at: int) -> SendResult:
        link = self._link
        if link is None or not link.up:
            return SendResult(error="not connected", retry_after=_AGAIN_SECONDS, down=True)
        try:
            answer = await link.request(
                lambda number: pdus.submit(
                    source=self._source,
                    to=outgoing.to,
                    data_coding=parts.data_coding,
                    several=parts.several,
                    body=parts.bodies[at],
                    priority=outgoing.priority,
                    sequence=number,
                )
            )
        except TimeoutError:
            return SendResult(error="no answer in time", in_doubt=True)
        except LinkLost as error:
            return SendResult(error=f"the connection ended: {error}", in_doubt=True)
        return self._answered(answer)

    def _answered(self, answer: Pdu) -> SendResult:
        if answer.status == pdus.OK and answer.command == "submit_sm_resp":
            self.submitted += 1
            return SendResult(accepted=True, provider_ids=(answer.message_id,))
        error = pdus.status_text(answer.status)
        if answer.status in pdus.THROTTLED:
            return SendResult(error=error, retry_after=_PAUSE_SECONDS)
        if answer.status in pdus.TRY_AGAIN:
            return SendResult(error=error, retry_after=_AGAIN_SECONDS, down=True)
        if answer.status in pdus.NOT_BOUND:
            return SendResult(error=error, retry_after=_AGAIN_SECONDS, down=True)
        return SendResult(error=error)

    async def _keep_connected(self) -> None:
        backoff = Backoff(first_seconds=_FIRST_BACKOFF, max_seconds=_LONGEST_BACKOFF)
        outage = OutageLog("SMPP connection", LOG)
        while True:
            try:
                self._link = await SmppLink.open(self._centre, self._delivered)
            except (BindRefused, LinkLost) as error:
                outage.failed(error)
                refused = isinstance(error, BindRefused)
                await asyncio.sleep(_REFUSED_BACKOFF if refused else backoff.next_seconds())
                continue
            self.connects += 1
            outage.succeeded()
            backoff.reset()
            self._up.set()
            try:
                why = await asyncio.shield(self._link.ended)
            finally:
                self._up.clear()
            LOG.warning("smpp: the connection ended: %s", why)
            await self._link.close()
            await asyncio.sleep(backoff.next_seconds())

    async def _delivered(self, pdu: Pdu) -> int:
        receipt = smpp_receipts.read(pdu, self._time_ms())
        try:
            if receipt is not None:
                await self._on_receipt(receipt)
            elif self._on_reply is not None and not pdu.is_receipt:
                await self._on_reply(self._reply(pdu))
            else:
                self.stray += 1
        except Unavailable:
            return pdus.KEEP_IT
        return pdus.OK

    def _reply(self, pdu: Pdu) -> PersonReply:
        text = decoded(pdu.body, pdu.data_coding, has_header=pdu.has_header)
        return PersonReply(sender=pdu.source, text=text, at_ms=self._time_ms())

    def _next_reference(self) -> int:
        self._reference = (self._reference + 1) % _REFERENCES
        return self._reference


def _failed(sent: SendResult, at: int, count: int, ids: tuple[str, ...]) -> SendResult:
    if not at:
        return sent
    # A retry would resend the accepted parts: failed for good, or in doubt.
    return SendResult(
        error=f"part {at + 1} of {count}: {sent.error}",
        provider_ids=ids,
        in_doubt=sent.in_doubt,
        down=sent.down,
    )
