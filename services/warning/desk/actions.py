"""What people of a desk do to a case, as events. No store, no clock, nobody's rights."""

from dataclasses import dataclass, replace
from typing import Any

from fanzha.errors import InvalidInput, VersionConflict
from services.warning.cases.events import CaseEvent, CaseOutcome, EventKind
from services.warning.cases.model import Case, CaseState
from services.warning.cases.opening import Router
from services.warning.dispatch import schedule
from services.warning.model import Means, Region, Tier

MOST_AHEAD_MS = 14 * 86_400_000
MOST_LOST_FEN = 10**13
MOST_LOST_TO = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionContext:
    """Who does something, when, and why."""

    by: str
    at_ms: int
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseClosure:
    """How a case ended."""

    outcome: CaseOutcome
    lost_fen: int | None = None
    lost_to: tuple[Means, ...] = ()
    duplicate_of: str = ""


def check_revision(case: Case, revision: int | None) -> None:
    """Raise `VersionConflict` where something happened since somebody looked."""
    if revision is not None and case.revision != revision:
        raise VersionConflict(
            f"case {case.id}: is at revision {case.revision}, not {revision}; look again"
        )


def assigned(
    case: Case, act: ActionContext, router: Router, *, region: Region | None, officer: str
) -> list[CaseEvent]:
    """Give a case to a region, an officer, or both; nothing where they have it."""
    _check_open(case)
    events = []
    if region is not None and region.code != case.region.code:
        events.append(_event(EventKind.ROUTED, act, region=region))
    if officer and officer != case.officer:
        events.append(_taken(case, act, router, officer))
    return events


def taken(case: Case, act: ActionContext, router: Router, *, take_over: bool) -> list[CaseEvent]:
    """Let who acts deal with a case; `VersionConflict` where another has it."""
    _check_open(case)
    if case.officer == act.by:
        return []
    if case.state is CaseState.DISSUADING and not take_over:
        raise VersionConflict(
            f"case {case.id}: {case.officer} has it; take_over takes it from them"
        )
    return [_taken(case, act, router, act.by)]


def noted(
    case: Case, act: ActionContext, router: Router, *, unreached: bool, due_at_ms: int
) -> list[CaseEvent]:
    """Write something down; *unreached* takes the next step, *due_at_ms* is a new date."""
    if due_at_ms:
        if case.state is not CaseState.DISSUADING:
            raise InvalidInput("due_at_ms: only of a case that somebody has taken")
        if not act.at_ms < due_at_ms <= act.at_ms + MOST_AHEAD_MS:
            raise InvalidInput("due_at_ms: from now to 14 days ahead")
    note = _event(EventKind.NOTED, act, unreached=unreached, due_at_ms=due_at_ms or None)
    if not unreached:
        return [note]
    _check_open(case)
    if due_at_ms:
        raise InvalidInput("due_at_ms: the next step of who was not reached has a date of its own")
    return [note, *schedule.escalate_unreached(case, router, act.at_ms, by=act.by)]


def closed(case: Case, act: ActionContext, closing: CaseClosure) -> list[CaseEvent]:
    """Close a case with an outcome."""
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


def check_closing(closing: CaseClosure, why: str) -> None:
    """Raise `InvalidInput` where what is said of an outcome is not enough, or too much."""
    outcome = closing.outcome
    if outcome is CaseOutcome.FALSE_ALARM and not why:
        raise InvalidInput("reason: required for a false alarm: a list entry may fall with it")
    if outcome is not CaseOutcome.LOST_MONEY and (closing.lost_fen is not None or closing.lost_to):
        field = "lost_to" if closing.lost_to else "lost_fen"
        raise InvalidInput(f"{field}: only with lost_money, not with {outcome}")
    if closing.lost_fen is not None and not 1 <= closing.lost_fen <= MOST_LOST_FEN:
        raise InvalidInput(f"lost_fen: from 1 to {MOST_LOST_FEN}; leave it out when not known")
    if len(closing.lost_to) > MOST_LOST_TO:
        raise InvalidInput(f"lost_to: at most {MOST_LOST_TO}, not {len(closing.lost_to)}")
    if (outcome is CaseOutcome.DUPLICATE) != bool(closing.duplicate_of):
        wanted = "required for a duplicate" if not closing.duplicate_of else "only with duplicate"
        raise InvalidInput(f"duplicate_of: {wanted}: the other case of the same person")


def check_duplicate(case: Case, other: Case) -> None:
    """Raise `InvalidInput` where *other* cannot be what *case* is a duplicate of."""
    if other.id == case.id:
        raise InvalidInput("duplicate_of: is this very case")
    if other.victim != case.victim:
        raise InvalidInput("duplicate_of: is about another person")
    if other.outcome is CaseOutcome.DUPLICATE:
        raise InvalidInput(f"duplicate_of: is itself a duplicate, of {other.duplicate_of}")


def _check_open(case: Case) -> None:
    if not case.open:
        raise InvalidInput(f"case {case.id}: is closed: {case.outcome}; only notes are taken")


def _taken(case: Case, act: ActionContext, router: Router, officer: str) -> CaseEvent:
    taken = _event(EventKind.TAKEN, act, officer=officer)
    if case.state is CaseState.DISSUADING:
        return taken  # who takes over has the time that is left
    patience = schedule.patience_ms(router, case.tier or Tier.LOW)
    return replace(taken, due_at_ms=act.at_ms + patience)


def _event(kind: EventKind, act: ActionContext, **fields: Any) -> CaseEvent:
    return replace(CaseEvent(kind=kind, at_ms=act.at_ms, by=act.by, why=act.why), **fields)
