"""Finds decisions in the decision log, for appeals.

One query runs at a time: an absent decision costs a scan of every day of the log, and callers
choose the ids. A caller that waits too long gets an error, and can name the blocked subject
instead.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from fanzha.decisions import Action
from fanzha.errors import Unavailable
from services.appeals.decision_lookup import Recent
from services.appeals.model import AppealSubject
from services.decision_log import conditions, hit_view
from services.decision_log.query import DecisionQuery

RECENT_DAYS = 7
"""A query about one number over more days is slow where traffic is heavy."""
PATIENCE_SECONDS = 20.0
_DAY_MS = 86_400_000
Answer = TypeVar("Answer")

logger = logging.getLogger(__name__)


class LoggedDecisions:
    """The decision log of this host; queries run in a thread."""

    def __init__(self, query: DecisionQuery, now_ms: Callable[[], int]) -> None:
        self._query = query
        self._now_ms = now_ms
        self._lock = asyncio.Lock()

    async def find(self, decision_id: int) -> Mapping[str, str] | None:
        """Return a decision, None when the log does not hold it."""
        row = await self._ask(lambda: self._query.why(decision_id))
        return None if row is None else hit_view.hit(row).fields()

    async def recent(self, subject: AppealSubject, count: int) -> Recent:
        """Return the latest decisions about a subject, of `RECENT_DAYS`."""
        since_ms = self._now_ms() - RECENT_DAYS * _DAY_MS
        query = conditions.conditions_for(
            subject.kind, subject.pattern, since_ms=since_ms, limit=count
        )
        if not self._query.exists:
            return Recent()
        try:
            found = await self._ask(lambda: self._query.find(query))
        except Unavailable as error:
            # Do not fail the whole file: the reviewer still needs the rest of it.
            logger.warning("decisions about the subject of an appeal are not known: %s", error)
            return Recent()
        return Recent(
            known=True,
            decisions=[hit_view.hit(row).fields() for row in found.rows],
            total=found.events,
        )

    async def blocks(
        self, subject: AppealSubject, *, since_ms: int, until_ms: int, count: int
    ) -> Sequence[Mapping[str, str]]:
        """Return blocks about a subject in a period, the latest *count* of them."""
        about = conditions.conditions_for(
            subject.kind, subject.pattern, since_ms=since_ms, limit=count
        )
        query = replace(about, until_ms=until_ms, action=Action.BLOCK)
        try:
            found = await self._ask(lambda: self._query.find(query))
        except Unavailable as error:
            # Do not fail the appeal: without a decision it is opened, too.
            logger.warning("blocks at the time of an appeal are not known: %s", error)
            return ()
        return [hit_view.hit(row).fields() for row in found.rows]

    async def _ask(self, ask: Callable[[], Answer]) -> Answer:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS), self._lock:
                return await asyncio.to_thread(ask)
        except TimeoutError as error:
            raise Unavailable(
                "the decision log did not answer within {patience_seconds:g} s",
                patience_seconds=PATIENCE_SECONDS,
            ) from error
