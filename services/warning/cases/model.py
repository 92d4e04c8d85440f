"""A case: one person and one campaign, from the first warning to its outcome.

A case is what its events make of it and nothing else: `case_changes.fold` builds it, and the store
keeps what was built beside the events only to read it fast.

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

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from fanzha.fraud import FraudType
from fanzha.tables import Channel
from services.warning.cases.events import CaseOutcome
from services.warning.model import Means, Region, Risk, Tier


class CaseState(StrEnum):
    """Where a case stands."""

    NEW = "new"
    ROUTED = "routed"
    WARNED = "warned"
    DISSUADING = "dissuading"
    CLOSED = "closed"


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
    unreached: int = 0
    """How often somebody tried to reach the person in vain."""
    needs_person: bool = False
    """Whether its plan has no further step, and nobody has taken it."""
    outcome: CaseOutcome | None = None
    reason: str = ""
    """Why it was closed, as who closed it says."""
    lost_fen: int | None = None
    """How much was lost, in fen; None: not known."""
    lost_to: tuple[Means, ...] = ()
    """The numbers, links and accounts that took it."""
    duplicate_of: str = ""
    """Id of the case that this one is the same as."""
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
