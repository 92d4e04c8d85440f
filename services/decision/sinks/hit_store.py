"""Stores hits in Redis: streams for consumers, and a record of each decision for some days.

=====================================  ===============================================
key                                    what
=====================================  ===============================================
``fanzha:hits:confirmed``              stream: matches of the lists, confirmed suspects
``fanzha:hits:suspected``              stream: what a model or a rule blocked or marked
``fanzha:hits:dismissed``              stream: what a person judged to be no fraud
``fanzha:decisions:<block>``           hash: id to hit and place; a block is 4096 ids in a row
``fanzha:decision:<id>``               hash: the last verdict, and the hit as it was judged
``confirmed:{<stream>}:<id>``          place of a confirmation; ``dismissed:`` likewise
=====================================  ===============================================

A marker shares the slot of its stream, so that one script sees both, in a cluster too. Hits are
written at least once; a verdict exactly once, and is acknowledged after ``WAITAOF``. A flush of
hits is a few arguments and one answer, since each argument or answer costs the deciding thread one
to five microseconds in the client.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from infra.redis.client import Client, execute_synced, within
from services.decision.ids import BLOCK_BITS
from services.decision.sinks import hit_fields
from services.decision.sinks.hit_encoder import WrittenHit

CONFIRMED = "fanzha:hits:confirmed"
SUSPECTED = "fanzha:hits:suspected"
DISMISSED = "fanzha:hits:dismissed"
MARKER_DAYS = 180
"""Period in which a repeated verdict is recognised."""

_DAY_S = 86_400
_HIT = "hit"
"""Field of a decision hash written before there were blocks; still read."""
_READ_SECONDS = 2.0
_WRITE_SECONDS = 4.0
_WRITE_HITS = 256
"""Encoding the commands of thousands would block the event loop and decisions: see ADR 2."""

_APPEND = """
local places = {}
for at, fields in ipairs(cjson.decode(ARGV[2])) do
  places[at] = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', unpack(fields))
end
return table.concat(places, ' ')
"""
_KEEP = """
local fields = {}
for text in string.gmatch(ARGV[2], '[^\\n]+') do fields[#fields + 1] = text end
redis.call('HSET', KEYS[1], unpack(fields))
redis.call('EXPIRE', KEYS[1], ARGV[1])
"""
"""Ids and hits alternating, one a line; JSON has no line breaks of its own."""
_APPEND_ONCE = """
local seen = redis.call('GET', KEYS[2])
if seen then return {0, seen} end
local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], '*', unpack(ARGV, 3))
redis.call('SET', KEYS[2], id, 'EX', ARGV[1])
return {1, id}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """The result of recording a verdict."""

    first: bool
    """False if the stream already had one for this decision."""
    stream_id: str
    synced: bool
    """Whether it is on the disk of the store; otherwise in its memory."""


