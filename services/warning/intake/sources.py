"""Who sends warnings: what theirs were worth, and what became of them.

Counts of cases are written with the cases themselves, in the slot of each, and added up here; what
was refused or came twice made no case, and is counted beside: approximately, after a crash.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
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
_PLACE = re.compile(r"[0-9]{1,20}(-[0-9]{1,20})?")
_NAMES = "fanzha:warning:sources"
_FRAUD = (CaseOutcome.SAFE, CaseOutcome.LOST_MONEY, CaseOutcome.UNREACHABLE)
"""Outcomes of cases that were real: somebody was after this person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceQuality:
    """What the warnings of a source were worth."""

    source_name: str
    accepted: int
    joined: int
    duplicates: int
    refused: int
    confirmed: int
    """Warnings in cases that were closed, and no false alarm or duplicate."""
    false_alarms: int
    tally: OutcomeTally
    """Its cases by how they ended, each once however many warnings it had."""
    delays: Mapping[int, int]
    """Upper bound in seconds (0: more) to warnings that took so long from the event to us."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFeedback:
    """One outcome of one warning."""

    place: str
    reference: str
    case_id: str
    what: str
    at_ms: int


class WarningSources:
    """Reads and counts what concerns sources. Raises `Unavailable` while Redis is away."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def count(self, source_name: str, results: Iterable[IntakeResult]) -> None:
        """Count what made no case: repeats, and what was refused."""
        counts: dict[str, int] = {}
        for result in results:
            if result.what in (IntakeStatus.DUPLICATE, IntakeStatus.REFUSED):
                counts[result.what.value] = counts.get(result.what.value, 0) + 1
        async with within(_SECONDS):
            await self._client.sadd(_NAMES, source_name)
            for what, by in counts.items():
                await self._client.hincrby(keys.key("0", "source", source_name), what, by)

    async def names(self) -> list[str]:
        """Return the names of all sources there are."""
        async with within(_SECONDS):
            found: Any = await self._client.smembers(_NAMES)
            # Our own hits come by no way on which a source is noted.
            own: Any = await asyncio.gather(
                *(self._client.exists(keys.key(shard, "source", OWN_HITS)) for shard in keys.SHARDS)
            )
        return sorted({*map(str, found), *([OWN_HITS] if any(own) else [])})

    async def quality(self, source_name: str) -> SourceQuality:
        """Add up what is known of a source."""
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

    async def told(
        self, source_name: str, *, after: str = "", count: int = 100, block_ms: int = 0
    ) -> list[SourceFeedback]:
        """Return outcomes after a place, oldest first; waits for the first, if asked to."""
        if after and not _PLACE.fullmatch(after):
            raise InvalidInput("after: no place that this service told, such as 1764000000000-0")
        stream = keys.feedback(source_name)
        async with within(_SECONDS + block_ms / 1000):
            answer: Any = await self._client.xread(
                {stream: after or "0"}, count=count, block=block_ms or None
            )
        return [_told(place, fields) for place, fields in _only(answer)]

    async def all_told(self, source_name: str, *, after: str = "") -> AsyncIterator[SourceFeedback]:
        """Go through all outcomes there are now."""
        while some := await self.told(source_name, after=after):
            for one in some:
                yield one
            after = some[-1].place


def _told(place: str, fields: Mapping[str, str]) -> SourceFeedback:
    return SourceFeedback(
        place=str(place),
        reference=fields["reference"],
        case_id=fields["case_id"],
        what=fields["what"],
        at_ms=int(fields["at_ms"]),
    )


def _only(answer: Any) -> Sequence[Any]:
    if isinstance(answer, dict):
        return [pair for parts in answer.values() for part in parts for pair in part]
    return [pair for _name, pairs in answer or [] for pair in pairs]
