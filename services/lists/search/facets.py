"""Counts selected entries by what filters offer: kind, source, what calls for attention."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from blocklists.entries import NO_END_S, EntryKind, EntryMode
from blocklists.snapshot.layers import Layer
from fanzha.decisions import Action
from fanzha.fraud import FraudType
from fanzha.tables import Bools, Int64s, Uint8s, Uint16s, Uint32s
from services.lists.search.criteria import ENDS_SOON_S, EntryCondition
from services.lists.search.provenance_facts import ProvenanceFacts

Places: TypeAlias = Uint8s | Uint16s | Uint32s
BLOCK_ROWS = 1 << 17
"""Rows that are looked at together: their columns fit into the cache of a processor."""
_MOST_LEGAL_BASES = _MOST_REGIONS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerFacts:
    """A layer, and what a pass over it needs besides its columns."""

    layer: Layer
    provenance: ProvenanceFacts
    overdue: Bools
    """Which provenances are past their review."""
    hit: Int64s
    """Rows of the segment that matched traffic, ascending."""
    now_s: int


@dataclass(slots=True, kw_only=True)
class EntryFacets:
    """How many of the selected entries have which value."""

    kinds: Counter[int] = field(default_factory=Counter)
    actions: Counter[int] = field(default_factory=Counter)
    sources: Counter[int] = field(default_factory=Counter)
    modes: Counter[int] = field(default_factory=Counter)
    conditions: Counter[int] = field(default_factory=Counter)
    legal_bases: Counter[str] = field(default_factory=Counter)
    regions: Counter[str] = field(default_factory=Counter)

    def most_named(self) -> list[tuple[str, int]]:
        """Return the most frequent legal bases, without the empty one."""
        named = Counter({name: rows for name, rows in self.legal_bases.items() if name.strip()})
        return named.most_common(_MOST_LEGAL_BASES)

    def by_region(self) -> list[tuple[str, int]]:
        """Return the regions with most entries, and the whole province; nothing without regions."""
        named = Counter({code: rows for code, rows in self.regions.items() if code and rows})
        whole = [("", self.regions[""])] if self.regions[""] else []
        return [*whole, *named.most_common(_MOST_REGIONS)] if named else []


def blocks(rows: int) -> Iterator[tuple[int, int]]:
    """Return where each block of *rows* rows begins and ends."""
    return ((start, min(start + BLOCK_ROWS, rows)) for start in range(0, rows, BLOCK_ROWS))


def count(one: LayerFacts, mask: Bools, facets: EntryFacets) -> Int64s:
    """Add what *mask* selects of a layer to *facets*; return the rows of each provenance."""
    segment, conditions = one.layer.segment, facets.conditions
    selected = int(np.count_nonzero(mask))
    places = np.zeros(len(segment.provenance), np.int64)
    if not selected:
        return places
    facets.modes[EntryMode(segment.mode)] += selected
    ended_before = conditions[EntryCondition.ENDED]
    for group in segment.groups:
        rows = int(np.count_nonzero(mask[group.first_row : group.first_row + len(group)]))
        facets.kinds[EntryKind(group.kind)] += rows
    for start, end in blocks(len(mask)):
        keep = mask[start:end]
        if keep.any():
            where = _count_block(one, start, end, keep, facets)
            if len(places) <= BLOCK_ROWS:
                counts = np.bincount(where)
                places[: len(counts)] += counts
    if len(places) > BLOCK_ROWS:
        places = np.bincount(segment.provenances[mask], minlength=len(places))
    _count_by_place(places, one.provenance, facets)
    live = mask[one.hit] & (segment.expires_s[one.hit] > one.now_s)
    conditions[EntryCondition.HITS] += int(np.count_nonzero(mask[one.hit]))
    ended = conditions[EntryCondition.ENDED] - ended_before
    conditions[EntryCondition.NO_HITS] += selected - ended - int(np.count_nonzero(live))
    return places


def _count_block(one: LayerFacts, start: int, end: int, keep: Bools, facets: EntryFacets) -> Places:
    """Count one block; return the provenances of its selected rows."""
    segment, conditions = one.layer.segment, facets.conditions
    columns = (segment.expires_s, segment.actions, segment.fraud_types, segment.provenances)
    rows = np.flatnonzero(keep)
    everything = len(rows) == len(keep)
    ends_s, actions, fraud, where = (
        column[start:end] if everything else column[start:end].take(rows) for column in columns
    )
    live, blocking = ends_s > one.now_s, actions == Action.BLOCK
    facets.actions[Action.BLOCK] += int(np.count_nonzero(blocking))
    facets.actions[Action.ALLOW] += int(np.count_nonzero(actions == Action.ALLOW))
    met = {
        EntryCondition.ENDED: ~live,
        EntryCondition.ENDS_SOON: live & (ends_s <= one.now_s + ENDS_SOON_S),
        EntryCondition.NO_END: ends_s == NO_END_S,
        EntryCondition.NO_FRAUD_TYPE: blocking & (fraud == FraudType.UNSPECIFIED),
    }
    if one.overdue.any():
        met[EntryCondition.REVIEW_OVERDUE] = live & one.overdue[where]
    for condition, which in met.items():
        conditions[condition] += int(np.count_nonzero(which))
    return where


def _count_by_place(places: Int64s, facts: ProvenanceFacts, facets: EntryFacets) -> None:
    by_source = np.bincount(facts.sources, weights=places).astype(np.int64)
    for source in np.flatnonzero(by_source).tolist():
        facets.sources[source] += int(by_source[source])
    names = facts.legal_bases.names
    by_basis = np.bincount(facts.legal_bases.places, weights=places, minlength=len(names))
    for place in np.flatnonzero(by_basis).tolist():
        facets.legal_bases[names[place]] += int(by_basis[place])
    codes = facts.regions.names
    in_region = np.bincount(facts.regions.places, weights=places, minlength=len(codes))
    for place in np.flatnonzero(in_region).tolist():
        facets.regions[codes[place]] += int(in_region[place])
    conditions = facets.conditions
    conditions[EntryCondition.NO_LEGAL_BASIS] += int(places[facts.without_legal_basis].sum())
    conditions[EntryCondition.NOT_APPROVED] += int(places[~facts.approved].sum())
