"""What we answer, and why. The numbers are those on the wire."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from fanzha.fraud import FraudType
from fanzha.tables import Float32s, Int64s, Uint8s


class Action(IntEnum):
    """What the carrier must do with the traffic."""

    ALLOW = 1
    BLOCK = 2


class Reason(IntEnum):
    """Why an action was chosen."""

    ALLOWLISTED = 1
    BLOCKLISTED = 2
    SCORED = 3
    FAILED_OPEN = 4
    INVALID = 5
    PROTECTED = 6
    IMPLAUSIBLE = 7
    SPAM = 8
    MOMENT = 9
    """With ALLOW the call is only marked."""


class MatchedOn(IntEnum):
    """What about the traffic a list entry matched."""

    UNSPECIFIED = 0
    CALLER = 1
    CALLEE = 2
    SENDER = 3
    RECEIVER = 4
    LINK = 5
    TEXT = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """What only few rows have."""

    entry_id: str = ""
    evidence: MatchedOn = MatchedOn.UNSPECIFIED
    pattern: str = ""
    """The pattern of the entry that matched."""
    source: int = 0
    """Who supplied that entry, numbered as on the wire; 0 without one."""
    campaign: str = ""
    """What that entry says it belongs to."""
    fraud_type: FraudType = FraudType.UNSPECIFIED
    error: str = ""
    moment_score: float | None = None
    """Of a call whose moment reached the threshold of the moment model."""
    moment_facts: Mapping[str, float] | None = None
    """Of such a call: what the model was told, by the names of its inputs, without zeros."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WouldBlock:
    """The shadow entry that would have blocked a row, whatever was decided."""

    entry_id: str
    pattern: str
    evidence: MatchedOn
    fraud_type: FraudType
    kind: int
    """What the pattern is, as a number of the wire."""
    source: int
    """Who supplied the entry, as a number of the wire."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """The answers to one table of traffic; row i answers event i."""

    first_id: int
    """Row i has the id ``first_id + i``."""
    actions: Uint8s
    reasons: Uint8s
    scores: Float32s
    """Fraud probability in [0, 1]; NaN where no model was heard."""
    threshold: float
    """The score from which this channel blocks."""
    entries: Int64s
    """Row of the deciding entry in the snapshot; -1 where none matched."""
    details: Mapping[int, Detail]
    list_version: int
    model_version: str
    """Version of the model that was asked; empty when there is none."""
    moment_version: str = ""
    """Version of the moment model that was asked; empty when none was."""
    would_block: Mapping[int, WouldBlock] = field(default_factory=dict)
    """Of rows that a shadow entry would have blocked; they were decided without it."""

    def __len__(self) -> int:
        return len(self.actions)