class HitStore:
    """Writes and finds hits. Raises `Unavailable` within seconds while Redis is down."""

    def __init__(
        self, client: Client, *, stream_rows: int = 1_000_000, decision_days: int = 30
    ) -> None:
        self._client = client
        self._stream_rows = stream_rows
        self._decision_seconds = decision_days * _DAY_S

    async def write(self, hits: Iterable[WrittenHit]) -> None:
        """Append hits to their streams and keep a record of each."""
        remaining = iter(hits)
        async with within(_WRITE_SECONDS):
            while some := list(islice(remaining, _WRITE_HITS)):
                await self._write_some(some)

    async def find(self, decision_id: int) -> dict[str, str] | None:
        """Return the record of a decision; None if there is none, or it has expired."""
        async with within(_READ_SECONDS):
            reading = self._client.pipeline(transaction=False)
            reading.hget(_block_key(decision_id), str(decision_id))
            reading.hgetall(_decision_key(decision_id))
            hit, judged = await reading.execute()
        written = hit_fields.decode(hit) if hit else json.loads(judged.get(_HIT, "{}"))
        judged.pop(_HIT, None)
        return written | judged or None

    async def append_once(
        self, stream: str, decision_id: int, hit: Mapping[str, str], record: Mapping[str, str]
    ) -> Appended:
        """Append *hit* unless *stream* has that decision; add *record* to its record."""
        verb = stream.rsplit(":", 1)[1]
        marker = f"{verb}:{{{stream}}}:{decision_id}"
        values = [text for field in hit.items() for text in field]
        async with within(_WRITE_SECONDS):
            writing = self._client.pipeline(transaction=False)
            writing.eval(
                _APPEND_ONCE, 2, stream, marker, MARKER_DAYS * _DAY_S, self._stream_rows, *values
            )
            self._record(writing, decision_id, record)
            ((first, place), *_), synced = await execute_synced(self._client, writing)
        return Appended(first=bool(first), stream_id=str(place), synced=synced)

    async def add_to_record(self, decision_id: int, record: Mapping[str, str]) -> bool:
        """Add to the record of a decision; return whether it is on the disk of the store."""
        async with within(_WRITE_SECONDS):
            writing = self._client.pipeline(transaction=False)
            self._record(writing, decision_id, record)
            _, synced = await execute_synced(self._client, writing)
        return synced

    async def follow(
        self, after: Mapping[str, str], *, count: int = 100, block_ms: int = 1000
    ) -> list[tuple[str, str, dict[str, str]]]:
        """Return what follows the ids *after* in streams: stream, id, hit; blocks briefly."""
        found: list[tuple[str, str, dict[str, str]]] = []
        async with within(_READ_SECONDS + block_ms / 1000):
            # One stream at a time: in a cluster they lie in different slots.
            for stream, place in after.items():
                answer = await self._client.xread(
                    {stream: place}, count=count, block=max(1, block_ms // len(after))
                )
                for _name, entries in _pairs(answer):
                    found += [(stream, entry, hit) for entry, hit in entries]
        return found

    async def between(
        self, stream: str, first: str, last: str, *, count: int
    ) -> list[tuple[str, dict[str, str]]]:
        """Return up to *count* entries from place *first* up to *last*; "(" leaves *first* out."""
        async with within(_READ_SECONDS):
            found: Any = await self._client.xrange(stream, first, last, count=count)
        return [(str(place), hit) for place, hit in found]

    async def before(
        self, stream: str, place: str, *, count: int
    ) -> list[tuple[str, dict[str, str]]]:
        """Return up to *count* entries, newest first, before *place*; empty: from the newest on."""
        async with within(_READ_SECONDS):
            found: Any = await self._client.xrevrange(
                stream, f"({place}" if place else "+", "-", count=count
            )
        return [(str(at), hit) for at, hit in found]

    async def verdicts(self, decision_ids: Sequence[str]) -> list[str]:
        """Return the last verdict on each decision: confirmed, dismissed, or empty."""
        if not decision_ids:
            return []
        async with within(_READ_SECONDS):
            reading = self._client.pipeline(transaction=False)
            for one in decision_ids:
                reading.hget(_decision_key(int(one)), "verdict")
            return [verdict or "" for verdict in await reading.execute()]

    async def newest(self, stream: str) -> str:
        """Return the place of the newest entry of *stream*; "0-0" when it is empty."""
        async with within(_READ_SECONDS):
            found = await self._client.xrevrange(stream, count=1)
        return str(found[0][0]) if found else "0-0"

    async def _write_some(self, hits: Sequence[WrittenHit]) -> None:
        by_stream = {
            CONFIRMED: [hit for hit in hits if hit.confirmed],
            SUSPECTED: [hit for hit in hits if not hit.confirmed],
        }
        by_stream = {stream: some for stream, some in by_stream.items() if some}
        appending = self._client.pipeline(transaction=False)
        for stream, some in by_stream.items():
            fields = ",".join([hit.fields for hit in some])
            appending.eval(_APPEND, 1, stream, str(self._stream_rows), f"[{fields}]")
        places = await appending.execute()
        records: dict[str, list[str]] = {}
        for (stream, some), where in zip(by_stream.items(), places, strict=True):
            for hit, place in zip(some, where.split(" "), strict=True):
                record = hit_fields.with_place(hit.fields, stream, place)
                records.setdefault(_block_key(hit.decision_id), []).extend(
                    (str(hit.decision_id), record)
                )
        recording = self._client.pipeline(transaction=False)
        for block, some_records in records.items():
            lines = "\n".join(some_records)
            recording.eval(_KEEP, 1, block, str(self._decision_seconds), lines)
        await recording.execute()

    def _record(self, pipeline: Any, decision_id: int, record: Mapping[str, str]) -> None:
        key = _decision_key(decision_id)
        pipeline.hset(key, mapping=dict(record))
        pipeline.expire(key, self._decision_seconds)


class PrefixClaims:
    """Stores claims of decision id prefixes in Redis."""

    def __init__(self, client: Client, owner: str, *, days: int = MARKER_DAYS) -> None:
        self._client = client
        self._owner = owner
        self._seconds = days * _DAY_S

    async def claim(self, prefix: int) -> bool:
        """Claim *prefix* or renew its claim; False if another worker holds it."""
        key = f"fanzha:id-prefix:{prefix:06x}"
        async with within(_READ_SECONDS):
            if await self._client.set(key, self._owner, nx=True, ex=self._seconds):
                return True
            if await self._client.get(key) != self._owner:
                return False
            await self._client.expire(key, self._seconds)
            return True


def _block_key(decision_id: int) -> str:
    return f"fanzha:decisions:{decision_id >> BLOCK_BITS:x}"


def _decision_key(decision_id: int) -> str:
    return f"fanzha:decision:{decision_id}"


def _pairs(answer: Any) -> Sequence[tuple[str, list[tuple[str, dict[str, str]]]]]:
    # A list in version 2 of the protocol, a mapping with nested lists in version 3.
    if isinstance(answer, dict):
        return [(name, [pair for part in parts for pair in part]) for name, parts in answer.items()]
    return answer or []
