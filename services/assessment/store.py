"""Stores tasks and published assessments in Redis, each as one document.

=========================================  ===============================================
key                                        what
=========================================  ===============================================
``{fanzha:unit_tasks}:…``                  tasks of member units, see `DocumentStore`
``{fanzha:assessments}:…``                 published assessments, one a month, likewise
=========================================  ===============================================
"""

from fanzha.errors import FanzhaError, InvalidInput, NotFound, VersionConflict
from infra.redis.document_store import DocumentStore
from services.assessment import serialization
from services.assessment.model import MonthlyAssessment, UnitTask

MOST_TASKS = 10_000
MOST_ASSESSMENTS = 240
"""Twenty years."""


class UnitTaskStore(DocumentStore[UnitTask]):
    """Reads and writes tasks."""

    space = "fanzha:unit_tasks"
    what = "unit task"
    most = MOST_TASKS

    def number(self, document: UnitTask) -> int:
        """Return the id of a task."""
        return document.task_id

    def name(self, document: UnitTask) -> str:
        """Return unit, list, title and deadline: a unit owes each of that once."""
        return f"{document.unit}\n{int(document.kind)}\n{document.title}\n{document.due_ms}"

    def written(self, document: UnitTask) -> str:
        """Write a task."""
        return serialization.written(document)

    def read(self, text: str) -> UnitTask:
        """Read a task."""
        return serialization.read_task(text)

    def missing(self, number: int) -> FanzhaError:
        """Return the error for an id that has no task."""
        return NotFound("task_id: there is no task {task_id}", task_id=number)

    def conflict(self, number: int) -> FanzhaError:
        """Return the error for a task that was changed meanwhile."""
        return VersionConflict(
            "task {task_id} was changed concurrently; read it again", task_id=number
        )

    def full(self) -> FanzhaError:
        """Return the error for one task too many."""
        return InvalidInput("task: {most} are kept", most=MOST_TASKS)


class AssessmentStore(DocumentStore[MonthlyAssessment]):
    """Reads and writes published assessments."""

    space = "fanzha:assessments"
    what = "assessment"
    most = MOST_ASSESSMENTS

    def number(self, document: MonthlyAssessment) -> int:
        """Return the id of an assessment."""
        return document.assessment_id

    def name(self, document: MonthlyAssessment) -> str:
        """Return its month: each has one."""
        return document.month

    def written(self, document: MonthlyAssessment) -> str:
        """Write an assessment."""
        return serialization.written(document)

    def read(self, text: str) -> MonthlyAssessment:
        """Read an assessment."""
        return serialization.read_assessment(text)

    def missing(self, number: int) -> FanzhaError:
        """Return the error for an id that has no assessment."""
        return NotFound("assessment: there is no {number}", number=number)

    def conflict(self, number: int) -> FanzhaError:
        """Return the error for an assessment that was changed meanwhile."""
        return VersionConflict("assessment {number} was changed concurrently", number=number)

    def full(self) -> FanzhaError:
        """Return the error for one assessment too many."""
        return InvalidInput("assessment: {most} are kept", most=MOST_ASSESSMENTS)
