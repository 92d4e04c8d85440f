"""What searches need to know of the provenance of a segment's entries, as columns.

Decoding takes some 3 µs per distinct provenance, so it is done once for each segment, in a thread.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from blocklists.snapshot.segment import Segment
from blocklists.text_column import TextColumn
from fanzha.tables import Bools, Int64s, Uint8s, Uint32s
from services.lists.search.criteria import WHOLE_PROVINCE, EntryCondition, EntryCriteria

_CACHED_SEGMENTS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedColumn:
    """A column of texts of which few are distinct."""

    places: Uint32s
    names: Sequence[str]

    @classmethod
    def of(cls, texts: Sequence[str]) -> "NamedColumn":
        """Return *texts* as a column."""
        known: dict[str, int] = {}
        places = [known.setdefault(text, len(known)) for text in texts]
        return cls(places=np.array(places, np.uint32), names=tuple(known))

    def where(self, chosen: Sequence[bool]) -> Bools:
        """Return which rows have one of the *chosen* names."""
        table = np.array([*chosen, False], np.bool_)
        found: Bools = table[self.places]
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenanceFacts:
    """Row i is of the provenance in place i."""

    sources: Uint8s
    created_s: Int64s
    reviews_s: Int64s
    """0: to be reviewed when they end."""
    approved: Bools
    legal_bases: NamedColumn
    campaigns: NamedColumn
    authors: NamedColumn
    regions: NamedColumn

    def meeting(self, criteria: EntryCriteria) -> Bools | None:
        """Return which provenances meet *criteria*; None where each does."""
        parts: list[Bools] = []
        if criteria.source:
            parts.append(self.sources == criteria.source)
        if criteria.legal_basis:
            wanted = criteria.legal_basis.casefold()
            names = self.legal_bases.names
            parts.append(self.legal_bases.where([wanted in one.casefold() for one in names]))
        for column, name in (
            (self.campaigns, criteria.campaign),
            (self.authors, criteria.created_by),
        ):
            if name:
                parts.append(column.where([one == name for one in column.names]))
        if criteria.region:
            parts.append(self._within(criteria.region))
        if EntryCondition.NO_LEGAL_BASIS in criteria.conditions:
            parts.append(self.without_legal_basis)
        if EntryCondition.NOT_APPROVED in criteria.conditions:
            parts.append(~self.approved)
        if not parts:
            return None
        met: Bools = np.logical_and.reduce(parts)
        return met

    def _within(self, region: str) -> Bools:
        if region == WHOLE_PROVINCE:
            return self.regions.where([not one for one in self.regions.names])
        return self.regions.where([one.startswith(region) for one in self.regions.names])

    @property
    def without_legal_basis(self) -> Bools:
        """Which name no law or order."""
        return self.legal_bases.where([not one.strip() for one in self.legal_bases.names])


class FactsReader:
    """Reads the facts of segments, and caches the last few. Not thread-safe."""

    def __init__(self) -> None:
        self._known: list[tuple[TextColumn, ProvenanceFacts]] = []

    def copy(self) -> "FactsReader":
        """Return a reader that knows the same, and learns apart."""
        other = FactsReader()
        other._known = list(self._known)
        return other

    def read(self, segment: Segment) -> ProvenanceFacts:
        """Return the facts of a segment, one row per provenance."""
        for texts, facts in self._known:
            if texts is segment.provenance:
                return facts
        facts = _read(segment.provenance)
        self._known = [*self._known[1 - _CACHED_SEGMENTS :], (segment.provenance, facts)]
        return facts


def _read(texts: TextColumn) -> ProvenanceFacts:
    rows = [json.loads(text) for text in texts.all_raw()]
    return ProvenanceFacts(
        sources=np.array([row["source"] for row in rows], np.uint8),
        created_s=np.array([row["created_at_s"] for row in rows], np.int64),
        reviews_s=np.array([row.get("review_at_s", 0) for row in rows], np.int64),
        approved=np.array([bool(row.get("approved_by")) for row in rows], np.bool_),
        legal_bases=NamedColumn.of([row["legal_basis"] for row in rows]),
        campaigns=NamedColumn.of([row.get("campaign", "") for row in rows]),
        authors=NamedColumn.of([row["created_by"] for row in rows]),
        regions=NamedColumn.of([row.get("region", "") for row in rows]),
    )
