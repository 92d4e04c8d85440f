"""Fills a data folder with the province: all stores, in the order in which things happened."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

from examples.province import appeals, cases, decisions, lists
from examples.province.campaigns import DAYS, FraudCampaign, all_campaigns
from examples.province.cases import CaseAct, CaseMaker, MadeCase
from examples.province.decisions import LogPlan
from examples.province.stores import DemoClock, Province, opened
from examples.province.timeline import Timeline
from services.decision_log import options
from services.settings.settings import Settings
from services.warning import keys

DAY_MS = 86_400_000
CASES_AT_ONCE = 100
_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvinceSize:
    """How much there is of everything."""

    decisions: int = 150_000
    cases: int = 4_000
    appeals: int = 160
    imports: int = 24
    campaigns: int = 120
    """Of all, evenly over the two years."""


@dataclass(slots=True)
class FillReport:
    """What was written, and how long each part took in seconds."""

    counts: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    given_up: bool = False
    """Whether the rest is not wanted any more."""


Progress = Callable[[str, float], None]
"""Is told what is being filled, and what share of it is done."""


def start_of(end_ms: int) -> int:
    """Return the midnight with which the two years begin."""
    return end_ms // DAY_MS * DAY_MS - (DAYS - 1) * DAY_MS


async def fill(
    settings: Settings, size: ProvinceSize, *, end_ms: int, progress: Progress
) -> FillReport:
    """Fill the data folder of *settings*; the two years end at *end_ms*."""
    report, everything = FillReport(), all_campaigns()
    campaigns = everything[:: max(len(everything) // size.campaigns, 1)]
    # Beside the others: it waits for the disk most of the time.
    logging = asyncio.create_task(
        asyncio.to_thread(_log, settings, size, campaigns, end_ms, (report, progress))
    )
    try:
        await _fill_stores(settings, size, campaigns, end_ms, (report, progress))
        await logging
    finally:
        report.given_up = True
    return report


async def _fill_stores(
    settings: Settings,
    size: ProvinceSize,
    campaigns: Sequence[FraudCampaign],
    end_ms: int,
    told: tuple[FillReport, Progress],
) -> None:
    """Fill what is in Redis, and the audit log."""
    async with opened(settings, DemoClock(start_of(end_ms))) as province:
        acts = await _cases(province, size, campaigns, end_ms, told)
        timeline = Timeline.with_acts(acts)
        _plan(timeline, size, campaigns, end_ms)
        await _stories(province, timeline, end_ms, told)
        await lists.count_hits(province, campaigns, end_ms)


def _log(
    settings: Settings,
    size: ProvinceSize,
    campaigns: Sequence[FraudCampaign],
    end_ms: int,
    told: tuple[FillReport, Progress],
) -> None:
    report, progress = told
    began = time.monotonic()
    plan = LogPlan(
        rows=size.decisions, days=DAYS, until_ms=end_ms, hours=decisions.demo_hours, bodies_days=25
    )
    root = options.folder(settings)
    for day, counts in enumerate(decisions.write_log(root, campaigns, plan, seed=3)):
        progress("decisions", (day + 1) / DAYS)
        report.counts["decisions"] = counts.written
        if report.given_up:
            return
    report.seconds["decisions"] = time.monotonic() - began


def _plan(
    timeline: Timeline, size: ProvinceSize, campaigns: Sequence[FraudCampaign], end_ms: int
) -> None:
    start = start_of(end_ms)
    lists.plan(timeline, campaigns, start, imports=size.imports)
    lists.plan_today(timeline, campaigns, end_ms)
    appeals.plan(timeline, campaigns, start, count=size.appeals, end_ms=end_ms)


async def _stories(
    province: Province, timeline: Timeline, end_ms: int, told: tuple[FillReport, Progress]
) -> None:
    """Let the changes of the lists and the appeals happen."""
    report, progress = told
    began, steps, taken = time.monotonic(), len(timeline), 0

    def tell() -> None:
        nonlocal taken
        taken += 1
        progress("lists", taken / steps)

    await timeline.run(province, end_ms, taken=tell)
    report.counts["steps"] = taken
    report.counts["audit records"] = province.audit.head.sequence
    report.seconds["lists"] = time.monotonic() - began


async def _cases(
    province: Province,
    size: ProvinceSize,
    campaigns: Sequence[FraudCampaign],
    end_ms: int,
    told: tuple[FillReport, Progress],
) -> list[CaseAct]:
    """Store all cases; return what people did with them."""
    report, progress = told
    began = time.monotonic()
    maker = CaseMaker(campaigns, province.router, end_ms=end_ms)
    acts: list[CaseAct] = []
    stored = 0
    for day, count in enumerate(cases.by_day(size.cases)):
        for some in batched(maker.day(day, count), CASES_AT_ONCE):
            stored += await _store(province, some)
            acts += [act for one in some for act in one.acts]
        progress("cases", (day + 1) / DAYS)
    await forget_outbox(province)
    report.counts["cases"] = stored
    report.seconds["cases"] = time.monotonic() - began
    return acts


async def _store(province: Province, made: Sequence[MadeCase]) -> int:
    done = await province.cases.commit([one.commit for one in made])
    return sum(done)


async def forget_outbox(province: Province) -> None:
    """Drop what the cases would have sent: their messages went out long ago."""
    for shard in keys.SHARDS:
        await province.client.delete(keys.key(shard, "outbox"))


def batched(items: Iterator[_Item], size: int) -> Iterator[list[_Item]]:
    """Return the items in lists of a size."""
    while some := list(islice(items, size)):
        yield some
