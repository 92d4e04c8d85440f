"""Requests that travel together do so in the trace of the first whose caller records one."""

import asyncio
from typing import Any

from fanzha.client._batch import Batch
from fanzha.tracing.trace_context import CURRENT, TraceContext

SKIPPED, FIRST, SECOND = (TraceContext(id_, 1, sampled=id_ > 1) for id_ in (1, 2, 3))


async def test_a_recorded_trace_is_kept_and_one_that_is_not_gives_way() -> None:
    batch: Batch[Any] = Batch(asyncio.get_running_loop(), lambda _sink, _failure: None)
    found = []

    for context in (None, SKIPPED, None, FIRST, SECOND):
        CURRENT.set(context)
        batch.add("row", asyncio.Future(), asyncio.get_running_loop().time() + 60)
        found.append(batch.trace)

    batch.drop_late()
    assert found == [None, SKIPPED, SKIPPED, FIRST, FIRST]
