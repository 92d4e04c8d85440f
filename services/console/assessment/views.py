"""The Assessment page: tasks of member units, and the score of each month."""

from datetime import date, datetime, time, timedelta
from typing import Any

from starlette.responses import Response

from fanzha.errors import InvalidInput
from fanzha.translation.catalogue import gettext_noop
from fanzha.translation.message import Message
from fanzha.v1 import assessment_pb2 as pb
from fanzha.v1 import case_pb2
from infra.clock import now_ms
from services.console.backend.faults import BackendFault
from services.console.web.form_numbers import enum_choice, whole_number
from services.console.web.formats import CHINA
from services.console.web.page_request import PageRequest
from services.console.web.pages import ConsolePage, PageRoute

_UNITS, _TASKS = "AssessmentService/ListUnits", "AssessmentService/ListUnitTasks"
_OPEN, _GET = "AssessmentService/OpenUnitTask", "AssessmentService/GetUnitTask"
_SETTLE, _REVIEW = "AssessmentService/SettleUnitTask", "AssessmentService/ReviewUnitTask"
_ASSESS, _PUBLISHED = "AssessmentService/AssessUnits", "AssessmentService/GetAssessment"
_MONTHS, _PUBLISH = "AssessmentService/ListAssessments", "AssessmentService/PublishAssessment"
_CASES = "AssessmentService/ListMeasuredCases"
_PAGE = 50
_ASSESS_SECONDS = 120.0
_ONE = "/tasks/{task_id}"
_SCORES = "/scores/{month}"


async def index(visit: PageRequest) -> Response:
    """Show a page of tasks, the nearest deadline first."""
    return await _tasks(visit)


async def open_(visit: PageRequest) -> Response:
    """Open a task."""
    try:
        task = pb.UnitTask(
            kind=enum_choice(visit.field("kind"), pb.UnitTaskKind.values()),
            title=visit.field("title"),
            unit=visit.field("unit"),
            due_ms=_due_ms(visit.field("due")),
            note=visit.field("note"),
        )
        answer = await visit.calls.unary(
            _OPEN, pb.OpenUnitTaskRequest(task=task, by=visit.session.by)
        )
    except InvalidInput as error:
        return await _tasks(visit, error.translated(visit.language))
    except BackendFault as fault:
        if not _is_told(fault):
            raise
        return await _tasks(visit, fault.message)
    said = Message("The task is open.") if answer.first else Message("It was open already.")
    return await visit.redirect(f"/assessment/tasks/{answer.task.task_id}", message=said)


async def show(visit: PageRequest) -> Response:
    """Show a task."""
    return await _task(visit)


async def settle(visit: PageRequest) -> Response:
    """Say that a task is done, or drop it."""
    drop = visit.field("drop") == "1"
    request = pb.SettleUnitTaskRequest(
        task_id=_id(visit),
        document=visit.field("document"),
        document_sha256=visit.field("sha256"),
        drop=drop,
        note=visit.field("note"),
        by=visit.session.by,
    )
    said = Message("The task is dropped.") if drop else Message("The task is done.")
    return await _done(visit, _SETTLE, request, said)


async def review(visit: PageRequest) -> Response:
    """Confirm that a task is done, or give it back."""
    confirm = visit.field("confirm") == "1"
    request = pb.ReviewUnitTaskRequest(
        task_id=_id(visit),
        revision=_number(visit.field("revision")),
        confirm=confirm,
        note=visit.field("note"),
        by=visit.session.by,
    )
    said = Message("The task is confirmed.") if confirm else Message("The task is given back.")
    return await _done(visit, _REVIEW, request, said)


async def latest(visit: PageRequest) -> Response:
    """Lead to the month before this."""
    today = datetime.fromtimestamp(now_ms() / 1000, CHINA)
    return await visit.redirect(
        f"/assessment/scores/{today.replace(day=1) - timedelta(days=1):%Y-%m}"
    )


async def scores(visit: PageRequest) -> Response:
    """Show the scores of a month: as published, otherwise as it is now."""
    return await _scores(visit)


async def publish(visit: PageRequest) -> Response:
    """Keep the scores of a month."""
    month = visit.path("month")
    request = pb.PublishAssessmentRequest(
        month=month, note=visit.field("note"), by=visit.session.by
    )
    try:
        await visit.calls.unary(_PUBLISH, request, deadline_seconds=_ASSESS_SECONDS)
    except BackendFault as fault:
        if not _is_told(fault):
            raise
        return await _scores(visit, fault.message)
    return await visit.redirect(f"/assessment/scores/{month}", message=Message("It is published."))


async def cases(visit: PageRequest) -> Response:
    """Show the cases that a number is made of."""
    month, unit, measure = visit.path("month"), visit.path("unit"), visit.path("measure")
    answer = await visit.calls.unary(
        _CASES,
        pb.ListMeasuredCasesRequest(month=month, unit=unit, measure=measure),
        deadline_seconds=_ASSESS_SECONDS,
    )
    known = await visit.calls.unary(_UNITS, pb.ListUnitsRequest())
    names = {one.code: one.name for one in known.units}
    return await visit.show(
        "assessment/cases.html", answer=answer, month=month, measure=measure,
        unit=names.get(unit, unit), tiers=case_pb2.CaseTier,
    )  # fmt: skip


