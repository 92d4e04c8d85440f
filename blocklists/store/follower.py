"""Keeps the list files of a host in step with the store; one such task per folder.

Starts from the files that are there, so a host without Redis serves the lists it had.
Changes that wait are applied together, in a thread, and published as one version. When
the overlay has grown, a new base is built in the background while changes are published over the
old one.

A change that is unreadable or must not be applied is a version that changes nothing: it is
reported as a finding, and later changes are applied. No new base is written to the store until an
operator settles such a change, or a newer release or base supplies it.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from blocklists.snapshot import delta, findings, publication
from blocklists.snapshot.delta import ListSegments
from blocklists.snapshot.findings import Finding
from blocklists.snapshot.publication import IN_STEP, Publisher
from blocklists.snapshot.segment_file import DamagedFile
from blocklists.store.changes import ListChange
from blocklists.store.packing import DamagedPack
from blocklists.store.store import ListHead, Store
from fanzha.errors import Unavailable
from infra.atomic_file import FILE_MODE
from infra.backoff import Backoff
from infra.clock import monotonic_seconds
from infra.garbage_collection import return_free_memory
from infra.periodic import run_periodically

logger = logging.getLogger(__name__)

WAIT_MS = 4_000
"""How long one question to the store waits for a change."""
_SHORT_WAIT_MS = 1_000
"""That while a merge is being built or a finding is not settled."""
RETRY_SECONDS = 1.0
MAX_CHANGES = 10_000
"""Changes in the store before they are put into its base."""
_CHECK_EVERY = 256
"""Publications between two checks of the length of the change stream."""
TRIM_ROWS, TRIM_SECONDS = 4_096, 30.0
"""So many rows over the base are copied with each change, in pieces that the C library keeps when
they are freed; some MiB an hour of changes go back to the system that often."""
_LOG_SECONDS = 10.0
"""Between two log lines about findings."""


@dataclass(slots=True, kw_only=True)
class _Merge:
    """A new base being built, and the changes since it was begun."""

    task: asyncio.Task[ListSegments]
    since: list[ListChange] = field(default_factory=list)


class Follower:
    """Follows one store into one folder."""

    def __init__(
        self,
        store: Store,
        folder: Path,
        *,
        rebases: bool = False,
        refuse_unaudited: bool = False,
        found: Callable[[Sequence[Finding]], None] | None = None,
        give_back: Callable[[], None] = return_free_memory,
    ) -> None:
        """Follow; with *rebases*, also keep the store's base new: one process needs to.

        With *refuse_unaudited*, changes without a valid seal are not applied.
        *found* is called with new findings, *give_back* in a thread after changes of long lists.
        """
        self._store = store
        self._folder = folder
        self._publisher = Publisher(folder)
        self._lists: ListSegments | None = None
        self._merge: _Merge | None = None
        self._rebases = rebases
        self._rebasing: asyncio.Task[None] | None = None
        self._held = self._wanted = False
        """Whether no rebase may begin, and whether one would have begun since."""
        self._published = 0
        self._give_back = give_back
        self._trimmed_at = -TRIM_SECONDS
        self._refuse_unaudited = refuse_unaudited
        self._found = found
        self._reload = False
        """Whether changes were skipped, perhaps by an earlier release, that may be read now."""
        self._logged_at = -_LOG_SECONDS
        self._unlogged = 0

    async def run(self) -> None:
        """Follow until cancelled; an outage of the store is logged once and waited out."""
        await asyncio.to_thread(self._start_from_files)
        try:
            await run_periodically(
                self._follow,
                every_seconds=0,
                task="list follower",
                logger=logger,
                outages=(Unavailable, DamagedPack, DamagedFile, OSError),
                backoff=Backoff(first_seconds=0.2, max_seconds=RETRY_SECONDS),
            )
        finally:
            if self._rebasing is not None:
                self._rebasing.cancel()
            if self._merge is not None:
                self._merge.task.cancel()

    def hold_rebases(self) -> None:
        """Leave the store's base as it is until `allow_rebases`."""
        self._held = True

    def allow_rebases(self) -> None:
        """Write the base that was held back, and later ones as they come."""
        self._held = False
        if self._wanted:
            self._begin_rebase()

    async def _follow(self) -> None:
        await self._step()
        (self._folder / IN_STEP).touch(FILE_MODE)

    async def _step(self) -> None:
        if self._lists is None or self._reload:
            await self._load()
            self._reload = False
            return
        if self._rebases and (moved := await self._store.move_strays()):
            logger.error("%d records that no commit made were moved out of the stream of changes; "
                         "somebody else writes to the store", moved)  # fmt: skip
        if self._lists.findings and await self._settle(self._lists):
            return
        if self._merge is not None and self._merge.task.done():
            await self._adopt_merge(self._merge)
        waits = self._merge is None and not self._lists.findings
        changes = await self._store.changes_after(
            self._lists.version,
            self._lists.commit,
            block_ms=WAIT_MS if waits else _SHORT_WAIT_MS,
        )
        if changes is None:
            logger.warning(
                "the store no longer continues version %d; loading its base", self._lists.version
            )
            await self._load()
        elif changes:
            await self._apply(self._lists, changes)

    async def _load(self) -> None:
        head, table = await self._store.load()
        table, refused = await asyncio.to_thread(findings.drop_refused, table, head.version)
        before = self._lists.findings if self._lists else ()
        self._report(refused)
        lists = await asyncio.to_thread(
            ListSegments.of_table, head.version, head.committed_at_ms, table, commit=head.commit
        )
        still = [one for one in before if not one.skipped]
        lists = replace(lists, findings=findings.retained([*still, *refused]))
        while changes := await self._store.changes_after(lists.version, lists.commit):
            changes, lists = await self._screened(changes, lists)
            lists = await asyncio.to_thread(_applied, lists, changes)
            if delta.has_grown(lists):
                lists = await asyncio.to_thread(delta.merged, lists)
        if changes is None:
            raise Unavailable("the store changed its base meanwhile; loading again")
        self._merge = None  # it would be of the lists before
        await self._publish(lists)

    async def _apply(self, lists: ListSegments, changes: list[ListChange]) -> None:
        changes, lists = await self._screened(changes, lists)
        after = await asyncio.to_thread(_applied, lists, changes)
        await self._publish(after)
        if after.base is not lists.base:
            self._merge = None  # a large change made a base itself
            self._begin_rebase()
        elif self._merge is not None:
            self._merge.since += changes
        elif delta.has_grown(after):
            merging = asyncio.to_thread(delta.merged, after)
            self._merge = _Merge(task=asyncio.create_task(merging))

    async def _screened(
        self, changes: list[ListChange], lists: ListSegments
    ) -> tuple[list[ListChange], ListSegments]:
        """Return the changes to apply, and the lists with the findings about them."""
        pairs = await asyncio.to_thread(
            lambda: [
                findings.screen(one, refuse_unaudited=self._refuse_unaudited) for one in changes
            ]
        )
        found = [finding for _, several in pairs for finding in several]
        self._report(found)
        if found:
            lists = replace(lists, findings=findings.retained([*lists.findings, *found]))
        return [change for change, _ in pairs], lists

    async def _settle(self, lists: ListSegments) -> bool:
        """Drop settled findings; reload where a newer base supplies a skipped change."""
        settled, base = await self._store.settled(), await self._store.base_version()
        left = findings.retained(lists.findings, without=settled)
        if any(one.skipped and one.version <= base for one in left):
            await self._load()
            return True
        if left == lists.findings:
            return False
        await self._publish(replace(lists, findings=left))
        return True

    async def _adopt_merge(self, merge: _Merge) -> None:
        self._merge = None
        lists = merge.task.result()
        if self._lists is not None:
            lists = replace(lists, findings=self._lists.findings)
        if merge.since:
            lists = await asyncio.to_thread(_applied, lists, merge.since)
        await self._publish(lists)
        self._begin_rebase()

    async def _publish(self, lists: ListSegments) -> None:
        self._lists = await asyncio.to_thread(self._publisher.publish, lists)
        logger.info("lists are at version %d, %d rows in the base, %d over it",
                    lists.version, len(lists.base), len(lists.overlay))  # fmt: skip
        self._published += 1
        if (
            len(lists.overlay) >= TRIM_ROWS
            and monotonic_seconds() - self._trimmed_at >= TRIM_SECONDS
        ):
            self._trimmed_at = monotonic_seconds()
            await asyncio.to_thread(self._give_back)
        look = self._rebases and self._published % _CHECK_EVERY == 0
        if look and await self._store.change_count() > MAX_CHANGES:
            self._begin_rebase()

    def _begin_rebase(self) -> None:
        self._wanted = self._held
        if self._rebases and not self._held and (self._rebasing is None or self._rebasing.done()):
            self._rebasing = asyncio.create_task(self._rebase())

    async def _rebase(self) -> None:
        """Write the current lists as the base of the store."""
        lists = self._lists
        if lists is None:
            return
        if any(one.skipped for one in lists.findings):
            logger.warning("the base of the store stays as it is: changes were skipped, see "
                           "`fanzha blocklist quarantine`")  # fmt: skip
            return
        head = ListHead(
            version=lists.version, committed_at_ms=lists.committed_at_ms, commit=lists.commit
        )
        try:
            table = await asyncio.to_thread(delta.table_of, lists)
            done = await self._store.rebase(head, table)
        except Unavailable as error:
            logger.warning("the base of the store stays as it is: %s", error)
        else:
            logger.info("base of the store at version %d: %s", lists.version, done)

    def _start_from_files(self) -> None:
        try:
            found = publication.current(self._folder)
            lists = publication.load(self._folder, found)
        except DamagedFile as error:
            logger.info("no list files to start from: %s", error)
            return
        self._publisher.adopt(found, lists)
        self._lists = lists
        self._reload = any(one.skipped for one in lists.findings)

    def _report(self, found: Sequence[Finding]) -> None:
        """Pass new findings on, and log one of them at a bounded rate."""
        before = set(self._lists.findings) if self._lists else set()
        new = [one for one in found if one not in before]
        if not new:
            return
        if self._found is not None:
            self._found(new)
        self._unlogged += len(new)
        if monotonic_seconds() - self._logged_at < _LOG_SECONDS:
            return
        one = new[0]
        logger.error("version %d of the lists: %s change, %s: %s; %d findings in all since the "
                     "last such line, see `fanzha blocklist quarantine`",
                     one.version, one.kind, "not applied" if one.skipped else "applied but for "
                     f"{one.rows} rows" if one.rows else "applied", one.why,
                     self._unlogged)  # fmt: skip
        self._logged_at, self._unlogged = monotonic_seconds(), 0


def _applied(lists: ListSegments, changes: list[ListChange]) -> ListSegments:
    return delta.apply(lists, delta.fold(changes))
