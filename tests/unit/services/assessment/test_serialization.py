"""Tasks and assessments survive being written and read."""

from hypothesis import given
from hypothesis import strategies as st

from services.assessment import serialization
from services.assessment.model import (
    MeasuredShare,
    MonthlyAssessment,
    TaskEvent,
    TaskEventKind,
    TaskKind,
    UnitScore,
    UnitTask,
    UnitTaskState,
)

TEXTS = st.text(max_size=20)
NUMBERS = st.integers(0, 2**53)
POINTS = st.none() | st.floats(0, 100)
TASKS = st.builds(
    UnitTask, task_id=NUMBERS, revision=NUMBERS, kind=st.sampled_from(TaskKind), title=TEXTS,
    unit=TEXTS, due_ms=NUMBERS, state=st.sampled_from(UnitTaskState), opened_by=TEXTS,
    opened_at_ms=NUMBERS,
    events=st.lists(
        st.builds(TaskEvent, at_ms=NUMBERS, by=TEXTS, what=st.sampled_from(TaskEventKind)),
        max_size=3,
    ).map(tuple),
)  # fmt: skip
SCORES = st.builds(
    UnitScore, unit=TEXTS, score=POINTS, rank=NUMBERS, cases=NUMBERS,
    measures=st.dictionaries(
        TEXTS, st.builds(MeasuredShare, of=NUMBERS, reached=NUMBERS, points=POINTS), max_size=3
    ),
)  # fmt: skip
ASSESSMENTS = st.builds(
    MonthlyAssessment, assessment_id=NUMBERS, month=TEXTS, formula=TEXTS, made_at_ms=NUMBERS,
    made_by=TEXTS, scores=st.lists(SCORES, max_size=3).map(tuple),
)  # fmt: skip


@given(TASKS)
def test_a_task_is_read_back(task: UnitTask) -> None:
    assert serialization.read_task(serialization.written(task)) == task


@given(ASSESSMENTS)
def test_an_assessment_is_read_back(assessment: MonthlyAssessment) -> None:
    assert serialization.read_assessment(serialization.written(assessment)) == assessment
