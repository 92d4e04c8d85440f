"""Selects the entries that meet criteria, and counts them by what filters offer.

One pass over the columns of each layer, in blocks that fit into the processor's cache; some 60 ms
for ten million entries. It holds no lock of the interpreter to speak of, so a thread can do it
beside the event loop.
"""

from dataclasses import dataclass

import numpy as np

from blocklists.entries import NO_END_S
from blocklists.snapshot.layers import Layer
from blocklists.snapshot.snapshot import Snapshot
from fanzha.decisions import Action
from fanzha.fraud import FraudType
from fanzha.tables import Bools, Int64s
from services.lists.search.criteria import ENDS_SOON_S, EntryCondition, EntryCriteria
from services.lists.search.facets import EntryFacets, LayerFacts, blocks, count
from services.lists.search.pattern_rows import PatternPrefix
from services.lists.search.provenance_facts import FactsReader


@dataclass(frozen=True, slots=True, kw_only=True)
class EntrySelection:
    """The entries of one snapshot that meet criteria."""

    snapshot: Snapshot
    masks: tuple[Bools, ...]
    """For each layer, which of its rows."""
    matching: int
    facets: EntryFacets
    places: tuple[Int64s, ...]
    """For each layer, how many of its selected rows have each provenance."""

    def rows(self) -> Int64s:
        """Return the selected rows of the snapshot, in the order of the lists."""
        layers = zip(self.snapshot.layers, self.masks, strict=True)
        parts = [np.flatnonzero(mask) + layer.first_row for layer, mask in layers]
        return np.concatenate([np.zeros(0, np.int64), *parts])


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionPass:
    """One pass over a snapshot."""

    criteria: EntryCriteria
    prefix: PatternPrefix | None
    facts: FactsReader
    hit_rows: Int64s
    """Rows of the snapshot that matched traffic, ascending."""
    now_s: int

    def select(self, snapshot: Snapshot) -> EntrySelection:
        """Select the entries of *snapshot* that meet the criteria, and count them."""
        facets = EntryFacets()
        layers = [self._facts_of(layer) for layer in snapshot.layers]
        masks = tuple(map(self._mask, layers))
        places = [count(layer, mask, facets) for layer, mask in zip(layers, masks, strict=True)]
        return EntrySelection(
            snapshot=snapshot,
            masks=masks,
            matching=sum(int(np.count_nonzero(mask)) for mask in masks),
            facets=facets,
            places=tuple(places),
        )

    def _facts_of(self, layer: Layer) -> LayerFacts:
        facts = self.facts.read(layer.segment)
        first, last = layer.first_row, layer.first_row + len(layer.segment)
        begin, end = np.searchsorted(self.hit_rows, [first, last])
        return LayerFacts(
            layer=layer,
            provenance=facts,
            overdue=(facts.reviews_s > 0) & (facts.reviews_s <= self.now_s),
            hit=self.hit_rows[begin:end] - first,
            now_s=self.now_s,
        )

    def _mask(self, one: LayerFacts) -> Bools:
        segment = one.layer.segment
        mask = np.zeros(len(segment), np.bool_)
        if self.criteria.mode and segment.mode != self.criteria.mode:
            return mask
        by_place = one.provenance.meeting(self.criteria)
        for start, end in blocks(len(segment)):
            mask[start:end] = self._block(one, start, end, by_place)
        mask[one.layer.dead] = False
        return mask

    def _block(self, one: LayerFacts, start: int, end: int, by_place: Bools | None) -> Bools:
        criteria, segment = self.criteria, one.layer.segment
        keep = np.ones(end - start, np.bool_)
        if criteria.action:
            keep &= segment.actions[start:end] == criteria.action
        if criteria.fraud_type is not None:
            keep &= segment.fraud_types[start:end] == criteria.fraud_type
        if by_place is not None:
            keep &= by_place[segment.provenances[start:end]]
        if criteria.conditions:
            keep &= self._meets_conditions(one, start, end)
        if criteria.kind or self.prefix is not None:
            keep = self._of_kind(one.layer, start, end, keep)
        return keep

    def _of_kind(self, layer: Layer, start: int, end: int, keep: Bools) -> Bools:
        found = np.zeros(len(keep), np.bool_)
        for group in layer.segment.groups:
            first, last = max(group.first_row, start), min(group.first_row + len(group), end)
            if first >= last or self.criteria.kind not in (0, group.kind):
                continue
            part = slice(first - start, last - start)
            if self.prefix is None:
                found[part] = keep[part]
            else:
                rows = np.flatnonzero(keep[part]) + first
                found[rows[self.prefix.matches(layer.segment, group, rows)] - start] = True
        return found

    def _meets_conditions(self, one: LayerFacts, start: int, end: int) -> Bools:
        wanted, segment = self.criteria.conditions, one.layer.segment
        ends_s = segment.expires_s[start:end]
        live = ends_s > self.now_s
        keep = np.ones(end - start, np.bool_)
        if EntryCondition.ENDED in wanted:
            keep &= ~live
        if EntryCondition.ENDS_SOON in wanted:
            keep &= live & (ends_s <= self.now_s + ENDS_SOON_S)
        if EntryCondition.NO_END in wanted:
            keep &= ends_s == NO_END_S
        if EntryCondition.REVIEW_OVERDUE in wanted:
            keep &= live & one.overdue[segment.provenances[start:end]]
        if EntryCondition.NO_FRAUD_TYPE in wanted:
            keep &= segment.actions[start:end] == Action.BLOCK
            keep &= segment.fraud_types[start:end] == FraudType.UNSPECIFIED
        if wanted & {EntryCondition.HITS, EntryCondition.NO_HITS}:
            matched = np.zeros(end - start, np.bool_)
            begin, last = np.searchsorted(one.hit, [start, end])
            matched[one.hit[begin:last] - start] = True
            keep &= matched if EntryCondition.HITS in wanted else live & ~matched
        return keep