async def _tasks(visit: PageRequest, fault: str = "") -> Response:
    query = visit.query
    kept = {name: query[name] for name in ("kind", "state", "unit", "overdue") if query.get(name)}
    answer = await visit.calls.unary(
        _TASKS,
        pb.ListUnitTasksRequest(
            kind=enum_choice(kept.get("kind", ""), pb.UnitTaskKind.values()),
            state=enum_choice(kept.get("state", ""), pb.UnitTaskState.values()),
            unit=kept.get("unit", "")[:40],
            overdue_only=bool(kept.get("overdue")),
            page_size=_PAGE,
            page_token=query.get("page", ""),
        ),
    )
    known = await visit.calls.unary(_UNITS, pb.ListUnitsRequest())
    return await visit.show(
        "assessment/tasks.html", status=400 if fault else 200, answer=answer, query=kept,
        units=known.units, names={one.code: one.name for one in known.units}, fault=fault,
        typed={name: visit.field(name) for name in visit.form} if fault else {}, pb=pb,
    )  # fmt: skip


async def _task(visit: PageRequest, *, status: int = 200, fault: str = "") -> Response:
    answer = await visit.calls.unary(_GET, pb.GetUnitTaskRequest(task_id=_id(visit)))
    known = await visit.calls.unary(_UNITS, pb.ListUnitsRequest())
    names = {one.code: one.name for one in known.units}
    return await visit.show(
        "assessment/task.html", status=status, task=answer.task, names=names, fault=fault, pb=pb
    )


async def _scores(visit: PageRequest, fault: str = "") -> Response:
    month = visit.path("month")
    known = await visit.calls.unary(_UNITS, pb.ListUnitsRequest())
    months = await visit.calls.unary(_MONTHS, pb.ListAssessmentsRequest())
    made = None
    if any(one.month == month for one in months.assessments):
        answer = await visit.calls.unary(_PUBLISHED, pb.GetAssessmentRequest(month=month))
        made = answer.assessment
    elif not fault:
        try:
            made = await _assessed(visit, month)
        except BackendFault as problem:
            if not _is_told(problem):
                raise
            fault = problem.message
    levels = dict.fromkeys(one.level for one in known.units)
    by_level = {
        level: [one for one in made.scores if _level(known, one.unit) == level] if made else []
        for level in levels
    }
    return await visit.show(
        "assessment/scores.html", status=400 if fault else 200, month=month, made=made,
        known=known, by_level=by_level, months=[one.month for one in months.assessments],
        names={one.code: one.name for one in known.units}, fault=fault,
        regions={one.code: one.region for one in known.units},
    )  # fmt: skip


async def _assessed(visit: PageRequest, month: str) -> pb.MonthlyAssessment | None:
    request = pb.AssessUnitsRequest(month=month)
    found: pb.MonthlyAssessment | None = None
    async for one in visit.calls.stream(_ASSESS, request, deadline_seconds=_ASSESS_SECONDS):
        if one.HasField("assessment"):
            found = one.assessment
    return found


async def _done(visit: PageRequest, method: str, request: Any, said: Message) -> Response:
    try:
        await visit.calls.unary(method, request)
    except BackendFault as fault:
        if not _is_told(fault):
            raise
        return await _task(visit, status=400, fault=fault.message)
    return await visit.redirect(f"/assessment/tasks/{_id(visit)}", message=said)


def _level(known: pb.ListUnitsResponse, code: str) -> str:
    return next((one.level for one in known.units if one.code == code), "")


def _is_told(fault: BackendFault) -> bool:
    """Return whether what is wrong is said on the page that was asked from."""
    return fault.is_input or fault.status in {"PERMISSION_DENIED", "NOT_FOUND"}


def _due_ms(text: str) -> int:
    """Read a deadline, the end of that day in China; 0 for none."""
    if not text:
        return 0
    try:
        end = datetime.combine(date.fromisoformat(text), time(23, 59, 59), CHINA)
    except ValueError:
        raise InvalidInput("due: is no day: {text!r}", text=text[:20]) from None
    return int(end.timestamp() * 1000)


def _id(visit: PageRequest) -> int:
    return _number(visit.path("task_id"))


def _number(text: str) -> int:
    return whole_number(text) or 0


PAGE = ConsolePage(
    name="assessment",
    title=gettext_noop("Assessment"),
    key="g",
    needs=(_TASKS,),
    routes=(
        PageRoute(path="", view=index),
        PageRoute(path="/tasks", view=open_, method="POST", needs=(_OPEN,)),
        PageRoute(path=_ONE, view=show, needs=(_GET,)),
        PageRoute(path=f"{_ONE}/settle", view=settle, method="POST", needs=(_SETTLE,)),
        PageRoute(path=f"{_ONE}/review", view=review, method="POST", needs=(_REVIEW,)),
        PageRoute(path="/scores", view=latest, needs=(_ASSESS,)),
        PageRoute(path=_SCORES, view=scores, needs=(_ASSESS,)),
        PageRoute(path=f"{_SCORES}/publish", view=publish, method="POST", needs=(_PUBLISH,)),
        PageRoute(path=f"{_SCORES}/{{unit}}/{{measure}}", view=cases, needs=(_CASES,)),
    ),
)
