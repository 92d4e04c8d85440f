"""Sections of an evidence package, each from one source and in a file of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from services.evidence_package.subjects import PackageSubject


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What one source holds about a subject."""

    name: str
    """Of its file, without ending."""
    titles: tuple[str, str]
    """In Chinese and in English."""
    rows: Sequence[Mapping[str, Any]] = ()
    notes: Sequence[str] = ()
    """What a reader has to know: what is left out, sampled or not available."""
    related: frozenset[str] = field(default_factory=frozenset)
    """Ids that audit records may name: of change requests, of appeals."""
    general: bool = False
    """Whether it says the same of every subject."""
    missing: bool = False
    """Whether its source could not be asked."""

    @property
    def may_concern(self) -> bool:
        """Whether it holds something about the subject, or might if it were not missing."""
        return self.missing or bool(self.rows and not self.general)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageRequest:
    """The request for a package: by whom, why and when."""

    by: str
    reason: str
    made_at_ms: int
    sequence: int
    """Of the record that says so in the audit log, or of one right after it."""
    head: str
    """Hash of that record."""


class EvidenceSource(Protocol):
    """A source of evidence."""

    async def section(self, subject: PackageSubject) -> Section:
        """Return what there is about *subject*; `Unavailable` while it cannot be looked up."""
        ...


def format_time(at_ms: int) -> str:
    """Format Unix milliseconds as UTC; empty for 0."""
    if not at_ms:
        return ""
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03}Z"
