"""Finds decisions in the decision log, for appeals."""

import asyncio
from collections.abc import Callable, Mapping

from services.appeals.decisions import Recent
from services.appeals.records import Subject
from services.decision_log import as_hits, subjects
from services.decision_log.query import DecisionQuery

RECENT_DAYS = 7
"""Longer back, a question about one number takes long where traffic is large."""
_DAY_MS = 86_400_000


class LoggedDecisions:
    """What the decision log of this host has; questions run in a thread."""

    def __init__(self, query: DecisionQuery, now_ms: Callable[[], int]) -> None:
        self._query = query
        self._now_ms = now_ms

    async def find(self, decision_id: int) -> Mapping[str, str] | None:
        """Return a decision, None when the log does not hold it."""
        row = await asyncio.to_thread(self._query.why, decision_id)
        return None if row is None else as_hits.fields(row)

    async def recent(self, subject: Subject, count: int) -> Recent:
        """Return the latest decisions about a subject, of `RECENT_DAYS`."""
        since_ms = self._now_ms() - RECENT_DAYS * _DAY_MS
        wanted = subjects.about(subject.kind, subject.pattern, since_ms=since_ms, limit=count)
        found = await asyncio.to_thread(self._query.find, wanted)
        return Recent(
            known=True, decisions=[as_hits.fields(row) for row in found.rows], total=found.events
        )
