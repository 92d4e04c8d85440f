"""Stores appeals in Redis; each change is one script that compares the state before it writes.

=====================================  ===================================================
key                                    what
=====================================  ===================================================
``{fanzha:appeals}:next``              the last id allocated; some are never used
``{fanzha:appeals}:appeal:<n>``        hash: state, revision and the fields of an appeal
``{fanzha:appeals}:events:<n>``        list: its events
``{fanzha:appeals}:due``               open ones, by deadline
``{fanzha:appeals}:soon``              open ones, by when half of their time is over
``{fanzha:appeals}:closed``            closed ones, by when they were closed
``{fanzha:appeals}:kept``              closed ones whose personal data are not erased, likewise
``{fanzha:appeals}:received``          all, by when they were received
``{fanzha:appeals}:lifting``           upheld ones whose block is not lifted everywhere yet
``{fanzha:appeals}:lease:<n>``         who changes the lists for one of these now
``{fanzha:appeals}:subject:<hash>``    all about one subject, by when they were received
``{fanzha:appeals}:by:<hash>``         the latest of one appellant about one matter
=====================================  ===================================================

All keys are in one slot of a cluster: an appeal takes some 2 kB, and people write them one by one.
A write is acknowledged after ``WAITAOF``, where the store has an append-only file.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import chain
from typing import Any
from uuid import uuid4

from fanzha.errors import InvalidInput, NotFound, VersionConflict
from infra.redis.client import Client, execute_durable, within
from infra.redis.damaged_records import readable, reading
from services.appeals import serialization
from services.appeals.model import Appeal, AppealEvent, AppealState, AppealSubject, warn_at_ms
from services.appeals.scripts import END_LEASE, ERASE, MOVE, OF_OFFICER, OPEN

_READ_SECONDS = 3.0
_WRITE_SECONDS = 5.0
_READ_AT_ONCE = 200
_ANY_REVISION = -1
LEASE_MS = 30_000
"""How long one process may change the lists for an appeal: longer than it tries to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSummary:
    """Counts of the queue."""

    open: int
    due_soon: int
    """Open with half of their time over, the overdue included."""
    overdue: int
    lifting: int
    """Upheld, and not lifted everywhere yet."""


