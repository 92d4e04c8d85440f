"""Masks personal data in cases for everyone but dispatchers.

Lists are masked for dispatchers too: many people see a screen with a queue.
"""

from dataclasses import replace

from fanzha.phone import masked
from services.auth import identity
from services.auth.identity import Role
from services.warning.cases.events import CaseEvent, EventKind
from services.warning.cases.model import Case
from services.warning.dispatch.schedule import SCHEDULE
from services.warning.model import Means, MeansKind

_HIDDEN = frozenset({MeansKind.CALLER, MeansKind.SENDER, MeansKind.ACCOUNT})
_HIDDEN_CAMPAIGNS = frozenset({"number", "account"})


def sees_numbers() -> bool:
    """Whether the caller may see unmasked numbers."""
    return Role.DISPATCHER in identity.current().roles


def case(one: Case) -> Case:
    """Mask a case."""
    return replace(
        one,
        victim=masked(one.victim),
        campaign=_campaign(one.campaign),
        means=tuple(map(_means, one.means)),
        lost_to=tuple(map(_means, one.lost_to)),
    )


def event(one: CaseEvent, *, notes: bool = False) -> CaseEvent:
    """Mask an event; unless *notes*, those of people are removed: they may name anyone."""
    hides_note = one.kind is EventKind.NOTED and one.by != SCHEDULE and not notes
    warning = one.warning and replace(
        one.warning,
        victim=masked(one.warning.victim),
        means=_means(one.warning.means),
        pattern=masked(one.warning.pattern),
    )
    return replace(
        one,
        warning=warning,
        why="" if hides_note else one.why,
        reply=one.reply and replace(one.reply, text="" if hides_note else one.reply.text),
        lost_to=tuple(map(_means, one.lost_to)),
        evidence=tuple(map(_means, one.evidence)),
        campaign=_campaign(one.campaign),
    )


def _means(one: Means) -> Means:
    return replace(one, value=masked(one.value)) if one.kind in _HIDDEN else one


def _campaign(text: str) -> str:
    kind, colon, value = text.partition(":")
    return f"{kind}{colon}{masked(value)}" if kind in _HIDDEN_CAMPAIGNS else text
