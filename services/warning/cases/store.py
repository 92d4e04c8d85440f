"""Event store of cases in Redis, with optimistic concurrency.

A change reads a case, derives events, and commits them against the revision that was read; on a
conflict it reads and derives again. One script on one slot writes the events, the folded view, the
dedup markers of the warnings that joined, and everything in `projections`. So no case is ever half
written, and no outbox task or count is lost.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fanzha.errors import NotFound, VersionConflict
from infra.redis.client import Client, execute_durable, within
from infra.redis.damaged_records import DamagedRecord, readable
from services.warning import keys
from services.warning.cases import ids as case_ids
from services.warning.cases import projections, region_counts, serialization, state_machine
from services.warning.cases.events import CaseEvent
from services.warning.cases.model import Case

READ_SECONDS = 4.0
WRITE_SECONDS = 8.0
TRIES = 20
"""Attempts at one change while others commit to the same case."""

_DAY_S = 86_400

_COMMIT = """
local known = redis.call('HMGET', KEYS[1], 'revision', 'move')
if known[2] == ARGV[2] then return 1 end
if (known[1] or '0') ~= ARGV[3] then return 0 end
local at = 8
local function many()
  local count = tonumber(ARGV[at])
  local from = at + 1
  at = at + 1 + count
  return from, at - 1
end
local from, to = many()
local first, last = many()
for i = first, last do
  if redis.call('SISMEMBER', KEYS[4], ARGV[i]) == 1 then return 0 end
end
redis.call('HSET', KEYS[1], 'view', ARGV[5], 'revision', ARGV[4], 'move', ARGV[2])
for i = from, to do redis.call('RPUSH', KEYS[2], ARGV[i]) end
if ARGV[6] ~= '' then redis.call('SET', KEYS[3], ARGV[6]) end
for i = first, last do redis.call('SADD', KEYS[4], ARGV[i]) end
from, to = many()
for i = from, to do redis.call('XADD', KEYS[5], '*', 'task', ARGV[i]) end
local key = 6
from, to = many()
for i = from, to do redis.call('ZADD', KEYS[key], ARGV[i], ARGV[1]); key = key + 1 end
from, to = many()
for i = from, to do redis.call('ZREM', KEYS[key], ARGV[1]); key = key + 1 end
from, to = many()
for i = from, to, 2 do
  redis.call('HINCRBY', KEYS[key], ARGV[i], ARGV[i + 1])
  key = key + 1
end
for i = 1, 4 do
  if ARGV[7] ~= '' then redis.call('EXPIRE', KEYS[i], ARGV[7])
  else redis.call('PERSIST', KEYS[i]) end
end
return 1
"""
"""Writes one commit. All keys lie in one slot.

KEYS: case hash, events, round, seen, outbox, sorted sets to add to, sorted sets to remove from, and
a hash for each increment.
ARGV: case id, commit id, expected revision, new revision, view, round or empty, seconds to expiry
or empty; then lists, each preceded by its length: events, markers, outbox tasks, scores, a
placeholder for each set to remove from, fields and increments.
Returns 1. Returns 0 when the case has another revision, or when a marker is present: the caller
read the markers before the case, and may have missed one. Idempotent by the commit id."""

_REFUSE = """
redis.call('SADD', KEYS[2], unpack(ARGV, 2))
if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('EXPIRE', KEYS[2], ARGV[1]) end
"""
"""Sets markers of warnings that join no case. KEYS: round, seen. ARGV: seconds, then markers."""
_REFUSED_S = _DAY_S
"""How long markers are kept where there is no case: far longer than a commit is under way."""

Decide = Callable[[Case], Sequence[CaseEvent]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseCommit:
    """Events to append to a case at a revision."""

    before: Case | None
    after: Case
    events: Sequence[CaseEvent]
    seen: Sequence[str] = ()
    """Dedup markers of the warnings that joined: see `marker`."""
    counts: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """Increments by source and field; `projections.outcome_counts` adds those of outcomes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLookup:
    """The newest case of one person and campaign, and which warnings it has already."""

    case: Case | None
    """None: there is none."""
    seen: Sequence[bool]
    """For each marker of the query, whether its warning has joined before."""


