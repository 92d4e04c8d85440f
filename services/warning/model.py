"""Warnings as they come in: one form for what sources send and for hits of our own.

A record says who is at risk, by what means, of which fraud, how sure, when, and who says so under
which reference. The same source and reference are the same record. No record has the text of a
message: only its fingerprint.
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from blocklists.entries import Source
from fanzha.fraud import FraudType
from fanzha.tables import Channel

OWN_HITS = "fanzha"
"""Name of the source of warnings that hits of this service made."""


class MeansKind(StrEnum):
    """By what a person was reached."""

    CALLER = "caller"
    """A number that calls; also one that a person at risk calls back."""
    SENDER = "sender"
    """A number, service code or name that texts come from."""
    LINK = "link"
    """An address in the net."""
    TEXT = "text"
    """The fingerprint of a text."""
    ACCOUNT = "account"
    """A bank, payment or messenger account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """One thing that reached a person."""

    kind: MeansKind
    value: str


class Risk(IntEnum):
    """How sure and how near the harm is, as its source sees it; numbered as on the wire."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3


class Tier(IntEnum):
    """How urgently a person is warned: 低, 中 or 高; numbered as on the wire."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """Where the person at risk lives: codes after GB/T 2260 where known, else names."""

    province: str = ""
    city: str = ""
    county: str = ""
    how: str = ""
    """What it was found by, such as ``prefix``, ``ported``, ``foreign`` or ``unknown``."""

    @property
    def code(self) -> str:
        """The most exact of the three; empty when nothing is known."""
        return self.county or self.city or self.province


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningRecord:
    """One warning about one person."""

    source: Source
    source_name: str
    """Which ministry, province, carrier or company; `OWN_HITS` for ours."""
    reference: str
    """The source's own id of it; of our hits the decision id."""
    victim: str
    """The person at risk, E.164."""
    means: Means
    channel: Channel | None = None
    """None for what is neither a call, a text nor a link."""
    fraud_type: FraudType = FraudType.UNSPECIFIED
    risk: Risk = Risk.MEDIUM
    occurred_at_ms: int
    received_at_ms: int
    decision_id: int = 0
    """The decision of ours behind it; 0: none."""
    campaign: str = ""
    """What its source calls the campaign; empty: the means connect."""
    confirmed: bool = True
    """Whether a list or a person says so; otherwise a model does."""
    pattern: str = ""
    """The list pattern that matched, of our hits."""
    entry_id: str = ""
    talked_s: int = 0
    """Seconds that the person spoke with the caller; 0: none, or not known."""
    opened: bool = False
    """Whether the person opened the link."""
    score: float | None = None
    """Fraud probability of a model; None where none was heard."""
