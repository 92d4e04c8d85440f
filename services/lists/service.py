"""List administration: checks proposed rows, reports on each, and submits the change.

Each change is a change request (`services.changes`), applied at once where one person may, else
pending. It is compared with one version of the lists and committed over that version only, so the
report is exact. Heavy work runs in threads.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from blocklists import row_validation
from blocklists.critical import held_rows
from blocklists.critical.risks import RiskFinder
from blocklists.entries import Source
from blocklists.entry_table import EntryTable, Identities, concatenate
from blocklists.queries import ListQueries, ListStatus, rows_of
from blocklists.row_validation import CheckedRows, ProposedRows, RowDefaults
from blocklists.snapshot.replica import Replica
from blocklists.snapshot.snapshot import NO_ENTRY
from blocklists.store.changes import RowOutcome
from blocklists.store.current_lists import CurrentLists
from blocklists.store.store import Store
from fanzha.errors import InvalidInput, VersionConflict
from fanzha.phone import HomePlan
from fanzha.translation.message import Message
from infra import paging
from services.auth import identity, region_scope
from services.changes import change_context
from services.changes.model import ChangeKind, Draft
from services.changes.past.entry_history import EntryHistoryPage
from services.changes.report import (
    ChangeTerms,
    Reference,
    UpdateReport,
    addition_reports,
    removal_reports,
    resolve_references,
    summarize_request,
)
from services.changes.scope import region_checks, shown_parts
from services.changes.service import ChangeService
from services.lists import critical, retirement, shadow_resolution
from services.lists.bulk_changes import BulkChanges
from services.lists.critical import CriticalAnswer
from services.lists.drafts import dropped_counts, first_problems
from services.lists.import_report import ImportReport, ImportResult, RowLimits
from services.lists.lifecycle import EntryLifecycle
from services.lists.lifecycle_pages import HitCountReader, NoHits
from services.lists.search.entry_search import EntrySearch
from services.lists.search.hit_rows import HitRows

_DAY_S = 86_400


class ListService:
    """Changes of the lists, and read access to them (``views``, ``life``, ``search``)."""

    def __init__(
        self,
        *,
        store: Store,
        replica: Replica,
        changes: ChangeService,
        home: HomePlan,
        now_ms: Callable[[], int],
        default_expiry_days: int,
        fraud_types_of: Mapping[int, int] | None = None,
        no_end_needs_review: bool = True,
        hits: HitCountReader | None = None,
        dead_entry_days: int = 180,
    ) -> None:
        self._changes = changes
        self._current = CurrentLists(store, replica)
        self._home = home
        self._now_ms = now_ms
        self._default_term_s = default_expiry_days * _DAY_S
        self._fraud_types_of = fraud_types_of or {}
        self._no_end_needs_review = no_end_needs_review
        self.views = ListQueries(
            store=store,
            replica=replica,
            home=home,
            now_ms=now_ms,
            readable=region_scope.readable,
        )
        counted = hits or NoHits()
        self.search = EntrySearch(
            store=store, replica=replica, home=home, hits=HitRows(counted), now_ms=now_ms
        )
        self.bulk = BulkChanges(search=self.search, changes=changes, now_ms=now_ms)
        self.life = EntryLifecycle(
            views=self.views,
            hits=counted,
            now_ms=now_ms,
            dead_entry_days=dead_entry_days,
        )

    async def update(
        self,
        additions: ProposedRows,
        removals: Sequence[Reference],
        terms: ChangeTerms,
        kind: ChangeKind = ChangeKind.NORMAL,
        *,
        wait: bool = False,
    ) -> UpdateReport:
        """Add and remove entries in one change request; with *wait* it is not applied yet."""
        checked = await self._check_rows(additions, terms)
        named, unreadable = resolve_references(removals, self._home)
        invalid = Counter({RowOutcome.INVALID: len(unreadable)})
        draft = Draft(
            kind=kind,
            author=terms.author,
            reason=terms.reason,
            additions=checked.table,
            removals=Identities.of([one for _, one in named]),
            expected_version=terms.expected_version,
            confirmed_risks=terms.confirmed_risks,
            may_replace=terms.may_replace,
            false_positive=terms.false_positive,
            problems=first_problems(checked.problems),
            dropped=dropped_counts(Counter(one.outcome for one in checked.problems) + invalid),
        )
        done = await self._changes.submit_and_apply(draft, dry_run=terms.dry_run, wait=wait)
        there = done.diff.present.tolist()
        found = [one for (_, one), is_there in zip(named, there, strict=True) if is_there]
        return UpdateReport(
            version=done.version,
            additions=addition_reports(checked, done.diff.outcomes),
            removals=removal_reports(named, found, unreadable),
            requested=summarize_request(done),
        )

    async def _check_rows(self, rows: ProposedRows, terms: ChangeTerms) -> CheckedRows:
        now_s = self._now_ms() // 1000
        defaults = self._defaults(terms, now_s)
        return await asyncio.to_thread(
            row_validation.validate, rows, defaults, home=self._home, now_s=now_s
        )

    async def status(self) -> ListStatus:
        """Return the state of the lists, pending requests and unconfirmed emergencies included."""
        emergencies = await self._changes.views.emergencies()
        return replace(
            await self.views.status(),
            emergencies=[one.id for one in emergencies],
            pending_changes=await self._changes.views.pending_count(),
        )

    async def history_of(self, reference: Reference, *, size: int, token: str) -> EntryHistoryPage:
        """Return a page of what change requests did to an entry."""
        named, unreadable = resolve_references([reference], self._home)
        if unreadable:
            raise InvalidInput(unreadable[0])
        if len(named) != 1:
            raise InvalidInput("entry.action: required")
        entry = Identities.of([named[0][1]])
        snapshot = await self.views.newest()
        row = int(rows_of(snapshot, entry)[0])
        now = None if row == NO_ENTRY else snapshot.entry(row)
        page = await self._changes.views.entries.of(
            entry, now, before_id=paging.number_of(token), size=size
        )
        return replace(page, events=shown_parts.shown_events(page.events))

    def critical(self, pattern: str, category: str) -> CriticalAnswer:
        """Return critical names and numbers, or what a block of *pattern* would hit."""
        return critical.look_up(
            self._changes.risks,
            pattern,
            category,
            home=self._home,
            now_s=self._now_ms() // 1000,
        )

    async def resolve_shadows(
        self, references: Sequence[Reference], terms: ChangeTerms, *, drop: bool
    ) -> UpdateReport:
        """Make shadow entries enforce, or *drop* them; ``additions`` reports on each."""
        snapshot = await region_scope.readable(await self._current.caught_up())
        if terms.expected_version not in (None, snapshot.version):
            raise _conflict(snapshot.version, terms.expected_version)
        return await shadow_resolution.resolve(
            self, snapshot, references, terms, drop=drop, home=self._home
        )

    async def propose_retirement(
        self, references: Sequence[Reference], terms: ChangeTerms, *, days: int
    ) -> UpdateReport:
        """Propose to remove dead entries; ``removals`` reports on each."""
        snapshot = await region_scope.readable(await self._current.caught_up())
        if terms.expected_version not in (None, snapshot.version):
            raise _conflict(snapshot.version, terms.expected_version)

        async def remove(limits: Sequence[Reference], terms: ChangeTerms) -> UpdateReport:
            return await self.update(
                row_validation.NOTHING, limits, terms, kind=ChangeKind.RETIREMENT, wait=True
            )

        return await retirement.propose(
            remove, self.life, snapshot, references, terms, days=days, home=self._home
        )

    def begin_import(
        self, adjust: Callable[[RowDefaults], RowDefaults], terms: ChangeTerms, limits: RowLimits
    ) -> "ImportUpload":
        """Start an import; add rows to it, then finish it. *limits* limits the report.

        *adjust* turns the defaults of all changes into those of this import.
        """
        now_s = self._now_ms() // 1000
        # Files of bureaus mark entries permanent without naming a review date.
        defaults = replace(adjust(self._defaults(terms, now_s)), gives_term=True)
        return ImportUpload(
            self,
            defaults,
            terms,
            limits,
            home=self._home,
            now_s=now_s,
            risks=self._changes.risks,
        )

    async def within_regions(self, table: EntryTable, report: ImportReport) -> EntryTable:
        """Return the rows that the caller's regions may write; *report* refuses the others."""
        who = identity.current()
        if not who.regions:
            return table
        snapshot = await self._current.caught_up()
        beyond = await asyncio.to_thread(region_checks.rows_beyond, who, snapshot, table)
        if not beyond:
            return table
        report.refuse(beyond)
        return table.take(np.setdiff1d(np.arange(len(table)), list(beyond)))

    async def finish_import(
        self, table: EntryTable, terms: ChangeTerms, defaults: RowDefaults, report: ImportReport
    ) -> change_context.SubmissionResult:
        """Submit the rows of an import."""
        draft = Draft(
            kind=ChangeKind.IMPORT,
            author=terms.author,
            reason=terms.reason,
            additions=table,
            removals=Identities.of([]),
            legal_basis=defaults.legal_basis,
            source=Source(defaults.source) if defaults.source in set(Source) else None,
            campaign=defaults.campaign,
            expires_s=defaults.expires_s,
            expected_version=terms.expected_version,
            confirmed_risks=terms.confirmed_risks,
            may_replace=terms.may_replace,
            problems=first_problems(report.problems),
            dropped=dropped_counts(report.counted()),
        )
        return await self._changes.submit_and_apply(draft, dry_run=terms.dry_run)

    def _defaults(self, terms: ChangeTerms, now_s: int) -> RowDefaults:
        return RowDefaults(
            expires_s=now_s + self._default_term_s,
            reason=terms.reason,
            author=terms.author,
            region=region_scope.own_region(),
            no_end_needs_review=self._no_end_needs_review,
            fraud_types_of=self._fraud_types_of,
        )