class AppealStore:
    """Reads and writes appeals. Raises `Unavailable` within seconds while Redis is down."""

    def __init__(self, client: Client) -> None:
        """*client* must decode answers."""
        self._client: Any = client

    async def latest_of(self, marker: str) -> int:
        """Return the latest appeal of an appellant about one matter; 0 for none."""
        async with within(_READ_SECONDS):
            return int(await self._client.get(_key("by", marker)) or 0)

    async def next_id(self) -> int:
        """Allocate the id of an appeal."""
        async with within(_WRITE_SECONDS):
            return int(await self._client.incr(_key("next")))

    async def open(self, appeal: Appeal, marker: str, event: AppealEvent) -> tuple[int, bool]:
        """Store a new appeal; return its id, and False when there was one already.

        ``appeal.previous`` is the closed one that the marker may hold.
        """
        number = appeal.appeal_id
        keys = (
            *_of(number),
            _key("due"),
            _key("received"),
            _subject_key(appeal.subject),
            _key("by", marker),
            _key("soon"),
        )
        given = serialization.written(appeal) | {"marker": marker}
        opening = self._script(
            OPEN,
            keys,
            number,
            appeal.deadline_ms,
            appeal.received_at_ms,
            appeal.previous or "",
            warn_at_ms(appeal.received_at_ms, appeal.deadline_ms),
            serialization.event(event),
            *_flat(given),
        )
        first, found = await self._synced(opening)
        return int(found), bool(first)

    async def get(self, appeal_id: int) -> Appeal:
        """Return an appeal with its events; `NotFound` when there is none."""
        appeal, events = _of(appeal_id)
        async with within(_READ_SECONDS):
            asking = self._client.pipeline(transaction=True)
            asking.hgetall(appeal)
            asking.lrange(events, 0, -1)
            found, happened = await asking.execute()
        if not found:
            raise NotFound("appeal_id: there is no appeal {appeal_id}", appeal_id=appeal_id)
        with reading("appeal"):
            return serialization.read(appeal_id, found, happened)

    async def move(
        self,
        appeal_id: int,
        event: AppealEvent,
        *,
        allowed: Collection[AppealState],
        revision: int | None = None,
        to: AppealState | None = None,
        lifting: str = "",
        given: Mapping[str, str] | None = None,
    ) -> int:
        """Change an appeal if it is in one of the *allowed* states; return its new revision.

        With *revision*, only if it is still that. *lifting* is ``begin`` or ``end``. Raises
        `NotFound`, `InvalidInput` for another state, `VersionConflict` for another revision.
        """
        keys = (*_of(appeal_id), *map(_key, ("due", "closed", "lifting", "kept", "soon")))
        closes = to is not None and to not in {AppealState.RECEIVED, AppealState.IN_REVIEW}
        moving = self._script(
            MOVE,
            keys,
            f"|{'|'.join(sorted(allowed))}|",
            _ANY_REVISION if revision is None else revision,
            uuid4().hex,
            to or "",
            appeal_id,
            event.at_ms if closes else "",
            lifting,
            serialization.event(event),
            *_flat(dict(given or {}) | ({"closed_at_ms": str(event.at_ms)} if closes else {})),
            # HSET needs at least one field.
            "changed_at_ms",
            event.at_ms,
        )
        done, state, now_at = await self._synced(moving)
        if done == 1:
            return int(now_at)
        if done == -1:
            raise NotFound("appeal_id: there is no appeal {appeal_id}", appeal_id=appeal_id)
        raise _refusal(appeal_id, event, state, allowed)

    async def take_lease(self, appeal_id: int, owner: str) -> bool:
        """Return whether *owner* may change the lists for an appeal, and no other process may."""
        async with within(_WRITE_SECONDS):
            return bool(await self._client.set(_lease_key(appeal_id), owner, nx=True, px=LEASE_MS))

    async def end_lease(self, appeal_id: int, owner: str) -> None:
        """Let others change the lists for an appeal, if *owner* still has the lease."""
        async with within(_WRITE_SECONDS):
            await self._client.eval(END_LEASE, 1, _lease_key(appeal_id), owner)

    async def erase(self, appeal: Appeal, event: AppealEvent) -> bool:
        """Erase the personal data of a closed appeal; False when it was changed concurrently."""
        number = appeal.appeal_id
        async with within(_READ_SECONDS):
            marker = await self._client.hget(_of(number)[0], "marker")
        given = {"erased_at_ms": str(event.at_ms)} | {
            "subject": serialization.subject(replace(appeal.subject, pattern="")),
        }
        if appeal.lift is not None:
            given["lift"] = serialization.lift(replace(appeal.lift, removed=(), allowed=None))
        events = [serialization.event(replace(one, note="")) for one in (*appeal.events, event)]
        erasing = self._script(
            ERASE,
            (*_of(number), _subject_key(appeal.subject), _key("kept"), _key("by", marker or "")),
            appeal.revision,
            number,
            2 * len(given),
            len(serialization.PERSONAL),
            *_flat(given),
            *serialization.PERSONAL,
            *events,
        )
        return bool(await self._synced(erasing))

    async def page(
        self, which: str, start: int, count: int, *, newest_first: bool = False
    ) -> list[Appeal]:
        """Return some of ``due``, ``closed``, ``received`` or ``lifting``, without their events."""
        async with within(_READ_SECONDS):
            numbers = await self._client.zrange(
                _key(which), start, start + count - 1, desc=newest_first
            )
        return await self._some(numbers)

    async def places(
        self, which: str, start: int, count: int, *, newest_first: bool = False, officer: str = ""
    ) -> list[Appeal | None]:
        """Return what `page` does, place by place, and only the appeals of *officer*, if given.

        None: of another officer, or damaged.
        """
        if not officer:
            async with within(_READ_SECONDS):
                numbers = await self._client.zrange(
                    _key(which), start, start + count - 1, desc=newest_first
                )
        else:
            order, last = "REV" if newest_first else "", start + count - 1
            arguments = (start, last, order, officer, _key("appeal", ""))
            async with within(_READ_SECONDS):
                numbers = await self._client.eval(OF_OFFICER, 1, _key(which), *arguments)
        found = {one.appeal_id: one for one in await self._some([one for one in numbers if one])}
        return [found.get(int(number or 0)) for number in numbers]

    async def received_between(self, since_ms: int, until_ms: int) -> list[Appeal]:
        """Return all appeals received in a period, without their events."""
        async with within(_READ_SECONDS):
            numbers = await self._client.zrangebyscore(_key("received"), since_ms, f"({until_ms}")
        return await self._some(numbers)

    async def closed_before(self, at_ms: int, count: int) -> list[Appeal]:
        """Return some appeals closed before *at_ms* whose personal data are not erased."""
        async with within(_READ_SECONDS):
            numbers = await self._client.zrangebyscore(
                _key("kept"), 0, f"({at_ms}", start=0, num=count
            )
        return await self._some(numbers)

    async def about(self, subject: AppealSubject, count: int) -> list[Appeal]:
        """Return the appeals about a subject, the newest first."""
        async with within(_READ_SECONDS):
            numbers = await self._client.zrange(_subject_key(subject), 0, count - 1, desc=True)
        return await self._some(numbers)

    async def due_soon(self, now_ms: int, count: int) -> list[Appeal]:
        """Return some open appeals with half of their time over, the first to reach it first."""
        async with within(_READ_SECONDS):
            numbers = await self._client.zrangebyscore(_key("soon"), 0, now_ms, start=0, num=count)
        return await self._some(numbers)

    async def queue_summary(self, now_ms: int) -> QueueSummary:
        """Return the counts of the queue."""
        async with within(_READ_SECONDS):
            reading = self._client.pipeline(transaction=False)
            reading.zcard(_key("due"))
            reading.zcount(_key("soon"), 0, now_ms)
            reading.zcount(_key("due"), 0, now_ms)
            reading.zcard(_key("lifting"))
            open_, due_soon, overdue, lifting = await reading.execute()
        return QueueSummary(open=open_, due_soon=due_soon, overdue=overdue, lifting=lifting)

    async def _some(self, numbers: Sequence[str]) -> list[Appeal]:
        found: list[Appeal] = []
        for start in range(0, len(numbers), _READ_AT_ONCE):
            some = numbers[start : start + _READ_AT_ONCE]
            async with within(_READ_SECONDS):
                reading = self._client.pipeline(transaction=False)
                for number in some:
                    reading.hgetall(_of(int(number))[0])
                answers = await reading.execute()
            there = [pair for pair in zip(some, answers, strict=True) if pair[1]]
            found += readable(
                "appeal", lambda pair: serialization.read(int(pair[0]), pair[1]), there
            )
        return found

    def _script(self, script: str, keys: Sequence[str], *arguments: object) -> Any:
        pipeline = self._client.pipeline(transaction=False)
        pipeline.eval(script, len(keys), *keys, *map(str, arguments))
        return pipeline

    async def _synced(self, pipeline: Any) -> Any:
        async with within(_WRITE_SECONDS):
            answer, *_ = await execute_durable(self._client, pipeline)
        return answer


def _refusal(
    appeal_id: int, event: AppealEvent, state: str, allowed: Collection[AppealState]
) -> InvalidInput | VersionConflict:
    """Return why an appeal in *state* was not changed."""
    if state not in allowed:
        return InvalidInput(
            "appeal {appeal_id} is {state}: it cannot be {what} now",
            appeal_id=appeal_id,
            state=state,
            what=event.what,
        )
    return VersionConflict(
        "appeal {appeal_id} was changed concurrently; read it again", appeal_id=appeal_id
    )


def _key(*parts: str) -> str:
    return ":".join(("{fanzha:appeals}", *parts))


def _of(appeal_id: int) -> tuple[str, str]:
    return _key("appeal", str(appeal_id)), _key("events", str(appeal_id))


def _lease_key(appeal_id: int) -> str:
    return _key("lease", str(appeal_id))


def _subject_key(subject: AppealSubject) -> str:
    # Hashed, so that a listing of keys shows no numbers.
    text = f"{int(subject.kind)}\n{subject.pattern}"
    return _key("subject", sha256(text.encode()).hexdigest())


def _flat(pairs: Mapping[str, str]) -> list[str]:
    return list(chain.from_iterable(pairs.items()))
