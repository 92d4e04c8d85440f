"""Turns hits of this service into warnings: which party is at risk, and by what means."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import TypeAlias

from blocklists.entries import Source
from fanzha.decisions import MatchedOn
from fanzha.errors import InvalidInput
from fanzha.fraud import FraudType
from fanzha.tables import Channel
from fanzha.tracing import trace_context
from fanzha.tracing.tracer import SpanKind, Tracer
from infra.redis.consumer_group import StreamEntry
from services.decision.sinks.hit_fields import HitField
from services.warning.intake.service import IntakeResult, WarningIntake
from services.warning.model import OWN_HITS, Means, MeansKind, Risk, WarningRecord

GROUP = "warning"
"""Consumer group on the stream of confirmed hits."""


class SkipReason(StrEnum):
    """Why a hit does not become a warning."""

    NO_VICTIM = "no_victim"
    """The party at risk is unknown, or has no E.164 number."""
    SPAM = "spam"
    """Advertising, not fraud."""
    OLD = "old"
    """Older than `warning_max_age_hours`."""
    RETRACTED = "retracted"
    """The list entry was lifted as wrong after the hit."""
    NO_FRAUD_TYPE = "no_fraud_type"
    """The list entry names no kind of fraud, and no person has confirmed the hit."""


def warning_of(
    fields: Mapping[str, str], *, now_ms: int, max_age_ms: int
) -> WarningRecord | SkipReason:
    """Parse a hit from stream fields. Raises `InvalidInput`."""
    try:
        return _warning_of(fields, now_ms, max_age_ms)
    except (KeyError, ValueError) as error:
        raise InvalidInput(
            "hit: cannot be parsed: {name} {error}", name=type(error).__name__, error=error
        ) from error


def _warning_of(
    fields: Mapping[str, str], now_ms: int, max_age_ms: int
) -> WarningRecord | SkipReason:
    occurred = int(fields[HitField.OCCURRED_AT_MS])
    if fields.get(HitField.REASON) == "SPAM":
        return SkipReason.SPAM
    if now_ms - occurred > max_age_ms:
        return SkipReason.OLD
    victim, other = _parties(fields)
    if not victim.startswith("+"):
        return SkipReason.NO_VICTIM
    fraud_type = FraudType[fields.get(HitField.FRAUD_TYPE) or FraudType.UNSPECIFIED.name]
    listed = fields.get(HitField.REASON) == "BLOCKLISTED"
    vouched = fields.get("verdict") == "confirmed"
    if listed and not vouched and not fraud_type:
        return SkipReason.NO_FRAUD_TYPE
    channel = Channel[fields[HitField.CHANNEL]]
    means = _means(fields, channel, other)
    score = fields.get(HitField.SCORE)
    return WarningRecord(
        source=Source.BUREAU,
        source_name=OWN_HITS,
        reference=fields[HitField.DECISION_ID],
        victim=victim,
        means=means,
        channel=channel,
        fraud_type=fraud_type,
        # A blocked contact did not reach the person: the policy assesses the urgency.
        risk=Risk.MEDIUM,
        occurred_at_ms=occurred,
        received_at_ms=now_ms,
        decision_id=int(fields[HitField.DECISION_ID]),
        confirmed=listed or vouched,
        campaign=fields.get(HitField.CAMPAIGN, ""),
        pattern=_campaign_pattern(fields, means),
        entry_id=fields.get(HitField.ENTRY_ID, ""),
        score=float(score) if score else None,
    )


def _parties(fields: Mapping[str, str]) -> tuple[str, str]:
    """Return the party at risk and the other one: who calls a listed number back is at risk."""
    sender, receiver = fields.get(HitField.FROM_PARTY, ""), fields.get(HitField.TO_PARTY, "")
    is_callback = fields.get(HitField.EVIDENCE) in (MatchedOn.CALLEE.name, MatchedOn.RECEIVER.name)
    return (sender, receiver) if is_callback else (receiver, sender)


def _means(fields: Mapping[str, str], channel: Channel, other: str) -> Means:
    evidence, pattern = fields.get(HitField.EVIDENCE, ""), fields.get(HitField.PATTERN, "")
    if channel is Channel.LINK or evidence == MatchedOn.LINK.name:
        return Means(kind=MeansKind.LINK, value=fields.get(HitField.URL) or pattern)
    if evidence == MatchedOn.TEXT.name:
        return Means(kind=MeansKind.TEXT, value=pattern)
    kind = MeansKind.CALLER if channel is Channel.CALL else MeansKind.SENDER
    return Means(kind=kind, value=other)


def _campaign_pattern(fields: Mapping[str, str], means: Means) -> str:
    # Links form a campaign by host, which is what their pattern would give.
    return "" if means.kind is MeansKind.LINK else fields.get(HitField.PATTERN, "")


WrongAmong: TypeAlias = Callable[[Sequence[WarningRecord]], Awaitable[Sequence[WarningRecord]]]
"""Returns the warnings of list entries that were lifted as wrong after them."""
Withdraw: TypeAlias = Callable[[Sequence[WarningRecord]], Awaitable[None]]
"""Takes warnings of wrong entries out of the cases that they joined, if they did. Idempotent."""


async def withdraw_nothing(_warnings: Sequence[WarningRecord]) -> None:
    """Stand in where nothing is retracted."""


class OwnHitIntake:
    """Handler for the stream of confirmed hits."""

    def __init__(
        self,
        intake: WarningIntake,
        *,
        now_ms: Callable[[], int],
        max_age_hours: int,
        counted: Callable[[str, int], None] = lambda _what, _by: None,
        wrong_among: WrongAmong | None = None,
        tracer: Tracer | None = None,
        withdraw: Withdraw = withdraw_nothing,
    ) -> None:
        """*wrong_among* finds hits of wrong entries, *withdraw* takes out what joined meanwhile.

        *tracer* makes spans of hits of traced decisions; None: of none.
        """
        self._tracer = tracer
        self._intake = intake
        self._now_ms = now_ms
        self._max_age_ms = max_age_hours * 3_600_000
        self._counted = counted
        self._wrong_among = wrong_among
        self._withdraw = withdraw

    async def handle(self, entries: Sequence[StreamEntry]) -> None:
        """Ingest hits. Idempotent."""
        now = self._now_ms()
        read = [
            warning_of(entry.fields, now_ms=now, max_age_ms=self._max_age_ms) for entry in entries
        ]
        parsed = [one for one in read if isinstance(one, WarningRecord)]
        wrong = {one.reference for one in await self._wrong(parsed)}
        found = [
            SkipReason.RETRACTED
            if isinstance(one, WarningRecord) and one.reference in wrong
            else one
            for one in read
        ]
        warnings = [one for one in found if isinstance(one, WarningRecord)]
        if self._tracer is None:
            results = await self._intake.ingest(warnings)
        else:
            results = await self._ingest_traced(self._tracer, warnings, entries)
        # An entry may be retracted between the look and the commit of a case, whose warnings no
        # retraction then finds. A crash right here repeats it all.
        await self._withdraw(await self._wrong(parsed))
        counts = Counter([one.status.value for one in results])
        counts.update(one.value for one in found if isinstance(one, SkipReason))
        for result, count in counts.items():
            self._counted(result, count)

    async def _ingest_traced(
        self, tracer: Tracer, warnings: Sequence[WarningRecord], entries: Sequence[StreamEntry]
    ) -> list[IntakeResult]:
        """Ingest, with a span for each hit of a traced decision, which its case remembers."""
        parents = {
            entry.fields[HitField.DECISION_ID]: parent
            for entry in entries
            if (parent := trace_context.read(entry.fields.get(HitField.TRACEPARENT, "")))
        }
        spans = {
            reference: tracer.begin(
                "ingest hit", SpanKind.CONSUMER, parent, {"fanzha.decision_id": reference}
            )
            for reference, parent in parents.items()
        }
        warnings = [
            replace(one, trace=spans[one.reference].context.header())
            if one.reference in spans
            else one
            for one in warnings
        ]
        error = "not ingested"
        try:
            results = await self._intake.ingest(warnings)
            for one, result in zip(warnings, results, strict=True):
                if one.reference in spans:
                    spans[one.reference].set("fanzha.result", result.status.value)
            error = ""
        finally:
            for span in spans.values():
                span.end(error)
        return results

    async def _wrong(self, warnings: Sequence[WarningRecord]) -> Sequence[WarningRecord]:
        return await self._wrong_among(warnings) if self._wrong_among and warnings else ()
