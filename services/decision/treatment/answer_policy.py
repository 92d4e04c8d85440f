"""What an answer carries beside allow or block: treatment, label, delay, time to live.

Nothing here changes an action. Rows to which nothing applies, nearly all of them, get no detail.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from fanzha.decisions import Action, Detail
from fanzha.tables import Channel, Int64s
from services.decision.evidence import BatchEvidence
from services.decision.rules import Ruling
from services.decision.treatment.block_delay import BlockDelay
from services.decision.treatment.cache_lifetimes import CacheLifetimes
from services.decision.treatment.treatment_table import (
    TreatedBatch,
    TreatmentTable,
    shipped_table,
)

_BLOCK = np.uint8(Action.BLOCK)
_NO_DETAIL = Detail()


class CachePeriods(NamedTuple):
    """How long the answers of a batch may be reused, in seconds; None: does not apply."""

    allow_seconds: int | None = None
    block_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPolicy:
    """What an operator may set about answers."""

    current_treatments: Callable[[], TreatmentTable] = shipped_table
    caching: CacheLifetimes = field(default_factory=CacheLifetimes)
    block_delay: BlockDelay | None = None

    def add_to(
        self,
        details: dict[int, Detail],
        evidence: BatchEvidence,
        ruling: Ruling,
        *,
        by_list: Int64s,
        first_id: int,
    ) -> CachePeriods:
        """Add to *details* of a batch in place; *by_list* are the rows that an entry decided."""
        treated = TreatedBatch(
            channel=evidence.channel,
            actions=ruling.actions,
            reasons=ruling.reasons,
            scores=evidence.scores,
            threshold=evidence.threshold,
            ingress=evidence.ingress,
            carriers=evidence.context.carriers,
        )
        for row, one in self.current_treatments().treatments(treated).items():
            if row in details:
                treatment = {"treatment": one.treatment, "label": one.label}
                _add(details, row, **treatment, delay_ms=one.delay_ms)
            else:
                details[row] = one
        if self.block_delay is not None and evidence.channel != Channel.CALL:
            for row in np.flatnonzero(ruling.actions == _BLOCK).tolist():
                _add(details, row, delay_ms=self.block_delay.of(first_id + row))
        if evidence.channel != Channel.LINK:
            return CachePeriods()
        return self._cache(details, evidence, ruling, by_list)

    def _cache(
        self,
        details: dict[int, Detail],
        evidence: BatchEvidence,
        ruling: Ruling,
        by_list: Int64s,
    ) -> CachePeriods:
        caching = self.caching
        if len(by_list):
            entries, actions = evidence.listed.rows[by_list], ruling.actions[by_list]
            for row, seconds in caching.ending_sooner(
                evidence.snapshot, by_list, entries, actions, evidence.now_s
            ):
                _add(details, row, cache_seconds=seconds)
        for row in evidence.table.errors:
            _add(details, row, cache_seconds=0)
        return CachePeriods(*caching.of_batch(ruling.reasons))


def _add(details: dict[int, Detail], row: int, **values: Any) -> None:
    details[row] = replace(details.get(row, _NO_DETAIL), **values)
