"""Tasks of member units (三清单), and the assessment of a month (一考核), as they are stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from infra.text_limits import CharacterSet, TextLimit

TITLE = TextLimit(max_characters=200, characters=CharacterSet.PRINTABLE)
LINE = TextLimit(max_characters=500, characters=CharacterSet.PRINTABLE)
NOTE = TextLimit(max_characters=2000)
KEPT_EVENTS = 100
"""Latest events that stay with a task; the audit log has all of them."""


class TaskKind(IntEnum):
    """Which of the three lists a task is on; numbered as on the wire."""

    PROBLEM = 1
    """问题清单: something is wrong."""
    TASK = 2
    """任务清单: something is to be done."""
    RESPONSIBILITY = 3
    """责任清单: something is to be kept up."""


class UnitTaskState(IntEnum):
    """Where a task stands; numbered as on the wire."""

    OPEN = 1
    DONE = 2
    """The unit says so, with evidence."""
    CONFIRMED = 3
    """Another person has looked at the evidence."""
    DROPPED = 4


class TaskEventKind(StrEnum):
    """What happened to a task."""

    OPENED = "opened"
    EDITED = "edited"
    DONE = "done"
    CONFIRMED = "confirmed"
    RETURNED = "returned"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskEvent:
    """Something that happened to a task."""

    at_ms: int
    by: str
    what: TaskEventKind
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitTask:
    """One line of the three lists."""

    task_id: int
    revision: int = 1
    kind: TaskKind
    title: str
    unit: str
    """Code of the unit that owes it."""
    region: str = ""
    """Of that unit."""
    due_ms: int = 0
    """0: none, as for a responsibility."""
    note: str = ""
    state: UnitTaskState = UnitTaskState.OPEN
    document: str = ""
    """What proves that it is done."""
    document_sha256: str = ""
    done_by: str = ""
    done_at_ms: int = 0
    confirmed_by: str = ""
    confirmed_at_ms: int = 0
    opened_by: str
    opened_at_ms: int
    events: Sequence[TaskEvent] = ()

    def overdue(self, now_ms: int) -> bool:
        """Whether it is open after its deadline."""
        return self.state is UnitTaskState.OPEN and 0 < self.due_ms <= now_ms

    @property
    def in_time(self) -> bool:
        """Whether it was done by its deadline, and that was confirmed."""
        confirmed = self.state is UnitTaskState.CONFIRMED
        return confirmed and (not self.due_ms or self.done_at_ms <= self.due_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredShare:
    """One measure of one unit: a share, and what it earns."""

    of: int
    """What counts."""
    reached: int
    """Of that: what counts for the unit."""
    points: float | None
    """None: there is nothing to measure, and the weight goes to the other measures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitScore:
    """The month of one unit."""

    unit: str
    score: float | None
    """Of 100; None: nothing could be measured."""
    rank: int
    """Among units of its level; 0 without a score."""
    measures: Mapping[str, MeasuredShare] = field(default_factory=dict)
    cases: int = 0
    warned: int = 0
    dissuaded: int = 0
    lost_fen: int = 0
    tasks: int = 0
    """Due in the month."""
    overdue_tasks: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthlyAssessment:
    """The assessment of one month."""

    assessment_id: int = 0
    revision: int = 1
    month: str
    """Such as 2026-11."""
    formula: str
    """Version of the formula."""
    made_at_ms: int
    made_by: str = ""
    """Who published it; empty: it is a draft."""
    note: str = ""
    scores: Sequence[UnitScore] = ()
