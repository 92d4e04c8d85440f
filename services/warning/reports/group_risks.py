"""Who is at risk: cases by group of people and of places, with what the numbers can carry.

Groups are those of the administrator's table (`services.warning.policy.facts`): age bands,
occupations, kinds of place. Of a group of numbers its size is known, so its rate is compared with
that of all other numbers of the table. Groups may overlap. What would tell of single people is left
out (`disclosure`). Fairness is looked at on both sides: who is warned late or reached less often
than all, and who is warned for nothing more often.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from math import exp, sqrt
from typing import Protocol

from classifiers.evaluation.metrics import NORMAL_95, Interval, share_interval
from services.auth import identity
from services.warning.cases.listing import CaseListing
from services.warning.cases.model import Case
from services.warning.desk import scope
from services.warning.policy.facts import RiskContext
from services.warning.reports import disclosure
from services.warning.reports.disclosure import FEWEST_LOSSES, FEWEST_PEOPLE
from services.warning.reports.model import CaseFigures
from services.warning.reports.service import DEFAULT_MINUTES, ReportRequest, check

_TELL_EVERY = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RateRatio:
    """How many times as often, with the interval that holds it in 95 of 100 cases."""

    ratio: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves no doubt that it is more, or that it is less."""
        return self.low > 1.0 or self.high < 1.0


def rate_ratio(count: int, people: int, other: int, other_people: int) -> RateRatio | None:
    """Return the ratio of two rates, by the logarithm (Katz et al. 1978); None without both."""
    if not (count and other and people and other_people):
        return None
    ratio = (count / people) / (other / other_people)
    variance = 1 / count - 1 / people + 1 / other - 1 / other_people
    reach = exp(NORMAL_95 * sqrt(max(variance, 0.0)))
    return RateRatio(ratio=ratio, low=ratio / reach, high=ratio * reach)


def change(now: int, before: int) -> RateRatio | None:
    """Return how many times as many as before, of counts of the same people; None without both."""
    if not (now and before):
        return None
    reach = exp(NORMAL_95 * sqrt(1 / now + 1 / before))
    return RateRatio(ratio=now / before, low=now / before / reach, high=now / before * reach)


@dataclass(slots=True)
class _GroupCounts:
    """What is counted of one group, or of all."""

    people: set[int] = field(default_factory=set)
    before: set[int] = field(default_factory=set)
    """Those of the period of the same length before."""
    figures: CaseFigures = field(default_factory=CaseFigures)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupAtRisk:
    """What is known of one group."""

    name: str
    suppressed: bool = False
    """Whether too few people are at risk to say more."""
    population: int = 0
    """Numbers of the table in it; 0: it is a group of places."""
    people: int = 0
    """People with a case in the period."""
    people_before: int = 0
    cases: int = 0
    lost: int = 0
    """Cases with money lost."""
    lost_fen: int | None = 0
    """None: too few known losses to tell their sum."""
    rate: RateRatio | None = None
    """Against all other numbers of the table."""
    drift: RateRatio | None = None
    """Against the period before."""
    lost_share: Interval | None = None
    """Of cases that ended safe or with money lost."""
    in_time_share: Interval | None = None
    """Of cases that were due a warning: warned in time after intake."""
    reached_share: Interval | None = None
    late: bool = False
    """Whether it is warned in time less often than all are, beyond doubt."""
    unreached: bool = False
    """Whether it is reached less often than all are, beyond doubt."""
    false_alarm_share: Interval | None = None
    """Of cases that were judged: false alarms."""
    overwarned: bool = False
    """Whether it is warned for nothing more often than all are, beyond doubt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetingReport:
    """Groups at risk in a period, the highest rate first."""

    since_ms: int
    until_ms: int
    before_ms: int
    """Where the period of the same length before begins."""
    population: int
    """Numbers of the table."""
    all: GroupAtRisk
    groups: Sequence[GroupAtRisk]
    without_group: int | None
    """People with a case who are in no group; None: some, and too few to tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetingProgress:
    """Progress of a report."""

    examined: int
    expected: int
    report: TargetingReport | None = None


class GroupSource(Protocol):
    """Where the groups come from."""

    def __call__(self) -> RiskContext:
        """Read them. Blocking; raises `ValueError` for a wrong table."""
        ...


class TargetingService:
    """Builds reports. Raises `Unavailable` while Redis is away."""

    def __init__(
        self, listing: CaseListing, groups: GroupSource, *, now_ms: Callable[[], int]
    ) -> None:
        self._listing = listing
        self._groups = groups
        self._now_ms = now_ms

    async def make(self, request: ReportRequest) -> AsyncIterator[TargetingProgress]:
        """Yield progress now and then, and at last the report. Raises `InvalidInput`."""
        now = self._now_ms()
        check(request, now)
        context = await asyncio.to_thread(self._groups)
        who, regions = identity.current(), scope.indexes(identity.current(), request.region)
        until = min(request.until_ms or now, now)
        before = max(0, 2 * request.since_ms - until)
        tally = _Tally(context, since_ms=request.since_ms, minutes=request.minutes, now_ms=now)
        counts = [await self._listing.count(region=one, only_open=False) for one in regions]
        expected, examined = sum(counts), 0
        yield TargetingProgress(examined=0, expected=expected)
        walk = self._listing.walk(region=regions, since=before, until=until - 1)
        async for case, _ in walk:
            inside = not request.region or scope.is_in(case.region, request.region)
            if inside and scope.reaches(who, case.region):
                tally.add(case)
            examined += 1
            if examined % _TELL_EVERY == 0:
                yield TargetingProgress(examined=examined, expected=expected)
        report = tally.report(until_ms=until, before_ms=before)
        yield TargetingProgress(examined=examined, expected=expected, report=report)


