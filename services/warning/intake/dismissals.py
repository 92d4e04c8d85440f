"""Handles dismissed hits: hits that a person marked as no fraud.

A case that has only this hit is closed as a false alarm, its unsent messages are withdrawn, and a
person who was warned gets a correction; any other case loses the hit. A hit dismissed before it was
ingested still opens its case.
"""

from collections.abc import Callable, Sequence

from infra.redis.consumer_group import StreamEntry
from services.warning.cases import ids
from services.warning.cases.store import CaseStore, marker
from services.warning.intake import own_hits
from services.warning.model import OWN_HITS, WarningRecord
from services.warning.retractions.handler import CaseRetractor

_ANY_AGE_MS = 2**62


class DismissalHandler:
    """Handler for the stream of dismissed hits."""

    def __init__(
        self, store: CaseStore, *, retractor: CaseRetractor, now_ms: Callable[[], int]
    ) -> None:
        self._store = store
        self._retractor = retractor
        self._now_ms = now_ms

    async def handle(self, entries: Sequence[StreamEntry]) -> None:
        """Take hits out of their cases; those that are in no case are skipped."""
        for entry in entries:
            now = self._now_ms()
            hit = own_hits.warning_of(entry.fields, now_ms=now, max_age_ms=_ANY_AGE_MS)
            if isinstance(hit, WarningRecord):
                by = entry.fields.get("verdict_by", "") or "feedback"
                await self._dismiss(hit, by, entry.fields.get("note", ""))

    async def _dismiss(self, hit: WarningRecord, by: str, note: str) -> None:
        base = ids.base_of(hit.victim, ids.campaign_of(hit))
        known = (await self._store.lookup({base: [marker(OWN_HITS, hit.reference)]}))[base]
        if known.case is None or not known.seen[0]:
            return
        why = f"decision {hit.decision_id} was dismissed" + (f": {note}" if note else "")

        def is_hit(warning: WarningRecord) -> bool:
            return warning.reference == hit.reference

        await self._retractor.retract(known.case.id, is_hit, by=by, why=why)