class CaseStore:
    """Reads and changes cases. Raises `Unavailable` within seconds while Redis is away."""

    def __init__(
        self,
        client: Client,
        *,
        retention_days: int = 730,
        committed: Callable[[CaseCommit], None] = lambda _commit: None,
    ) -> None:
        """Call *committed* with each commit that was written."""
        self._client = client
        self._committed = committed
        self._retention_s = retention_days * _DAY_S

    async def get(self, case_id: str) -> Case:
        """Return a case. Raises `NotFound`."""
        (found,) = await self.find([case_id])
        if found is None:
            raise NotFound("case: there is no {case_id!r}", case_id=case_id)
        return found

    async def find(self, case_ids: Sequence[str]) -> list[Case | None]:
        """Return the cases of *case_ids*, in order; None where there is none."""
        if not case_ids:
            return []
        async with within(READ_SECONDS):
            reading = self._client.pipeline(transaction=False)
            for one in case_ids:
                reading.hget(_key(one or "0", "case"), "view")
            views = await reading.execute()
        found: list[Case | None] = []
        for view in views:
            found += readable("case", serialization.read_case, [view]) if view else [None]
        if len(found) != len(views):
            raise DamagedRecord("a case in the store cannot be read")
        return found

    async def history(self, case_id: str, *, after: int = 0, most: int = 0) -> list[CaseEvent]:
        """Return the events of a case, oldest first. Raises `NotFound`.

        Skips the first *after* events, and returns at most *most*; 0: all.
        """
        last = after + most - 1 if most else -1
        async with within(READ_SECONDS):
            found: Any = await self._client.lrange(_key(case_id or "0", "events"), after, last)
        if not found and not after:
            raise NotFound("case: there is no {case_id!r}", case_id=case_id)
        return readable("case event", serialization.read_event, found)

    async def lookup(self, markers: Mapping[str, Sequence[str]]) -> dict[str, CaseLookup]:
        """Return the newest case of each base, and which of *markers* (by base) have joined it."""
        bases = list(markers)
        async with within(READ_SECONDS):
            reading = self._client.pipeline(transaction=False)
            for base in bases:
                reading.get(_key(base, "round"))
                reading.smismember(_key(base, "seen"), list(markers[base]))
            answers = await reading.execute()
        rounds, seen = answers[::2], answers[1::2]
        ids = [
            case_ids.case_id(base, int(n)) if n else ""
            for base, n in zip(bases, rounds, strict=True)
        ]
        newest = dict(zip(filter(None, ids), await self.find([i for i in ids if i]), strict=True))
        return {
            base: CaseLookup(case=newest.get(one), seen=[bool(mark) for mark in marks])
            for base, one, marks in zip(bases, ids, seen, strict=True)
        }

    async def refuse(self, markers: Mapping[str, Sequence[str]]) -> None:
        """Have no warning with one of *markers* (by base) join a case from now on.

        A commit that its sender gave up may still be under way, and is refused when it arrives.
        """
        async with within(WRITE_SECONDS):
            writing: Any = self._client.pipeline(transaction=False)
            for base, some in markers.items():
                names = (_key(base, "round"), _key(base, "seen"))
                writing.eval(_REFUSE, len(names), *names, _REFUSED_S, *some)
            await writing.execute()

    async def change(self, case_id: str, decide: Decide) -> Case:
        """Append the events that *decide* derives from a case, and return the new case.

        *decide* is called again after each conflict; its errors propagate. Without events nothing
        is written. A queued message needs no further call: the outbox has it.
        Raises `VersionConflict` after `TRIES` conflicts.
        """
        for _ in range(TRIES):
            before = await self.get(case_id)
            events = decide(before)
            if not events:
                return before
            after = before
            for event in events:
                after = state_machine.apply(after, event)
            commit = CaseCommit(before=before, after=after, events=events)
            if (await self.commit([commit]))[0]:
                return after
        raise VersionConflict("case {case_id}: others keep changing it", case_id=case_id)

    async def commit(self, commits: Sequence[CaseCommit]) -> list[bool]:
        """Write commits; for each, whether its case still had the revision that was read.

        Returns once Redis has fsynced them, where it keeps an append-only file.
        """
        if not commits:
            return []
        async with within(WRITE_SECONDS):
            writing = self._client.pipeline(transaction=False)
            for commit in commits:
                self._write(writing, commit)
            done = list(map(bool, await execute_durable(self._client, writing)))
        for commit, written in zip(commits, done, strict=True):
            if written:
                self._committed(commit)
        return done

    def _write(self, pipeline: Any, commit: CaseCommit) -> None:
        after = commit.after
        base, shard = after.id.partition("-")[0], keys.shard_of(after.id)
        added, removed = projections.index_changes(commit.before, after)
        counts = _increments(commit)
        names = [
            _key(after.id, "case"),
            _key(after.id, "events"),
            keys.key(shard, "round", base),
            keys.key(shard, "seen", base),
            keys.key(shard, "outbox"),
            *(keys.key(shard, *index) for index in (*added, *removed)),
            *(keys.key(shard, *name) for name, _, _ in counts),
        ]
        lists: list[list[Any]] = [
            [serialization.event_text(event) for event in commit.events],
            list(commit.seen),
            projections.outbox_tasks(commit.events, after),
            list(added.values()),
            ["-"] * len(removed),
            [part for _, field, by in counts for part in (field, by)],
        ]
        pipeline.eval(
            _COMMIT,
            len(names),
            *names,
            after.id,
            secrets.token_hex(8),
            commit.before.revision if commit.before else 0,
            after.revision,
            serialization.case_text(after),
            "" if commit.before else after.round,
            "" if after.open else self._retention_s,
            *(part for some in lists for part in (len(some), *some)),
        )


def _increments(commit: CaseCommit) -> list[projections.Increment]:
    """Return all counts that a commit changes."""
    before, after = commit.before, commit.after
    tallies = projections.tally_changes(before, after)
    return [
        *((("source", name), field, by) for (name, field), by in commit.counts.items()),
        *((("tally",), field, by) for field, by in tallies.items()),
        *projections.outcome_counts(commit.events, after),
        *region_counts.changes(before, after),
    ]


def marker(source_name: str, reference: str) -> str:
    """Return the dedup marker of a warning, as the set ``seen`` of its case holds it."""
    return keys.reference_key(source_name, reference).rpartition(":")[2]


def _key(case_id: str, kind: str) -> str:
    return keys.key(keys.shard_of(case_id), kind, case_id)
