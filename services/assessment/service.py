"""Assesses a month: one pass over its cases, with tasks and appeals, for each unit.

An assessment is a draft until somebody publishes it; then it stays as it was, whatever becomes of
its cases. Scores are compared within a level.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Protocol

from fanzha.errors import InvalidInput, NotFound
from infra import text_limits
from services.appeals.model import DECIDED, Appeal, AppealState
from services.appeals.scope import lies_in
from services.assessment import measures, months
from services.assessment.formula import ScoreFormula
from services.assessment.measures import BLOCKS_UPHELD, CASE_MEASURES, TASKS_IN_TIME
from services.assessment.model import NOTE, MonthlyAssessment, UnitScore, UnitTask, UnitTaskState
from services.assessment.months import Month
from services.assessment.store import AssessmentStore
from services.assessment.tasks import UnitTasks
from services.assessment.units import MemberUnit
from services.audit.audited_actions import AuditedActions
from services.audit.events import AuditKind
from services.auth import identity, roles
from services.warning import keys
from services.warning.cases.listing import CaseListing
from services.warning.cases.model import Case
from services.warning.desk import scope
from services.warning.reports.model import CaseFigures

MOST_SHOWN = 1_000
"""Cases of one measure that are listed."""
_TELL_EVERY = 2_000


class AppealSource(Protocol):
    """Where appeals come from."""

    async def received_between(self, since_ms: int, until_ms: int) -> list[Appeal]:
        """Return the appeals of a time."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessmentProgress:
    """Progress of an assessment."""

    examined: int
    expected: int
    assessment: MonthlyAssessment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredCase:
    """A case that counts in a measure."""

    case: Case
    reached: bool
    """Whether it counts for the unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredCases:
    """The cases that a measure of a unit is made of."""

    cases: Sequence[MeasuredCase]
    of: int
    reached: int


@dataclass(slots=True)
class _UnitTally:
    unit: MemberUnit
    figures: CaseFigures = field(default_factory=CaseFigures)


class Assessments:
    """Makes and publishes assessments. Raises `Unavailable` while Redis is away."""

    def __init__(
        self,
        listing: CaseListing,
        *,
        tasks: UnitTasks,
        appeals: AppealSource,
        store: AssessmentStore,
        formula: ScoreFormula,
        trail: AuditedActions,
        utc_offset: timedelta,
    ) -> None:
        self.formula = formula
        self._listing = listing
        self._tasks = tasks
        self._appeals = appeals
        self._store = store
        self._trail = trail
        self._utc_offset = utc_offset
        self._one_at_a_time = asyncio.Lock()

    async def assess(self, name: str) -> AsyncIterator[AssessmentProgress]:
        """Yield progress now and then, and at last the draft of a month."""
        month, now = self._month(name), self._tasks.now_ms()
        tallies = [_UnitTally(unit) for unit in self._members()]
        if not tallies:
            raise InvalidInput("unit: no unit is known; set assessment_units_file")
        by_region: dict[str, list[_UnitTally]] = {}
        for one in tallies:
            by_region.setdefault(keys.region_key(one.unit.region), []).append(one)
        async with self._one_at_a_time:
            async for case, examined, expected in self._walk(month):
                if case is None:
                    yield AssessmentProgress(examined=examined, expected=expected)
                    continue
                for code in _codes(case):
                    for tally in by_region.get(code, ()):
                        tally.figures.add(case, now_ms=now, minutes=self.formula.minutes)
        tasks = [one for one in await self._tasks.all() if month.has(one.due_ms)]
        appeals = await self._appeals.received_between(month.since_ms, month.until_ms)
        scores = [self._score(one, tasks, appeals, now) for one in tallies]
        assessment = MonthlyAssessment(
            month=name,
            formula=self.formula.version,
            made_at_ms=now,
            scores=_ranked(scores, self._tasks.members),
        )
        yield AssessmentProgress(examined=expected, expected=expected, assessment=assessment)

    async def publish(self, name: str, note: str, by_field: str) -> MonthlyAssessment:
        """Assess a past month, and keep that; each month once."""
        month, now = self._month(name), self._tasks.now_ms()
        if now < month.until_ms:
            raise InvalidInput("month: {month} is not over", month=name)
        if identity.current().regions:
            raise InvalidInput("month: only who sees all regions publishes an assessment")
        by = identity.author(by_field, "by")
        made: MonthlyAssessment | None = None
        async for progress in self.assess(name):
            made = progress.assessment or made
        if made is None:
            raise InvalidInput("month: nothing to assess")
        document = replace(
            made,
            assessment_id=await self._store.next_id(),
            made_by=by,
            note=text_limits.optional("note", note, NOTE),
        )
        number, first = await self._trail.around(
            AuditKind.ASSESSMENT_PUBLISHED,
            name,
            by,
            {"month": name, "formula": made.formula, "units": str(len(made.scores))},
            self._store.add(document),
        )
        if not first:
            raise InvalidInput("month: {month} is published already", month=name)
        return await self._store.get(number)

    async def published(self) -> list[MonthlyAssessment]:
        """Return published assessments, the newest month first, with units of the caller."""
        found = await self._store.all()
        return sorted(map(self._visible, found), key=lambda one: one.month, reverse=True)

    async def of_month(self, name: str) -> MonthlyAssessment:
        """Return the published assessment of a month."""
        self._month(name)
        for one in await self.published():
            if one.month == name:
                return one
        raise NotFound("month: {month} is not published", month=name)

    async def cases(self, name: str, unit_code: str, measure: str) -> MeasuredCases:
        """Return the cases that a measure of a unit is made of, in their state now."""
        month, now = self._month(name), self._tasks.now_ms()
        unit = next((one for one in self._members() if one.code == unit_code), None)
        if unit is None:
            raise NotFound("unit: there is no unit {code!r}", code=unit_code[:50])
        if measure not in CASE_MEASURES:
            raise InvalidInput(
                "measure: of cases are {names}, not {name!r}",
                names=", ".join(CASE_MEASURES),
                name=measure[:50],
            )
        found: list[MeasuredCase] = []
        of = reached = 0
        region = keys.region_key(unit.region)
        async for case, _, _ in self._walk(month):
            if case is None or region not in _codes(case):
                continue
            counts, good = measures.of_case(measure, case, now_ms=now, minutes=self.formula.minutes)
            of, reached = of + counts, reached + good
            if counts and len(found) < MOST_SHOWN:
                found.append(MeasuredCase(case=case, reached=good))
        # What counts against the unit comes first: it is what somebody looks for.
        return MeasuredCases(
            cases=sorted(found, key=lambda one: one.reached), of=of, reached=reached
        )

    async def _walk(self, month: Month) -> AsyncIterator[tuple[Case | None, int, int]]:
        """Yield the cases of the caller's regions, and None now and then, with the progress."""
        who = identity.current()
        regions = scope.indexes(who)
        counts = [await self._listing.count(region=one, only_open=False) for one in regions]
        expected, examined = sum(counts), 0
        yield None, examined, expected
        walk = self._listing.walk(region=regions, since=month.since_ms, until=month.until_ms - 1)
        async for case, _ in walk:
            examined += 1
            if scope.reaches(who, case.region):
                yield case, examined, expected
            if examined % _TELL_EVERY == 0:
                yield None, examined, expected

    def _score(
        self, tally: _UnitTally, tasks: Sequence[UnitTask], appeals: Sequence[Appeal], now_ms: int
    ) -> UnitScore:
        figures, unit = tally.figures, tally.unit
        own = [
            one for one in tasks if one.unit == unit.code and one.state is not UnitTaskState.DROPPED
        ]
        counts = {
            name: (measure.of(figures), measure.reached(figures))
            for name, measure in CASE_MEASURES.items()
        }
        due = [one for one in own if one.due_ms <= now_ms or one.in_time]
        counts[TASKS_IN_TIME] = (len(due), sum(one.in_time for one in due))
        region = keys.region_key(unit.region)
        decided = [
            one for one in appeals if one.state in DECIDED and (not region or lies_in(one, region))
        ]
        kept = sum(one.state is AppealState.REJECTED for one in decided)
        counts[BLOCKS_UPHELD] = (len(decided), kept)
        score, shares = self.formula.scored(counts)
        return UnitScore(
            unit=unit.code,
            score=score,
            rank=0,
            measures=shares,
            cases=figures.cases,
            warned=figures.warned,
            dissuaded=figures.dissuaded,
            lost_fen=figures.lost_fen,
            tasks=len(own),
            overdue_tasks=sum(one.overdue(now_ms) for one in own),
        )

    def _members(self) -> list[MemberUnit]:
        who = identity.current()
        return [
            one for one in self._tasks.members.values() if roles.may_access_region(who, one.region)
        ]

    def _visible(self, assessment: MonthlyAssessment) -> MonthlyAssessment:
        codes = {one.code for one in self._members()}
        if not identity.current().regions:
            return assessment
        return replace(
            assessment, scores=tuple(one for one in assessment.scores if one.unit in codes)
        )

    def _month(self, name: str) -> Month:
        month = months.month(name, self._utc_offset)
        if month.since_ms > self._tasks.now_ms():
            raise InvalidInput("month: {month} has not begun", month=name)
        return month


def _codes(case: Case) -> set[str]:
    """Return the keys of the regions that a case is in; the empty one is all of it."""
    region = case.region
    return {"", *map(keys.region_key, (region.province, region.city, region.county))}


def _ranked(
    scores: Sequence[UnitScore], members: Mapping[str, MemberUnit]
) -> tuple[UnitScore, ...]:
    """Rank scores within their level; the same score has the same rank."""
    level: Callable[[UnitScore], str] = lambda one: members[one.unit].level  # noqa: E731
    ranked = []
    for one in scores:
        better = [
            other
            for other in scores
            if level(other) == level(one) and (other.score or 0.0) > (one.score or 0.0)
        ]
        ranked.append(replace(one, rank=0 if one.score is None else len(better) + 1))
    order = list(members)
    return tuple(sorted(ranked, key=lambda one: (not one.rank, one.rank, order.index(one.unit))))
