"""An appeal as it is stored: statement, decision, and progress of its lift.

States go ``received → in_review → upheld | rejected``, and from either of the first two to
``withdrawn``. Events record every step; none is ever removed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any

from blocklists.entries import Direction, EntryKind
from infra.text_limits import TextLimit

PERSON = TextLimit(max_characters=200)
"""Appellant, or how to contact them."""
STATEMENT = TextLimit(max_characters=4000)
"""Grounds of an appeal, or of its decision."""
WARN_SHARE = 0.5
"""Share of the time limit after which an open appeal is due soon."""
SERVICE = "fanzha"
"""Author of events that no person caused."""
UNKNOWN = "unknown"
MODEL_REASONS = frozenset({"SCORED", "LINK_SCORED", "SENDER_HISTORY", "SPAM", "VELOCITY"})
RULE_SENTENCES = {
    "IMPLAUSIBLE": "untrue_caller",
    "UNREGISTERED": "unregistered_sender",
    "RELATED": "related",
    "FAILED_CLOSED": "not_assessed",
}
"""Reasons of rules that block without an entry or a model: their sentence in phrases.toml."""
RULE_REASONS = frozenset(RULE_SENTENCES)
LIST_REASONS = frozenset({"BLOCKLISTED"})


class AppealState(StrEnum):
    """Where an appeal stands."""

    RECEIVED = "received"
    IN_REVIEW = "in_review"
    UPHELD = "upheld"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


OPEN = frozenset({AppealState.RECEIVED, AppealState.IN_REVIEW})
DECIDED = frozenset({AppealState.UPHELD, AppealState.REJECTED})


class FoundIn(IntEnum):
    """Where the decision was found; numbered as on the wire."""

    NOWHERE = 0
    """No decision: the appeal is against an entry."""
    HITS = 1
    LOG = 2
    APPELLANT = 3


class AppealEventKind(StrEnum):
    """What happened to an appeal."""

    OPENED = "opened"
    DOCUMENTS_ADDED = "documents_added"
    TAKEN = "taken"
    UPHELD = "upheld"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    LIFT_COMMITTED = "lift_committed"
    LIFT_DONE = "lift_done"
    LIFT_FAILED = "lift_failed"
    DISMISSED = "dismissed"
    NOT_DISMISSED = "not_dismissed"
    NOTIFIED = "notified"
    ERASED = "erased"


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealSubject:
    """Whom or what an appeal is about."""

    kind: EntryKind
    pattern: str
    """In canonical form."""
    direction: Direction = Direction.FROM
    """The blocked direction; numbers only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document that supports an appeal."""

    name: str
    sha256: str
    size: int = 0
    stored: bool = False
    """Whether the content is stored here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealEvent:
    """One step in the life of an appeal."""

    at_ms: int
    by: str
    what: AppealEventKind
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealOutcome:
    """The decision of an officer, and its terms."""

    reason: str
    remedy: str = ""
    documents_required: str = ""
    allow: bool = False
    """Whether to add an allow entry even where removing entries would do."""
    direction: int = 0
    """Direction of the allow entry; 0: the blocked directions."""
    lift: AppealSubject | None = None
    """What to lift instead of the subject."""
    allow_days: int = 0
    development: bool = False
    """Whether the decision was made without authentication."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lift:
    """Progress of lifting a block."""

    version: int = 0
    """Version of the lists without the block; 0 until the change is committed."""
    change_id: str = ""
    removed: Sequence[tuple[EntryKind, str]] = ()
    """Kinds and patterns of the block entries that were removed."""
    allowed: tuple[EntryKind, str] | None = None
    allowed_direction: int = 0
    allowed_until_s: int = 0
    committed_at_ms: int = 0
    workers: int = 0
    seconds: float | None = None
    """From the decision until every reporting worker had that version."""
    pending_reason: str = ""
    done: bool = False
    """Whether all workers let the subject through."""
    held_by: str = ""
    """The pending request that locks the entry; until it ends an allow entry outranks it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Appeal:
    """One appeal."""

    appeal_id: int
    state: AppealState = AppealState.RECEIVED
    revision: int = 0
    received_at_ms: int
    deadline_ms: int
    closed_at_ms: int = 0
    appellant: str
    contact: str
    grounds: str
    documents: Sequence[Document] = ()
    subject: AppealSubject
    decision_id: int = 0
    found_in: FoundIn = FoundIn.NOWHERE
    decision: Mapping[str, str] = field(default_factory=dict)
    """The fields of the decision when the appeal was opened."""
    entries: Sequence[Mapping[str, Any]] = ()
    """Entries that blocked when the appeal was opened, see `services.appeals.entry_snapshots`."""
    occurred_at_ms: int = 0
    blocked_by: str = UNKNOWN
    """What blocked: the source of the entry, ``model``, ``rule`` or ``unknown``."""
    opened_by: str
    officer: str = ""
    outcome: AppealOutcome | None = None
    lift: Lift | None = None
    events: Sequence[AppealEvent] = ()
    previous: int = 0
    erased_at_ms: int = 0
    regions: Sequence[str] = ()
    """Of the entries that blocked, an empty one for the whole province; none: of it alone, as
    appeals of earlier releases are."""

    @property
    def is_open(self) -> bool:
        """Whether it still has to be decided."""
        return self.state in OPEN

    def due_soon(self, now_ms: int) -> bool:
        """Whether it is open with half of its time over."""
        return self.is_open and now_ms >= warn_at_ms(self.received_at_ms, self.deadline_ms)

    def overdue(self, now_ms: int) -> bool:
        """Whether it is open after its deadline."""
        return self.is_open and now_ms >= self.deadline_ms


def warn_at_ms(received_at_ms: int, deadline_ms: int) -> int:
    """Return when an appeal is due soon."""
    return received_at_ms + int(WARN_SHARE * (deadline_ms - received_at_ms))


def blocked_by(entries: Sequence[Mapping[str, Any]], decision: Mapping[str, str]) -> str:
    """Name what blocked: the source of the entry, ``model``, ``rule`` or ``unknown``."""
    reason = decision.get("reason", "")
    if reason in MODEL_REASONS:
        return "model"
    if reason in RULE_REASONS:
        return "rule"
    return str(entries[0]["source"]) if entries else UNKNOWN


def by_list(appeal: Appeal) -> bool:
    """Return whether an entry blocked, not a model or a rule."""
    reason = appeal.decision.get("reason", "")
    return reason in LIST_REASONS if reason else bool(appeal.entries)
