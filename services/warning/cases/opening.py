"""Derives events from warnings: open a case or join one, and raise its tier. Pure functions.

A new case gets its events in a fixed order: opened, routed, tiered, first step queued. All are one
commit, so a person at risk is either still in the stream of hits or has a case with a queued
message.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from services.warning.cases import ids, state_machine
from services.warning.cases.events import CaseEvent, EventKind, MessageRef
from services.warning.cases.model import Case
from services.warning.model import Region, Tier, WarningRecord

INTAKE = "intake"
"""Author of the events that intake makes."""
REJOIN_MS = 7 * 86_400_000
"""A warning that comes this long after the case was closed opens a new round."""
MOST_JOINED = 1000
"""Warnings kept by one case; further ones are only counted for their source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TierAssessment:
    """The tier of a case, and the policy lines that gave it."""

    tier: Tier
    lines: tuple[str, ...] = ()
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactStep:
    """One step of a plan: a channel, and the time it has to work."""

    channel: str
    within_ms: int
    """Time until the next step is due."""


class Router(Protocol):
    """Resolves regions, assesses tiers, and has the plan of each tier."""

    def region(self, victim: str) -> Region:
        """Return the region of *victim*, an E.164 number."""

    def assess(self, case: Case) -> TierAssessment:
        """Return the tier of *case*."""

    def step(self, tier: Tier, number: int) -> ContactStep | None:
        """Return step *number* of the plan of *tier*, from 0; None after the last."""


class PlainRouter:
    """Router without regions and policy: the tier is the risk, the plan is one SMS."""

    def region(self, victim: str) -> Region:  # noqa: ARG002
        """Return an unknown region."""
        return Region(how="unknown")

    def assess(self, case: Case) -> TierAssessment:
        """Return the risk of *case* as its tier."""
        return TierAssessment(tier=Tier(case.risk), lines=("risk",), version="plain")

    def step(self, tier: Tier, number: int) -> ContactStep | None:  # noqa: ARG002
        """Return an SMS as the only step."""
        return ContactStep(channel="sms", within_ms=30 * 60_000) if number == 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseUpdate:
    """A case, and the events that led to it from its last state."""

    case: Case
    events: tuple[CaseEvent, ...]


def apply_warnings(
    case: Case | None, warnings: Sequence[WarningRecord], router: Router, now_ms: int
) -> CaseUpdate:
    """Join *warnings* (at least one, of one person and campaign) to *case*, or open a case."""
    first, *rest = warnings
    events: list[CaseEvent] = []
    if case is None or _is_over(case, now_ms):
        opened = CaseEvent(
            kind=EventKind.OPENED,
            at_ms=now_ms,
            by=INTAKE,
            warning=first,
            campaign=ids.campaign_of(first),
            round=case.round + 1 if case else 1,
        )
        events += [opened, _event(EventKind.ROUTED, now_ms, region=router.region(first.victim))]
        case = state_machine.fold(events)
    else:
        rest = list(warnings)
    for one in rest:
        events.append(_event(EventKind.JOINED, now_ms, warning=one))
        case = state_machine.apply(case, events[-1])
    if case.open:
        for event in raise_tier(case, router, now_ms, by=INTAKE):
            events.append(event)
            case = state_machine.apply(case, event)
    return CaseUpdate(case=case, events=tuple(events))


def raise_tier(case: Case, router: Router, now_ms: int, *, by: str) -> list[CaseEvent]:
    """Assess *case*; for a higher tier, return the events that set it and queue its first step."""
    assessed = router.assess(case)
    if case.tier is not None and assessed.tier <= case.tier:
        return []
    tiered = CaseEvent(
        kind=EventKind.TIERED,
        at_ms=now_ms,
        by=by,
        tier=assessed.tier,
        lines=assessed.lines,
        policy=assessed.version,
    )
    step = router.step(assessed.tier, 0)
    return [tiered, step_queued(case, assessed.tier, 0, step, now_ms, by=by)] if step else [tiered]


def step_queued(
    case: Case, tier: Tier, number: int, step: ContactStep, now_ms: int, *, by: str
) -> CaseEvent:
    """Return the event that queues the message of step *number* of *tier*."""
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
    warning: WarningRecord | None = None,
    region: Region | None = None,
) -> CaseEvent:
    return CaseEvent(kind=kind, at_ms=now_ms, by=INTAKE, warning=warning, region=region)
