"""A case: one person and one campaign, from the first warning to its outcome.

A case is what its events make of it and nothing else: `fold` builds it, and the store keeps what
`fold` built beside the events only to read it fast. Events are facts, each with who, when and why.

========== ==================================================== ===========
state      what it means                                        leads to
========== ==================================================== ===========
new        somebody is at risk                                  routed, closed
routed     region and tier are known, warnings may go out       warned, dissuading, closed
warned     a channel has taken a warning                        dissuading, closed
dissuading a person of the county deals with it                 closed
closed     with an outcome; later warnings only join            nothing
========== ==================================================== ===========
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from hashlib import blake2b
from typing import TypeVar

from fanzha import url
from fanzha.errors import InvalidInput
from fanzha.fraud import FraudType
from fanzha.tables import Channel
from services.warning.records import Means, MeansKind, Region, Risk, Tier, Warned

T = TypeVar("T")

MOST_KEPT = 100
"""So many decision ids and references, and a fifth of it means, are kept in the view of a case;
its events have all."""


class CaseState(StrEnum):
    """Where a case stands."""

    NEW = "new"
    ROUTED = "routed"
    WARNED = "warned"
    DISSUADING = "dissuading"
    CLOSED = "closed"


class Outcome(StrEnum):
    """How a case ended."""

    SAFE = "safe"
    LOST_MONEY = "lost_money"
    UNREACHABLE = "unreachable"
    FALSE_ALARM = "false_alarm"
    DUPLICATE = "duplicate"


class EventKind(StrEnum):
    """What can happen to a case."""

    OPENED = "opened"
    """By the first warning (`CaseEvent.warned`)."""
    JOINED = "joined"
    """Another warning about the same person and campaign (`CaseEvent.warned`)."""
    ROUTED = "routed"
    """A region was found, or a county assigned (`CaseEvent.region`)."""
    TIERED = "tiered"
    """A tier was given or changed (`CaseEvent.tier`, `lines`, `policy`)."""
    QUEUED = "queued"
    """A warning is to go out (`CaseEvent.message`); the store hands it on."""
    SENT = "sent"
    """A channel has taken it."""
    DELIVERED = "delivered"
    """It reached the person, as the channel says."""
    FAILED = "failed"
    """It did not; `why` says what the channel said."""
    ESCALATED = "escalated"
    """The next step is due, because of `why`."""
    TAKEN = "taken"
    """Somebody deals with it (`CaseEvent.officer`)."""
    NOTED = "noted"
    """Somebody wrote something down, in `why`."""
    CLOSED = "closed"
    """With `CaseEvent.outcome`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRef:
    """One warning that goes out."""

    id: str
    channel: str
    """Such as ``sms``, ``voice`` or ``in_person``."""
    step: int = 0
    """Place in the plan of its tier, from 0."""
    template: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEvent:
    """Something that happened to a case; which fields are set depends on the kind."""

    kind: EventKind
    at_ms: int
    by: str
    """A person, or the part of the service that did it."""
    why: str = ""
    warned: Warned | None = None
    region: Region | None = None
    tier: Tier | None = None
    lines: tuple[str, ...] = ()
    """Lines of the policy that gave the tier."""
    policy: str = ""
    """Version of the policy."""
    message: MessageRef | None = None
    officer: str = ""
    outcome: Outcome | None = None
    due_at_ms: int | None = None
    """By when the next thing must have happened; 0: nothing more; None: as before."""
    campaign: str = ""
    """Of the opening: what connects, see `campaign_of`."""
    round: int = 0
    """Of the opening: the how manyth case of this person and campaign, from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where one warning of a case came from."""

    source: int
    source_name: str
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is known of one person and one campaign."""

    id: str
    victim: str
    campaign: str
    round: int
    state: CaseState
    opened_at_ms: int
    """When its first warning was taken in."""
    occurred_at_ms: int
    """When the first of its warned events happened."""
    changed_at_ms: int
    revision: int
    """How many events it has."""
    region: Region = field(default_factory=Region)
    fraud_type: FraudType = FraudType.UNSPECIFIED
    risk: Risk = Risk.LOW
    """The highest of its warnings."""
    tier: Tier | None = None
    lines: tuple[str, ...] = ()
    policy: str = ""
    hits: int = 0
    """Warnings that were joined in it, the first included."""
    confirmed: bool = False
    channels: frozenset[Channel] = frozenset()
    means: tuple[Means, ...] = ()
    decisions: tuple[int, ...] = ()
    origins: tuple[Origin, ...] = ()
    entries: tuple[str, ...] = ()
    """Ids of the list entries that matched."""
    talked_s: int = 0
    opened_link: bool = False
    score: float | None = None
    messages: Mapping[str, str] = field(default_factory=dict)
    """Message id to the kind of the last event of it."""
    step: int = 0
    """Place in the plan of its tier of what was queued last, from 0."""
    officer: str = ""
    outcome: Outcome | None = None
    warned_at_ms: int = 0
    """When a channel first took a warning; 0: not yet."""
    reached_at_ms: int = 0
    """When a warning first reached the person; 0: not yet."""
    closed_at_ms: int = 0
    due_at_ms: int = 0
    """By when the next thing must have happened; 0: nothing is due."""

    @property
    def open(self) -> bool:
        """Whether something is still to be done."""
        return self.state is not CaseState.CLOSED


_MAY_FOLLOW: Mapping[CaseState, frozenset[EventKind]] = {
    CaseState.NEW: frozenset(EventKind) - {EventKind.OPENED},
    CaseState.ROUTED: frozenset(EventKind) - {EventKind.OPENED},
    CaseState.WARNED: frozenset(EventKind) - {EventKind.OPENED},
    CaseState.DISSUADING: frozenset(EventKind) - {EventKind.OPENED},
    # What a channel tells late, and what is written down later, is still true.
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


def campaign_of(warned: Warned) -> str:
    """Say what connects warnings about one person into one case.

    The campaign its source names; otherwise the list pattern that matched, otherwise the means:
    a number is the same whether it calls or texts, links are the same when they have one host.
    """
    if warned.campaign:
        return f"campaign:{warned.campaign}"
    value = warned.pattern or warned.means.value
    match warned.means.kind:
        case MeansKind.CALLER | MeansKind.SENDER:
            return f"number:{value.casefold()}"
        case MeansKind.LINK:
            host = url.split(url.canonical(value))[0] if url.canonical(value) else value
            return f"link:{host}"
        case MeansKind.TEXT | MeansKind.ACCOUNT as kind:
            return f"{kind.value}:{value}"


def base_of(victim: str, campaign: str) -> str:
    """Return what the ids of all cases of one person and campaign begin with."""
    return blake2b(f"{victim}\0{campaign}".encode(), digest_size=10).hexdigest()


def case_id(base: str, round_: int) -> str:
    """Return the id of the case: a campaign that comes back later is another case."""
    return base if round_ == 1 else f"{base}-{round_}"


def message_id(case: str, tier: Tier, step: int) -> str:
    """Return the id of a warning: the same case, tier and step are the same warning.

    It begins with the id of the case, so that a receipt finds its way back.
    """
    digest = blake2b(f"{case}\0{tier.value}\0{step}".encode(), digest_size=6).hexdigest()
    return f"{case}.{digest}"


def case_of_message(message: str) -> str:
    """Return the id of the case that a message is about."""
    return message.partition(".")[0]


def fold(events: Iterable[CaseEvent]) -> Case:
    """Build a case from all its events; `InvalidInput` where one may not follow."""
    case: Case | None = None
    for event in events:
        case = apply(case, event)
    if case is None:
        raise InvalidInput("case: has no events")
    return case


def apply(case: Case | None, event: CaseEvent) -> Case:
    """Return what *event* makes of *case*; None: it opens one."""
    if case is None:
        return _opened(event)
    if event.kind not in _MAY_FOLLOW[case.state]:
        raise InvalidInput(f"case {case.id}: is {case.state}, and cannot be {event.kind}")
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
    warned = event.warned
    if event.kind is not EventKind.OPENED or warned is None:
        raise InvalidInput(f"case: its first event opens it, and is not {event.kind}")
    base = base_of(warned.victim, event.campaign)
    fresh = Case(
        id=case_id(base, event.round),
        victim=warned.victim,
        campaign=event.campaign,
        round=event.round,
        state=CaseState.NEW,
        opened_at_ms=event.at_ms,
        occurred_at_ms=warned.occurred_at_ms,
        changed_at_ms=event.at_ms,
        revision=1,
        due_at_ms=event.due_at_ms or 0,
    )
    return _joined(fresh, event)


def _joined(case: Case, event: CaseEvent) -> Case:
    warned = event.warned
    if warned is None:
        raise InvalidInput(f"case {case.id}: {event.kind} without a warning")
    scores = [score for score in (case.score, warned.score) if score is not None]
    origin = Origin(
        source=warned.source, source_name=warned.source_name, reference=warned.reference
    )
    return replace(
        case,
        hits=case.hits + 1,
        fraud_type=case.fraud_type or warned.fraud_type,
        risk=max(case.risk, warned.risk),
        confirmed=case.confirmed or warned.confirmed,
        occurred_at_ms=min(case.occurred_at_ms, warned.occurred_at_ms),
        channels=case.channels | ({warned.channel} if warned.channel else frozenset()),
        means=_kept(case.means, warned.means, MOST_KEPT // 5),
        decisions=_kept(case.decisions, warned.decision_id or None, MOST_KEPT),
        origins=_kept(case.origins, origin, MOST_KEPT),
        entries=_kept(case.entries, warned.entry_id or None, MOST_KEPT // 5),
        talked_s=max(case.talked_s, warned.talked_s),
        opened_link=case.opened_link or warned.opened,
        score=max(scores) if scores else None,
    )


def _routed(case: Case, event: CaseEvent) -> Case:
    if event.region is None:
        raise InvalidInput(f"case {case.id}: routed without a region")
    state = CaseState.ROUTED if case.state is CaseState.NEW else case.state
    return replace(case, region=event.region, state=state)


def _tiered(case: Case, event: CaseEvent) -> Case:
    if event.tier is None:
        raise InvalidInput(f"case {case.id}: tiered without a tier")
    return replace(case, tier=event.tier, lines=event.lines, policy=event.policy)


def _message(case: Case, event: CaseEvent) -> Case:
    if event.message is None:
        raise InvalidInput(f"case {case.id}: {event.kind} without a message")
    messages = {**case.messages, event.message.id: event.kind.value}
    # A raised tier has a plan of its own, and begins it anew.
    step = event.message.step if event.kind is EventKind.QUEUED else case.step
    changed = replace(case, messages=messages, step=step)
    if event.kind not in (EventKind.SENT, EventKind.DELIVERED):
        return changed
    # What was delivered was sent, whether or not somebody said so.
    changed = replace(changed, warned_at_ms=case.warned_at_ms or event.at_ms)
    if event.kind is EventKind.DELIVERED:
        changed = replace(changed, reached_at_ms=case.reached_at_ms or event.at_ms)
    if case.state in (CaseState.NEW, CaseState.ROUTED):
        changed = replace(changed, state=CaseState.WARNED)
    return changed


def _taken(case: Case, event: CaseEvent) -> Case:
    officer = event.officer or event.by
    return replace(case, state=CaseState.DISSUADING, officer=officer)


def _closed(case: Case, event: CaseEvent) -> Case:
    if event.outcome is None:
        raise InvalidInput(f"case {case.id}: closed without an outcome")
    return replace(
        case, state=CaseState.CLOSED, outcome=event.outcome, closed_at_ms=event.at_ms, due_at_ms=0
    )


def _unchanged(case: Case, _event: CaseEvent) -> Case:
    return case


def _kept(known: tuple[T, ...], one: T | None, most: int) -> tuple[T, ...]:
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
    EventKind.TAKEN: _taken,
    EventKind.CLOSED: _closed,
}
