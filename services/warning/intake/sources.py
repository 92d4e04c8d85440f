"""Sources of warnings: quality statistics, and feedback on what became of their warnings.

Counts of cases are written by the commits of the cases, in each shard, and summed here. Refused
and duplicate warnings are counted separately, and only approximately after a crash.
"""

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fanzha.errors import InvalidInput
from infra.redis.client import Client, within
from services.warning import keys
from services.warning.cases.events import CaseOutcome
from services.warning.intake.service import DELAYS_S, IntakeResult, IntakeStatus
from services.warning.model import OWN_HITS
from services.warning.outcomes.reliability import OutcomeTally

_SECONDS = 4.0
_CURSOR = re.compile(r"[0-9]{1,20}(-[0-9]{1,20})?")
_NAMES = "fanzha:warning:sources"
_FRAUD = (CaseOutcome.SAFE, CaseOutcome.LOST_MONEY, CaseOutcome.UNREACHABLE)
"""Outcomes that count a warning as confirmed fraud."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceQuality:
    """Statistics of one source."""

    source_name: str
    accepted: int
    joined: int
    duplicates: int
    refused: int
    confirmed: int
    """Warnings in closed cases, without false alarms and duplicates."""
    false_alarms: int
    tally: OutcomeTally
    """Its closed cases by outcome; a case counts once however many warnings it had."""
    delays: Mapping[int, int]
    """Warnings by delay from event to intake: upper bound in seconds (0: more) to number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFeedback:
    """One step in the progress of a warning's case."""

    cursor: str
    reference: str
    case_id: str
    what: str
    at_ms: int


class WarningSources:
    """Statistics and feedback of sources. Raises `Unavailable` while Redis is away."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def count(self, source_name: str, results: Iterable[IntakeResult]) -> None:
        """Count duplicate and refused warnings; commits of cases count the others."""
        counts: dict[str, int] = {}
        for result in results:
            if result.status in (IntakeStatus.DUPLICATE, IntakeStatus.REFUSED):
                counts[result.status.value] = counts.get(result.status.value, 0) + 1
        async with within(_SECONDS):
            await self._client.sadd(_NAMES, source_name)
            for what, by in counts.items():
                await self._client.hincrby(keys.key("0", "source", source_name), what, by)

    async def names(self) -> list[str]:
        """Return the names of all sources, sorted."""
        async with within(_SECONDS):
            found: Any = await self._client.smembers(_NAMES)
            # Own hits do not pass through `count`.
            own: Any = await asyncio.gather(
                *(self._client.exists(keys.key(shard, "source", OWN_HITS)) for shard in keys.SHARDS)
            )
        return sorted({*map(str, found), *([OWN_HITS] if any(own) else [])})

    async def quality(self, source_name: str) -> SourceQuality:
        """Return the statistics of a source."""
        async with within(_SECONDS):
            parts: Any = await asyncio.gather(
                *(
                    self._client.hgetall(keys.key(shard, "source", source_name))
                    for shard in keys.SHARDS
                )
            )
        counts: dict[str, int] = {}
        for part in parts:
            for name, count in part.items():
                counts[name] = counts.get(name, 0) + int(count)
        return SourceQuality(
            source_name=source_name,
            accepted=counts.get("accepted", 0),
            joined=counts.get("joined", 0),
            duplicates=counts.get("duplicate", 0),
            refused=counts.get("refused", 0),
            confirmed=sum(counts.get(f"closed_{outcome.value}", 0) for outcome in _FRAUD),
            false_alarms=counts.get(f"closed_{CaseOutcome.FALSE_ALARM.value}", 0),
            tally=OutcomeTally(
                outcomes={
                    one: count
                    for one in CaseOutcome
                    if (count := counts.get(f"cases_{one.value}", 0))
                }
            ),
            delays={bound: counts.get(f"delay_{bound or 'more'}", 0) for bound in (*DELAYS_S, 0)},
        )

    async def read_feedback(
        self, source_name: str, *, after: str = "", count: int = 100, block_ms: int = 0
    ) -> list[SourceFeedback]:
        """Return feedback after a cursor, oldest first; wait up to *block_ms* for the first."""
        if after and not _CURSOR.fullmatch(after):
            raise InvalidInput("after: not a cursor of this service, such as 1764000000000-0")
        stream = keys.feedback(source_name)
        async with within(_SECONDS + block_ms / 1000):
            answer: Any = await self._client.xread(
                {stream: after or "0"}, count=count, block=block_ms or None
            )
        return [_feedback(cursor, fields) for cursor, fields in _entries(answer)]


def _feedback(cursor: str, fields: Mapping[str, str]) -> SourceFeedback:
    return SourceFeedback(
        cursor=str(cursor),
        reference=fields["reference"],
        case_id=fields["case_id"],
        what=fields["what"],
        at_ms=int(fields["at_ms"]),
    )


def _entries(answer: Any) -> Sequence[Any]:
    if isinstance(answer, dict):
        return [pair for parts in answer.values() for part in parts for pair in part]
    return [pair for _name, pairs in answer or [] for pair in pairs]
