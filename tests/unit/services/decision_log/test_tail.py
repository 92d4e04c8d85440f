import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from fanzha.decisions import Action
from fanzha.phone import HomePlan, masked
from fanzha.tables import Channel
from services.decision_log import compaction, tail
from services.decision_log.conditions import Conditions
from services.decision_log.partitions import logged_hours
from services.decision_log.query import DecisionQuery
from services.decision_log.tail import TailPart
from tests.support.builders import an_entry, some_calls, some_links
from tests.support.decision_logs import HOUR_MS, NOW_MS, Logged, logged

FRAUD, OTHER, ANN = "+8617000000123", "+8619900000007", "+8619900000001"


@pytest.fixture
def log(tmp_path: Path) -> Logged:
    log = logged(tmp_path)
    log.decide(some_calls(OTHER, callee=ANN))
    return log


def followed(log: Logged, *, limit: int = 50, **conditions: Any) -> AsyncIterator[TailPart]:
    return tail.follow(
        DecisionQuery(log.folder, HomePlan()),
        Conditions(since_ms=0, limit=limit, **conditions),
        ask=asyncio.to_thread,
        now_ms=log.clock,
        unmasked=False,
        turn_seconds=0,
    )


async def after_the_first(parts: AsyncIterator[TailPart]) -> TailPart:
    """Return an empty part: it shows that the tail has begun."""
    first = await anext(parts)
    assert (first.rows, first.skipped) == ([], 0)
    return first


async def test_only_what_is_logged_from_now_on_comes(log: Logged) -> None:
    async with aclosing(followed(log)) as parts:  # type: ignore[type-var]
        await after_the_first(parts)
        log.decide(some_calls(FRAUD, callee=ANN), an_entry(FRAUD))

        part = await anext(parts)

        (row,) = part.rows
        assert row["action"] == "BLOCK"
        assert row["from_party"] == masked(FRAUD)
        assert (await anext(parts)).rows == []


async def test_what_a_compaction_made_is_no_news(log: Logged) -> None:
    log.decide(some_calls(OTHER, callee=ANN))
    async with aclosing(followed(log)) as parts:  # type: ignore[type-var]
        await after_the_first(parts)
        for hour in logged_hours(log.folder, "call"):
            compaction.compact(hour, lambda: "h-1-j1.parquet", NOW_MS + 2 * HOUR_MS, [])

        assert (await anext(parts)).rows == []


async def test_of_many_the_blocked_come_first_and_the_rest_is_counted(log: Logged) -> None:
    async with aclosing(followed(log, limit=2)) as parts:  # type: ignore[type-var]
        await after_the_first(parts)
        log.decide(some_calls(*[OTHER] * 30, FRAUD, callee=ANN), an_entry(FRAUD))

        part = await anext(parts)

        assert sorted(row["action"] for row in part.rows) == ["ALLOW", "BLOCK"]
        assert part.skipped == 29


@pytest.mark.parametrize(
    ("conditions", "events"),
    [({"channel": Channel.LINK}, 1), ({"action": Action.BLOCK}, 0), ({"carrier": "other"}, 0)],
)
async def test_a_tail_has_only_what_is_asked_for(
    log: Logged, conditions: dict[str, Any], events: int
) -> None:
    async with aclosing(followed(log, **conditions)) as parts:  # type: ignore[type-var]
        await after_the_first(parts)
        log.decide(some_calls(OTHER, callee=ANN))
        log.decide(some_links("http://else.test/", subscriber=ANN))

        assert len((await anext(parts)).rows) == events
