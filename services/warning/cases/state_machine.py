"""The state machine of cases: which events may follow in which state, and what each changes.

A case begins with OPENED, which may not occur again. Events move it so; `-` keeps the state, and an
empty cell means that the event is refused with `InvalidInput`.

===================  ==========  ==========  ==========  ==========  ======
event                NEW         ROUTED      WARNED      DISSUADING  CLOSED
===================  ==========  ==========  ==========  ==========  ======
JOINED               -           -           -           -           -
ROUTED               ROUTED      -           -           -
TIERED               -           -           -           -
QUEUED               -           -           -           -
SENT, DELIVERED      WARNED      WARNED      -           -           -
FAILED               -           -           -           -           -
ESCALATED            -           -           -           -
TAKEN                DISSUADING  DISSUADING  DISSUADING  -
NOTED                -           -           -           -           -
CLOSED               CLOSED      CLOSED      CLOSED      CLOSED
===================  ==========  ==========  ==========  ==========  ======

NEW         opened; region and tier are not known yet
ROUTED      the region is known, messages may be queued
WARNED      a channel accepted a message
DISSUADING  an officer deals with the person
CLOSED      has an outcome; a later warning only joins, and late receipts are still recorded

Beside the state, ``needs_person`` marks an open case whose plan has no further step and which no
officer has taken: ESCALATED without a due date sets it, QUEUED, TAKEN and CLOSED clear it. And a
note may say where the hand-over to the stop-payment desk stands: DUE once, then any other.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from fanzha.errors import InvalidInput
from services.warning.cases import ids
from services.warning.cases.events import CaseEvent, EventKind, StopPaymentStep
from services.warning.cases.ids import base_of, case_id
from services.warning.cases.model import Case, CaseState, Origin

T = TypeVar("T")

MOST_KEPT = 100
"""Decision ids and references kept in the view of a case; of means and entries a fifth as many. The
events have all."""

_WHILE_OPEN = frozenset(EventKind) - {EventKind.OPENED}
_ALLOWED: Mapping[CaseState, frozenset[EventKind]] = {
    CaseState.NEW: _WHILE_OPEN,
    CaseState.ROUTED: _WHILE_OPEN,
    CaseState.WARNED: _WHILE_OPEN,
    CaseState.DISSUADING: _WHILE_OPEN,
    # Late receipts and later notes are still facts.
    CaseState.CLOSED: frozenset(
        {
            EventKind.JOINED,
            EventKind.SENT,
            EventKind.DELIVERED,
            EventKind.FAILED,
            EventKind.NOTED,
        }
    ),
}


def fold(events: Iterable[CaseEvent]) -> Case:
    """Build a case from all its events. Raises `InvalidInput` where one is not allowed."""
    case: Case | None = None
    for event in events:
        case = apply(case, event)
    if case is None:
        raise InvalidInput("case: has no events")
    return case


def apply(case: Case | None, event: CaseEvent) -> Case:
    """Return *case* after *event*; None: the event opens a case. Raises `InvalidInput`."""
    if case is None:
        return _opened(event)
    if event.kind not in _ALLOWED[case.state]:
        raise InvalidInput(
            "case {id}: {kind} is not allowed in state {state}",
            id=case.id,
            kind=event.kind,
            state=case.state,
        )
    changed = _CHANGES.get(event.kind, _unchanged)(case, event)
    return replace(
        changed,
        revision=case.revision + 1,
        changed_at_ms=max(case.changed_at_ms, event.at_ms),
        due_at_ms=_due(changed, event),
    )


def _due(case: Case, event: CaseEvent) -> int:
    if not case.open:
        return 0
    return case.due_at_ms if event.due_at_ms is None else event.due_at_ms


def _opened(event: CaseEvent) -> Case:
    warning = event.warning
    if event.kind is not EventKind.OPENED or warning is None:
        raise InvalidInput("case: the first event must be opened, not {kind}", kind=event.kind)
    base = base_of(warning.victim, event.campaign)
    fresh = Case(
        id=case_id(base, event.round),
        victim=warning.victim,
        campaign=event.campaign,
        round=event.round,
        state=CaseState.NEW,
        opened_at_ms=event.at_ms,
        occurred_at_ms=warning.occurred_at_ms,
        changed_at_ms=event.at_ms,
        revision=1,
        due_at_ms=event.due_at_ms or 0,
        trace=warning.trace,
    )
    return _joined(fresh, event)


def _joined(case: Case, event: CaseEvent) -> Case:
    warning = event.warning
    if warning is None:
        raise InvalidInput("case {id}: {kind} without a warning", id=case.id, kind=event.kind)
    scores = [score for score in (case.score, warning.score) if score is not None]
    means = warning.means if warning.means.value else None
    origin = Origin(
        source=warning.source, source_name=warning.source_name, reference=warning.reference
    )
    return replace(
        case,
        hits=case.hits + 1,
        fraud_type=case.fraud_type or warning.fraud_type,
        risk=max(case.risk, warning.risk),
        confirmed=case.confirmed or warning.confirmed,
        occurred_at_ms=min(case.occurred_at_ms, warning.occurred_at_ms),
        channels=case.channels | ({warning.channel} if warning.channel else frozenset()),
        means=_appended(case.means, means, MOST_KEPT // 5),
        decisions=_appended(case.decisions, warning.decision_id or None, MOST_KEPT),
        origins=_appended(case.origins, origin, MOST_KEPT),
        entries=_appended(case.entries, warning.entry_id or None, MOST_KEPT // 5),
        talked_s=max(case.talked_s, warning.talked_s),
        opened_link=case.opened_link or warning.opened,
        score=max(scores) if scores else None,
    )


def _routed(case: Case, event: CaseEvent) -> Case:
    if event.region is None:
        raise InvalidInput("case {id}: routed without a region", id=case.id)
    state = CaseState.ROUTED if case.state is CaseState.NEW else case.state
    return replace(case, region=event.region, state=state)


def _tiered(case: Case, event: CaseEvent) -> Case:
    if event.tier is None:
        raise InvalidInput("case {id}: tiered without a tier", id=case.id)
    return replace(case, tier=event.tier, lines=event.lines, policy=event.policy)


def _message(case: Case, event: CaseEvent) -> Case:
    if event.message is None:
        raise InvalidInput("case {id}: {kind} without a message", id=case.id, kind=event.kind)
    messages = {**case.messages, event.message.id: event.kind.value}
    # A new tier starts its own plan from the first step; what the robot says is no step of it.
    planned = event.kind is EventKind.QUEUED and event.message.step < ids.ROBOT_STEP
    step = event.message.step if planned else case.step
    needs_person = case.needs_person and not planned
    changed = replace(case, messages=messages, step=step, needs_person=needs_person)
    if event.kind not in (EventKind.SENT, EventKind.DELIVERED):
        return changed
    # A receipt may arrive before the answer of the channel: delivered implies sent.
    changed = replace(changed, warned_at_ms=case.warned_at_ms or event.at_ms)
    if event.kind is EventKind.DELIVERED:
        changed = replace(changed, reached_at_ms=case.reached_at_ms or event.at_ms)
    if case.state in (CaseState.NEW, CaseState.ROUTED):
        changed = replace(changed, state=CaseState.WARNED)
    return changed


def _escalated(case: Case, event: CaseEvent) -> Case:
    # No due date means that the plan has no further step.
    untaken = case.state is not CaseState.DISSUADING
    return replace(case, needs_person=untaken and event.due_at_ms == 0)


def _taken(case: Case, event: CaseEvent) -> Case:
    officer = event.officer or event.by
    return replace(case, state=CaseState.DISSUADING, officer=officer, needs_person=False)


def _noted(case: Case, event: CaseEvent) -> Case:
    gone = set(event.withdrawn)
    means = case.means
    for one in event.evidence:
        means = _appended(means, one, MOST_KEPT // 5)
    return replace(
        _handed_over(case, event),
        means=means,
        unreached=case.unreached + event.unreached,
        hits=case.hits - len(gone),
        entries=tuple(one for one in case.entries if one not in event.withdrawn_entries),
        decisions=tuple(one for one in case.decisions if str(one) not in gone),
    )


def _handed_over(case: Case, event: CaseEvent) -> Case:
    if event.stop_payment is None:
        return case
    if (case.stop_payment is None) != (event.stop_payment is StopPaymentStep.DUE):
        raise InvalidInput(
            "case {id}: stop payment cannot be {to} after {now}",
            id=case.id,
            to=event.stop_payment.value,
            now=case.stop_payment.value if case.stop_payment else "nothing",
        )
    return replace(
        case,
        stop_payment=event.stop_payment,
        stop_payment_at_ms=case.stop_payment_at_ms or event.at_ms,
        stop_payment_receipt=event.receipt or case.stop_payment_receipt,
    )


def _closed(case: Case, event: CaseEvent) -> Case:
    if event.outcome is None:
        raise InvalidInput("case {id}: closed without an outcome", id=case.id)
    return replace(
        case,
        state=CaseState.CLOSED,
        outcome=event.outcome,
        reason=event.why,
        lost_fen=event.lost_fen,
        lost_to=event.lost_to,
        duplicate_of=event.duplicate_of,
        needs_person=False,
        closed_at_ms=event.at_ms,
        due_at_ms=0,
    )


def _unchanged(case: Case, _event: CaseEvent) -> Case:
    return case


def _appended(known: tuple[T, ...], one: T | None, most: int) -> tuple[T, ...]:
    if one is None or one in known or len(known) >= most:
        return known
    return (*known, one)


_CHANGES = {
    EventKind.JOINED: _joined,
    EventKind.ROUTED: _routed,
    EventKind.TIERED: _tiered,
    EventKind.QUEUED: _message,
    EventKind.SENT: _message,
    EventKind.DELIVERED: _message,
    EventKind.FAILED: _message,
    EventKind.ESCALATED: _escalated,
    EventKind.TAKEN: _taken,
    EventKind.NOTED: _noted,
    EventKind.CLOSED: _closed,
}
