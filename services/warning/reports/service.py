"""Builds a report: one pass over the cases of a period, in total and by group."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from enum import IntEnum

from fanzha.errors import InvalidInput
from infra.redis.client import Client
from services.auth import identity
from services.settings.settings import Settings
from services.warning.cases.listing import CaseListing
from services.warning.cases.model import Case
from services.warning.cases.store import CaseStore
from services.warning.desk import scope
from services.warning.reports.model import CaseFigures

DEFAULT_MINUTES = 30
MOST_MINUTES = 7 * 24 * 60
MOST_GROUPS = 5_000
"""Covers two years of days and all counties; bounds memory against many source names."""
_TELL_EVERY = 2_000


class ReportGrouping(IntEnum):
    """How cases are grouped; numbered as on the wire."""

    NOTHING = 0
    CITY = 1
    COUNTY = 2
    SOURCE = 3
    FRAUD_TYPE = 4
    DAY = 5
    TIER = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRequest:
    """Period, grouping and region of a report."""

    since_ms: int = 0
    until_ms: int = 0
    """0: until now."""
    by: ReportGrouping = ReportGrouping.NOTHING
    minutes: int = DEFAULT_MINUTES
    region: str = ""
    """Empty: all regions in the scope of the caller."""


@dataclass(slots=True, kw_only=True)
class WarningReport:
    """Figures of the cases opened in a period, in their state at `made_at_ms`."""

    made_at_ms: int
    since_ms: int
    until_ms: int
    minutes: int
    all: CaseFigures = field(default_factory=CaseFigures)
    groups: dict[str, CaseFigures] = field(default_factory=dict)
    """By name; empty: unknown."""
    without_group: int = 0
    """Cases in groups beyond `MOST_GROUPS`."""

    def add(self, case: Case, group: str | None) -> None:
        """Add a case to the total and to *group*, if given."""
        self.all.add(case, now_ms=self.made_at_ms, minutes=self.minutes)
        if group is None:
            return
        if group not in self.groups and len(self.groups) >= MOST_GROUPS:
            self.without_group += 1
            return
        figures = self.groups.setdefault(group, CaseFigures())
        figures.add(case, now_ms=self.made_at_ms, minutes=self.minutes)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportProgress:
    """Progress of a report."""

    examined: int
    expected: int
    """Upper bound of the number of cases."""
    report: WarningReport | None = None
    """None until it is complete."""


class ReportService:
    """Builds reports, one at a time. Raises `Unavailable` while Redis is away."""

    def __init__(
        self,
        listing: CaseListing,
        *,
        now_ms: Callable[[], int],
        utc_offset: timedelta = timedelta(hours=8),
    ) -> None:
        """*utc_offset* is the time zone of the bureau, for days."""
        self._listing = listing
        self._now_ms = now_ms
        self._clock = timezone(utc_offset)
        self._one_at_a_time = asyncio.Lock()

    async def make(self, request: ReportRequest) -> AsyncIterator[ReportProgress]:
        """Yield progress now and then, and at last the report. Raises `InvalidInput`."""
        now = self._now_ms()
        check(request, now)
        who = identity.current()
        regions = scope.indexes(who, request.region)
        until = min(request.until_ms or now, now)
        report = WarningReport(
            made_at_ms=now, since_ms=request.since_ms, until_ms=until, minutes=request.minutes
        )
        async with self._one_at_a_time:
            counts = [await self._listing.count(region=one, only_open=False) for one in regions]
            expected, examined = sum(counts), 0
            yield ReportProgress(examined=0, expected=expected)
            walk = self._listing.walk(region=regions, since=request.since_ms, until=until - 1)
            async for case, _ in walk:
                inside = not request.region or scope.is_in(case.region, request.region)
                if inside and scope.reaches(who, case.region):
                    report.add(case, self._group(case, request.by))
                examined += 1
                if examined % _TELL_EVERY == 0:
                    yield ReportProgress(examined=examined, expected=expected)
        yield ReportProgress(examined=examined, expected=expected, report=report)

    def _group(self, case: Case, by: ReportGrouping) -> str | None:
        if by is ReportGrouping.DAY:
            at = datetime.fromtimestamp(case.opened_at_ms / 1000, self._clock)
            return f"{at:%Y-%m-%d}"
        return _GROUPS[by](case)


def build(settings: Settings, client: Client, *, now_ms: Callable[[], int]) -> ReportService:
    """Build the service for list administration; *client* must decode answers."""
    return ReportService(
        CaseListing(client, CaseStore(client)),
        now_ms=now_ms,
        utc_offset=timedelta(hours=settings.warning_utc_offset_hours),
    )


def check(request: ReportRequest, now_ms: int) -> None:
    """Raise `InvalidInput` for an invalid request."""
    if not 1 <= request.minutes <= MOST_MINUTES:
        raise InvalidInput(
            "minutes: 1 to {most_minutes}, not {minutes}",
            most_minutes=MOST_MINUTES,
            minutes=request.minutes,
        )
    if request.since_ms < 0 or request.until_ms < 0:
        raise InvalidInput("since_ms, until_ms: not before 1970")
    if request.since_ms >= min(request.until_ms or now_ms, now_ms):
        raise InvalidInput("since_ms: must be before until_ms and in the past")


def _city(case: Case) -> str:
    return case.region.city or case.region.province


def _source(case: Case) -> str:
    return case.origins[0].source_name if case.origins else ""


_GROUPS: Mapping[ReportGrouping, Callable[[Case], str | None]] = {
    ReportGrouping.NOTHING: lambda _case: None,
    ReportGrouping.CITY: _city,
    ReportGrouping.COUNTY: lambda case: case.region.code,
    ReportGrouping.SOURCE: _source,
    ReportGrouping.FRAUD_TYPE: lambda case: case.fraud_type.name.lower() if case.fraud_type else "",
    ReportGrouping.TIER: lambda case: case.tier.name.lower() if case.tier else "",
}
