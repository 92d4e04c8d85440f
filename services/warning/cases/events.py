"""Events of a case, each with who, when and why. `state_machine` says which may follow which."""

from dataclasses import dataclass
from enum import StrEnum

from services.warning.model import Means, Region, Tier, WarningRecord


class CaseOutcome(StrEnum):
    """How a case ended."""

    SAFE = "safe"
    LOST_MONEY = "lost_money"
    UNREACHABLE = "unreachable"
    FALSE_ALARM = "false_alarm"
    DUPLICATE = "duplicate"


class StopPaymentStep(StrEnum):
    """Where the hand-over of a case to the stop-payment desk (止付) stands."""

    DUE = "due"
    """The person says that something was paid."""
    SENT = "sent"
    """The desk's endpoint has taken the file; its receipt is awaited."""
    REFUSED = "refused"
    """The endpoint has refused the file; somebody has to call."""
    RECEIVED = "received"
    """The desk has given a receipt."""


class EventKind(StrEnum):
    """Kinds of events."""

    OPENED = "opened"
    """The first warning came in (`CaseEvent.warning`)."""
    JOINED = "joined"
    """Another warning about the same person and campaign (`CaseEvent.warning`)."""
    ROUTED = "routed"
    """The region was resolved, or a county assigned (`CaseEvent.region`)."""
    TIERED = "tiered"
    """The tier was set or changed (`CaseEvent.tier`, `lines`, `policy`)."""
    QUEUED = "queued"
    """A message is to be sent (`CaseEvent.message`); the store adds it to the outbox."""
    SENT = "sent"
    """A channel accepted the message."""
    DELIVERED = "delivered"
    """The channel reports the message as delivered."""
    FAILED = "failed"
    """The message was not delivered; `why` has the channel's reason."""
    ESCALATED = "escalated"
    """The next step of the plan is due, because of `why`."""
    TAKEN = "taken"
    """An officer took the case (`CaseEvent.officer`)."""
    NOTED = "noted"
    """A note, in `why`; with `CaseEvent.unreached` also a failed attempt to contact the person."""
    CLOSED = "closed"
    """Closed with `CaseEvent.outcome`; some outcomes have `lost_fen`, `lost_to`, `duplicate_of`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRef:
    """One message to the person, by its id."""

    id: str
    channel: str
    """Such as ``sms``, ``voice`` or ``in_person``."""
    step: int = 0
    """Index in the plan of its tier, from 0."""
    template: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardReply:
    """What a person said to the robot, and how it was understood."""

    text: str
    meaning: str
    """As `services.warning.robot.script.Meaning`."""
    before: str = ""
    """Where the dialogue stood; empty after its end."""
    after: str = ""
    """Where it went."""
    script: str = ""
    """Id of the script; empty: not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEvent:
    """One event of a case; which fields are set depends on its kind."""

    kind: EventKind
    at_ms: int
    by: str
    """The person or the component that caused it."""
    why: str = ""
    warning: WarningRecord | None = None
    region: Region | None = None
    tier: Tier | None = None
    lines: tuple[str, ...] = ()
    """Lines of the policy that gave the tier."""
    policy: str = ""
    """Version of the policy."""
    message: MessageRef | None = None
    officer: str = ""
    unreached: bool = False
    """Of a note: an officer tried to contact the person and failed."""
    withdrawn: tuple[str, ...] = ()
    """Of a note: references of warnings that no longer count, because their entry was wrong."""
    withdrawn_entries: tuple[str, ...] = ()
    """Of such a note: ids of list entries that no warning rests on any more."""
    evidence: tuple[Means, ...] = ()
    """Of a note: means of the fraud that it adds to the case."""
    skipped: bool = False
    """Of a note: an officer passed the case over."""
    reply: HeardReply | None = None
    """Of a note: what the person said to the robot."""
    stop_payment: StopPaymentStep | None = None
    """Of a note: a step of the hand-over to the stop-payment desk; DUE adds it to the outbox."""
    receipt: str = ""
    """Of such a note: the desk's number of it."""
    outcome: CaseOutcome | None = None
    lost_fen: int | None = None
    """Money lost, in fen; None: not known."""
    lost_to: tuple[Means, ...] = ()
    """Numbers, links and accounts that received the money, where known."""
    duplicate_of: str = ""
    """Id of the case that this one duplicates."""
    due_at_ms: int | None = None
    """New due date of the case; 0: nothing is due; None: unchanged."""
    campaign: str = ""
    """Of OPENED: the campaign, see `ids.campaign_of`."""
    round: int = 0
    """Of OPENED: ordinal of this case among those of the person and campaign, from 1."""
