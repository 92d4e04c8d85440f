"""Keeps cases in Redis: their events, what `fold` makes of them, and where to find them.

Whoever changes a case reads it, makes events, and commits them for the revision that was read;
another revision, and it is read again. One script on one slot writes everything that follows from
the events: the events, the view, the markers of warnings that joined, the indexes and the tally of
`case_indexes`, the todos and counts of `case_follows`. So a case is never half changed, and nothing
that follows from it can be forgotten.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from redis.asyncio import RedisCluster

from fanzha.errors import NotFound, VersionConflict
from infra.redis.client import Client, execute_synced, within
from infra.redis.damaged_records import DamagedRecord, readable
from services.warning import keys
from services.warning.cases import follow_ups, indexes, serialization, state_machine
from services.warning.cases import ids as case_ids
from services.warning.cases.events import CaseEvent
from services.warning.cases.model import Case
from services.warning.cases.scripts import COMMIT

READ_SECONDS = 4.0
WRITE_SECONDS = 8.0
TRIES = 20
"""So often a change is made anew when somebody else changed the case in between."""

_DAY_S = 86_400

Decide = Callable[[Case], Sequence[CaseEvent]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseCommit:
    """Events for a case at a revision."""

    before: Case | None
    after: Case
    events: Sequence[CaseEvent]
    seen: Sequence[str] = ()
    """Markers of the warnings that joined."""
    counts: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """By source and what is counted; outcomes are counted by themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLookup:
    """What is known of a person and a campaign."""

    case: Case | None
    """The newest case; None: there was none."""
    seen: Sequence[bool]
    """Which of the markers asked about are known."""


class CaseStore:
    """Reads and changes cases. Raises `Unavailable`, soon, while Redis is away."""

    def __init__(
        self,
        client: Client,
        *,
        retention_days: int = 730,
        committed: Callable[[CaseCommit], None] = lambda _commit: None,
    ) -> None:
        """Tell *committed* of each commit that was written."""
        self._client = client
        self._committed = committed
        self._retention_s = retention_days * _DAY_S

    async def get(self, case_id: str) -> Case:
        """Return a case; `NotFound` when there is none."""
        (found,) = await self.find([case_id])
        if found is None:
            raise NotFound(f"case: there is no {case_id!r}")
        return found

    async def find(self, case_ids: Sequence[str]) -> list[Case | None]:
        """Return cases, None where there is none."""
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
        """Return the events of a case, oldest first; `NotFound` when there are none.

        *after* so many, and at most *most*; 0: all.
        """
        last = after + most - 1 if most else -1
        async with within(READ_SECONDS):
            found: Any = await self._client.lrange(_key(case_id or "0", "events"), after, last)
        if not found and not after:
            raise NotFound(f"case: there is no {case_id!r}")
        return readable("case event", serialization.read_event, found)

    async def known(self, asked: Mapping[str, Sequence[str]]) -> dict[str, CaseLookup]:
        """Return what is known of bases, and which markers each has."""
        bases = list(asked)
        async with within(READ_SECONDS):
            reading = self._client.pipeline(transaction=False)
            for base in bases:
                reading.get(_key(base, "round"))
                reading.smismember(_key(base, "seen"), list(asked[base]))
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

    async def change(self, case_id: str, decide: Decide) -> Case:
        """Append the events that *decide* makes of a case, and return what it is then.

        *decide* is asked again when somebody else was faster. No events: nothing changes. What
        it raises, this raises. A message that is queued is handed on by this alone.
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
        raise VersionConflict(f"case {case_id}: others keep changing it")

    async def commit(self, commits: Sequence[CaseCommit]) -> list[bool]:
        """Write all; False where the case was no longer as it was read.

        Returns once the disk of the store has them, as far as it keeps a log of changes.
        """
        if not commits:
            return []
        by_slot: dict[str, list[int]] = {}
        for place, commit in enumerate(commits):
            # Only a cluster has several disks to wait for.
            shard = keys.shard_of(commit.after.id) if _is_cluster(self._client) else ""
            by_slot.setdefault(shard, []).append(place)
        done = [False] * len(commits)
        for some in by_slot.values():
            async with within(WRITE_SECONDS):
                writing = self._client.pipeline(transaction=False)
                for place in some:
                    self._write(writing, commits[place])
                key = _key(commits[some[0]].after.id, "case")
                answers, _ = await execute_synced(self._client, writing, key)
            for place, answer in zip(some, answers, strict=True):
                done[place] = bool(answer)
                if answer:
                    self._committed(commits[place])
        return done

    def _write(self, pipeline: Any, commit: CaseCommit) -> None:
        after = commit.after
        base, shard = after.id.partition("-")[0], keys.shard_of(after.id)
        added, removed = indexes.index_changes(commit.before, after)
        counts: list[tuple[tuple[str, ...], str, int]] = [
            (("source", name), what, by) for (name, what), by in commit.counts.items()
        ]
        tallies = indexes.tally_changes(commit.before, after)
        counts += [(("tally",), what, by) for what, by in tallies.items()]
        counts += follow_ups.outcome_counts(commit.events, after)
        names = [
            _key(after.id, "case"),
            _key(after.id, "events"),
            keys.key(shard, "round", base),
            keys.key(shard, "seen", base),
            keys.key(shard, "todo"),
            *(keys.key(shard, *index) for index in (*added, *removed)),
            *(keys.key(shard, *where) for where, _, _ in counts),
        ]
        lists: list[list[Any]] = [
            [serialization.event_text(event) for event in commit.events],
            list(commit.seen),
            follow_ups.outbox_tasks(commit.events, after),
            list(added.values()),
            ["-"] * len(removed),
            [part for _, what, by in counts for part in (what, by)],
        ]
        pipeline.eval(
            COMMIT,
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


def marker(source_name: str, reference: str) -> str:
    """Return what stands for a warning among those that joined a case."""
    return keys.reference_key(source_name, reference).rpartition(":")[2]


def _key(case_id: str, kind: str) -> str:
    return keys.key(keys.shard_of(case_id), kind, case_id)


def _is_cluster(client: Client) -> bool:
    return isinstance(client, RedisCluster)
