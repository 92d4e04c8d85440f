"""What warnings make of a case: it opens, they join, and may raise it. No store, no clock.

The order of what happens to a new case is fixed: opened, routed to a region, tiered, and the first
warning of its tier queued. All of these are one commit, so a person at risk is either waiting in
the stream of hits or has a case with a warning on its way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from services.warning.cases import ids, state_machine
from services.warning.cases.events import CaseEvent, EventKind, MessageRef
from services.warning.cases.model import Case
from services.warning.model import Region, Tier, WarningRecord

INTAKE = "intake"
"""Who takes warnings in, on record."""
REJOIN_MS = 7 * 86_400_000
"""A campaign that reaches a person so long after their case was closed opens another."""
MOST_JOINED = 1000
"""Warnings that join one case; further ones are counted with their source and not kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TierAssessment:
    """How urgent a case is."""

    tier: Tier
    lines: tuple[str, ...] = ()
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactStep:
    """One way to reach a person, and by when it must have worked."""

    channel: str
    within_ms: int
    """After so long the next step is due."""


class Router(Protocol):
    """Knows where a person lives, how urgent a case is, and how it is warned."""

    def region(self, victim: str) -> Region:
        """Return where *victim* lives."""

    def judge(self, case: Case) -> TierAssessment:
        """Return how urgent *case* is."""

    def step(self, tier: Tier, number: int) -> ContactStep | None:
        """Return the step of *tier* at place *number*, from 0; None: there is none."""


class PlainRouter:
    """Knows no regions, takes the risk for the tier, and warns by SMS."""

    def region(self, victim: str) -> Region:  # noqa: ARG002
        """Return that nothing is known."""
        return Region(how="unknown")

    def judge(self, case: Case) -> TierAssessment:
        """Take the risk for the tier."""
        return TierAssessment(tier=Tier(case.risk), lines=("risk",), version="plain")

    def step(self, tier: Tier, number: int) -> ContactStep | None:  # noqa: ARG002
        """Warn by SMS, then wait for a person."""
        return ContactStep(channel="sms", within_ms=30 * 60_000) if number == 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseUpdate:
    """A case and what happened to it."""

    case: Case
    events: tuple[CaseEvent, ...]


def apply_warnings(
    case: Case | None, warned: Sequence[WarningRecord], router: Router, now_ms: int
) -> CaseUpdate:
    """Let *warned* (one person, one campaign, at least one) join *case*, or open one."""
    first, *rest = warned
    events: list[CaseEvent] = []
    if case is None or _is_over(case, now_ms):
        opened = CaseEvent(
            kind=EventKind.OPENED,
            at_ms=now_ms,
            by=INTAKE,
            warned=first,
            campaign=ids.campaign_of(first),
            round=case.round + 1 if case else 1,
        )
        events += [opened, _event(EventKind.ROUTED, now_ms, region=router.region(first.victim))]
        case = state_machine.fold(events)
    else:
        rest = list(warned)
    for one in rest:
        events.append(_event(EventKind.JOINED, now_ms, warned=one))
        case = state_machine.apply(case, events[-1])
    if case.open:
        for event in raise_tier(case, router, now_ms, by=INTAKE):
            events.append(event)
            case = state_machine.apply(case, event)
    return CaseUpdate(case=case, events=tuple(events))


def raise_tier(case: Case, router: Router, now_ms: int, *, by: str) -> list[CaseEvent]:
    """Judge *case*: a higher tier than it has, and the first warning of that; else nothing."""
    judged = router.judge(case)
    if case.tier is not None and judged.tier <= case.tier:
        return []
    tiered = CaseEvent(
        kind=EventKind.TIERED,
        at_ms=now_ms,
        by=by,
        tier=judged.tier,
        lines=judged.lines,
        policy=judged.version,
    )
    step = router.step(judged.tier, 0)
    return [tiered, queued(case, judged.tier, 0, step, now_ms, by=by)] if step else [tiered]


def queued(
    case: Case, tier: Tier, number: int, step: ContactStep, now_ms: int, *, by: str
) -> CaseEvent:
    """Make the event that sends the warning of a step on its way."""
    return CaseEvent(
        kind=EventKind.QUEUED,
        at_ms=now_ms,
        by=by,
        message=MessageRef(
            id=ids.message_id(case.id, tier, number), channel=step.channel, step=number
        ),
        due_at_ms=now_ms + step.within_ms,
    )


def _is_over(case: Case, now_ms: int) -> bool:
    return not case.open and now_ms - case.closed_at_ms >= REJOIN_MS


def _event(
    kind: EventKind,
    now_ms: int,
    *,
    warned: WarningRecord | None = None,
    region: Region | None = None,
) -> CaseEvent:
    return CaseEvent(kind=kind, at_ms=now_ms, by=INTAKE, warned=warned, region=region)
