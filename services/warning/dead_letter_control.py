"""Show, replay and drop what the warning pipeline gave up; each write is on record."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fanzha.errors import InvalidInput, NotFound
from fanzha.phone import masked
from infra.redis.dead_letters import DeadLetter, DeadLetters
from services.audit.audited_actions import AuditedActions
from services.audit.events import Audit, AuditKind
from services.auth import identity

DEFAULT_PER_PAGE = 100
MOST_PER_PAGE = 1000

_PLACE = re.compile(r"[0-9]{1,19}-[0-9]{1,19}")
_LONGEST_VALUE = 200
_LEFT_OUT = frozenset({"text", "note", "body"})
_WHOLE = frozenset(
    {
        *("decision_id", "channel", "action", "reason", "fraud_type", "taxonomy", "score"),
        *("entry_id", "evidence", "list_version", "model_version", "occurred_at_ms"),
        *("decided_at_ms", "task", "case_id", "message_id", "provider_id", "state", "at_ms"),
        *("region", "tier", "looked", "stream", "verdict", "verdict_at_ms"),
    }
)
"""Fields that name no person; all others are masked, also those of a later version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskedDeadLetter:
    """A dead letter as people see it."""

    place: str
    stream: str
    tries: int
    reason: str
    at_ms: int
    fields: Mapping[str, str]
    """As `masked_fields` leaves them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterListing:
    """One page of dead letters, oldest first."""

    letters: Sequence[MaskedDeadLetter]
    next_token: str
    total: int


class DeadLetterControl:
    """The dead letters of one stream. Raises `Unavailable` while Redis is away."""

    def __init__(self, letters: DeadLetters, *, audit: Audit) -> None:
        self._letters = letters
        self._trail = AuditedActions(audit, of="dead_letter")

    async def page(self, *, page_size: int, page_token: str) -> DeadLetterListing:
        """Return one page."""
        if not 0 <= page_size <= MOST_PER_PAGE:
            raise InvalidInput(
                "page_size: 1 to {most_per_page}, not {page_size}",
                most_per_page=MOST_PER_PAGE,
                page_size=page_size,
            )
        if page_token:
            _check_place("page_token", page_token)
        size = page_size or DEFAULT_PER_PAGE
        found = await self._letters.list(after=page_token or "-", count=size + 1)
        shown = found[:size]
        return DeadLetterListing(
            letters=list(map(_masked_letter, shown)),
            next_token=shown[-1].place if len(found) > size else "",
            total=await self._letters.count(),
        )

    async def replay(self, places: Sequence[str], *, by: str) -> list[str]:
        """Put letters back where they came from; return the places at which there is none."""
        if not 1 <= len(places) <= MOST_PER_PAGE:
            raise InvalidInput(
                "places: 1 to {most_per_page}, not {places}",
                most_per_page=MOST_PER_PAGE,
                places=len(places),
            )
        for place in places:
            _check_place("places", place)
        distinct = list(dict.fromkeys(places))
        subject = distinct[0] if len(distinct) == 1 else f"{distinct[0]}..{distinct[-1]}"
        details = {"letters": str(len(distinct))}
        return await self._trail.around(
            AuditKind.DEAD_LETTERS_REPLAYED,
            subject,
            identity.author(by),
            details,
            self._replay(distinct),
        )

    async def drop(self, place: str, *, by: str) -> None:
        """Delete a letter; raises `NotFound` when there is none."""
        _check_place("place", place)
        letter = await self._letters.get(place)
        if letter is None:
            raise NotFound("there is no dead letter {place}", place=place)
        details = {"stream": letter.stream, "why": letter.reason}
        await self._trail.around(
            AuditKind.DEAD_LETTER_DROPPED,
            place,
            identity.author(by),
            details,
            self._letters.drop(letter),
        )

    async def _replay(self, places: Sequence[str]) -> list[str]:
        missing = []
        for place in places:
            letter = await self._letters.get(place)
            if letter is None:
                missing.append(place)
            else:
                await self._letters.replay(letter)
        return missing


def masked_fields(fields: Mapping[str, str]) -> dict[str, str]:
    """Leave texts out and mask whatever may name a person."""
    return {
        name: value if name in _WHOLE else masked(value[:_LONGEST_VALUE])
        for name, value in fields.items()
        if name not in _LEFT_OUT
    }


def _masked_letter(letter: DeadLetter) -> MaskedDeadLetter:
    return MaskedDeadLetter(
        place=letter.place,
        stream=letter.stream,
        tries=letter.tries,
        reason=letter.reason,
        at_ms=letter.at_ms,
        fields=masked_fields(letter.fields),
    )


def _check_place(name: str, place: str) -> None:
    if not _PLACE.fullmatch(place):
        raise InvalidInput(
            "{name}: a place such as 1764000000000-0, not {place!r}", name=name, place=place[:40]
        )
