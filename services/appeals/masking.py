"""Masks personal data for all callers but appeals officers.

Lists are masked for them, too: a screen with a queue on it is seen by many.
"""

from collections.abc import Mapping
from dataclasses import replace

from blocklists.entries import EntryKind
from fanzha.phone import masked
from services.appeals.model import Appeal, AppealEventKind, AppealSubject, Document, Lift
from services.auth import identity
from services.auth.identity import Role

_PARTIES = ("from_party", "to_party")


def sees_personal_data() -> bool:
    """Return whether the caller may see personal data."""
    return Role.APPEALS_OFFICER in identity.current().roles


def appeal(one: Appeal) -> Appeal:
    """Mask an appeal."""
    return replace(
        one,
        appellant=name(one.appellant),
        contact=contact(one.contact),
        grounds="",
        documents=[replace(each, name=_document(each)) for each in one.documents],
        subject=subject(one.subject),
        decision=decision(one.decision),
        entries=(),
        lift=one.lift and _lift(one.lift),
        events=[
            replace(each, note="") if each.what is AppealEventKind.WITHDRAWN else each
            for each in one.events
        ],
    )


def subject(one: AppealSubject) -> AppealSubject:
    """Mask a number; hosts and names of senders are public."""
    return replace(one, pattern=masked(one.pattern)) if one.kind == EntryKind.NUMBER else one


def decision(fields: Mapping[str, str]) -> dict[str, str]:
    """Mask the parties of a decision, and its pattern where that is one of them."""
    parties = {fields.get(name, "") for name in _PARTIES}
    return {
        name: masked(value)
        if name in _PARTIES or (name == "pattern" and value in parties)
        else value
        for name, value in fields.items()
    }


def _lift(one: Lift) -> Lift:
    return replace(
        one,
        removed=[_pattern(*each) for each in one.removed],
        allowed=one.allowed and _pattern(*one.allowed),
    )


def _pattern(kind: EntryKind, pattern: str) -> tuple[EntryKind, str]:
    return kind, subject(AppealSubject(kind=kind, pattern=pattern)).pattern


def name(text: str) -> str:
    """Leave the first character."""
    return text[:1] + "*" * min(len(text) - 1, 3) if text else ""


def contact(text: str) -> str:
    """Leave the last four characters, and the domain of an address."""
    person, at, domain = text.rpartition("@")
    return name(person) + at + domain if at else masked(text)


def _document(one: Document) -> str:
    return "…" + one.name[one.name.rfind(".") :] if "." in one.name else "…"
