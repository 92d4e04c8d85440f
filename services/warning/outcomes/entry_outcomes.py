"""Outcomes of cases by list entry, and the change requests proposed because of them.

Commits of cases count outcomes in each shard; they are summed here. Pattern, source and change
requests are written by the actions about outcomes.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.redis.client import Client, within
from services.warning import keys
from services.warning.cases.events import CaseOutcome
from services.warning.outcomes.reliability import NOTHING, OutcomeTally

_SECONDS = 4.0
_STRIDE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryOutcomeRecord:
    """Outcomes and proposals of one list entry; its pattern is empty before its first action."""

    entry_id: str
    tally: OutcomeTally = NOTHING
    kind: str = ""
    pattern: str = ""
    source: str = ""
    proposed: int = 0
    """Newest change request that proposes its removal; 0: none."""
    proposed_at_false: int = 0
    """Number of false alarms at that time."""
    block_proposed: int = 0
    """Newest change request that proposes to add it; 0: none."""


class EntryOutcomeStore:
    """Reads and writes these records. Raises `Unavailable` while Redis is away."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def get(self, entry_id: str) -> EntryOutcomeRecord:
        """Return the record of an entry."""
        names = [f"{entry_id}:{outcome.value}" for outcome in CaseOutcome]
        async with within(_SECONDS):
            parts: Any = await asyncio.gather(
                *(self._client.hmget(keys.key(shard, "entries"), names) for shard in keys.SHARDS)
            )
            known: Any = await self._client.hgetall(_key(entry_id))
        sums = {
            outcome: sum(int(part[place] or 0) for part in parts)
            for place, outcome in enumerate(CaseOutcome)
        }
        return _record(entry_id, {one: many for one, many in sums.items() if many}, known)

    async def write(self, entry_id: str, fields: Mapping[str, str]) -> None:
        """Write fields of a record."""
        values = [part for field in fields.items() for part in field]
        async with within(_SECONDS):
            await self._client.hset(_key(entry_id), items=values)

    async def all(self) -> AsyncIterator[EntryOutcomeRecord]:
        """Iterate over all entries with closed cases, in no order."""
        sums: dict[str, dict[CaseOutcome, int]] = {}
        for shard in keys.SHARDS:
            async for name, count in self._client.hscan_iter(
                keys.key(shard, "entries"), count=_STRIDE
            ):
                entry_id, _, outcome = str(name).partition(":")
                of_entry = sums.setdefault(entry_id, {})
                which = CaseOutcome(outcome)
                of_entry[which] = of_entry.get(which, 0) + int(count)
        ids = list(sums)
        for start in range(0, len(ids), _STRIDE):
            some = ids[start : start + _STRIDE]
            async with within(_SECONDS):
                reading: Any = self._client.pipeline(transaction=False)
                for entry_id in some:
                    reading.hgetall(_key(entry_id))
                found = await reading.execute()
            for entry_id, known in zip(some, found, strict=True):
                yield _record(entry_id, sums[entry_id], known)


def _record(
    entry_id: str, outcomes: Mapping[CaseOutcome, int], known: Mapping[str, str]
) -> EntryOutcomeRecord:
    return EntryOutcomeRecord(
        entry_id=entry_id,
        tally=OutcomeTally(outcomes=outcomes),
        kind=known.get("kind", ""),
        pattern=known.get("pattern", ""),
        source=known.get("source", ""),
        proposed=int(known.get("proposed", 0)),
        proposed_at_false=int(known.get("proposed_at_false", 0)),
        block_proposed=int(known.get("block_proposed", 0)),
    )


def _key(entry_id: str) -> str:
    return f"fanzha:warning:entry:{entry_id}"
