"""Remembers who reported what, by hashes of reporters, for as long as reports count.

Keys are of one slot, and all of them end by themselves: ``of:SUBJECT`` and ``by:REPORTER`` are
sorted sets of reporters and subjects by time, ``proposed`` has the subjects that were proposed.
Storing a report twice changes nothing.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import Any

from blocklists.entries import EntryKind
from infra.redis.client import Client, within
from services.sources.reports.reader import UserReport
from services.sources.reports.rules import DAY_MS, ReportRules
from services.warning.outcomes.loss_means import ProposedEntry

_SECONDS = 5.0
_SPACE = "{fanzha:reports}"
_AT_ONCE = 500
MOST_REPORTERS = 100
"""Reporters of one subject, and subjects of one reporter, that are compared: the latest."""

_ADD = """
local at, since, day = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
if at < since then return {-1, 0} end
local known = redis.call('ZSCORE', KEYS[1], ARGV[5])
local new = not known or tonumber(known) < since
if new and redis.call('ZCOUNT', KEYS[2], at - day, at + day) >= tonumber(ARGV[4]) then
    return {-2, 0}
end
redis.call('ZADD', KEYS[1], 'GT', at, ARGV[5])
redis.call('ZADD', KEYS[2], 'GT', at, ARGV[6])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. since)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', '(' .. since)
redis.call('PEXPIRE', KEYS[1], ARGV[7])
redis.call('PEXPIRE', KEYS[2], ARGV[7])
return {new and 1 or 0, redis.call('ZCARD', KEYS[1])}
"""
"""Keys: reporters of the subject, subjects of the reporter. Arguments: time of the report, time
from which reports count, a day, most in a day, reporter, subject, how long the keys are kept.
Answers 1 for a new report, 0 for a known one, -1 for one too old, -2 for one too many; then how
many people have reported the subject."""


class ReportStatus(IntEnum):
    """What became of a report."""

    COUNTED = 1
    REPEATED = 0
    """The same person had reported it before."""
    OLD = -1
    FLOODING = -2
    """The person had reported as many subjects as count in a day."""


class ReportStore:
    """Reads and writes reports. Raises `Unavailable` while Redis is down."""

    def __init__(self, client: Client) -> None:
        """*client* must decode answers."""
        self._client: Any = client

    async def add(
        self, reports: Sequence[UserReport], rules: ReportRules, now_ms: int
    ) -> list[tuple[ReportStatus, int]]:
        """Store reports; of each, return what became of it, and how many reported its subject."""
        found: list[tuple[ReportStatus, int]] = []
        for start in range(0, len(reports), _AT_ONCE):
            adding = self._client.pipeline(transaction=False)
            for one in reports[start : start + _AT_ONCE]:
                name = _name(one.subject)
                adding.eval(
                    _ADD,
                    2,
                    _key("of", name),
                    _key("by", one.reporter),
                    one.reported_at_ms,
                    now_ms - rules.window_ms,
                    DAY_MS,
                    rules.most_a_day,
                    one.reporter,
                    name,
                    rules.window_ms + DAY_MS,
                )
            async with within(_SECONDS):
                answers = await adding.execute()
            found += [(ReportStatus(int(status)), int(people)) for status, people in answers]
        return found

    async def reporters(self, subject: ProposedEntry, since_ms: int) -> dict[str, set[str]]:
        """Return the latest reporters of a subject, and what else each of them reported."""
        name = _name(subject)
        async with within(_SECONDS):
            reporters = await self._client.zrange(
                _key("of", name), "+inf", since_ms, byscore=True, desc=True,
                offset=0, num=MOST_REPORTERS,
            )  # fmt: skip
            reading = self._client.pipeline(transaction=False)
            for one in reporters:
                reading.zrange(
                    _key("by", one), "+inf", since_ms, byscore=True, desc=True,
                    offset=0, num=MOST_REPORTERS,
                )  # fmt: skip
            subjects = await reading.execute() if reporters else []
        return {one: set(others) - {name} for one, others in zip(reporters, subjects, strict=True)}

    async def proposed(self, subject: ProposedEntry, since_ms: int) -> bool:
        """Return whether a subject was proposed, or refused, since then."""
        async with within(_SECONDS):
            at_ms = await self._client.zscore(_key("proposed", ""), _name(subject))
        return at_ms is not None and float(at_ms) >= since_ms

    async def proposals(self, source: str, since_ms: int) -> int:
        """Return how many subjects a source has proposed since then."""
        async with within(_SECONDS):
            return int(await self._client.zcount(_key("made", source), since_ms, "+inf"))

    async def note_proposed(
        self, subject: ProposedEntry, source: str, now_ms: int, window_ms: int
    ) -> None:
        """Remember that a subject was proposed, or cannot be."""
        name = _name(subject)
        noting = self._client.pipeline(transaction=False)
        for key, kept_ms in ((_key("proposed", ""), window_ms), (_key("made", source), DAY_MS)):
            noting.zadd(key, {name: now_ms})
            noting.zremrangebyscore(key, "-inf", f"({now_ms - kept_ms}")
            noting.pexpire(key, kept_ms + DAY_MS)
        async with within(_SECONDS):
            await noting.execute()


def _name(subject: ProposedEntry) -> str:
    return f"{EntryKind(subject.kind).name.lower()}:{subject.pattern}"


def _key(what: str, name: str) -> str:
    return f"{_SPACE}:{what}:{name}"
