"""Figures of a report, accumulated case by case.

Cases are streamed, so two years of them need constant memory. `docs/how-to/warning-reports.md`
defines each figure.
"""

from collections import Counter
from dataclasses import dataclass, field
from math import ceil, log

from services.warning.cases.events import CaseOutcome
from services.warning.cases.model import Case
from services.warning.model import Tier

_MINUTE_MS = 60_000
_STEP = 1.01
ENOUGH = Tier.LOW
"""Up to this tier a case is finished once a message was delivered: see `schedule`."""


class DelayHistogram:
    """Histogram of durations with bins that grow by 1 %, for quantiles within 1 %."""

    def __init__(self) -> None:
        self._bins: Counter[int] = Counter()
        self.count = 0

    def add(self, ms: int) -> None:
        """Add a duration; less than a second counts as a second."""
        self._bins[round(log(max(ms / 1000, 1.0)) / log(_STEP))] += 1
        self.count += 1

    def within(self, share: float) -> float:
        """Return the quantile *share* in seconds, by nearest rank; 0 if empty."""
        rank, seen = ceil(share * self.count), 0
        for place in sorted(self._bins):
            seen += self._bins[place]
            if seen >= rank:
                return float(_STEP**place)
        return 0.0


@dataclass(slots=True, kw_only=True)
class CaseFigures:
    """Figures of a set of cases."""

    cases: int = 0
    """Without duplicates."""
    duplicates: int = 0
    warned: int = 0
    """Cases in which a channel accepted a message."""
    event_due: int = 0
    """Cases that should have been warned within the time after the event: warned, or overdue."""
    event_in_time: int = 0
    intake_due: int = 0
    """Likewise within the time after intake."""
    intake_in_time: int = 0
    reached: int = 0
    finished: int = 0
    """Closed cases, and those of tier low with a delivered message."""
    open: int = 0
    """All other cases."""
    overdue: int = 0
    """Open cases whose due date has passed or that need a person."""
    safe: int = 0
    dissuaded: int = 0
    """Safe cases that an officer had taken."""
    lost_money: int = 0
    lost_fen: int = 0
    """Sum of the known losses, in fen."""
    lost_known: int = 0
    """Cases with a known loss."""
    unreachable: int = 0
    false_alarms: int = 0
    event_to_warned: DelayHistogram = field(default_factory=DelayHistogram)
    intake_to_warned: DelayHistogram = field(default_factory=DelayHistogram)

    def add(self, case: Case, *, now_ms: int, minutes: int) -> None:
        """Add a case in its current state; *minutes* is the time within which to warn."""
        if case.outcome is CaseOutcome.DUPLICATE:
            self.duplicates += 1
            return
        self.cases += 1
        self.reached += case.reached_at_ms > 0
        self._count_speed(case, now_ms, minutes * _MINUTE_MS)
        self._count_work(case, now_ms)
        self._count_outcome(case)

    @property
    def event_in_time_share(self) -> float | None:
        """Share warned in time after the event; None here and below: no such cases."""
        return _share(self.event_in_time, self.event_due)

    @property
    def intake_in_time_share(self) -> float | None:
        """Share warned in time after intake."""
        return _share(self.intake_in_time, self.intake_due)

    @property
    def finished_of_due_share(self) -> float | None:
        """Share of finished cases among finished and overdue ones."""
        return _share(self.finished, self.finished + self.overdue)

    @property
    def finished_of_all_share(self) -> float | None:
        """Share of finished cases among all."""
        return _share(self.finished, self.cases)

    @property
    def reached_share(self) -> float | None:
        """Share of cases with a delivered message."""
        return _share(self.reached, self.cases)

    @property
    def accuracy(self) -> float | None:
        """Share of confirmed cases among those that are safe, lost money or false alarms."""
        right = self.safe + self.lost_money
        return _share(right, right + self.false_alarms)

    def _count_speed(self, case: Case, now_ms: int, within_ms: int) -> None:
        warned_at = case.warned_at_ms
        if warned_at:
            self.warned += 1
            self.event_to_warned.add(warned_at - case.occurred_at_ms)
            self.intake_to_warned.add(warned_at - case.opened_at_ms)
        elif case.outcome is CaseOutcome.FALSE_ALARM:
            return  # recognised before any message was sent: no warning was due
        at = warned_at or now_ms
        late = at - case.occurred_at_ms > within_ms
        self.event_due += bool(warned_at) or late
        self.event_in_time += bool(warned_at) and not late
        late = at - case.opened_at_ms > within_ms
        self.intake_due += bool(warned_at) or late
        self.intake_in_time += bool(warned_at) and not late

    def _count_work(self, case: Case, now_ms: int) -> None:
        if not case.open or (case.reached_at_ms and (case.tier or Tier.LOW) <= ENOUGH):
            self.finished += 1
            return
        self.open += 1
        late = 0 < case.due_at_ms <= now_ms
        # All steps are exhausted, and no officer has taken the case.
        self.overdue += late or case.needs_person

    def _count_outcome(self, case: Case) -> None:
        match case.outcome:
            case CaseOutcome.SAFE:
                self.safe += 1
                self.dissuaded += bool(case.officer)
            case CaseOutcome.LOST_MONEY:
                self.lost_money += 1
                self.lost_known += case.lost_fen is not None
                self.lost_fen += case.lost_fen or 0
            case CaseOutcome.UNREACHABLE:
                self.unreachable += 1
            case CaseOutcome.FALSE_ALARM:
                self.false_alarms += 1


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
