"""What units are measured by: shares of cases, of tasks and of appeals.

A measure of cases says of one case whether it counts, and whether it counts for the unit; so each
number leads back to the cases that it is made of. The definitions are those of the report on
warnings (`services.warning.reports.model`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from services.warning.cases.model import Case
from services.warning.reports.model import CaseFigures


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseMeasure:
    """A share of cases: of those that count, those that count for the unit."""

    of: Callable[[CaseFigures], int]
    reached: Callable[[CaseFigures], int]


CASE_MEASURES: Mapping[str, CaseMeasure] = {
    "warned_in_time": CaseMeasure(
        of=lambda one: one.intake_due, reached=lambda one: one.intake_in_time
    ),
    "reached": CaseMeasure(of=lambda one: one.cases, reached=lambda one: one.reached),
    "finished": CaseMeasure(
        of=lambda one: one.finished + one.overdue, reached=lambda one: one.finished
    ),
    "dissuaded": CaseMeasure(
        of=lambda one: one.safe + one.lost_money, reached=lambda one: one.safe
    ),
    "accuracy": CaseMeasure(
        of=lambda one: one.safe + one.lost_money + one.false_alarms,
        reached=lambda one: one.safe + one.lost_money,
    ),
}
"""``dissuaded`` is of the people whose end is known: those who lost nothing."""
TASKS_IN_TIME = "tasks_in_time"
"""Of tasks due in the month: those done by then, and confirmed."""
BLOCKS_UPHELD = "blocks_kept"
"""Of appeals received in the month and decided: those in which the block was right. A unit has
those about what its region listed, a unit without a region all."""
NAMES = (*CASE_MEASURES, TASKS_IN_TIME, BLOCKS_UPHELD)


def of_case(name: str, case: Case, *, now_ms: int, minutes: int) -> tuple[bool, bool]:
    """Return whether *case* counts in a measure, and whether it counts for the unit."""
    figures = CaseFigures()
    figures.add(case, now_ms=now_ms, minutes=minutes)
    measure = CASE_MEASURES[name]
    return bool(measure.of(figures)), bool(measure.reached(figures))
