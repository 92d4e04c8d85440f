"""What `services.lists.lifecycle` answers with, and what it asks for hits."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from blocklists.entries import Entry, Source
from services.lists.due_entries import DueReason
from services.lists.hit_counter import EntryHitSummary


class HitReader(Protocol):
    """Knows how often entries decided."""

    async def read(self, names: Iterable[str]) -> dict[str, EntryHitSummary]:
        """Return the hits of some entries; those without any are left out."""
        ...

    async def counted_since_s(self) -> int:
        """Return the second from which hits are counted; 0 when none was ever."""
        ...


class NoHits:
    """Where nothing counts."""

    async def read(self, names: Iterable[str]) -> dict[str, EntryHitSummary]:  # noqa: ARG002
        """Know of none."""
        return {}

    async def counted_since_s(self) -> int:
        """Count since never."""
        return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DueEntry:
    """An entry that is due."""

    entry: Entry
    reason: DueReason
    due_at_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DuePage:
    """Some of what is due."""

    entries: Sequence[DueEntry]
    hits: Mapping[str, EntryHitSummary]
    next_token: str
    counts: Counter[tuple[Source, DueReason]]
    ended: int
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadPage:
    """Some of the entries that matched nothing for long."""

    entries: Sequence[Entry]
    hits: Mapping[str, EntryHitSummary]
    next_token: str
    looked_at: int
    total: int
    counted_since_s: int
    days: int
    version: int
