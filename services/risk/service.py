"""Rates numbers for banks and payment firms, from lists and the graph of related entities.

What an allow entry or a rule protects is never rated. A rating is a reason to verify the person
behind a payment anew, not to refuse it: a number changes hands, and a list may be wrong. After
`VALID_MS` it should be asked for again. Who asks, for what purpose, and about how many, is audited,
with masked numbers.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from blocklists.entries import Entry, EntryKind, EntryMode
from blocklists.queries import ListQueries
from fanzha.decisions import Action
from fanzha.errors import InvalidInput
from fanzha.phone import UNREADABLE, HomePlan, masked, number_text
from infra import text_limits
from infra.text_limits import CharacterSet, TextLimit
from services.audit.events import Audit, AuditKind
from services.decision.related.entities import party_entity
from services.decision.related.store import GraphStore

MOST_NUMBERS = 100
VALID_MS = 24 * 3_600_000
PURPOSE = TextLimit(max_characters=200, characters=CharacterSet.PRINTABLE)
_AT_ONCE = 4
"""Numbers read from the store at once, of all requests: its client has so many connections only."""
_NAMED = 20
"""Masked numbers that the audit log names."""


class RiskLevel(IntEnum):
    """How much is known against a number; numbered as on the wire."""

    NONE = 1
    """Nothing is known against it."""
    MEDIUM = 2
    HIGH = 3
    VERY_HIGH = 4


class RiskReason(StrEnum):
    """Why a number is rated."""

    LISTED = "listed"
    """It is blocked by its number."""
    CONFIRMED = "confirmed"
    """A hit of it was confirmed."""
    RANGE = "range"
    """It lies in a blocked range."""
    RELATED = "related"
    """It is seen with confirmed ones."""
    ON_TRIAL = "on_trial"
    """An entry that is tried and does not block yet."""


_LEVELS = {
    RiskReason.LISTED: RiskLevel.VERY_HIGH,
    RiskReason.CONFIRMED: RiskLevel.VERY_HIGH,
    RiskReason.RANGE: RiskLevel.HIGH,
    RiskReason.RELATED: RiskLevel.HIGH,
    RiskReason.ON_TRIAL: RiskLevel.MEDIUM,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberRating:
    """What is known against one number."""

    level: RiskLevel
    reasons: Sequence[RiskReason] = ()
    since_ms: int = 0
    """The earliest of them; 0: not known."""
    valid_until_ms: int = 0
    readable: bool = True
    """False: it is no telephone number, and not rated."""


class RiskRatings:
    """Rates numbers. Raises `Unavailable` while Redis is down."""

    def __init__(
        self,
        views: ListQueries,
        graph: GraphStore,
        *,
        home: HomePlan,
        audit: Audit,
        now_ms: Callable[[], int],
    ) -> None:
        self._views = views
        self._graph = graph
        self._home = home
        self._audit = audit
        self._now_ms = now_ms
        self._reading = asyncio.Semaphore(_AT_ONCE)

    async def rate(self, numbers: Sequence[str], purpose: str) -> list[NumberRating]:
        """Rate *numbers*, in their order; each time audited with *purpose*."""
        purpose = text_limits.required("purpose", purpose, PURPOSE)
        if not 1 <= len(numbers) <= MOST_NUMBERS:
            raise InvalidInput(
                "numbers: 1 to {most}, not {count}", most=MOST_NUMBERS, count=len(numbers)
            )
        written = [self._canonical(one) for one in numbers]
        details = {
            "purpose": purpose,
            "numbers": str(len(numbers)),
            "named": ", ".join(masked(one) for one in written[:_NAMED] if one),
        }
        await self._audit.record(AuditKind.RISK_READ, subject="risk", details=details)
        return list(await asyncio.gather(*map(self._bounded, written)))

    async def _bounded(self, number: str) -> NumberRating:
        async with self._reading:
            return await self._rating(number)

    async def _rating(self, number: str) -> NumberRating:
        if not number:
            return NumberRating(level=RiskLevel.NONE, readable=False)
        now = self._now_ms()
        found = await self._views.find_for_service(number)
        in_force = [one for one in found.entries if one.expires_at.timestamp() * 1000 > now]
        allowed = any(one.action is Action.ALLOW for one in in_force)
        if allowed or found.protected_because:
            return NumberRating(level=RiskLevel.NONE, valid_until_ms=now + VALID_MS)
        since: dict[RiskReason, int] = {}
        for entry in in_force:
            at_ms = int(entry.created_at.timestamp() * 1000)
            reason = _reason(entry)
            since[reason] = min(at_ms, since.get(reason, at_ms))
        shown = await self._graph.show(party_entity(self._home.number_key(number)))
        if shown is not None and shown.suspect is not None and shown.suspect.ends_at_ms > now:
            confirmed = shown.suspect.confirmed
            reason = RiskReason.CONFIRMED if confirmed else RiskReason.RELATED
            since[reason] = shown.suspect.since_ms
        return NumberRating(
            level=max((_LEVELS[one] for one in since), default=RiskLevel.NONE),
            reasons=sorted(since, key=lambda one: (-_LEVELS[one], one)),
            since_ms=min(since.values(), default=0),
            valid_until_ms=now + VALID_MS,
        )

    def _canonical(self, text: str) -> str:
        key = self._home.number_key(text)
        return "" if key == UNREADABLE else number_text(key)


def _reason(entry: Entry) -> RiskReason:
    if entry.mode is not EntryMode.ENFORCE:
        return RiskReason.ON_TRIAL
    return RiskReason.RANGE if entry.kind is EntryKind.RANGE else RiskReason.LISTED
