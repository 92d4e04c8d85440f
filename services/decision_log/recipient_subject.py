"""What may have reached people: a number, a sender, a link or a text, as conditions on the log."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from fanzha import fingerprint, url
from fanzha.errors import InvalidInput
from fanzha.phone import UNREADABLE, HomePlan, party_text, range_text
from fanzha.tables import Channel
from services.decision_log.impact.question import spans_of


class SubjectKind(StrEnum):
    """What it is."""

    NUMBER = "number"
    """A number, service code or range: who called, wrote, was called or was written to."""
    SENDER = "sender"
    """Likewise; may be a name."""
    LINK = "link"
    """A host with all below it: who asked for it, or got a text with a link to it."""
    TEXT = "text"
    """A fingerprint: who got a text that is nearly the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientSubject:
    """What is looked for."""

    kind: SubjectKind
    pattern: str
    """As lists and cases write it."""
    sides: str = ""
    """Condition on the key ``{side}``, of a number or sender; empty for others."""

    @property
    def channels(self) -> Sequence[Channel]:
        """The channels on which it can reach people."""
        if self.kind is SubjectKind.TEXT:
            return (Channel.TEXT,)
        return (Channel.CALL, Channel.TEXT) if self.sides else (Channel.TEXT, Channel.LINK)

    def of(self, side: str) -> str:
        """Return the condition that a side is the number or sender."""
        return f"({self.sides.format(side=side)})" if self.sides else "true"

    def person(self, from_side: str, to_side: str) -> str:
        """Return the other side of a row: who is at risk."""
        if not self.sides:
            return to_side
        return f"CASE WHEN {self.of(from_side)} THEN {to_side} ELSE {from_side} END"

    def other(self, from_side: str, to_side: str) -> str:
        """Return the side of a row that is the number or sender, or who sent the link or text."""
        if not self.sides:
            return from_side
        return f"CASE WHEN {self.of(from_side)} THEN {from_side} ELSE {to_side} END"


def read(home: HomePlan, kind: SubjectKind, text: str) -> RecipientSubject:
    """Parse a subject; raises `InvalidInput` where it cannot be read."""
    text = text.strip()
    match kind:
        case SubjectKind.NUMBER if text.endswith("*"):
            return _range(home, text)
        case SubjectKind.NUMBER:
            return _party(kind, home.number_key(text), text)
        case SubjectKind.SENDER:
            return _party(kind, home.sender_key(text), text)
        case SubjectKind.LINK:
            page = url.canonical(text)
            host = url.split(page)[0] if page else ""
            if not host:
                raise InvalidInput("pattern: cannot be read as a link or host")
            return RecipientSubject(kind=kind, pattern=host)
        case SubjectKind.TEXT:
            written = text if fingerprint.is_fingerprint(text) else fingerprint.fingerprint(text)
            if not written:
                raise InvalidInput("pattern: the text is too short to have a fingerprint")
            return RecipientSubject(kind=kind, pattern=written)


def _party(kind: SubjectKind, key: int, text: str) -> RecipientSubject:
    if key == UNREADABLE:
        raise InvalidInput("pattern: cannot be read as a {value}", value=kind.value)
    return RecipientSubject(kind=kind, pattern=party_text(key, text), sides=f"{{side}} = {key}")


def _range(home: HomePlan, text: str) -> RecipientSubject:
    found = home.range_key(text)
    if found is None:
        raise InvalidInput("pattern: neither a number nor a range")
    spans = spans_of(np.array([found[0]], np.int64), np.array([found[1]], np.uint8))
    sides = " OR ".join(
        f"{{side}} BETWEEN {first} AND {last}"
        for first, last in zip(spans.first.tolist(), spans.last.tolist(), strict=True)
    )
    return RecipientSubject(kind=SubjectKind.NUMBER, pattern=range_text(*found), sides=sides)