class _Tally:
    def __init__(self, context: RiskContext, *, since_ms: int, minutes: int, now_ms: int) -> None:
        self._context = context
        self._since_ms = since_ms
        self._minutes = minutes or DEFAULT_MINUTES
        self._now_ms = now_ms
        self._all = _GroupCounts()
        self._listed: set[int] = set()
        """People with a case whose number is in the table."""
        self._without: set[int] = set()
        self._groups: dict[str, _GroupCounts] = {name: _GroupCounts() for name in context.groups}

    def add(self, case: Case) -> None:
        region = case.region
        places = (region.province, region.city, region.county)
        names = self._context.of(case.victim, places)
        digits = case.victim.removeprefix("+")
        person = int(digits) if digits.isdecimal() else hash(case.victim)
        earlier = case.opened_at_ms < self._since_ms
        for counts in (self._all, *(self._groups[name] for name in names)):
            (counts.before if earlier else counts.people).add(person)
            if not earlier:
                counts.figures.add(case, now_ms=self._now_ms, minutes=self._minutes)
        if earlier:
            return
        if person in self._context.by_number:
            self._listed.add(person)
        if not names:
            self._without.add(person)

    def report(self, *, until_ms: int, before_ms: int) -> TargetingReport:
        populations = self._populations()
        hidden = disclosure.suppressed(
            {name: len(counts.people) for name, counts in self._groups.items()}
        )
        everybody = self._risk("", self._all, 0)
        if len(self._all.people) < FEWEST_PEOPLE:
            everybody = GroupAtRisk(name="", suppressed=True)
        groups = [
            GroupAtRisk(name=name, suppressed=True)
            if name in hidden
            else self._risk(name, counts, populations.get(name, 0))
            for name, counts in self._groups.items()
        ]
        return TargetingReport(
            since_ms=self._since_ms,
            until_ms=until_ms,
            before_ms=before_ms,
            population=len(self._context.by_number),
            all=everybody,
            groups=sorted(groups, key=_by_rate),
            without_group=None if 0 < len(self._without) < FEWEST_PEOPLE else len(self._without),
        )

    def _populations(self) -> dict[str, int]:
        sizes: dict[str, int] = {}
        for names in self._context.by_number.values():
            for name in names:
                sizes[name] = sizes.get(name, 0) + 1
        return sizes

    def _risk(self, name: str, counts: _GroupCounts, population: int) -> GroupAtRisk:
        figures, everybody = counts.figures, self._all.figures
        in_time = _interval(figures.intake_in_time, figures.intake_due)
        reached = _interval(figures.reached, figures.cases)
        false_alarms = _interval(*_false_alarms(figures))
        before = len(counts.before) if len(counts.before) >= FEWEST_PEOPLE else 0
        return GroupAtRisk(
            name=name,
            population=population,
            people=len(counts.people),
            people_before=before,
            cases=figures.cases,
            lost=figures.lost_money,
            lost_fen=figures.lost_fen if _may_tell(figures.lost_known) else None,
            rate=self._rate(counts, population),
            drift=change(len(counts.people), before),
            lost_share=_interval(figures.lost_money, figures.lost_money + figures.safe),
            in_time_share=in_time,
            reached_share=reached,
            late=bool(name) and _is_below(in_time, everybody.intake_in_time_share),
            unreached=bool(name) and _is_below(reached, everybody.reached_share),
            false_alarm_share=false_alarms,
            overwarned=bool(name) and _is_above(false_alarms, *_false_alarms(everybody)),
        )

    def _rate(self, counts: _GroupCounts, population: int) -> RateRatio | None:
        """Compare the numbers of a group with the other numbers of the table."""
        if not population:
            return None
        mine = len(counts.people & self._listed)
        others = len(self._context.by_number) - population
        return rate_ratio(mine, population, len(self._listed) - mine, others)


def _interval(count: int, total: int) -> Interval | None:
    return share_interval(count, total) if total else None


def _is_below(found: Interval | None, overall: float | None) -> bool:
    return found is not None and overall is not None and found.high < overall


def _false_alarms(figures: CaseFigures) -> tuple[int, int]:
    judged = figures.safe + figures.lost_money + figures.false_alarms
    return figures.false_alarms, judged


def _is_above(found: Interval | None, count: int, total: int) -> bool:
    return found is not None and found.low > count / total


def _may_tell(losses: int) -> bool:
    return losses == 0 or losses >= FEWEST_LOSSES


def _by_rate(group: GroupAtRisk) -> tuple[bool, float, int, str]:
    ratio = group.rate.low if group.rate else 0.0
    return group.suppressed, -ratio, -group.people, group.name
