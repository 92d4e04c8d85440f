"""What a campaign changed: exposure and loss of those written to against those held out.

Outcomes are counted over all who were assigned, whatever became of their message (intention to
treat), in the days before the assignment and after the last message. What lies between is left out,
of both groups alike. A count of 1 to 9 people is not told, and nothing that it follows from.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from enum import Enum

from classifiers.evaluation.metrics import Interval
from services.education.draft import DAY_MS
from services.education.model import (
    ACCEPTED,
    WRITTEN_TO,
    EducationCampaign,
    PersonCounts,
    PersonState,
)
from services.warning.cases.events import CaseOutcome
from services.warning.cases.model import Case
from services.warning.messages.sms_length import sms_length
from services.warning.reports.disclosure import FEWEST_PEOPLE
from services.warning.robot.report import newcombe


class MeasuredTime(Enum):
    """The two times that are compared."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredWindow:
    """The days before, and the days after; in milliseconds, each end excluded."""

    before_from_ms: int
    before_until_ms: int
    after_from_ms: int
    after_until_ms: int

    def time_of(self, at_ms: int) -> MeasuredTime | None:
        """Return in which of the two a time lies."""
        if self.before_from_ms <= at_ms < self.before_until_ms:
            return MeasuredTime.BEFORE
        if self.after_from_ms <= at_ms < self.after_until_ms:
            return MeasuredTime.AFTER
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupCount:
    """People of one group to whom something happened."""

    count: int
    group: int

    @property
    def suppressed(self) -> bool:
        """Whether so few that nothing may be told."""
        return 0 < self.count < FEWEST_PEOPLE

    @property
    def share(self) -> float | None:
        """Their share of the group; None where it may not be told, or the group is empty."""
        return None if self.suppressed or not self.group else self.count / self.group


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeComparison:
    """An outcome in both groups, before and after."""

    sent_before: GroupCount
    sent_after: GroupCount
    held_before: GroupCount
    held_after: GroupCount

    @property
    def difference(self) -> float | None:
        """Share of those written to less that of those held out, afterwards."""
        interval = self.interval
        if interval is None:
            return None
        return (self.sent_after.share or 0.0) - (self.held_after.share or 0.0)

    @property
    def interval(self) -> Interval | None:
        """The 95 % interval of that difference; None where too few people are in it."""
        sent, held = self.sent_after, self.held_after
        if min(sent.group, held.group) < FEWEST_PEOPLE or sent.suppressed or held.suppressed:
            return None
        return newcombe((sent.count, sent.group), (held.count, held.group))

    @property
    def beyond_chance(self) -> bool:
        """Whether the interval leaves out zero."""
        found = self.interval
        return found is not None and (found.low > 0 or found.high < 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class EducationReport:
    """What a campaign did and changed."""

    campaign: EducationCampaign
    people: PersonCounts
    window: MeasuredWindow
    complete: bool
    exposed: OutcomeComparison
    lost: OutcomeComparison

    @property
    def to_send(self) -> int:
        """People to be written to, whatever became of that."""
        return self.people.of(WRITTEN_TO)

    @property
    def sent(self) -> int:
        """People whose message a channel has accepted."""
        return self.people.of(ACCEPTED)

    @property
    def delivered(self) -> int:
        """People to whom it was delivered."""
        return self.people.of(frozenset({PersonState.DELIVERED}))

    @property
    def held_out(self) -> int:
        """People held out."""
        return self.people.of(frozenset({PersonState.HELD_OUT}))

    @property
    def sent_parts(self) -> int:
        """SMS that were sent."""
        return self.sent * sms_length(self.campaign.message.text).parts


def window_of(campaign: EducationCampaign, now_ms: int) -> MeasuredWindow:
    """Return the days to compare; those after are empty until the last message is handed over."""
    days_ms = campaign.outcome_days * DAY_MS
    assigned = campaign.assigned_at_ms or now_ms
    finished = max(campaign.finished_at_ms, assigned) if campaign.finished_at_ms else now_ms
    return MeasuredWindow(
        before_from_ms=max(0, assigned - days_ms),
        before_until_ms=assigned,
        after_from_ms=finished,
        after_until_ms=min(finished + days_ms, max(now_ms, finished)),
    )


@dataclass(slots=True)
class EducationTally:
    """Counts people by group, time and outcome."""

    states: Mapping[str, PersonState]
    """What became of all recipients, by digest."""
    window: MeasuredWindow
    _exposed: dict[MeasuredTime, set[str]] = field(
        default_factory=lambda: {one: set() for one in MeasuredTime}
    )
    _lost: dict[MeasuredTime, set[str]] = field(
        default_factory=lambda: {one: set() for one in MeasuredTime}
    )

    def add(self, person: str, case: Case) -> None:
        """Count a case of a person, by digest; a false alarm exposed nobody."""
        when = self.window.time_of(case.opened_at_ms)
        if when is None or person not in self.states or case.outcome is CaseOutcome.FALSE_ALARM:
            return
        self._exposed[when].add(person)
        if case.outcome is CaseOutcome.LOST_MONEY:
            self._lost[when].add(person)

    @property
    def exposed(self) -> OutcomeComparison:
        """People with a case."""
        return self._compare(self._exposed)

    @property
    def lost(self) -> OutcomeComparison:
        """People with a case that ended with money lost."""
        return self._compare(self._lost)

    def _compare(self, people: Mapping[MeasuredTime, Set[str]]) -> OutcomeComparison:
        sent = {one for one, state in self.states.items() if state in WRITTEN_TO}
        held = {one for one, state in self.states.items() if state is PersonState.HELD_OUT}
        counts = {
            f"{name}_{when.value}": GroupCount(count=len(people[when] & group), group=len(group))
            for name, group in (("sent", sent), ("held", held))
            for when in MeasuredTime
        }
        return OutcomeComparison(**counts)
