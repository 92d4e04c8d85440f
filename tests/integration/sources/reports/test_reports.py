"""Reports of people: who counts, who floods, and what a ring can do, on a real store."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from blocklists.entries import Source
from blocklists.queries import MatchingEntries
from blocklists.row_validation import ProposedRows
from blocklists.store.changes import RowOutcome
from fanzha.phone import HomePlan
from infra.redis.client import Client, connect
from services.changes.report import ChangeTerms, RequestSummary, RowReport, UpdateReport
from services.sources.model import Brings, Connector, DataSource
from services.sources.reports.delivery import ReportDelivery
from services.sources.reports.keys import reporter_key
from services.sources.reports.rules import ReportRules
from services.sources.reports.store import ReportStore
from tests.support.sources import a_source

DAY_MS = 86_400_000
NOW_MS = 1_800_000_000_000
NUMBER = "+8617000000501"


@dataclass
class ProposalList:
    """Keeps what is proposed."""

    patterns: list[str] = field(default_factory=list)
    terms: list[ChangeTerms] = field(default_factory=list)
    protected: str = ""
    popular: str = ""

    async def find(self, pattern: str) -> MatchingEntries:
        because = "protected" if pattern == self.protected else ""
        return MatchingEntries(entries=(), version=1, protected_because=because)

    def is_popular(self, host: str) -> bool:
        return host == self.popular

    async def propose(self, rows: ProposedRows, terms: ChangeTerms) -> UpdateReport:
        self.patterns += rows.patterns
        self.terms.append(terms)
        done = [RowReport(row=0, outcome=RowOutcome.ADDED)]
        asked = RequestSummary(change_id=len(self.patterns), state=1)
        return UpdateReport(version=1, additions=done, removals=[], requested=asked)


class Reporting:
    """Delivers reports."""

    def __init__(self, client: Client, folder: Path) -> None:
        self.lists = ProposalList()
        self.now_ms = NOW_MS
        self.client: Any = client
        self._folder = folder
        self._delivery = ReportDelivery(
            ReportStore(client),
            self.lists,
            key=reporter_key(None, client),
            home=HomePlan(),
            now_ms=lambda: self.now_ms,
        )

    async def report(
        self,
        rows: Sequence[tuple[str, str]],
        rules: ReportRules | None = None,
        *,
        at_ms: int | None = None,
    ) -> dict[str, int]:
        """Deliver reports as pairs of reporter and subject."""
        time = self.now_ms if at_ms is None else at_ms
        file = self._folder / "reports.csv"
        lines = [f"{who},{what},{time}" for who, what in rows]
        head = "reporter,link,reported_at" if "." in rows[0][1] else "reporter,number,reported_at"
        file.write_text("\n".join([head, *lines]))
        done = await self._delivery.deliver(source(rules or ReportRules()), file)
        return dict(done.results)


def source(rules: ReportRules) -> DataSource:
    found = a_source(Connector.FOLDER, "/nowhere", brings=Brings.REPORTS)
    return replace(found, source=Source.TECH_COMPANY, reports=rules)


@pytest.fixture
async def reporting(redis_url: str, tmp_path: Path) -> AsyncIterator[Reporting]:
    client = connect(redis_url)
    yield Reporting(client, tmp_path)
    await client.aclose()


async def test_three_strangers_within_days_make_one_proposal(reporting: Reporting) -> None:
    first = await reporting.report([("u1", NUMBER), ("u2", NUMBER)])
    reporting.now_ms += 6 * DAY_MS
    second = await reporting.report([("u3", NUMBER)])
    third = await reporting.report([("u4", NUMBER), ("u5", NUMBER)])

    assert first == {"counted": 2}
    assert second == {"counted": 1, "proposed": 1}
    assert third == {"counted": 2, "proposed_before": 1}
    assert reporting.lists.patterns == [NUMBER]
    assert reporting.lists.terms[0].author == "source:ministry"


async def test_reports_that_are_further_apart_make_none(reporting: Reporting) -> None:
    await reporting.report([("u1", NUMBER), ("u2", NUMBER)])
    reporting.now_ms += 8 * DAY_MS

    later = await reporting.report([("u3", NUMBER)])
    old = await reporting.report([("u4", NUMBER)], at_ms=NOW_MS)

    assert (later, old) == ({"counted": 1}, {"old": 1})
    assert reporting.lists.patterns == []


async def test_a_file_delivered_twice_counts_once(reporting: Reporting) -> None:
    rows = [("u1", NUMBER), ("u2", NUMBER)]

    assert await reporting.report(rows) == {"counted": 2}
    assert await reporting.report(rows) == {"repeated": 2}


async def test_a_person_who_floods_counts_for_so_many_subjects_a_day(reporting: Reporting) -> None:
    rules = ReportRules(most_a_day=20)
    rows = [("u1", f"+86170000{number:05}") for number in range(50)]

    first = await reporting.report(rows, rules)
    again = await reporting.report(rows, rules)
    reporting.now_ms += 3 * DAY_MS
    next_day = await reporting.report([("u1", NUMBER)], rules)

    assert first == {"counted": 20, "flooding": 30}
    assert again == {"repeated": 20, "flooding": 30}
    assert next_day == {"counted": 1}


async def test_a_ring_that_reports_the_same_subjects_proposes_nothing(
    reporting: Reporting,
) -> None:
    ring = [f"u{number}" for number in range(10)]
    numbers = [f"+86170000{number:05}" for number in range(8)]
    rules = ReportRules(reporters=3, shared=5)

    results = await reporting.report([(who, what) for what in numbers for who in ring], rules)
    strangers = await reporting.report([("s1", numbers[0]), ("s2", numbers[0])], rules)

    assert results == {"counted": 80, "ring": 8}
    assert strangers == {"counted": 2, "proposed": 1}, "the ring counts as one person"


async def test_what_is_protected_or_popular_is_not_proposed(reporting: Reporting) -> None:
    reporting.lists.protected, reporting.lists.popular = NUMBER, "pay.example"
    people = ["u1", "u2", "u3"]

    protected = await reporting.report([(who, NUMBER) for who in people])
    popular = await reporting.report([(who, "https://pay.example/a") for who in people])

    assert (protected["protected"], popular["popular"]) == (1, 1)
    assert reporting.lists.patterns == []


async def test_proposals_of_a_day_are_bounded(reporting: Reporting) -> None:
    rules = ReportRules(most_proposals=2)
    rows = [(f"u{n}-{who}", f"+86170000{n:05}") for n in range(4) for who in range(3)]

    results = await reporting.report(rows, rules)
    reporting.now_ms += 2 * DAY_MS
    later = await reporting.report([("late", "+8617000000002"), ("late", "+8617000000003")], rules)

    assert (results["proposed"], results["too_many_proposals"]) == (2, 2)
    assert later["proposed"] == 2, "what waited is asked for again by its next report"


async def test_the_store_knows_no_reporter(reporting: Reporting) -> None:
    await reporting.report([("13800000001", NUMBER)])

    kept = [key async for key in reporting.client.scan_iter("*reports*")]
    values = [
        repr(await reporting.client.zrange(key, 0, -1))
        for key in kept
        if await reporting.client.type(key) == "zset"
    ]

    assert len(values) == 2
    assert not any("13800000001" in text for text in [*kept, *values])
    assert all([await reporting.client.pttl(key) > 0 for key in kept if ":key" not in key])
