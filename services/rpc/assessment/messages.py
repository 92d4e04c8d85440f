"""Converts tasks and assessments between messages and the subject."""

from collections.abc import Callable
from typing import Any

from fanzha.v1 import assessment_pb2 as pb
from services.assessment.formula import ScoreFormula
from services.assessment.model import MonthlyAssessment, UnitScore, UnitTask
from services.assessment.service import MeasuredCase
from services.assessment.tasks import TaskDraft
from services.assessment.units import MemberUnit

# Our enums have the numbers of the wire; generated stubs require their own enum types.
_wire: Callable[[int], Any] = int


def draft(one: pb.UnitTask) -> TaskDraft:
    """Read what is said of a task."""
    return TaskDraft(
        kind=int(one.kind), title=one.title, unit=one.unit, due_ms=one.due_ms, note=one.note
    )


def task(one: UnitTask, now_ms: int, *, events: bool = True) -> pb.UnitTask:
    """Write a task."""
    return pb.UnitTask(
        task_id=one.task_id,
        revision=one.revision,
        kind=_wire(one.kind),
        title=one.title,
        unit=one.unit,
        due_ms=one.due_ms,
        note=one.note,
        state=_wire(one.state),
        document=one.document,
        document_sha256=one.document_sha256,
        done_by=one.done_by,
        done_at_ms=one.done_at_ms,
        confirmed_by=one.confirmed_by,
        confirmed_at_ms=one.confirmed_at_ms,
        opened_by=one.opened_by,
        opened_at_ms=one.opened_at_ms,
        events=[
            pb.UnitTaskEvent(at_ms=x.at_ms, by=x.by, what=x.what.value, note=x.note)
            for x in one.events
        ]
        if events
        else (),
        overdue=one.overdue(now_ms),
    )


def unit(one: MemberUnit) -> pb.MemberUnit:
    """Write a unit."""
    return pb.MemberUnit(code=one.code, name=one.name, level=one.level.value, region=one.region)


def terms(formula: ScoreFormula) -> list[pb.MeasureTerms]:
    """Write the measures of a formula."""
    return [
        pb.MeasureTerms(name=name, weight=one.weight, floor=one.floor, target=one.target)
        for name, one in formula.measures.items()
    ]


def assessment(one: MonthlyAssessment, *, measures: bool = True) -> pb.MonthlyAssessment:
    """Write an assessment."""
    return pb.MonthlyAssessment(
        month=one.month,
        formula=one.formula,
        made_at_ms=one.made_at_ms,
        made_by=one.made_by,
        note=one.note,
        scores=[_score(each, measures=measures) for each in one.scores],
    )


def measured(one: MeasuredCase) -> pb.MeasuredCase:
    """Write a case that counts in a measure."""
    case = one.case
    return pb.MeasuredCase(
        case_id=case.id,
        reached=one.reached,
        opened_at_ms=case.opened_at_ms,
        warned_at_ms=case.warned_at_ms,
        tier=_wire(case.tier or 0),
        state=case.state.value,
        outcome=case.outcome.value if case.outcome else "",
    )


def _score(one: UnitScore, *, measures: bool) -> pb.UnitScore:
    return pb.UnitScore(
        unit=one.unit,
        score=one.score,
        rank=one.rank,
        measures=[
            pb.MeasuredShare(name=name, of=each.of, reached=each.reached, points=each.points)
            for name, each in one.measures.items()
        ]
        if measures
        else (),
        cases=one.cases,
        warned=one.warned,
        dissuaded=one.dissuaded,
        lost_fen=one.lost_fen,
        tasks=one.tasks,
        overdue_tasks=one.overdue_tasks,
    )
