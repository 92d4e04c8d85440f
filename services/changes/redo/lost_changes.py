"""Finds changes of the lists that the store acknowledged and lost, and applies them again.

Every few seconds the changes of the `RedoJournal` are looked for in the store: the last ones by
name, as many as the store remembers; of the others the newest. A failover takes the end of a
history away, so with a change those of lower versions are there, too. What comes after the newest
that is there was lost, and so was what has a version that was made again.
It is committed again, in order, under the name it had, after the audit log has that. A change is
only reported (``change_lost``) and set aside where the store has changed one of its entries since,
where its file is damaged, or where the store has none of what is kept: then it is another store,
or a backup of it, and whoever put it there decides.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from enum import StrEnum

from blocklists.store.changes import ListChange
from blocklists.store.store import Store
from fanzha.errors import Unavailable, VersionConflict
from fanzha.translation.message import Message
from infra.periodic import run_periodically
from services.audit.events import Audit, AuditKind
from services.changes.entry_set import EntrySet
from services.changes.redo.journal import JournalledChange, RedoJournal

logger = logging.getLogger(__name__)

INTERVAL_SECONDS = 5.0
_ACTOR = "fanzha"
_PASSES_PER_PRUNING = 720


class LossOutcome(StrEnum):
    """What became of a change that the store lost."""

    REAPPLIED = "reapplied"
    CONFLICT = "conflict"
    """Its entries were changed since."""
    DAMAGED = "damaged"
    OTHER_STORE = "other_store"


class LostChanges:
    """Watches over what the store acknowledged; runs in one process (`fanzha admin`)."""

    def __init__(
        self,
        journal: RedoJournal,
        lists: Store,
        *,
        audit: Audit,
        step_lock: asyncio.Lock,
        now_ms: Callable[[], int],
        counted: Callable[[LossOutcome], None] = lambda _outcome: None,
    ) -> None:
        """*step_lock* is held by whoever applies changes."""
        self._journal = journal
        self._lists = lists
        self._audit = audit
        self._lock = step_lock
        self._now_ms = now_ms
        self._counted = counted
        self._passes = 0

    async def run(self) -> None:
        """Look every `INTERVAL_SECONDS` until cancelled."""
        await run_periodically(
            self.step,
            every_seconds=INTERVAL_SECONDS,
            task="search for lost changes",
            logger=logger,
            outages=(Unavailable, VersionConflict),
        )

    async def step(self) -> None:
        """Look once; apply again what is lost. `Unavailable` also while the disk refuses."""
        try:
            if self._passes % _PASSES_PER_PRUNING == 0:
                await asyncio.to_thread(self._journal.prune, self._now_ms())
            self._passes += 1
            async with self._lock:
                await self._look()
        except OSError as error:
            raise Unavailable(
                "the journal of changes cannot be used: {error}", error=error
            ) from error

    async def problems(self) -> list[Message]:
        """Return what was lost for good, for whoever verifies the audit log."""
        return [
            Message(
                "the store has lost version {version} of the lists, commit {commit}: see "
                "`fanzha audit list --kind change_lost`",
                version=one.version,
                commit=one.commit,
            )
            for one in await asyncio.to_thread(self._journal.lost)
        ]

    async def _look(self) -> None:
        there, missing = await self._sorted(await asyncio.to_thread(self._journal.kept))
        if not missing:
            return
        logger.error("the store has lost %d acknowledged changes of the lists, versions %d to %d",
                     len(missing), missing[0].version, missing[-1].version)  # fmt: skip
        before = [one for one in there if one.version < missing[0].version]
        if not before:
            await self._report(missing, LossOutcome.OTHER_STORE)
            return
        again = {one.commit for one in missing}
        since = await self._changed_since(max(before, key=lambda one: one.version), but=again)
        for one in missing:
            await self._redo(one, since)

    async def _sorted(
        self, kept: Sequence[JournalledChange]
    ) -> tuple[list[JournalledChange], list[JournalledChange]]:
        """Return what is in the store, and what is not, each in order.

        The last changes are looked for one by one: after a failover, a newer one may be there that
        was made where an older one is lost.
        """
        there, missing = list[JournalledChange](), list[JournalledChange]()
        recent = await self._lists.recent() if kept else {}
        for one in reversed(kept):
            if one.version in recent:
                found = one.commit in recent.values()
            elif there:
                found = one.version < there[0].version
            else:
                found = await self._is_there(one)
            (there if found else missing).insert(0, one)
        return there, missing

    async def _is_there(self, one: JournalledChange) -> bool:
        head = await self._lists.head()
        if head.version < one.version:
            return False
        if head.version == one.version:
            return head.commit == one.commit
        recent = await self._lists.recent()
        if one.version in recent:
            return one.commit in recent.values()
        if await self._lists.version_of(one.commit, after=one.version - 1) is not None:
            return True
        # A base takes the names of its commits along: nobody can tell any more.
        return await self._lists.base_version() >= one.version

    async def _changed_since(
        self, there: JournalledChange, *, but: Collection[str]
    ) -> EntrySet | None:
        """Return the entries that changed after a change; None where that cannot be told.

        Not by the commits *but*: those were lost, and applied again when this process died.
        """
        version, commit = there.version, there.commit
        parts = []
        while changes := await self._lists.changes_after(version, commit):
            others = [one for one in changes if one.commit not in but]
            parts += [rows for one in others for rows in (one.additions, one.removals)]
            version, commit = changes[-1].version, changes[-1].commit
        return None if changes is None else EntrySet.of(*parts)

    async def _redo(self, one: JournalledChange, since: EntrySet | None) -> None:
        change = await asyncio.to_thread(self._journal.read, one)
        if change is None:
            await self._report([one], LossOutcome.DAMAGED)
        elif since is None or since.rows_of(change.additions) or since.rows_of(change.removals):
            await self._report([one], LossOutcome.CONFLICT)
        else:
            made = await self._lists.version_of(one.commit, after=0)
            version = made or await self._commit(one, change)
            await asyncio.to_thread(self._journal.moved, one, version)
            self._counted(LossOutcome.REAPPLIED)
            logger.warning("version %d of the lists, which the store had lost, is version %d now",
                           one.version, version)  # fmt: skip

    async def _commit(self, one: JournalledChange, change: ListChange) -> int:
        head = await self._lists.head()
        await self._audit.record(
            AuditKind.CHANGE_REAPPLIED,
            subject=f"lists:{one.version}",
            details={
                "commit": one.commit,
                "author": change.author,
                "reason": change.reason,
                "additions": str(len(change.additions)),
                "removals": str(len(change.removals)),
            },
            actor=_ACTOR,
        )
        again = replace(change, committed_at_ms=self._now_ms())
        return (await self._lists.commit(again, expected_version=head.version)).version

    async def _report(self, lost: Sequence[JournalledChange], outcome: LossOutcome) -> None:
        for one in lost:
            await self._audit.record(
                AuditKind.CHANGE_LOST,
                subject=f"lists:{one.version}",
                details={"commit": one.commit, "why": outcome.value},
                actor=_ACTOR,
            )
            self._counted(outcome)
        await asyncio.to_thread(self._journal.set_aside, lost)
