"""Ordered listing of cases: all by opening time, or the open ones by due date.

Each shard has its indexes; a listing merges them. Filters other than region and date are applied to
the cases themselves. The cursor is ``<score>:<case id>`` of the last case that was read.
"""

import asyncio
import heapq
import re
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from fanzha.errors import InvalidInput
from infra.redis.client import Client, within
from services.warning import keys
from services.warning.cases.model import Case
from services.warning.cases.store import READ_SECONDS, CaseStore

_SCORE = re.compile(r"[0-9]{1,18}")
_STRIDE, _PAGE_STRIDE = 200, 50
"""Index entries read at a time from each shard, for a walk and for a page."""
_READ_AT_ONCE, _READ_FOR_A_PAGE = 500, 50
"""Cases read at a time; a page needs few of those that the index names."""
MOST_SCANNED = 20_000
"""Cases scanned for one page; then it ends short, with a cursor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseListPage:
    """One page of cases."""

    cases: list[Case]
    next: str
    """Cursor of the next page; empty: this is the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """How many cases are open."""

    open: int
    overdue: int
    """Whose due date has passed, or that need a person."""
    need_person: int


class CaseListing:
    """Lists cases by region and date. Raises `Unavailable` while Redis is away."""

    def __init__(self, client: Client, store: CaseStore) -> None:
        self._client = client
        self._store = store

    async def page(
        self,
        matches: Callable[[Case], bool],
        *,
        region: str | Sequence[str] = "",
        only_open: bool = True,
        indexes: Sequence[tuple[str, ...]] = (),
        after: str = "",
        size: int = 50,
        until: int = keys.NOTHING_DUE,
    ) -> CaseListPage:
        """Return up to *size* cases of *region* (empty: all) for which *matches* holds.

        Open cases come by due date, those that need a person first; otherwise all cases come by
        opening time. *until* is the last due date or opening time, in ms. *after* is the cursor of
        the page before. *indexes*, disjoint ones by urgency, replace those of the region.
        """
        page: list[Case] = []
        cursor, scanned = after, 0
        async for case, cursor in self.walk(
            region=region,
            only_open=only_open,
            indexes=indexes,
            after=after,
            until=until,
            for_a_page=True,
        ):
            scanned += 1
            if matches(case):
                page.append(case)
            if len(page) >= size or scanned >= MOST_SCANNED:
                return CaseListPage(cases=page, next=cursor)
        return CaseListPage(cases=page, next="")

    async def walk(
        self,
        *,
        region: str | Sequence[str] = "",
        only_open: bool = False,
        indexes: Sequence[tuple[str, ...]] = (),
        after: str = "",
        since: int = 0,
        until: int = keys.NOTHING_DUE,
        for_a_page: bool = False,
    ) -> AsyncIterator[tuple[Case, str]]:
        """Iterate over cases in order, each with its cursor; *since* and *until* are scores in ms.

        No region of several may contain another. *indexes*, disjoint ones, replace those of the
        regions. *for_a_page* reads ahead less.
        """
        stride = _PAGE_STRIDE if for_a_page else _STRIDE
        at_once = _READ_FOR_A_PAGE if for_a_page else _READ_AT_ONCE
        regions = [region] if isinstance(region, str) else region
        indexes = indexes or [_index(one, only_open) for one in regions]
        start = _parse_cursor(after) if after else (since, "")
        while True:
            batch = await self._next(indexes, start, until, stride)
            if not batch:
                return
            for first in range(0, len(batch), at_once):
                async for found in self._read(batch[first : first + at_once], indexes):
                    yield found
            start = batch[-1]

    async def _read(
        self, batch: Sequence[tuple[int, str]], indexes: Sequence[tuple[str, ...]]
    ) -> AsyncIterator[tuple[Case, str]]:
        cases = await self._store.find([case_id for _, case_id in batch])
        for (score, case_id), case in zip(batch, cases, strict=True):
            if case is not None:
                yield case, f"{score}:{case_id}"
            else:  # expired: the index does not know
                shard = keys.shard_of(case_id)
                for name in indexes:
                    await self._client.zrem(keys.key(shard, *name), case_id)

    async def count(self, *, region: str = "", only_open: bool = True) -> int:
        """Count the cases of an index; expired ones that no listing has met yet are included."""
        index = _index(region, only_open)
        async with within(READ_SECONDS):
            counts = await asyncio.gather(
                *(self._client.zcard(keys.key(shard, *index)) for shard in keys.SHARDS)
            )
        return sum(map(int, counts))

    async def backlog(
        self, groups: Sequence[Sequence[tuple[str, ...]]], now_ms: int
    ) -> list[Backlog]:
        """Count the open cases of each group of disjoint indexes."""
        ranges = ((0, keys.NOTHING_DUE), (0, now_ms), (0, keys.FIRST_DATE - 1))
        async with within(READ_SECONDS):
            counting = self._client.pipeline(transaction=False)
            for group in groups:
                for shard in keys.SHARDS:
                    for index in group:
                        for first, last in ranges:
                            counting.zcount(keys.key(shard, *index), first, last)
            answers = iter(await counting.execute())
        found = []
        for group in groups:
            counts = [int(next(answers)) for _ in range(len(keys.SHARDS) * len(group) * 3)]
            found.append(
                Backlog(
                    open=sum(counts[::3]), overdue=sum(counts[1::3]), need_person=sum(counts[2::3])
                )
            )
        return found

    async def _next(
        self, indexes: Sequence[tuple[str, ...]], start: tuple[int, str], until: int, stride: int
    ) -> list[tuple[int, str]]:
        """Return the entries after *start*, merged over shards, as far as the order is certain."""
        names = [keys.key(shard, *index) for shard in keys.SHARDS for index in indexes]
        async with within(READ_SECONDS):
            reading = self._client.pipeline(transaction=False)
            for name in names:
                reading.zrangebyscore(name, start[0], until, 0, stride, withscores=True)
            batches: list[Any] = await reading.execute()
        parts = await asyncio.gather(
            *(
                self._next_of(name, batch, start, until, stride)
                for name, batch in zip(names, batches, strict=True)
            )
        )
        # After the last entry of a full part its shard may have more: stop there.
        full = [part[-1] for part in parts if len(part) >= stride]
        end = min(full, default=None)
        merged: Iterable[tuple[int, str]] = heapq.merge(*parts)
        return [one for one in merged if end is None or one <= end]

    async def _next_of(
        self, index: str, batch: Any, start: tuple[int, str], until: int, stride: int
    ) -> list[tuple[int, str]]:
        """Return the entries after *start* of one index, of which *batch* are the first."""
        found: list[tuple[int, str]] = []
        offset = 0
        while True:
            offset += len(batch)
            found += [
                one for one in ((int(score), str(name)) for name, score in batch) if one > start
            ]
            if len(batch) < stride or len(found) >= stride:
                return found
            async with within(READ_SECONDS):
                batch = await self._client.zrangebyscore(
                    index, start[0], until, offset, stride, withscores=True
                )


def _index(region: str, only_open: bool) -> tuple[str, ...]:
    return ("open" if only_open else "all", *filter(None, [keys.region_key(region)]))


def _parse_cursor(text: str) -> tuple[int, str]:
    score, _, case_id = text.partition(":")
    if not _SCORE.fullmatch(score):
        raise InvalidInput("page: no cursor of a case list: {text!r}", text=text)
    return int(score), case_id
