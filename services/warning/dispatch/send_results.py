"""Writes down what became of a message: with its claim, with its case, and in its stream.

In this order, so that whoever takes over from a process that died finds out how far it came: what
is settled is put on record again and not sent again, and an entry is acknowledged last.
"""

import json
import logging
from collections.abc import Callable, Sequence

from infra.periodic import retry_until_available
from infra.redis.consumer_group import StreamEntry
from infra.redis.delay_queue import DelayQueue
from infra.redis.stream_consumer import StreamReader
from services.warning.cases.events import MessageRef
from services.warning.channels.channel import Outgoing, SendResult
from services.warning.dispatch import channel_stream
from services.warning.dispatch.circuit_breaker import CircuitBreaker
from services.warning.dispatch.limits import SendPermission, WithholdReason
from services.warning.dispatch.protocols import SendPermit, SendResultRecorder
from services.warning.dispatch.send_ledger import SendClaim, SendLedger, SendStatus

logger = logging.getLogger(__name__)

MOST_ATTEMPTS = 20
"""So often a channel may ask for later before a message becomes a dead letter."""
_DOWN_S = 5.0
_NOTE_AGAIN_MS = 5 * 60_000


class SendResults:
    """What became of the messages of one channel."""

    def __init__(
        self,
        *,
        channel: str,
        reader: StreamReader,
        claims: SendLedger,
        later: DelayQueue,
        record: SendResultRecorder,
        permit: SendPermit,
        breaker: CircuitBreaker,
        repeatable: bool,
        now_ms: Callable[[], int],
        counted: Callable[[str, str, float], None],
    ) -> None:
        self._channel = channel
        self._reader = reader
        self._claims = claims
        self._later = later
        self._record = record
        self._permit = permit
        self._breaker = breaker
        self._repeatable = repeatable
        self._now_ms = now_ms
        self._counted = counted

    async def known(self, entry: StreamEntry, outgoing: Outgoing, claim: SendClaim) -> None:
        """Put on record what was known of a message before."""
        if claim.status is SendStatus.SENT:
            await self._sent(entry, outgoing)  # it may not be on record yet
        else:
            what = "in_doubt" if claim.status is SendStatus.DOUBT else "known_refused"
            await self._refused(
                entry, outgoing, channel_stream.why_of(claim.status, claim.why), what
            )

    async def told(self, entry: StreamEntry, outgoing: Outgoing, sent: SendResult) -> None:
        """Settle what a channel said."""
        broken = sent.down or sent.trouble or sent.in_doubt
        (self._breaker.failed if broken else self._breaker.worked)()
        if sent.accepted:
            await self._settle_as(
                outgoing,
                SendStatus.SENT,
                provider_ids=sent.provider_ids,
                remember=json.dumps([outgoing.message_id, channel_stream.step_of(entry)]),
            )
            now = self._now_ms()
            queued = int(entry.fields.get("queued_at_ms") or now)
            self._counted(self._channel, "sent", max(0, now - queued) / 1000)
            await self._sent(entry, outgoing)
        elif sent.in_doubt:
            if self._repeatable:
                await self._put_off(entry, outgoing, sent.retry_after or _DOWN_S, counts=True)
                return
            await self._settle_as(outgoing, SendStatus.DOUBT, sent.error)
            await self._refused(
                entry, outgoing, channel_stream.why_of(SendStatus.DOUBT, sent.error), "in_doubt"
            )
        elif sent.given_up or (sent.retry_after is not None and outgoing.attempt >= MOST_ATTEMPTS):
            await self._settle_as(outgoing, SendStatus.OPEN)
            await self._note_failed(entry, outgoing, sent.error)
            await self._reader.give_up(entry, sent.error, outgoing.attempt)
        elif sent.retry_after is not None:
            await self._put_off(entry, outgoing, sent.retry_after, counts=not sent.down)
        else:
            await self._settle_as(outgoing, SendStatus.REFUSED, sent.error)
            await self._refused(entry, outgoing, sent.error, "refused")

    async def not_permitted(
        self, entry: StreamEntry, outgoing: Outgoing, permission: SendPermission
    ) -> None:
        """Put off, or give up, what may not go out now."""
        # A time that has come meanwhile is a time all the same; none means never.
        if until_ms := permission.not_before_ms:
            fields, noted_ms = dict(entry.fields), channel_stream.noted_ms(entry)
            if until_ms - noted_ms >= _NOTE_AGAIN_MS:
                # Its case waits for it; a stop of all warnings has no end, and is noted as it goes.
                await self._record.put_off(
                    self._reference(entry, outgoing), until_ms=until_ms, why=permission.reason
                )
                fields[channel_stream.NOTED] = str(until_ms)
            await self._later.put(fields, until_ms)
            await self._reader.acknowledge([entry])
            self._counted(self._channel, permission.reason or WithholdReason.STOPPED, 0)
        else:
            await self._claims.settle(
                outgoing.message_id, SendStatus.REFUSED, self._now_ms(), why=permission.reason
            )
            await self._refused(entry, outgoing, permission.reason, "not_allowed")

    async def left(self, entry: StreamEntry, outgoing: Outgoing) -> bool:
        """Leave a claimed message that waited so long that its case was closed or raised."""
        if not channel_stream.noted_ms(entry) or outgoing.attempt > 1:
            return False
        why = await self._record.unwanted(self._reference(entry, outgoing))
        if why:
            await self._settle_as(outgoing, SendStatus.REFUSED, why)
            await self._refused(entry, outgoing, why, "left")
        return bool(why)

    async def _put_off(
        self, entry: StreamEntry, outgoing: Outgoing, seconds: float, *, counts: bool
    ) -> None:
        fields = {**entry.fields, "attempt": str(outgoing.attempt + counts)}
        await self._settle_as(outgoing, SendStatus.OPEN)
        await self._later.put(fields, self._now_ms() + int(seconds * 1000))
        await self._reader.acknowledge([entry])
        self._counted(self._channel, "put_off", 0)

    async def _settle_as(
        self,
        outgoing: Outgoing,
        status: SendStatus,
        why: str = "",
        *,
        provider_ids: Sequence[str] = (),
        remember: str = "",
    ) -> None:
        """Write down what only this process knows: as long as it lives, it tries to."""
        await retry_until_available(
            lambda: self._claims.settle(
                outgoing.message_id,
                status,
                self._now_ms(),
                why=why,
                provider_ids=provider_ids,
                remember=remember,
            ),
            task=f"send results of {self._channel}",
            logger=logger,
        )

    async def _sent(self, entry: StreamEntry, outgoing: Outgoing) -> None:
        await self._record.sent(self._reference(entry, outgoing), by=self._channel)
        await self._reader.acknowledge([entry])

    async def _refused(self, entry: StreamEntry, outgoing: Outgoing, why: str, what: str) -> None:
        await self._note_failed(entry, outgoing, why)
        if what in ("refused", "left"):
            await self._permit.give_back(outgoing, self._channel)
        await self._reader.acknowledge([entry])
        self._counted(self._channel, what, 0)

    async def _note_failed(self, entry: StreamEntry, outgoing: Outgoing, why: str) -> None:
        await self._record.failed(self._reference(entry, outgoing), by=self._channel, why=why)

    def _reference(self, entry: StreamEntry, outgoing: Outgoing) -> MessageRef:
        return MessageRef(
            id=outgoing.message_id,
            channel=self._channel,
            step=channel_stream.step_of(entry),
            template=entry.fields.get("template", ""),
        )
