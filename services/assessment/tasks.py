"""The three lists: tasks are opened, done with evidence, and confirmed by another person.

Each change is audited before it is made, and fails when somebody else's came first. People of a
region see the tasks of the units of that region.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from fanzha.errors import InvalidInput, NotAllowed, NotFound, VersionConflict
from infra import clock, text_limits
from services.assessment import units
from services.assessment.model import (
    KEPT_EVENTS,
    LINE,
    NOTE,
    TITLE,
    TaskEvent,
    TaskEventKind,
    TaskKind,
    UnitTask,
    UnitTaskState,
)
from services.assessment.store import UnitTaskStore
from services.assessment.units import MemberUnit
from services.audit.audited_actions import AuditedActions
from services.audit.events import AuditKind
from services.auth import identity, roles

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDraft:
    """What is said of a task."""

    kind: int
    title: str
    unit: str
    due_ms: int = 0
    note: str = ""


class UnitTasks:
    """Changes tasks, in the name of the current identity."""

    def __init__(
        self,
        store: UnitTaskStore,
        *,
        members: Mapping[str, MemberUnit],
        trail: AuditedActions,
        now_ms: Callable[[], int],
    ) -> None:
        self.members = members
        self.now_ms = now_ms
        self._store = store
        self._trail = trail

    async def open(self, draft: TaskDraft, by_field: str) -> tuple[UnitTask, bool]:
        """Open a task; return it, and False when the unit owes the same already."""
        by, now = identity.author(by_field, "by"), self.now_ms()
        unit = units.find(self.members, draft.unit)
        roles.check_region(identity.current(), unit.region)
        if draft.kind not in set(TaskKind):
            raise InvalidInput("kind: unknown number {number}", number=draft.kind)
        clock.deadline("due_ms", draft.due_ms)
        if not draft.due_ms and draft.kind != TaskKind.RESPONSIBILITY:
            raise InvalidInput("due_ms: problems and tasks have a deadline")
        task = UnitTask(
            task_id=await self._store.next_id(),
            kind=TaskKind(draft.kind),
            title=text_limits.required("title", draft.title, TITLE),
            unit=unit.code,
            region=unit.region,
            due_ms=draft.due_ms,
            note=text_limits.optional("note", draft.note, NOTE),
            opened_by=by,
            opened_at_ms=now,
            events=[TaskEvent(at_ms=now, by=by, what=TaskEventKind.OPENED)],
        )
        task_id, first = await self._trail.around(
            AuditKind.UNIT_TASK_CHANGED,
            task.task_id,
            by,
            {"what": "opened", "unit": unit.code, "title": task.title},
            self._store.add(task),
        )
        return await self.get(task_id), first

    async def get(self, task_id: int) -> UnitTask:
        """Return a task; `NotFound` when there is none in the caller's region."""
        task = await self._store.get(task_id)
        if not roles.may_access_region(identity.current(), task.region):
            raise NotFound("task_id: there is no task {task_id}", task_id=task_id)
        return task

    async def all(self) -> list[UnitTask]:
        """Return the tasks of the caller's region."""
        who = identity.current()
        return [one for one in await self._store.all() if roles.may_access_region(who, one.region)]

    async def done(
        self, task_id: int, document: str, document_sha256: str, note: str, by_field: str
    ) -> UnitTask:
        """Say that a task is done, with what proves it."""
        task = await self._expected(task_id, UnitTaskState.OPEN)
        sha256 = document_sha256.lower()
        if sha256 and not _SHA256.fullmatch(sha256):
            raise InvalidInput("document_sha256: 64 hexadecimal digits")
        changed = replace(
            task,
            state=UnitTaskState.DONE,
            document=text_limits.required("document", document, LINE),
            document_sha256=sha256,
            done_by=identity.author(by_field, "by"),
            done_at_ms=self.now_ms(),
        )
        details = {"document": changed.document, "sha256": sha256}
        return await self._change(changed, TaskEventKind.DONE, by_field, note, details)

    async def confirm(self, task_id: int, revision: int, note: str, by_field: str) -> UnitTask:
        """Confirm that a task is done; takes another person than the one who said so."""
        task, by = await self._at(task_id, revision), identity.author(by_field, "by")
        if identity.same_person(by, [task.done_by]):
            raise NotAllowed(
                "task {task_id}: {by} has said that it is done; another person confirms it",
                task_id=task_id,
                by=by,
            )
        changed = replace(
            task, state=UnitTaskState.CONFIRMED, confirmed_by=by, confirmed_at_ms=self.now_ms()
        )
        return await self._change(changed, TaskEventKind.CONFIRMED, by_field, note)

    async def give_back(self, task_id: int, revision: int, note: str, by_field: str) -> UnitTask:
        """Open a task again of which the evidence is not enough."""
        task = await self._at(task_id, revision)
        note = text_limits.required("note", note, NOTE)
        changed = replace(
            task,
            state=UnitTaskState.OPEN,
            document="",
            document_sha256="",
            done_by="",
            done_at_ms=0,
        )
        return await self._change(changed, TaskEventKind.RETURNED, by_field, note)

    async def drop(self, task_id: int, note: str, by_field: str) -> UnitTask:
        """Drop a task that is not confirmed; it counts no more."""
        task = await self._expected(task_id, UnitTaskState.OPEN, UnitTaskState.DONE)
        note = text_limits.required("note", note, NOTE)
        changed = replace(task, state=UnitTaskState.DROPPED)
        return await self._change(changed, TaskEventKind.DROPPED, by_field, note)

    async def _at(self, task_id: int, revision: int) -> UnitTask:
        task = await self._expected(task_id, UnitTaskState.DONE)
        if task.revision != revision:
            raise VersionConflict(
                "task {task_id} was changed concurrently; read it again", task_id=task_id
            )
        return task

    async def _expected(self, task_id: int, *states: UnitTaskState) -> UnitTask:
        task = await self.get(task_id)
        if task.state not in states:
            raise InvalidInput(
                "task {task_id} is {state}", task_id=task_id, state=task.state.name.lower()
            )
        return task

    async def _change(
        self,
        changed: UnitTask,
        what: TaskEventKind,
        by_field: str,
        note: str,
        details: Mapping[str, str] | None = None,
    ) -> UnitTask:
        by = identity.author(by_field, "by")
        note = text_limits.optional("note", note, NOTE)
        event = TaskEvent(at_ms=self.now_ms(), by=by, what=what, note=note)
        task = replace(changed, events=(*changed.events, event)[-KEPT_EVENTS:])
        return await self._trail.around(
            AuditKind.UNIT_TASK_CHANGED,
            task.task_id,
            by,
            {"what": what.value, "unit": task.unit} | dict(details or {}),
            self._store.put(task),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFilter:
    """Which tasks; what is not given selects all."""

    kind: int = 0
    state: int = 0
    unit: str = ""
    overdue_only: bool = False

    def has(self, task: UnitTask, now_ms: int) -> bool:
        """Whether a task is selected."""
        return (
            (not self.kind or task.kind == self.kind)
            and (not self.state or task.state == self.state)
            and (not self.unit or task.unit == self.unit)
            and (not self.overdue_only or task.overdue(now_ms))
        )


def ordered(tasks: Sequence[UnitTask], wanted: TaskFilter, now_ms: int) -> list[UnitTask]:
    """Return the selected tasks: open ones first, the nearest deadline first."""
    found = [one for one in tasks if wanted.has(one, now_ms)]
    return sorted(
        found,
        key=lambda one: (
            one.state not in (UnitTaskState.OPEN, UnitTaskState.DONE),
            not one.due_ms,
            one.due_ms,
            one.task_id,
        ),
    )
