"""Notices that list entries were wrong, from list administration to the warning pipeline.

====================================  ==========================================================
key                                   value
====================================  ==========================================================
``fanzha:warning:retractions``        stream of notices
``fanzha:warning:retracted``          sorted set: ids of wrong entries by when they were lifted, ms
``fanzha:warning:retracted_in_part``  the same of entries that stay for all but some subjects
``fanzha:warning:subjects:ID``        sorted set: these subjects of an entry by when it was lifted
====================================  ==========================================================

An entry that is listed again has the same id, so hits count as wrong only up to that time.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from fanzha.errors import InvalidInput
from infra.redis.client import Client, hand_over, within
from services.warning import keys
from services.warning.model import Means, MeansKind, WarningRecord

STREAM = "fanzha:warning:retractions"
_RETRACTED = "fanzha:warning:retracted"
_IN_PART = "fanzha:warning:retracted_in_part"
_SUBJECTS = "fanzha:warning:subjects"
_ROWS = 100_000
_SECONDS = 4.0
_COUNT_ONCE = """
if redis.call('SADD', KEYS[1], ARGV[1]) == 0 then return 0 end
return redis.call('HINCRBY', KEYS[2], ARGV[2], 1)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetractionNotice:
    """A list entry was wrong, for all it matched or for one subject."""

    entry_id: str
    kind: str
    pattern: str
    source: str
    """Who supplied it."""
    subject: str = ""
    """The number, sender or link for which alone it was wrong; empty: it was wrong altogether."""
    why: str
    by: str
    at_ms: int


_NUMBERS = frozenset({MeansKind.CALLER, MeansKind.SENDER})
_NAMES = tuple(field.name for field in fields(RetractionNotice))


def read(entry: Mapping[str, str]) -> RetractionNotice:
    """Parse a stream entry. Raises `InvalidInput`."""
    try:
        values: dict[str, Any] = dict(entry) | {"at_ms": int(entry["at_ms"])}
        return RetractionNotice(**values)
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInput(
            "retraction: cannot be parsed: {name}", name=type(error).__name__
        ) from error


def is_reached_by(subject: str, means: Means) -> bool:
    """Return whether a subject is that by which a person was reached, or in that link or text."""
    value, subject = means.value.casefold(), subject.casefold()
    return value == subject if means.kind in _NUMBERS else subject in value


class RetractionStore:
    """Publishes notices, and remembers wrong entries. Raises `Unavailable` while Redis is away."""

    def __init__(self, client: Client) -> None:
        self._client: Any = client

    async def publish(self, wrong: Iterable[object]) -> None:
        """Append notices, or what has their fields; a repeated one changes nothing."""
        async with within(_SECONDS):
            pipeline = self._client.pipeline(transaction=False)
            for one in wrong:
                entry = {name: str(getattr(one, name)) for name in _NAMES}
                pipeline.xadd(STREAM, entry, maxlen=_ROWS, approximate=True)
            await hand_over(self._client, pipeline)

    async def remember(self, notice: RetractionNotice, *, now_ms: int, max_age_ms: int) -> None:
        """Have intake skip hits of an entry, or of one subject; forget older ones than that."""
        until_ms, entries = now_ms - max_age_ms, _IN_PART if notice.subject else _RETRACTED
        async with within(_SECONDS):
            if notice.subject:
                subjects = f"{_SUBJECTS}:{notice.entry_id}"
                await self._client.zadd(subjects, {notice.subject: notice.at_ms}, gt=True)
                await self._client.zremrangebyscore(subjects, "-inf", until_ms)
                await self._client.pexpire(subjects, max_age_ms)
            # After its subjects: whoever finds the entry finds them.
            await self._client.zadd(entries, {notice.entry_id: notice.at_ms}, gt=True)
            await self._client.zremrangebyscore(entries, "-inf", until_ms)

    async def wrong_among(self, warnings: Iterable[WarningRecord]) -> list[WarningRecord]:
        """Return the warnings of entries that were lifted as wrong after them.

        Altogether, or for that by which the person was reached.
        """
        rows = [one for one in warnings if one.entry_id]
        names = sorted({one.entry_id for one in rows})
        if not names:
            return []
        async with within(_SECONDS):
            looks = self._client.pipeline(transaction=False)
            looks.zmscore(_RETRACTED, names)
            looks.zmscore(_IN_PART, names)
            whole, in_part = await looks.execute()
            partly = [name for name, at in zip(names, in_part, strict=True) if at is not None]
            subjects = await self._subjects(partly)
        lifted = {name: int(at) for name, at in zip(names, whole, strict=True) if at is not None}
        return [
            one
            for one in rows
            if one.occurred_at_ms <= lifted.get(one.entry_id, -1)
            or any(
                one.occurred_at_ms <= at_ms and is_reached_by(subject, one.means)
                for subject, at_ms in subjects.get(one.entry_id, {}).items()
            )
        ]

    async def _subjects(self, names: Sequence[str]) -> dict[str, dict[str, int]]:
        """Return for whom entries were lifted, and when."""
        if not names:
            return {}
        looks = self._client.pipeline(transaction=False)
        for name in names:
            looks.zrange(f"{_SUBJECTS}:{name}", 0, -1, withscores=True)
        found = await looks.execute()
        return {
            name: {subject: int(at) for subject, at in some}
            for name, some in zip(names, found, strict=True)
        }

    async def count_against(self, notice: RetractionNotice) -> bool:
        """Count one false alarm of an entry and its source, once; False if it was before."""
        shard = keys.SHARDS[sum(notice.entry_id.encode()) % len(keys.SHARDS)]
        once = f"{notice.entry_id}:{notice.subject}:{notice.at_ms}"
        async with within(_SECONDS):
            counted = await self._client.eval(
                _COUNT_ONCE,
                2,
                keys.key(shard, "retracted"),
                keys.key(shard, "entries"),
                once,
                f"{notice.entry_id}:false_alarm",
            )
        return bool(counted)