def _conflict(version: int, expected: int | None) -> VersionConflict:
    return VersionConflict.between(
        "expected_version", Message("the lists are"), expected=expected, actual=version
    )


class ImportUpload:
    """An import in progress: rows become columns as they arrive."""

    def __init__(
        self,
        administration: ListService,
        defaults: RowDefaults,
        terms: ChangeTerms,
        limits: RowLimits,
        *,
        home: HomePlan,
        now_s: int,
        risks: RiskFinder,
    ) -> None:
        self.terms = terms
        self._risks = risks
        self._administration = administration
        self._defaults = defaults
        self._home = home
        self._now_s = now_s
        self._tables: list[EntryTable] = []
        self._report = ImportReport(limits)

    def fold(self, lines: Sequence[int], proposed: ProposedRows) -> None:
        """Add rows; call it in a thread. *lines* are their line numbers in the report."""
        checked = row_validation.validate(
            proposed, self._defaults, home=self._home, now_s=self._now_s
        )
        held = held_rows.hold_back(checked, self._risks, self.terms.confirmed_risks)
        self._tables.append(held.table)
        self._report.add(lines, held, held_back=len(checked.rows) - len(held.rows))

    async def finish(self) -> ImportResult:
        """Submit all rows as one change."""
        table = await asyncio.to_thread(concatenate, self._tables)
        self._tables.clear()
        if self.terms.leaves_out_beyond:
            table = await self._administration.within_regions(table, self._report)
        done = await self._administration.finish_import(
            table, self.terms, self._defaults, self._report
        )
        return await asyncio.to_thread(self._report.result, table, done)
