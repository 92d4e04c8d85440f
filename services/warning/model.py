"""Warnings as ingested, from external sources and from hits of this service.

A record names the person at risk, the means, the kind of fraud, confidence, time, source and
reference. Source and reference identify it. It has no text of a message, only its fingerprint.
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from blocklists.entries import Source
from fanzha.fraud import FraudType
from fanzha.tables import Channel

OWN_HITS = "fanzha"
"""Source name of warnings from hits of this service."""
SELF_REPORTS = "fanzha-replies"
"""Source name of what people say about themselves in reply to messages of this service."""
OWN_SOURCES = frozenset({OWN_HITS, SELF_REPORTS})
"""Names that no other source may have; nobody reads their feedback."""


class MeansKind(StrEnum):
    """Kinds of means by which a fraudster reaches a person."""

    CALLER = "caller"
    """A number that called, or that the person called back."""
    SENDER = "sender"
    """A number, service code or name that sent texts."""
    LINK = "link"
    """A URL."""
    TEXT = "text"
    """The fingerprint of a text."""
    ACCOUNT = "account"
    """A bank, payment or messenger account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """A number, sender, link, text or account used against a person."""

    kind: MeansKind
    value: str


NOT_KNOWN = Means(kind=MeansKind.SENDER, value="")
"""In a warning: nobody has said yet what reached the person."""


class Risk(IntEnum):
    """Risk as assessed by the source; numbered as on the wire."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3


class Tier(IntEnum):
    """Urgency of a case: 低, 中 or 高; numbered as on the wire."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """Region of a person: GB/T 2260 codes where known, else names."""

    province: str = ""
    city: str = ""
    county: str = ""
    how: str = ""
    """How it was resolved, such as ``prefix``, ``ported``, ``foreign`` or ``unknown``."""

    @property
    def code(self) -> str:
        """The most specific of the three; empty if unknown."""
        return self.county or self.city or self.province


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningRecord:
    """One warning about one person at risk."""

    source: Source
    source_name: str
    """Name of the ministry, province, carrier or company; `OWN_HITS` for this service."""
    reference: str
    """The source's id of the warning; for own hits the decision id."""
    victim: str
    """The person at risk, E.164."""
    means: Means
    channel: Channel | None = None
    """None if it is neither a call, a text nor a link."""
    fraud_type: FraudType = FraudType.UNSPECIFIED
    risk: Risk = Risk.MEDIUM
    occurred_at_ms: int
    received_at_ms: int
    decision_id: int = 0
    """Decision of this service; 0: none."""
    campaign: str = ""
    """Campaign named by the source; empty: derived from the means."""
    confirmed: bool = True
    """Whether a list or a person confirmed it; otherwise a model suspects it."""
    pattern: str = ""
    """For own hits: the list pattern that matched."""
    entry_id: str = ""
    talked_s: int = 0
    """Seconds that the person talked with the caller; 0: none or unknown."""
    opened: bool = False
    """Whether the person opened the link."""
    score: float | None = None
    """Fraud probability of a model; None without a model."""
    trace: str = ""
    """Of a traced decision: the span of its intake, as a ``traceparent``."""
