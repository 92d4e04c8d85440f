"""Records the result of a send: in the ledger, with the case, then in the stream.

The order lets another worker resume after a crash: a settled message is recorded again and not sent
again, and its entry is acknowledged last.
"""

import json
import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from infra.circuit_breaker import CircuitBreaker
from infra.periodic import retry_until_available
from infra.redis.consumer_group import StreamEntry
from infra.redis.delay_queue import DelayQueue
from infra.redis.stream_consumer import StreamReader
from services.warning.cases.events import MessageRef
from services.warning.channels.channel import Outgoing, SendResult
from services.warning.dispatch import channel_stream
from services.warning.dispatch.limits import SendPermission, WithholdReason
from services.warning.dispatch.permits import SendPermit
from services.warning.dispatch.send_ledger import SendClaim, SendLedger, SendStatus

logger = logging.getLogger(__name__)

MOST_ATTEMPTS = 20
"""Attempts before a message that a channel keeps deferring becomes a dead letter."""
_DOWN_S = 5.0
_NOTE_AGAIN_MS = 5 * 60_000


class SendResultRecorder(Protocol):
    """Records the result of a message with its case: see `delivery_log`."""

    async def sent(self, message: MessageRef, *, by: str) -> None:
        """Record that a channel accepted it."""

    async def failed(self, message: MessageRef, *, by: str, why: str, at_ms: int = 0) -> None:
        """Record that it was not delivered."""

    async def postpone(self, message: MessageRef, *, until_ms: int, why: str) -> None:
        """Record that it may not be sent before a time."""

    async def obsolete_reason(self, message: MessageRef) -> str:
        """Return why it is obsolete; empty: it is to be sent."""


class SendResults:
    """Handles send results of one channel."""

    def __init__(
        self,
        *,
        channel: str,
        reader: StreamReader,
        claims: SendLedger,
        delayed: DelayQueue,
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
        self._delayed = delayed
        self._record = record
        self._permit = permit
        self._breaker = breaker
        self._repeatable = repeatable
        self._now_ms = now_ms
        self._counted = counted

    async def record_known(self, entry: StreamEntry, outgoing: Outgoing, claim: SendClaim) -> None:
        """Record a status that the ledger had before the claim."""
        if claim.status is SendStatus.SENT:
            await self._sent(entry, outgoing)  # its case may not have it yet
        else:
            result = "in_doubt" if claim.status is SendStatus.DOUBT else "known_refused"
            await self._refused(
                entry, outgoing, channel_stream.why_of(claim.status, claim.why), result
            )

    async def wait(self, entry: StreamEntry, held_ms: int) -> None:
        """Look again later at an entry whose message is in work, here or in another process."""
        await self._delayed.put(entry.fields, self._now_ms() + held_ms)
        await self._reader.acknowledge([entry])
        self._counted(self._channel, "delayed", 0)

    async def settle(self, entry: StreamEntry, outgoing: Outgoing, sent: SendResult) -> None:
        """Settle the answer of a channel."""
        broken = sent.down or sent.trouble or sent.in_doubt
        if not sent.untried:
            (self._breaker.record_failure if broken else self._breaker.record_success)()
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
                await self._delay(entry, outgoing, sent.retry_after or _DOWN_S, counts=True)
                return
            await self._settle_as(outgoing, SendStatus.DOUBT, sent.error)
            await self._refused(
                entry, outgoing, channel_stream.why_of(SendStatus.DOUBT, sent.error), "in_doubt"
            )
        elif sent.given_up or self._was_last(outgoing, sent):
            await self._settle_as(outgoing, SendStatus.OPEN)
            await self._note_failed(entry, outgoing, sent.error)
            await self._reader.give_up(entry, sent.error, outgoing.attempt)
        elif sent.retry_after is not None:
            tried = not (sent.down or sent.untried)
            await self._delay(entry, outgoing, sent.retry_after, counts=tried)
        else:
            await self._settle_as(outgoing, SendStatus.REFUSED, sent.error)
            await self._refused(entry, outgoing, sent.error, "refused")

    @staticmethod
    def _was_last(outgoing: Outgoing, sent: SendResult) -> bool:
        """Whether a message that a channel defers again was deferred often enough."""
        return (
            sent.retry_after is not None and not sent.untried and outgoing.attempt >= MOST_ATTEMPTS
        )

    async def withhold(
        self, entry: StreamEntry, outgoing: Outgoing, permission: SendPermission
    ) -> None:
        """Delay or refuse a message that may not be sent now."""
        # 0 means never; a date that has passed meanwhile still means a retry.
        if until_ms := permission.not_before_ms:
            fields, noted_ms = dict(entry.fields), channel_stream.noted_ms(entry)
            if until_ms - noted_ms >= _NOTE_AGAIN_MS:
                # Postpone its case, at most every few minutes: a stop has no end date.
                await self._record.postpone(
                    self._reference(entry, outgoing), until_ms=until_ms, why=permission.reason
                )
                fields[channel_stream.NOTED] = str(until_ms)
            await self._delayed.put(fields, until_ms)
            await self._reader.acknowledge([entry])
            self._counted(self._channel, permission.reason or WithholdReason.STOPPED, 0)
        else:
            known = await self._claims.settle(
                outgoing.message_id, SendStatus.REFUSED, self._now_ms(), why=permission.reason
            )
            if known is SendStatus.SENT:
                # Sent by a worker that died before it said so; the person opted out since.
                await self._sent(entry, outgoing)
                return
            await self._refused(entry, outgoing, permission.reason, "not_allowed")

    async def refuse_if_obsolete(self, entry: StreamEntry, outgoing: Outgoing) -> bool:
        """Refuse a claimed message that became obsolete while it was delayed; whether it did."""
        if not channel_stream.noted_ms(entry) or outgoing.attempt > 1:
            return False
        why = await self._record.obsolete_reason(self._reference(entry, outgoing))
        if why:
            await self._settle_as(outgoing, SendStatus.REFUSED, why)
            await self._refused(entry, outgoing, why, "obsolete")
        return bool(why)

    async def _delay(
        self, entry: StreamEntry, outgoing: Outgoing, seconds: float, *, counts: bool
    ) -> None:
        fields = {**entry.fields, "attempt": str(outgoing.attempt + counts)}
        await self._settle_as(outgoing, SendStatus.OPEN)
        await self._delayed.put(fields, self._now_ms() + int(seconds * 1000))
        await self._reader.acknowledge([entry])
        self._counted(self._channel, "delayed", 0)

    async def _settle_as(
        self,
        outgoing: Outgoing,
        status: SendStatus,
        why: str = "",
        *,
        provider_ids: Sequence[str] = (),
        remember: str = "",
    ) -> None:
        """Write to the ledger, retrying until it succeeds: only this process knows the result."""
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

    async def _refused(self, entry: StreamEntry, outgoing: Outgoing, why: str, result: str) -> None:
        await self._note_failed(entry, outgoing, why)
        if result in ("refused", "obsolete"):
            await self._permit.give_back(outgoing, self._channel)
        await self._reader.acknowledge([entry])
        self._counted(self._channel, result, 0)

    async def _note_failed(self, entry: StreamEntry, outgoing: Outgoing, why: str) -> None:
        await self._record.failed(self._reference(entry, outgoing), by=self._channel, why=why)

    def _reference(self, entry: StreamEntry, outgoing: Outgoing) -> MessageRef:
        return MessageRef(
            id=outgoing.message_id,
            channel=self._channel,
            step=channel_stream.step_of(entry),
            template=entry.fields.get("template", ""),
        )
