"""Hits that a person dismissed: who was to be warned because of one is warned no further.

A case that rests on that hit alone is closed as a false alarm; another gets a note. A hit that was
dismissed before it was taken in still opens its case. Repeated after a crash, a note may be there
twice.
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
    """Handles entries of the stream of dismissed hits."""

    def __init__(self, store: CaseStore, *, now_ms: Callable[[], int]) -> None:
        self._store = store
        self._now_ms = now_ms

    async def handle(self, entries: Sequence[StreamEntry]) -> None:
        """Close or note; what never was in a case is passed over."""
        for entry in entries:
            now = self._now_ms()
            hit = own_hits.warning_of(entry.fields, now_ms=now, most_age_ms=_ANY_AGE_MS)
            if isinstance(hit, WarningRecord):
                by = entry.fields.get("verdict_by", "") or "feedback"
                await self._dismiss(hit, by, entry.fields.get("note", ""))

    async def _dismiss(self, hit: WarningRecord, by: str, note: str) -> None:
        base = ids.base_of(hit.victim, ids.campaign_of(hit))
        known = (await self._store.known({base: [marker(OWN_HITS, hit.reference)]}))[base]
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
