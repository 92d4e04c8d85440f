"""Results of `services.lists.lifecycle`, and the source of its hit counts."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from blocklists.entries import Entry, Source
from services.lists.due_entries import DueReason
from services.lists.hit_counter import EntryHitSummary


class HitCountReader(Protocol):
    """Source of hit counts."""

    async def read(self, names: Iterable[str]) -> dict[str, EntryHitSummary]:
        """Return the hits of entries by name; entries without hits are left out."""
        ...

    async def counted_since_s(self) -> int:
        """Return Unix seconds since when hits are counted; 0 before the first."""
        ...

    async def patterns(self, most: int) -> Mapping[str, str]:
        """Return the patterns of entries with hits, by name."""
        ...


class NoHits:
    """Used where hits are not counted."""

    async def read(self, names: Iterable[str]) -> dict[str, EntryHitSummary]:  # noqa: ARG002
        """Return no hits."""
        return {}

    async def counted_since_s(self) -> int:
        """Return 0: hits are not counted."""
        return 0

    async def patterns(self, most: int) -> Mapping[str, str]:  # noqa: ARG002
        """Return none."""
        return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class DueEntry:
    """A due entry."""

    entry: Entry
    reason: DueReason
    due_at_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DuePage:
    """A page of due entries."""

    entries: Sequence[DueEntry]
    hits: Mapping[str, EntryHitSummary]
    next_token: str
    counts: Counter[tuple[Source, DueReason]]
    ended: int
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadPage:
    """A page of dead entries, which have had no match for long."""

    entries: Sequence[Entry]
    hits: Mapping[str, EntryHitSummary]
    next_token: str
    examined: int
    total: int
    counted_since_s: int
    days: int
    version: int
