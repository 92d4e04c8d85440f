"""Bulk confirmation of suspected hits: decisions of models without a verdict yet.

The stream of suspected hits is read from the maximum age of warnings on. A confirmation covers what
the preview counted, and no later hits. Each verdict is recorded once, however often it is repeated.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from fanzha import url
from fanzha.decisions import Reason
from fanzha.errors import InvalidInput
from fanzha.fraud import FraudType
from fanzha.phone import HomePlan
from services.audit.events import Audit, AuditKind
from services.auth import identity
from services.decision.sinks.hit_fields import HitField
from services.decision.sinks.hit_store import SUSPECTED, HitStore
from services.decision_log import recipient_subject
from services.decision_log.recipient_subject import RecipientSubject, SubjectKind
from services.feedback.service import FeedbackService, FeedbackVerdict
from services.warning.backfill.service import check_all_regions

AT_ONCE = 500
"""Approximate number of hits confirmed by one request."""
_READ = 500
_POSITION = re.compile(r"\(?[0-9]{1,20}-[0-9]{1,20}")
_CONCURRENT = 50
"""Verdicts written concurrently."""


@dataclass(slots=True, kw_only=True)
class SuspectedHits:
    """Hits of one number, sender or link, by verdict."""

    subject: RecipientSubject
    hits: int = 0
    people: set[str] = field(default_factory=set)
    by_channel: Counter[str] = field(default_factory=Counter)
    by_reason: Counter[str] = field(default_factory=Counter)
    dismissed: int = 0
    """Dismissed before: they stay dismissed."""
    confirmed: int = 0
    """Confirmed before."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Hits that would open no case, by `SkipReason`."""
    until: str = "0-0"
    """Stream position up to which hits were counted."""


@dataclass(slots=True, kw_only=True)
class ConfirmedHits:
    """The result of one request."""

    hits: int = 0
    before: int = 0
    """Hits that another request confirmed or dismissed meanwhile."""
    next_place: str = ""
    """Stream position for the next request; empty: there are no more."""


Hit = Mapping[str, str]


