"""Reports counts of appeals and their durations."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median

from services.appeals.model import DECIDED, Appeal, AppealState
from services.appeals.scope import lies_in

_LEVEL_DIGITS = 2
"""Of a code, for province, city and county each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Durations:
    """A summary of durations, in seconds."""

    count: int = 0
    median: float = 0.0
    p95: float = 0.0
    """By the nearest-rank method."""
    longest: float = 0.0


@dataclass(slots=True, kw_only=True)
class RegionCounts:
    """Appeals about what one region listed."""

    received: int = 0
    upheld: int = 0
    rejected: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealReport:
    """Counts of the appeals received in a time."""

    received: int
    by_state: Counter[str]
    by_opener: Counter[str]
    by_blocked_by: Counter[str]
    upheld_by_blocked_by: Counter[str]
    due_soon: int
    overdue: int
    decided_late: int
    decision_seconds: Durations
    lift_seconds: Durations
    lifts_pending: int
    lifts_unmeasured: int
    by_region: Mapping[str, RegionCounts]
    """By code; a county's count for its city and province, too. Empty: the whole province."""


def of(appeals: Sequence[Appeal], now_ms: int) -> AppealReport:
    """Report on *appeals* in their current states."""
    decided = [one for one in appeals if one.state in DECIDED]
    upheld = [one for one in appeals if one.state is AppealState.UPHELD]
    lifted = [one.lift for one in upheld if one.lift is not None and one.lift.done]
    return AppealReport(
        received=len(appeals),
        by_state=Counter(one.state.value for one in appeals),
        by_opener=Counter(one.opened_by for one in appeals),
        by_blocked_by=Counter(one.blocked_by for one in appeals),
        upheld_by_blocked_by=Counter(one.blocked_by for one in upheld),
        due_soon=sum(one.due_soon(now_ms) for one in appeals),
        overdue=sum(one.overdue(now_ms) for one in appeals),
        decided_late=sum(one.closed_at_ms >= one.deadline_ms for one in decided),
        decision_seconds=durations(
            (one.closed_at_ms - one.received_at_ms) / 1000 for one in decided
        ),
        lift_seconds=durations(one.seconds for one in lifted if one.seconds is not None),
        lifts_pending=len(upheld) - len(lifted),
        lifts_unmeasured=sum(one.seconds is None for one in lifted),
        by_region=_by_region(appeals),
    )


def _by_region(appeals: Sequence[Appeal]) -> dict[str, RegionCounts]:
    found: dict[str, RegionCounts] = {}
    for one in appeals:
        for code in _codes(one):
            counts = found.setdefault(code, RegionCounts())
            counts.received += 1
            counts.upheld += one.state is AppealState.UPHELD
            counts.rejected += one.state is AppealState.REJECTED
    return found


def _codes(appeal: Appeal) -> list[str]:
    """Return the codes of all regions that an appeal lies in as a whole."""
    first = next(iter(appeal.regions), "")
    levels = (first[:end] for end in range(_LEVEL_DIGITS, len(first) + 1, _LEVEL_DIGITS))
    return [code for code in levels if lies_in(appeal, code)] or [""]


def durations(seconds: Iterable[float]) -> Durations:
    """Summarise durations."""
    took = sorted(seconds)
    if not took:
        return Durations()
    return Durations(
        count=len(took),
        median=median(took),
        p95=took[ceil(0.95 * len(took)) - 1],
        longest=took[-1],
    )
