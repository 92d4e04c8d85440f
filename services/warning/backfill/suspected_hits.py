"""What models blocked or marked, and nobody has judged: confirmed for many people at once.

The stream of suspected hits is read from when hits are young enough to warn of. What is confirmed
is what was counted: later hits are not in it. Each verdict is on record once, whoever repeats it.
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
from services.decision.sinks.hit_store import SUSPECTED, HitStore
from services.decision_log import recipient_subject
from services.decision_log.recipient_subject import RecipientSubject, SubjectKind
from services.feedback.service import FeedbackService, FeedbackVerdict
from services.warning.backfill.service import check_all_regions

AT_ONCE = 500
"""Hits confirmed by one request, about."""
_READ = 500
_PLACE = re.compile(r"\(?[0-9]{1,20}-[0-9]{1,20}")
_TOGETHER = 50
"""Verdicts on their way to the disk of the store at a time."""


@dataclass(slots=True, kw_only=True)
class SuspectedHits:
    """Hits of one number, sender or link that nobody has judged."""

    subject: RecipientSubject
    hits: int = 0
    people: set[str] = field(default_factory=set)
    by_channel: Counter[str] = field(default_factory=Counter)
    by_reason: Counter[str] = field(default_factory=Counter)
    dismissed: int = 0
    """Somebody said they are no fraud: they stay so."""
    confirmed: int = 0
    """Somebody has confirmed them before."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Hits that would make no case: old, spam, nobody."""
    until: str = "0-0"
    """Place in the stream up to which was counted."""


@dataclass(slots=True, kw_only=True)
class ConfirmedHits:
    """What one request confirmed."""

    hits: int = 0
    before: int = 0
    """Somebody else was faster."""
    next_place: str = ""
    """Where the next request goes on; empty: that was all."""


Hit = Mapping[str, str]


class SuspectedHitService:
    """Counts and confirms. Raises `Unavailable` while Redis is away."""

    def __init__(
        self,
        hits: HitStore,
        feedback: FeedbackService,
        *,
        home: HomePlan,
        most_age_ms: int,
        audit: Audit,
        now_ms: Callable[[], int],
    ) -> None:
        self._hits = hits
        self._feedback = feedback
        self._home = home
        self._most_age_ms = most_age_ms
        self._audit = audit
        self._now_ms = now_ms

    async def preview(self, kind: SubjectKind, pattern: str) -> SuspectedHits:
        """Count what would be confirmed."""
        check_all_regions()
        found = SuspectedHits(subject=self._subject(kind, pattern))
        found.until = await self._hits.newest(SUSPECTED)
        place: str | None = self._first_place()
        seen: set[str] = set()
        while place is not None:
            some, place = await self._some(found.subject, place, found.until)
            fresh = {one: hit for hit in some if (one := hit["decision_id"]) not in seen}
            seen.update(fresh)
            await self._count(found, list(fresh.values()))
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
        """Confirm some, from *place* (empty: the first) up to *until*, as `preview` told it."""
        check_all_regions()
        subject, who = self._subject(kind, pattern), identity.author(by)
        for name, said in (("place", place or "0-0"), ("until_place", until)):
            if not _PLACE.fullmatch(said):
                raise InvalidInput(f"{name}: a place as an answer told it, not {said[:50]!r}")
        following: str | None = place or self._first_place()
        wanted: dict[str, Hit] = {}
        while following is not None and len(wanted) < AT_ONCE:
            some, following = await self._some(subject, following, until)
            verdicts = await self._hits.verdicts([hit["decision_id"] for hit in some])
            for hit, verdict in zip(some, verdicts, strict=True):
                if not verdict and not self._why_not(hit):
                    wanted[hit["decision_id"]] = hit
        if wanted:
            await self._audit.record(
                AuditKind.HITS_CONFIRMED,
                subject=f"hits:{subject.kind.value}:{subject.pattern}",
                details={
                    "hits": str(len(wanted)),
                    "people": str(len({hit["to_party"] for hit in wanted.values()})),
                    "fraud_type": fraud_type.name.lower() if fraud_type else "as decided",
                    "note": note,
                },
                actor=who,
            )
        told = await self._all([
            FeedbackVerdict(decision_id=int(one), by=who, note=note, fraud_type=fraud_type)
            for one in wanted
        ])  # fmt: skip
        first = sum(told)
        return ConfirmedHits(hits=first, before=len(told) - first, next_place=following or "")

    async def _all(self, verdicts: Sequence[FeedbackVerdict]) -> list[bool]:
        """Put verdicts on record, many at a time; tell which were the first of their decision."""
        told: list[bool] = []
        for start in range(0, len(verdicts), _TOGETHER):
            some = verdicts[start : start + _TOGETHER]
            recorded = await asyncio.gather(*(self._feedback.confirm(one, None) for one in some))
            told += [one.first for one in recorded]
        return told

    async def _some(
        self, subject: RecipientSubject, place: str, until: str
    ) -> "tuple[list[Hit], str | None]":
        """Return the hits of *subject* in a part of the stream, and where the next part begins."""
        found = await self._hits.between(SUSPECTED, place, until, count=_READ)
        hits: list[Hit] = [hit for _, hit in found if _is_of(subject, hit)]
        return hits, f"({found[-1][0]}" if len(found) == _READ else None

    async def _count(self, found: SuspectedHits, some: Sequence[Hit]) -> None:
        verdicts = await self._hits.verdicts([hit["decision_id"] for hit in some])
        for hit, verdict in zip(some, verdicts, strict=True):
            if verdict == "dismissed":
                found.dismissed += 1
            elif verdict:
                found.confirmed += 1
            elif why := self._why_not(hit):
                found.left_out[why] += 1
            else:
                found.hits += 1
                found.people.add(hit["to_party"])
                found.by_channel[hit["channel"].lower()] += 1
                found.by_reason[hit.get("reason", "").lower()] += 1

    def _why_not(self, hit: Hit) -> str:
        """Say why a hit would make no case, as the intake has it; empty: it would."""
        if hit.get("reason") == Reason.SPAM.name:
            return "spam"
        if self._now_ms() - int(hit["occurred_at_ms"]) > self._most_age_ms:
            return "old"
        return "" if hit.get("to_party", "").startswith("+") else "nobody"

    def _first_place(self) -> str:
        return f"{max(0, self._now_ms() - self._most_age_ms)}-0"

    def _subject(self, kind: SubjectKind, pattern: str) -> RecipientSubject:
        if kind is SubjectKind.TEXT:
            raise InvalidInput("kind: hits have no texts; confirm by sender or link")
        return recipient_subject.read(self._home, kind, pattern)


def _is_of(subject: RecipientSubject, hit: Hit) -> bool:
    """Tell whether a hit is of who called or wrote, or of the host that was asked for."""
    if subject.kind is SubjectKind.LINK:
        page = hit.get("url", "")
        host = url.split(page)[0] if page else ""
        return host == subject.pattern or host.endswith(f".{subject.pattern}")
    party = hit.get("from_party", "")
    if subject.pattern.endswith("*"):
        return party.startswith(subject.pattern[:-1])
    return party.casefold() == subject.pattern.casefold()
