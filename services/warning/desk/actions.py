"""Derives events from actions of dispatchers and officers. Pure functions, no access checks."""

from dataclasses import dataclass, replace
from typing import Any

from fanzha.errors import InvalidInput, VersionConflict
from services.warning.cases.events import (
    CaseEvent,
    CaseOutcome,
    EventKind,
    HeardReply,
    StopPaymentStep,
)
from services.warning.cases.model import Case, CaseState
from services.warning.cases.opening import Router
from services.warning.dispatch import schedule
from services.warning.model import Means, Region, Tier

MOST_AHEAD_MS = 14 * 86_400_000
MOST_LOST_FEN = 10**13
MOST_LOST_TO = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionContext:
    """Author, time and reason of an action."""

    by: str
    at_ms: int
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseNote:
    """What a note says beside its text."""

    unreached: bool = False
    """Whether an attempt to contact the person failed."""
    due_at_ms: int = 0
    """New due date; 0: as before."""
    evidence: tuple[Means, ...] = ()
    """Means that the person tells of; they join those of the case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseClosure:
    """The outcome of a case, with its details."""

    outcome: CaseOutcome
    lost_fen: int | None = None
    lost_to: tuple[Means, ...] = ()
    duplicate_of: str = ""


def check_revision(case: Case, revision: int | None) -> None:
    """Raise `VersionConflict` if the case has changed since *revision*."""
    if revision is not None and case.revision != revision:
        raise VersionConflict.between(
            "revision", f"case {case.id} is", expected=revision, actual=case.revision
        )


def assigned(
    case: Case, act: ActionContext, router: Router, *, region: Region | None, officer: str
) -> list[CaseEvent]:
    """Assign a case to a region, an officer, or both; no events if unchanged."""
    _check_open(case)
    events = []
    if region is not None and region.code != case.region.code:
        events.append(_event(EventKind.ROUTED, act, region=region))
    if officer and officer != case.officer:
        events.append(_taken(case, act, router, officer))
    return events


def taken(case: Case, act: ActionContext, router: Router, *, take_over: bool) -> list[CaseEvent]:
    """Take a case. Raises `VersionConflict` if another officer has it, unless *take_over*."""
    _check_open(case)
    if case.officer == act.by:
        return []
    if case.state is CaseState.DISSUADING and not take_over:
        raise VersionConflict(
            "case {id}: {officer} has it; take_over takes it from them",
            id=case.id,
            officer=case.officer,
        )
    return [_taken(case, act, router, act.by)]


def skipped(case: Case, act: ActionContext) -> list[CaseEvent]:
    """Note why an officer passes a case over."""
    _check_open(case)
    return [_event(EventKind.NOTED, act, skipped=True)]


def noted(case: Case, act: ActionContext, router: Router, note_of: CaseNote) -> list[CaseEvent]:
    """Add a note; an unsuccessful attempt also takes the next step."""
    unreached, due_at_ms = note_of.unreached, note_of.due_at_ms
    if due_at_ms:
        if case.state is not CaseState.DISSUADING:
            raise InvalidInput("due_at_ms: only of a case that somebody has taken")
        if not act.at_ms < due_at_ms <= act.at_ms + MOST_AHEAD_MS:
            raise InvalidInput("due_at_ms: from now to 14 days ahead")
    note = _event(
        EventKind.NOTED,
        act,
        unreached=unreached,
        due_at_ms=due_at_ms or None,
        evidence=note_of.evidence,
    )
    if not unreached:
        return [note]
    _check_open(case)
    if due_at_ms:
        raise InvalidInput("due_at_ms: not with unreached: the next step sets the due date")
    return [note, *schedule.escalate_unreached(case, router, act.at_ms, by=act.by)]


def closed(case: Case, act: ActionContext, closing: CaseClosure) -> list[CaseEvent]:
    """Close a case."""
    _check_open(case)
    check_closing(closing, act.why)
    return [
        _event(
            EventKind.CLOSED,
            act,
            outcome=closing.outcome,
            lost_fen=closing.lost_fen,
            lost_to=closing.lost_to,
            duplicate_of=closing.duplicate_of,
        )
    ]


def stop_payment_due(case: Case, act: ActionContext, said: str) -> list[CaseEvent]:
    """Ask for a hand-over to the stop-payment desk, with what the person said; once in a case.

    What is said later is noted.
    """
    reply = HeardReply(text=said, meaning="paid")
    if case.stop_payment is not None:
        return [replace(_event(EventKind.NOTED, act, reply=reply), why=said)]
    return [
        _event(
            EventKind.NOTED,
            act,
            stop_payment=StopPaymentStep.DUE,
            reply=reply,
        )
    ]


def receipt_recorded(case: Case, act: ActionContext, receipt: str) -> list[CaseEvent]:
    """Record the receipt of the stop-payment desk. Raises `InvalidInput` where none is awaited."""
    if case.stop_payment is None:
        raise InvalidInput("case {id}: was not handed to the stop-payment desk", id=case.id)
    if case.stop_payment is StopPaymentStep.RECEIVED and case.stop_payment_receipt == receipt:
        return []
    return [_event(EventKind.NOTED, act, stop_payment=StopPaymentStep.RECEIVED, receipt=receipt)]


def check_closing(closing: CaseClosure, why: str) -> None:
    """Raise `InvalidInput` if details of the outcome are missing or do not belong to it."""
    outcome = closing.outcome
    if outcome is CaseOutcome.FALSE_ALARM and not why:
        raise InvalidInput("reason: required for a false alarm: it may cost a list entry its place")
    if outcome is not CaseOutcome.LOST_MONEY and (closing.lost_fen is not None or closing.lost_to):
        field = "lost_to" if closing.lost_to else "lost_fen"
        raise InvalidInput(
            "{field}: only with lost_money, not with {outcome}", field=field, outcome=outcome
        )
    if closing.lost_fen is not None and not 1 <= closing.lost_fen <= MOST_LOST_FEN:
        raise InvalidInput(
            "lost_fen: from 1 to {most_lost_fen}; leave it out when not known",
            most_lost_fen=MOST_LOST_FEN,
        )
    if len(closing.lost_to) > MOST_LOST_TO:
        raise InvalidInput(
            "lost_to: at most {most_lost_to}, not {lost_to}",
            most_lost_to=MOST_LOST_TO,
            lost_to=len(closing.lost_to),
        )
    if (outcome is CaseOutcome.DUPLICATE) != bool(closing.duplicate_of):
        fault = "required for a duplicate" if not closing.duplicate_of else "only with duplicate"
        raise InvalidInput("duplicate_of: {fault}: the other case of the same person", fault=fault)


def check_duplicate(case: Case, other: Case) -> None:
    """Raise `InvalidInput` if *case* cannot be a duplicate of *other*."""
    if other.id == case.id:
        raise InvalidInput("duplicate_of: is this very case")
    if other.victim != case.victim:
        raise InvalidInput("duplicate_of: is about another person")
    if other.outcome is CaseOutcome.DUPLICATE:
        raise InvalidInput(
            "duplicate_of: is itself a duplicate, of {duplicate_of}",
            duplicate_of=other.duplicate_of,
        )


def _check_open(case: Case) -> None:
    if not case.open:
        raise InvalidInput(
            "case {id}: is closed: {outcome}; only notes are possible",
            id=case.id,
            outcome=case.outcome,
        )


def _taken(case: Case, act: ActionContext, router: Router, officer: str) -> CaseEvent:
    taken = _event(EventKind.TAKEN, act, officer=officer)
    if case.state is CaseState.DISSUADING:
        return taken  # a takeover keeps the due date
    patience = schedule.patience_ms(router, case.tier or Tier.LOW)
    return replace(taken, due_at_ms=act.at_ms + patience)


def _event(kind: EventKind, act: ActionContext, **fields: Any) -> CaseEvent:
    return replace(CaseEvent(kind=kind, at_ms=act.at_ms, by=act.by, why=act.why), **fields)
