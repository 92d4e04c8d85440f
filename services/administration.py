"""Changes the lists: checks what is proposed, tells what becomes of each row, commits the rest.

A change is judged against the lists at one version and committed against that same
version, so what the report says is what happened. Heavy work runs in threads. One
change at a time in this process; other processes are told apart by the version.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from blocklists import intake
from blocklists.changes import Change, Outcome
from blocklists.entry_table import EntryTable, Identities, concatenate
from blocklists.intake import Defaults, Proposed
from blocklists.replica import Replica
from blocklists.snapshot import Snapshot
from blocklists.store import Store
from fanzha.errors import Unavailable, VersionConflict
from fanzha.phone import HomePlan
from services import identity, list_scope, shadow_resolution
from services.entry_life import EntryLife, HitReader, NoHits
from services.import_report import Imported, ImportReport, Wanted
from services.list_changes import (
    Done,
    Identity,
    Reference,
    Terms,
    Updated,
    addition_reports,
    judge,
    named_by,
    removal_reports,
)
from services.list_views import ListViews

_DAY_S = 86_400
_ATTEMPTS = 5
_PATIENCE_SECONDS = 120.0
_LOOK_SECONDS = 0.01


class Administration:
    """What administrators can do to the lists, and what they can see (``views``, ``life``)."""

    def __init__(
        self,
        *,
        store: Store,
        replica: Replica,
        home: HomePlan,
        now_ms: Callable[[], int],
        default_expiry_days: int,
        no_end_needs_review: bool = True,
        hits: HitReader | None = None,
        dead_entry_days: int = 180,
    ) -> None:
        self._store = store
        self._replica = replica
        self._home = home
        self._now_ms = now_ms
        self._default_term_s = default_expiry_days * _DAY_S
        self._no_end_needs_review = no_end_needs_review
        self._one_at_a_time = asyncio.Lock()
        self.views = ListViews(store=store, replica=replica, home=home, now_ms=now_ms)
        self.life = EntryLife(
            views=self.views,
            hits=hits or NoHits(),
            now_ms=now_ms,
            dead_entry_days=dead_entry_days,
        )

    async def update(
        self, additions: Proposed, removals: Sequence[Reference], terms: Terms
    ) -> Updated:
        """Add and remove entries in one change."""
        now_s = self._now_ms() // 1000
        defaults = self._defaults(terms, now_s)
        checked = await asyncio.to_thread(
            intake.check, additions, defaults, home=self._home, now_s=now_s
        )
        named, unreadable = named_by(removals, self._home)
        done = await self._change(checked.table, [one for _, one in named], terms)
        return Updated(
            version=done.version,
            additions=addition_reports(checked, done.outcomes),
            removals=removal_reports(named, done.found, unreadable),
        )

    async def resolve_shadows(
        self, references: Sequence[Reference], terms: Terms, *, drop: bool
    ) -> Updated:
        """Let shadow entries enforce, or *drop* them; the report on each is in ``additions``."""
        snapshot = await self._caught_up()
        if terms.expected_version not in (None, snapshot.version):
            raise _conflict(snapshot.version, terms.expected_version)
        return await shadow_resolution.resolve(
            self, snapshot, references, terms, drop=drop, home=self._home
        )

    def begin_import(
        self, adjust: Callable[[Defaults], Defaults], terms: Terms, wanted: Wanted
    ) -> "Import":
        """Start an import, which takes rows until it is finished, and reports what is *wanted*.

        *adjust* turns what holds for any change into what holds for the rows of this one.
        """
        now_s = self._now_ms() // 1000
        # Files of bureaus say "permanent" where they say nothing of a review.
        defaults = replace(adjust(self._defaults(terms, now_s)), gives_term=True)
        return Import(self, defaults, terms, wanted, home=self._home, now_s=now_s)

    async def finish_import(self, table: EntryTable, terms: Terms) -> Done:
        """Commit what an import has gathered."""
        return await self._change(table, [], terms, conflicts_at_s=self._now_ms() // 1000)

    async def _change(
        self,
        table: EntryTable,
        named: Sequence[Identity],
        terms: Terms,
        *,
        conflicts_at_s: int | None = None,
    ) -> Done:
        async with self._one_at_a_time:
            for _ in range(_ATTEMPTS):
                snapshot = await self._caught_up()
                who = identity.current()
                if who.sources:
                    await asyncio.to_thread(list_scope.check, who, snapshot, table, named)
                done = await asyncio.to_thread(judge, snapshot, table, named, conflicts_at_s)
                if terms.expected_version not in (None, snapshot.version):
                    raise _conflict(snapshot.version, terms.expected_version)
                if terms.dry_run or done.nothing:
                    return done
                change = await asyncio.to_thread(self._written, table, done, terms)
                try:
                    committed = await self._store.commit(change, expected_version=snapshot.version)
                except VersionConflict:
                    continue  # somebody else was first: judge anew
                done.version = committed.version
                return done
        raise VersionConflict("others change the lists all the time; try again")

    def _written(self, table: EntryTable, done: Done, terms: Terms) -> Change:
        removals = Identities.of(done.found)
        wanted = done.outcomes != Outcome.REFUSED
        if not done.found:
            # A removal of the same identity must not outlive a duplicate, hence the condition.
            wanted &= done.outcomes != Outcome.DUPLICATE
        table = table.take(np.flatnonzero(wanted))
        return Change(
            version=0,
            author=terms.author,
            reason=terms.reason,
            committed_at_ms=self._now_ms(),
            additions=table,
            removals=removals,
        )

    def _defaults(self, terms: Terms, now_s: int) -> Defaults:
        return Defaults(
            expires_s=now_s + self._default_term_s,
            reason=terms.reason,
            author=terms.author,
            no_end_needs_review=self._no_end_needs_review,
        )

    async def _caught_up(self) -> Snapshot:
        """Wait until this process has the lists of the store."""
        head = await self._store.head()
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while self._replica.current.version < head.version or not self._replica.loaded:
            if time.monotonic() > deadline:
                raise Unavailable(
                    f"lists here are at version {self._replica.current.version}, those of "
                    f"the store at {head.version}; try again"
                )
            await asyncio.sleep(_LOOK_SECONDS)
        return self._replica.current


def _conflict(version: int, expected: int | None) -> VersionConflict:
    return VersionConflict(f"expected_version: the lists are at {version}, not {expected}")


class Import:
    """Rows on their way into the lists: folded into columns as they arrive."""

    def __init__(
        self,
        administration: Administration,
        defaults: Defaults,
        terms: Terms,
        wanted: Wanted,
        *,
        home: HomePlan,
        now_s: int,
    ) -> None:
        self.terms = terms
        self._administration = administration
        self._defaults = defaults
        self._home = home
        self._now_s = now_s
        self._tables: list[EntryTable] = []
        self._report = ImportReport(wanted)

    def fold(self, lines: Sequence[int], proposed: Proposed) -> None:
        """Take rows in; for a thread. *lines* name them in the report."""
        checked = intake.check(proposed, self._defaults, home=self._home, now_s=self._now_s)
        self._tables.append(checked.table)
        self._report.add(lines, checked)

    async def finish(self) -> Imported:
        """Commit what was taken in, as one change."""
        table = await asyncio.to_thread(concatenate, self._tables)
        self._tables.clear()
        done = await self._administration.finish_import(table, self.terms)
        return await asyncio.to_thread(self._report.result, table, done)
