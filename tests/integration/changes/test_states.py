"""Whatever people do with change requests in whatever order, some things hold: a property test."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias

import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blocklists.entries import Entry
from fanzha.decisions import Action
from fanzha.errors import FanzhaError
from services.audit.events import AuditKind
from services.auth.identity import acting_as
from services.changes.model import NEXT, OPEN, ChangeRequest, ChangeState
from services.changes.past.history import state_after, state_before
from services.changes.permissions import proposers
from tests.support.builders import an_entry
from tests.support.change_desk import LI, WANG, ChangeDesk, a_draft, change_desk, identities

ENTRIES = [
    an_entry("+8617000000001"),
    an_entry("prize.example"),
    an_entry("+861700000*"),
    an_entry("+8617000000001", Action.ALLOW),
]
PEOPLE = [LI, WANG]
Step: TypeAlias = tuple[str, int, int, tuple[int, ...], bool]

NAMES = [
    *("submit_and_apply", "propose", "submit", "approve", "reject", "apply"),
    *("emergency", "confirm", "revert", "restore", "look", "later"),
]

steps = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.integers(1, 5),
        st.sampled_from([0, 1]),
        st.sampled_from([(0,), (1,), (0, 2), (3,), (2,)]),
        st.booleans(),
    ),
    max_size=14,
)


@given(steps)
@settings(max_examples=25, suppress_health_check=list(HealthCheck))
def test_the_lists_equal_the_applied_requests_in_every_order_of_transitions(
    redis_url: str, taken: list[Step]
) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()

    asyncio.run(_live(redis_url, taken))


async def _live(url: str, taken: Sequence[Step]) -> None:
    with TemporaryDirectory() as folder:
        async with change_desk(url, Path(folder)) as desk:
            before: dict[int, ChangeRequest] = {}
            for step in taken:
                with suppress(FanzhaError):  # people are refused all the time
                    await _take(desk, step)
                before = await _check(desk, before)
            await _check_lists(desk)


async def _take(desk: ChangeDesk, step: Step) -> None:
    what, id_, person, rows, flag = step
    changes, entries = desk.changes, [ENTRIES[row] for row in rows]
    additions = () if flag else _differing(entries, id_)
    draft = a_draft(*additions, removals=identities(*entries) if flag else None)
    taking: dict[str, Callable[[], Awaitable[object]]] = {
        "submit_and_apply": lambda: changes.submit_and_apply(draft),
        "propose": lambda: changes.propose(draft),
        "submit": lambda: changes.submit(id_),
        "approve": lambda: changes.approve(id_, hold=flag),
        "reject": lambda: changes.reject(id_, reason="no"),
        "apply": lambda: changes.apply(id_),
        "emergency": lambda: changes.apply(id_, emergency_why="now"),
        "confirm": lambda: changes.confirm_emergency(id_),
        "revert": lambda: changes.revert(id_, reason="back"),
        "restore": lambda: changes.restore(id_ - 1, reason="back"),
        "look": desk.upkeep.run_once,
        "later": lambda: _seven_hours_later(desk),
    }
    with acting_as(PEOPLE[person]):
        await taking[what]()


async def _seven_hours_later(desk: ChangeDesk) -> None:
    desk.clock[0] += 7 * 3600 * 1000


def _differing(entries: Sequence[Entry], number: int) -> list[Entry]:
    """Let the same entry have different reasons, so that changes replace one another."""
    return [replace(entry, reason=f"reason {number % 2}") for entry in entries]


async def _check(desk: ChangeDesk, before: dict[int, ChangeRequest]) -> dict[int, ChangeRequest]:
    ids = await desk.requests.page_ids(None, before_id=0, size=1000)
    found = {record.id: record for record in await desk.requests.get_many(ids)}
    for record in found.values():
        old = before.get(record.id)
        if old is not None and old.state is not record.state:
            assert _reachable(old.state, record.state), (old.state, record.state)
        if record.approved_by:
            assert record.approved_by not in proposers(record)
        if record.state is ChangeState.APPLIED and record.applied_version:
            assert record.approved_by or record.one_person
            assert record.approved_by or record.emergency or not _needed(record)
        assert record.revision >= (old.revision if old else 1)
    locked = [record for record in found.values() if record.state in OPEN]
    assert (await desk.requests.read_locks())[1] == sorted(record.id for record in locked)
    await _check_locks(desk, locked)
    return found


def _reachable(first: ChangeState, last: ChangeState) -> bool:
    seen, waiting = {first}, [first]
    while waiting:
        for state in NEXT[waiting.pop()] - seen:
            seen.add(state)
            waiting.append(state)
    return last in seen


def _needed(record: ChangeRequest) -> bool:
    return bool(record.second_person and record.second_person.needed)


async def _check_locks(desk: ChangeDesk, locked: Sequence[ChangeRequest]) -> None:
    held: list[str] = []
    for record in locked:
        for rows in (await desk.requests.additions(record), await desk.requests.removals(record)):
            held += [f"{int(rows.actions[row])} {rows.pattern(row)}" for row in range(len(rows))]
    assert len(held) == len(set(held))


async def _check_lists(desk: ChangeDesk) -> None:
    """Build the lists from what each request wrote, forwards and backwards."""
    head = (await desk.store.head()).version
    history = desk.changes.views.history
    taken = await history.steps(0, head)
    there, after, before = await desk.listed(), state_after(taken), state_before(taken)
    rebuilt = {
        f"{entry.action.name.lower()} {entry.pattern}": entry.reason
        for entry in map(after.additions.entry, range(len(after.additions)))
    }
    assert rebuilt == {name: entry.reason for name, entry in there.items()}
    assert len(before.additions) == 0
    made = [step.change_id for step in taken]
    assert len(set(made)) == head
    assert 0 not in made
    applied = [kind for kind in desk.audit.kinds if kind in {
        AuditKind.CHANGE_APPLIED, AuditKind.EMERGENCY_APPLIED
    }]  # fmt: skip
    assert len(applied) >= head
