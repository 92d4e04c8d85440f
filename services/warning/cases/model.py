"""A case: one person at risk in one campaign, from the first warning to the outcome.

A case is the fold of its events (`state_machine.fold`). The store keeps the folded view beside the
events for fast reads.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from fanzha.fraud import FraudType
from fanzha.tables import Channel
from services.warning.cases.events import CaseOutcome, StopPaymentStep
from services.warning.model import Means, Region, Risk, Tier


class CaseState(StrEnum):
    """States of a case; `state_machine` has the transitions."""

    NEW = "new"
    ROUTED = "routed"
    WARNED = "warned"
    DISSUADING = "dissuading"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Source and reference of one warning of a case."""

    source: int
    source_name: str
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The folded view of one case."""

    id: str
    victim: str
    campaign: str
    round: int
    state: CaseState
    opened_at_ms: int
    """Intake of its first warning."""
    occurred_at_ms: int
    """The earliest of the events that its warnings report."""
    changed_at_ms: int
    revision: int
    """Number of its events."""
    region: Region = field(default_factory=Region)
    fraud_type: FraudType = FraudType.UNSPECIFIED
    risk: Risk = Risk.LOW
    """The highest risk of its warnings."""
    tier: Tier | None = None
    lines: tuple[str, ...] = ()
    policy: str = ""
    hits: int = 0
    """Number of its warnings, the first included."""
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
    """Message id to the kind of its last event."""
    step: int = 0
    """Index of the last queued step in the plan of its tier, from 0."""
    officer: str = ""
    unreached: int = 0
    """Failed attempts of officers to contact the person."""
    needs_person: bool = False
    """Whether the plan has no further step and no officer has taken the case."""
    outcome: CaseOutcome | None = None
    reason: str = ""
    """Reason given when it was closed."""
    lost_fen: int | None = None
    """Money lost, in fen; None: not known."""
    lost_to: tuple[Means, ...] = ()
    """Numbers, links and accounts that received the money."""
    duplicate_of: str = ""
    """Id of the case that this one duplicates."""
    warned_at_ms: int = 0
    """When a channel first accepted a message; 0: not yet."""
    reached_at_ms: int = 0
    """When a message was first delivered to the person; 0: not yet."""
    closed_at_ms: int = 0
    stop_payment: StopPaymentStep | None = None
    """Where the hand-over to the stop-payment desk stands; None: nobody has said that they paid."""
    stop_payment_at_ms: int = 0
    """When the person said that something was paid."""
    stop_payment_receipt: str = ""
    trace: str = ""
    """``traceparent`` of the warning that opened it, where that is traced."""
    due_at_ms: int = 0
    """When the next step is due; 0: nothing is due."""

    @property
    def open(self) -> bool:
        """Whether the case is not closed."""
        return self.state is not CaseState.CLOSED