class SuspectedHitService:
    """Counts and confirms suspected hits. Raises `Unavailable` while Redis is away."""

    def __init__(
        self,
        hits: HitStore,
        feedback: FeedbackService,
        *,
        home: HomePlan,
        max_age_ms: int,
        audit: Audit,
        now_ms: Callable[[], int],
    ) -> None:
        self._hits = hits
        self._feedback = feedback
        self._home = home
        self._max_age_ms = max_age_ms
        self._audit = audit
        self._now_ms = now_ms

    async def preview(self, kind: SubjectKind, pattern: str) -> SuspectedHits:
        """Count the hits of a subject by verdict."""
        check_all_regions()
        found = SuspectedHits(subject=self._subject(kind, pattern))
        found.until = await self._hits.newest(SUSPECTED)
        place: str | None = self._first_place()
        seen: set[str] = set()
        while place is not None:
            batch, place = await self._read(found.subject, place, found.until)
            new_hits = {one: hit for hit in batch if (one := hit[HitField.DECISION_ID]) not in seen}
            seen.update(new_hits)
            await self._count(found, list(new_hits.values()))
        return found

    async def confirm(
        self,
        kind: SubjectKind,
        pattern: str,
        *,
        place: str,
        until: str,
        fraud_type: FraudType,
        note: str,
        by: str,
    ) -> ConfirmedHits:
        """Confirm a batch of hits, from *place* (empty: the first) up to *until* of the preview."""
        check_all_regions()
        subject, who = self._subject(kind, pattern), identity.author(by)
        _check_position("place", place or "0-0")
        _check_position("until_place", until)
        hits, following = await self._without_verdict(subject, place or self._first_place(), until)
        if hits:
            details = {
                "hits": str(len(hits)),
                "people": str(len({hit[HitField.TO_PARTY] for hit in hits.values()})),
                "fraud_type": fraud_type.name.lower() if fraud_type else "as decided",
                "note": note,
            }
            await self._audit.record(
                AuditKind.HITS_CONFIRMED,
                subject=f"hits:{subject.kind.value}:{subject.pattern}",
                details=details,
                actor=who,
            )
        is_first = await self._write_verdicts([
            FeedbackVerdict(decision_id=int(one), by=who, note=note, fraud_type=fraud_type)
            for one in hits
        ])  # fmt: skip
        first = sum(is_first)
        return ConfirmedHits(hits=first, before=len(is_first) - first, next_place=following or "")

    async def _without_verdict(
        self, subject: RecipientSubject, position: str, until: str
    ) -> tuple[dict[str, Hit], str | None]:
        """Return up to about `AT_ONCE` hits by decision id, and the position of the next."""
        following: str | None = position
        hits: dict[str, Hit] = {}
        while following is not None and len(hits) < AT_ONCE:
            batch, following = await self._read(subject, following, until)
            verdicts = await self._hits.verdicts([hit[HitField.DECISION_ID] for hit in batch])
            for hit, verdict in zip(batch, verdicts, strict=True):
                if not verdict and not self._skip_reason(hit):
                    hits[hit[HitField.DECISION_ID]] = hit
        return hits, following

    async def _write_verdicts(self, verdicts: Sequence[FeedbackVerdict]) -> list[bool]:
        """Write verdicts concurrently; for each, whether it was the first of its decision."""
        is_first: list[bool] = []
        for start in range(0, len(verdicts), _CONCURRENT):
            batch = verdicts[start : start + _CONCURRENT]
            recorded = await asyncio.gather(*(self._feedback.confirm(one, None) for one in batch))
            is_first += [one.first for one in recorded]
        return is_first

    async def _read(
        self, subject: RecipientSubject, place: str, until: str
    ) -> "tuple[list[Hit], str | None]":
        """Return the hits of *subject* in one part of the stream, and the position of the next."""
        found = await self._hits.between(SUSPECTED, place, until, count=_READ)
        hits: list[Hit] = [hit for _, hit in found if _is_of(subject, hit)]
        return hits, f"({found[-1][0]}" if len(found) == _READ else None

    async def _count(self, found: SuspectedHits, batch: Sequence[Hit]) -> None:
        verdicts = await self._hits.verdicts([hit[HitField.DECISION_ID] for hit in batch])
        for hit, verdict in zip(batch, verdicts, strict=True):
            if verdict == "dismissed":
                found.dismissed += 1
            elif verdict:
                found.confirmed += 1
            elif why := self._skip_reason(hit):
                found.left_out[why] += 1
            else:
                found.hits += 1
                found.people.add(hit[HitField.TO_PARTY])
                found.by_channel[hit[HitField.CHANNEL].lower()] += 1
                found.by_reason[hit.get(HitField.REASON, "").lower()] += 1

    def _skip_reason(self, hit: Hit) -> str:
        """Return the `SkipReason` of a hit, as intake has it; empty: it would open a case."""
        if hit.get(HitField.REASON) == Reason.SPAM.name:
            return "spam"
        if self._now_ms() - int(hit[HitField.OCCURRED_AT_MS]) > self._max_age_ms:
            return "old"
        return "" if hit.get(HitField.TO_PARTY, "").startswith("+") else "no_victim"

    def _first_place(self) -> str:
        return f"{max(0, self._now_ms() - self._max_age_ms)}-0"

    def _subject(self, kind: SubjectKind, pattern: str) -> RecipientSubject:
        if kind is SubjectKind.TEXT:
            raise InvalidInput("kind: hits have no texts; confirm by sender or link")
        return recipient_subject.read(self._home, kind, pattern)


def _is_of(subject: RecipientSubject, hit: Hit) -> bool:
    """Whether the caller, sender or host of a hit is *subject*."""
    if subject.kind is SubjectKind.LINK:
        page = hit.get(HitField.URL, "")
        host = url.split(page)[0] if page else ""
        return host == subject.pattern or host.endswith(f".{subject.pattern}")
    party = hit.get(HitField.FROM_PARTY, "")
    if subject.pattern.endswith("*"):
        return party.startswith(subject.pattern[:-1])
    return party.casefold() == subject.pattern.casefold()


def _check_position(name: str, position: str) -> None:
    if not _POSITION.fullmatch(position):
        raise InvalidInput(
            "{name}: not a position from an earlier answer: {position!r}",
            name=name,
            position=position[:50],
        )
