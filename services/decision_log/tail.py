"""Follows the decision log: decisions as their segments are written, some seconds after the fact.

A part has at most so many decisions, blocks before others; how many came besides is said.
Nothing of what was there before is passed on.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from fanzha.errors import Unavailable
from services.decision_log import masking
from services.decision_log.conditions import Conditions
from services.decision_log.partitions import HOUR_MS
from services.decision_log.query import DecisionPage, DecisionQuery

TURN_SECONDS = 1.0
_LATE_MS = HOUR_MS
"""How far back the hour of a new segment may be."""
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class TailPart:
    """What came since the part before."""

    rows: list[dict[str, Any]]
    """The newest first, as `masking.shown` returns them."""
    skipped: int
    """Logged decisions that came besides."""


Ask = Callable[[Callable[[], Any]], Awaitable[Any]]
"""Runs a blocking query in a thread."""


async def follow(
    log: DecisionQuery,
    conditions: Conditions,
    *,
    ask: Ask,
    now_ms: Callable[[], int],
    unmasked: bool,
    turn_seconds: float = TURN_SECONDS,
) -> AsyncIterator[TailPart]:
    """Follow until the iterator is closed; a part without news says that nothing came."""
    seen: set[str] = set()
    await ask(lambda: log.fresh(now_ms() - _LATE_MS, seen))
    while True:
        await asyncio.sleep(turn_seconds)
        page = await ask(lambda: _news(log, conditions, now_ms() - _LATE_MS, seen))
        rows = [masking.shown(row, unmasked=unmasked) for row in page.rows]
        yield TailPart(rows=rows, skipped=page.total - len(rows))


def _news(
    log: DecisionQuery, conditions: Conditions, since_ms: int, seen: set[str]
) -> DecisionPage:
    new = log.fresh(since_ms, seen)
    try:
        return log.sample(new, replace(conditions, since_ms=since_ms))
    except Unavailable:
        # Merged between the listing and the query: once more in the next turn.
        seen.difference_update(new)
        return DecisionPage(rows=(), total=0, events=0)
