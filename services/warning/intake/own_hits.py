"""Hits of this service as warnings: who of the two parties is at risk, and by what means."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum

from blocklists.entries import Source
from fanzha.decisions import MatchedOn
from fanzha.errors import InvalidInput
from fanzha.fraud import FraudType
from fanzha.tables import Channel
from infra.redis.consumer_group import StreamEntry
from services.warning.intake.service import IntakeStatus, WarningIntake
from services.warning.model import OWN_HITS, Means, MeansKind, Risk, WarningRecord

GROUP = "warning"
"""Of the stream of confirmed hits."""


class SkipReason(StrEnum):
    """Why a hit makes no warning; counted."""

    NOBODY = "nobody"
    """Nobody is known to be at risk, or whoever it is has no number."""
    SPAM = "spam"
    """Advertising is no fraud."""
    OLD = "old"
    """It happened too long ago."""


def warning_of(
    fields: Mapping[str, str], *, now_ms: int, most_age_ms: int
) -> WarningRecord | SkipReason:
    """Read a hit; `InvalidInput` where it is not one."""
    try:
        return _warning_of(fields, now_ms, most_age_ms)
    except (KeyError, ValueError) as error:
        raise InvalidInput(f"hit: cannot be read: {type(error).__name__} {error}") from error


def _warning_of(
    fields: Mapping[str, str], now_ms: int, most_age_ms: int
) -> WarningRecord | SkipReason:
    occurred = int(fields["occurred_at_ms"])
    if fields.get("reason") == "SPAM":
        return SkipReason.SPAM
    if now_ms - occurred > most_age_ms:
        return SkipReason.OLD
    victim, other = _parties(fields)
    if not victim.startswith("+"):
        return SkipReason.NOBODY
    channel = Channel[fields["channel"]]
    means = _means(fields, channel, other)
    fraud = fields.get("fraud_type", "")
    score = fields.get("score")
    confirmed = fields.get("reason") == "BLOCKLISTED" or fields.get("verdict") == "confirmed"
    return WarningRecord(
        source=Source.BUREAU,
        source_name=OWN_HITS,
        reference=fields["decision_id"],
        victim=victim,
        means=means,
        channel=channel,
        fraud_type=FraudType[fraud] if fraud else FraudType.UNSPECIFIED,
        # What was blocked never reached the person; how near the harm is, the tiers say.
        risk=Risk.MEDIUM,
        occurred_at_ms=occurred,
        received_at_ms=now_ms,
        decision_id=int(fields["decision_id"]),
        confirmed=confirmed,
        campaign=fields.get("campaign", ""),
        pattern=_connecting(fields, means),
        entry_id=fields.get("entry_id", ""),
        score=float(score) if score else None,
    )


def _parties(fields: Mapping[str, str]) -> tuple[str, str]:
    """Return who is at risk, and the other: who calls a listed number back is at risk."""
    sender, receiver = fields.get("from_party", ""), fields.get("to_party", "")
    backwards = fields.get("evidence") in (MatchedOn.CALLEE.name, MatchedOn.RECEIVER.name)
    return (sender, receiver) if backwards else (receiver, sender)


def _means(fields: Mapping[str, str], channel: Channel, other: str) -> Means:
    evidence, pattern = fields.get("evidence", ""), fields.get("pattern", "")
    if channel is Channel.LINK or evidence == MatchedOn.LINK.name:
        return Means(kind=MeansKind.LINK, value=fields.get("url") or pattern)
    if evidence == MatchedOn.TEXT.name:
        return Means(kind=MeansKind.TEXT, value=pattern)
    kind = MeansKind.CALLER if channel is Channel.CALL else MeansKind.SENDER
    return Means(kind=kind, value=other)


def _connecting(fields: Mapping[str, str], means: Means) -> str:
    # The pattern of a link is a host or an address, and links are connected by host anyway.
    return "" if means.kind is MeansKind.LINK else fields.get("pattern", "")


class OwnHitIntake:
    """Handles entries of the stream of confirmed hits."""

    def __init__(
        self,
        intake: WarningIntake,
        *,
        now_ms: Callable[[], int],
        most_age_hours: int,
        counted: Callable[[str, int], None] = lambda _what, _by: None,
    ) -> None:
        self._intake = intake
        self._now_ms = now_ms
        self._most_age_ms = most_age_hours * 3_600_000
        self._counted = counted

    async def handle(self, entries: Sequence[StreamEntry]) -> None:
        """Make cases of hits; repeats do nothing."""
        now = self._now_ms()
        found = [
            warning_of(entry.fields, now_ms=now, most_age_ms=self._most_age_ms) for entry in entries
        ]
        warned = [one for one in found if isinstance(one, WarningRecord)]
        results = await self._intake.take(warned)
        for what in (*IntakeStatus, *SkipReason):
            happened = [one.what for one in results] if isinstance(what, IntakeStatus) else found
            if count := sum(one == what for one in happened):
                self._counted(what.value, count)
