"""Handles dismissed hits: hits that a person marked as no fraud.

A case that has only this hit is closed as a false alarm; any other gets a note. A hit dismissed
before it was ingested still opens its case. After a crash a note may appear twice.
"""

from collections.abc import Callable, Sequence

from infra.redis.consumer_group import StreamEntry
from services.warning.cases import ids
from services.warning.cases.events import CaseEvent, CaseOutcome, EventKind
from services.warning.cases.model import Case
from services.warning.cases.store import CaseStore, marker
from services.warning.intake import own_hits
from services.warning.model import OWN_HITS, WarningRecord

_ANY_AGE_MS = 2**62


class DismissalHandler:
    """Handler for the stream of dismissed hits."""

    def __init__(self, store: CaseStore, *, now_ms: Callable[[], int]) -> None:
        self._store = store
        self._now_ms = now_ms

    async def handle(self, entries: Sequence[StreamEntry]) -> None:
        """Close a case or add a note; hits that are in no case are skipped."""
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

        def events(case: Case) -> list[CaseEvent]:
            if not case.open:
                return []
            alone = case.hits == 1 and case.decisions == (hit.decision_id,)
            kind = EventKind.CLOSED if alone else EventKind.NOTED
            outcome = CaseOutcome.FALSE_ALARM if alone else None
            return [CaseEvent(kind=kind, at_ms=self._now_ms(), by=by, why=why, outcome=outcome)]

        await self._store.change(known.case.id, events)
