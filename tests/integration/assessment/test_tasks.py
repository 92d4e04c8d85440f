"""Tasks of member units on a real store: who may do what, in which order."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace

import pytest
import pytest_asyncio

from fanzha.errors import InvalidInput, NotAllowed, NotFound, VersionConflict
from infra.redis.client import connect
from services.assessment import tasks
from services.assessment.model import TaskKind, UnitTask, UnitTaskState
from services.assessment.store import UnitTaskStore
from services.assessment.tasks import TaskDraft, TaskFilter, UnitTasks
from services.assessment.units import MemberUnit, UnitLevel
from services.audit.audited_actions import AuditedActions
from services.audit.events import AuditKind
from services.auth import identity
from services.auth.identity import Identity, Role
from tests.support.builders import NINE_O_CLOCK_MS

DAY_MS = 86_400_000
UNITS = {
    "hefei": MemberUnit(code="hefei", name="合肥市", level=UnitLevel.CITY, region="3401"),
    "all": MemberUnit(code="all", name="全省", level=UnitLevel.PROVINCE, region=""),
}
DRAFT = TaskDraft(
    kind=TaskKind.TASK, title="清理语音专线", unit="hefei", due_ms=NINE_O_CLOCK_MS + DAY_MS
)


def person(name: str, *regions: str) -> Identity:
    return Identity(name=name, roles=frozenset({Role.EDITOR}), regions=frozenset(regions))


@dataclass
class Recorded:
    """An audit log that a test reads."""

    events: list[tuple[AuditKind, str, Mapping[str, str], str]] = field(default_factory=list)

    async def record(
        self, kind: AuditKind, *, subject: str, details: Mapping[str, str], actor: str = ""
    ) -> None:
        self.events.append((kind, subject, details, actor))


@dataclass
class Owed:
    """Tasks, with a clock that a test sets, and what the audit log has of them."""

    tasks: UnitTasks
    audit: Recorded
    now: list[int]

    async def opened(self, draft: TaskDraft = DRAFT) -> UnitTask:
        with identity.acting_as(person("li")):
            task, _ = await self.tasks.open(draft, "")
        return task

    async def done(self, task: UnitTask, by: str = "li") -> UnitTask:
        with identity.acting_as(person(by)):
            return await self.tasks.done(task.task_id, "Report 7", "A" * 64, "", "")


@pytest_asyncio.fixture
async def owed(redis_url: str) -> AsyncIterator[Owed]:
    client, audit, now = connect(redis_url), Recorded(), [NINE_O_CLOCK_MS]
    trail = AuditedActions(audit, "unit_task")
    found = UnitTasks(UnitTaskStore(client), members=UNITS, trail=trail, now_ms=lambda: now[0])
    yield Owed(found, audit, now)
    await client.aclose()


async def test_a_unit_owes_the_same_once(owed: Owed) -> None:
    first = await owed.opened()

    with identity.acting_as(person("wang")):
        again, new = await owed.tasks.open(DRAFT, "")
    other = await owed.opened(replace(DRAFT, due_ms=DRAFT.due_ms + 1))

    assert not new
    assert (again.task_id, again.opened_by) == (first.task_id, "li")
    assert other.task_id != first.task_id


async def test_it_is_done_with_proof_and_confirmed_by_another_person(owed: Owed) -> None:
    task = await owed.opened()
    with identity.acting_as(person("li")), pytest.raises(InvalidInput, match="document"):
        await owed.tasks.done(task.task_id, "", "", "", "")
    done = await owed.done(task)

    with identity.acting_as(person("LI")), pytest.raises(NotAllowed):
        await owed.tasks.confirm(task.task_id, done.revision, "", "")
    with identity.acting_as(person("wang")):
        with pytest.raises(VersionConflict):
            await owed.tasks.confirm(task.task_id, task.revision, "", "")
        confirmed = await owed.tasks.confirm(task.task_id, done.revision, "seen", "")

    assert confirmed.state is UnitTaskState.CONFIRMED
    assert confirmed.in_time
    kind, subject, details, actor = owed.audit.events[-1]
    assert (kind, actor) == (AuditKind.UNIT_TASK_CHANGED, "wang")
    assert (subject, details["what"]) == (f"unit_task:{task.task_id}", "confirmed")
    assert owed.audit.events[-2][2]["sha256"] == "a" * 64


async def test_what_is_done_late_is_not_in_time(owed: Owed) -> None:
    task = await owed.opened()
    owed.now[0] += 2 * DAY_MS
    assert task.overdue(owed.now[0])

    done = await owed.done(task)
    with identity.acting_as(person("wang")):
        confirmed = await owed.tasks.confirm(task.task_id, done.revision, "", "")

    assert not confirmed.in_time
    assert not confirmed.overdue(owed.now[0])


async def test_a_task_that_is_given_back_is_owed_again(owed: Owed) -> None:
    done = await owed.done(await owed.opened())

    with identity.acting_as(person("wang")):
        with pytest.raises(InvalidInput, match="note"):
            await owed.tasks.give_back(done.task_id, done.revision, "", "")
        back = await owed.tasks.give_back(done.task_id, done.revision, "page 2 is missing", "")

    assert (back.state, back.document, back.done_by) == (UnitTaskState.OPEN, "", "")


async def test_a_confirmed_task_cannot_be_dropped(owed: Owed) -> None:
    done = await owed.done(await owed.opened())
    with identity.acting_as(person("wang")):
        await owed.tasks.confirm(done.task_id, done.revision, "", "")
        with pytest.raises(InvalidInput, match="confirmed"):
            await owed.tasks.drop(done.task_id, "gone", "")

    other = await owed.opened(replace(DRAFT, title="其他"))
    with identity.acting_as(person("wang")):
        dropped = await owed.tasks.drop(other.task_id, "gone", "")
    assert dropped.state is UnitTaskState.DROPPED


async def test_people_of_another_region_see_nothing_of_it(owed: Owed) -> None:
    task = await owed.opened()

    with identity.acting_as(person("sun", "3402")):
        assert await owed.tasks.all() == []
        with pytest.raises(NotFound):
            await owed.tasks.get(task.task_id)
        with pytest.raises(NotAllowed):
            await owed.tasks.open(replace(DRAFT, title="x"), "")


@pytest.mark.parametrize(
    "wrong",
    [
        replace(DRAFT, unit="nobody"),
        replace(DRAFT, kind=9),
        replace(DRAFT, due_ms=0),
        replace(DRAFT, due_ms=606_587_000_000_000),
        replace(DRAFT, title="a\u202eb"),
    ],
)
async def test_what_cannot_be_read_is_refused(owed: Owed, wrong: TaskDraft) -> None:
    with pytest.raises(InvalidInput):
        await owed.opened(wrong)


async def test_without_a_file_of_units_it_says_so(owed: Owed, redis_url: str) -> None:
    trail = AuditedActions(owed.audit, "unit_task")
    client = connect(redis_url)
    nobody = UnitTasks(UnitTaskStore(client), members={}, trail=trail, now_ms=lambda: 1)

    with pytest.raises(InvalidInput, match="assessment_units_file"):
        await nobody.open(DRAFT, "")
    await client.aclose()


async def test_open_tasks_come_first_by_their_deadline(owed: Owed) -> None:
    await owed.done(await owed.opened(replace(DRAFT, title="b", due_ms=DRAFT.due_ms + 5)))
    await owed.opened(replace(DRAFT, title="a"))
    keep = replace(DRAFT, title="c", kind=TaskKind.RESPONSIBILITY, due_ms=0, unit="all")
    await owed.opened(keep)

    with identity.acting_as(person("li")):
        everything = await owed.tasks.all()

    found = tasks.ordered(everything, TaskFilter(), NINE_O_CLOCK_MS)
    assert [one.title for one in found] == ["a", "b", "c"]
    only = tasks.ordered(everything, TaskFilter(unit="all", kind=3, state=1), NINE_O_CLOCK_MS)
    assert [one.title for one in only] == ["c"]
    late = tasks.ordered(everything, TaskFilter(overdue_only=True), NINE_O_CLOCK_MS + 9 * DAY_MS)
    assert [one.title for one in late] == ["a"]
