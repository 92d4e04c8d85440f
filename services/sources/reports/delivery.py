"""Counts reports of people, and proposes an entry where enough independent ones agree.

A report is a suspicion and no proof: nothing is blocked by it. What enough people reported becomes
a change request that waits for a reviewer; guards, popular hosts and allow entries hold as always.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Protocol

from blocklists.entries import EntryKind
from blocklists.queries import MatchingEntries
from blocklists.row_validation import ProposedRows
from blocklists.store.changes import RowOutcome
from fanzha.decisions import Action
from fanzha.errors import InvalidInput, VersionConflict
from fanzha.fraud import FraudType
from fanzha.phone import HomePlan
from services.auth import identity
from services.changes.report import ChangeTerms, UpdateReport
from services.sources.delivery import CheckedFile, Delivered, author, check_rows
from services.sources.model import DataSource
from services.sources.reports import rings
from services.sources.reports.reader import ReportReader, ReportRow, UserReport
from services.sources.reports.rules import DAY_MS
from services.sources.reports.store import ReportStatus, ReportStore
from services.warning.outcomes import loss_means
from services.warning.outcomes.loss_means import ProposedEntry

LAW = "《中华人民共和国反电信网络诈骗法》第三十二条"
"""Legal basis of the entries that are proposed."""
LISTED_BECAUSE = "reported as fraud by several people"
_AT_ONCE = 500
_DAY_S = 86_400


class ReviewedLists(Protocol):
    """List administration, as reports need it."""

    async def find(self, pattern: str) -> MatchingEntries:
        """Return the entries that match a pattern. Raises `InvalidInput`."""
        ...

    def is_popular(self, host: str) -> bool:
        """Whether a host is too popular for some reports to be evidence against it."""
        ...

    async def propose(self, rows: ProposedRows, terms: ChangeTerms) -> UpdateReport:
        """Make a change request that waits."""
        ...


class ReportDelivery:
    """Takes files of reports."""

    def __init__(
        self,
        store: ReportStore,
        lists: ReviewedLists,
        *,
        key: Callable[[], Awaitable[bytes]],
        home: HomePlan,
        now_ms: Callable[[], int],
    ) -> None:
        """Take the *key* that reporters are hashed with."""
        self._store = store
        self._lists = lists
        self._key = key
        self._home = home
        self._now_ms = now_ms

    async def check(self, source: DataSource, file: Path) -> CheckedFile:
        """Read a file and change nothing."""
        reader = await self._reader()

        def count() -> CheckedFile:
            rows = refused = 0
            for one in reader.rows(file, source.reports):
                rows += 1
                refused += isinstance(one.report, InvalidInput)
                check_rows(rows, source.limits.most_rows)
            return CheckedFile(rows=rows, refused=refused)

        return await asyncio.to_thread(count)

    async def deliver(self, source: DataSource, file: Path) -> Delivered:
        """Count the reports of a file, and propose what enough people have reported."""
        rows = (await self._reader()).rows(file, source.reports)
        results: Counter[str] = Counter()
        enough: dict[ProposedEntry, Counter[FraudType]] = {}
        while batch := await asyncio.to_thread(_some, rows):
            reports = [one.report for one in batch if isinstance(one.report, UserReport)]
            results["invalid"] += len(batch) - len(reports)
            added = await self._store.add(reports, source.reports, self._now_ms())
            for report, (status, people) in zip(reports, added, strict=True):
                results[status.name.lower()] += 1
                if people >= source.reports.reporters and status is ReportStatus.COUNTED:
                    enough.setdefault(report.subject, Counter())[report.fraud_type] += 1
        last = 0
        for subject, kinds in enough.items():
            what, change_id = await self._propose(source, subject, kinds)
            results[what] += 1
            last = change_id or last
        return Delivered(results=+results, change_id=last)

    async def _reader(self) -> ReportReader:
        return ReportReader(await self._key(), self._home, now_ms=self._now_ms)

    async def _propose(
        self, source: DataSource, subject: ProposedEntry, kinds: Counter[FraudType]
    ) -> tuple[str, int]:
        """Propose a subject; return what became of it, in a word, and the change request."""
        now, rules = self._now_ms(), source.reports
        since = now - rules.window_ms
        if await self._store.proposed(subject, since):
            return "proposed_before", 0
        reporters = await self._store.reporters(subject, since)
        people = rings.independent(reporters, rules.shared)
        if people < rules.reporters:
            return "ring", 0
        if await self._store.proposals(source.name, now - DAY_MS) >= rules.most_proposals:
            return "too_many_proposals", 0
        try:
            what, change_id = await self._request(source, subject, kinds, people)
        except InvalidInput:
            what, change_id = "not_listable", 0
        except VersionConflict:
            return "locked", 0  # another change request has it; the next report asks again
        await self._store.note_proposed(subject, source.name, now, rules.window_ms)
        return what, change_id

    async def _request(
        self,
        source: DataSource,
        subject: ProposedEntry,
        kinds: Counter[FraudType],
        people: int,
    ) -> tuple[str, int]:
        now_s = self._now_ms() // 1000
        found = await self._lists.find(subject.pattern)
        if found.protected_because:
            return "protected", 0
        if reason := loss_means.existing_entry_reason(subject, found.entries, now_s):
            return reason.value, 0
        if subject.kind is EntryKind.HOST and self._lists.is_popular(subject.pattern):
            return "popular", 0
        of_source = author(source)
        terms = ChangeTerms(
            author=of_source.name,
            reason=f"{people} independent people reported it within {source.reports.within_days} "
            f"days ({source.name})",
        )
        with identity.acting_as(of_source):
            done = await self._lists.propose(_row(source, subject, kinds, now_s), terms)
        if any(one.outcome is not RowOutcome.ADDED for one in done.additions):
            return "not_listable", 0
        return "proposed", done.requested.change_id if done.requested else 0


def _row(
    source: DataSource, subject: ProposedEntry, kinds: Counter[FraudType], now_s: int
) -> ProposedRows:
    named = [(kind, count) for kind, count in kinds.items() if kind]
    fraud_type = max(named, key=lambda pair: pair[1])[0] if named else FraudType.UNSPECIFIED
    return ProposedRows(
        patterns=[subject.pattern],
        kinds=[int(subject.kind)],
        actions=[int(Action.BLOCK)],
        directions=[0],
        fraud_types=[int(fraud_type)],
        sources=[int(source.source)],
        expires_s=[now_s + source.reports.entry_days * _DAY_S],
        reasons=[LISTED_BECAUSE],
        legal_bases=[LAW],
        campaigns=[""],
        authors=[author(source).name],
    )


def _some(rows: Iterator[ReportRow]) -> Sequence[ReportRow]:
    return list(islice(rows, _AT_ONCE))
