"""Lists cases: all by when they were opened, or the open ones by what is due first.

Indexes lie in every shard, so a list is a merge of theirs. State, tier and whatever else a caller
asks for is looked up in the cases themselves. A page ends with the place where the next begins.
"""

import asyncio
import heapq
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from fanzha.errors import InvalidInput
from infra.redis.client import Client, within
from services.warning import keys
from services.warning.cases.model import Case
from services.warning.cases.store import READ_SECONDS, CaseStore

_STRIDE = 200
"""Cases read at once, of each shard."""
MOST_LOOKED_AT = 20_000
"""So many cases are looked at for one page; then it is short, and says where to go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseListPage:
    """Some cases."""

    cases: list[Case]
    next: str
    """Where the next page begins; empty: this is the last."""


class CaseListing:
    """Lists cases by region and by date. Raises `Unavailable` while Redis is away."""

    def __init__(self, client: Client, store: CaseStore) -> None:
        self._client = client
        self._store = store

    async def page(
        self,
        wanted: Callable[[Case], bool],
        *,
        region: str | Sequence[str] = "",
        only_open: bool = True,
        after: str = "",
        size: int = 50,
        until: int = keys.NOTHING_DUE,
    ) -> CaseListPage:
        """Return up to *size* cases, of a region or several if named, that are *wanted*.

        Open ones by what is due first, and before all those that wait for a person; otherwise by
        when they were opened, oldest first. *until* is the last of these dates. *after* is where
        the page before ended.
        """
        found: list[Case] = []
        place, looked_at = after, 0
        async for case, place in self.walk(
            region=region, only_open=only_open, after=after, until=until
        ):
            looked_at += 1
            if wanted(case):
                found.append(case)
            if len(found) >= size or looked_at >= MOST_LOOKED_AT:
                return CaseListPage(cases=found, next=place)
        return CaseListPage(cases=found, next="")

    async def walk(
        self,
        *,
        region: str | Sequence[str] = "",
        only_open: bool = False,
        index: tuple[str, ...] = (),
        after: str = "",
        since: int = 0,
        until: int = keys.NOTHING_DUE,
    ) -> AsyncIterator[tuple[Case, str]]:
        """Go through cases in order, each with its place; *since* and *until* are dates.

        Of several regions none may lie in another. *index* is another one to go through.
        """
        regions = [region] if isinstance(region, str) else region
        indexes = [index] if index else [_index(one, only_open) for one in regions]
        start = _read_place(after) if after else (since, "")
        while True:
            some = await self._next(indexes, start, until)
            if not some:
                return
            cases = await self._store.find([case_id for _, case_id in some])
            for (score, case_id), case in zip(some, cases, strict=True):
                if case is not None:
                    yield case, f"{score}:{case_id}"
                else:  # what was forgotten is still in the index
                    shard = keys.shard_of(case_id)
                    for where in indexes:
                        await self._client.zrem(keys.key(shard, *where), case_id)
            start = some[-1]

    async def count(self, *, region: str = "", only_open: bool = True) -> int:
        """Count the cases of an index; those that were forgotten may still be in it."""
        where = _index(region, only_open)
        async with within(READ_SECONDS):
            counts = await asyncio.gather(
                *(self._client.zcard(keys.key(shard, *where)) for shard in keys.SHARDS)
            )
        return sum(map(int, counts))

    async def _next(
        self, indexes: Sequence[tuple[str, ...]], start: tuple[int, str], until: int
    ) -> list[tuple[int, str]]:
        """Return what follows *start* in all shards together, as far as that is sure."""
        parts = await asyncio.gather(
            *(
                self._next_of(shard, where, start, until)
                for shard in keys.SHARDS
                for where in indexes
            )
        )
        # Beyond the end of a shard's full part there may be more of that shard: stop there.
        full = [part[-1] for part in parts if len(part) >= _STRIDE]
        end = min(full, default=None)
        merged: Iterable[tuple[int, str]] = heapq.merge(*parts)
        return [one for one in merged if end is None or one <= end]

    async def _next_of(
        self, shard: str, where: tuple[str, ...], start: tuple[int, str], until: int
    ) -> list[tuple[int, str]]:
        found: list[tuple[int, str]] = []
        offset = 0
        async with within(READ_SECONDS):
            while len(found) < _STRIDE:
                some: Any = await self._client.zrangebyscore(
                    keys.key(shard, *where), start[0], until, offset, _STRIDE, withscores=True
                )
                offset += len(some)
                found += [
                    one for one in ((int(score), str(name)) for name, score in some) if one > start
                ]
                if len(some) < _STRIDE:
                    break
        return found


def _index(region: str, only_open: bool) -> tuple[str, ...]:
    return ("open" if only_open else "all", *filter(None, [keys.region_key(region)]))


def _read_place(text: str) -> tuple[int, str]:
    score, _, case_id = text.partition(":")
    if not score.isdigit():
        raise InvalidInput(f"page: not a place: {text!r}")
    return int(score), case_id
