"""Writes tasks and assessments as JSON documents, and reads them back."""

import json
from dataclasses import asdict
from typing import Any

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


def written(document: UnitTask | MonthlyAssessment) -> str:
    """Write a document."""
    return json.dumps(asdict(document), ensure_ascii=False, separators=(",", ":"))


def read_task(text: str) -> UnitTask:
    """Read a task."""
    fields = json.loads(text)
    return UnitTask(
        **fields
        | {
            "kind": TaskKind(fields["kind"]),
            "state": UnitTaskState(fields["state"]),
            "events": tuple(
                TaskEvent(**one | {"what": TaskEventKind(one["what"])}) for one in fields["events"]
            ),
        }
    )


def read_assessment(text: str) -> MonthlyAssessment:
    """Read an assessment."""
    fields = json.loads(text)
    return MonthlyAssessment(**fields | {"scores": tuple(map(_score, fields["scores"]))})


def _score(fields: Any) -> UnitScore:
    measures = {name: MeasuredShare(**one) for name, one in fields["measures"].items()}
    return UnitScore(**fields | {"measures": measures})
