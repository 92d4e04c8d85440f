"""Pulls one source: fetch what is new, check it, deliver or hold it, remember what became of it.

A file is remembered only after it was delivered and audited, so a process that dies in between
leaves it to the next one; deliveries change nothing when they are repeated. Files lie in a folder
of this host while they are read, and are deleted then, whatever became of them.
"""

import asyncio
import logging
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from fanzha.errors import InvalidConfiguration, InvalidInput
from fanzha.translation.message import Message
from infra import atomic_file
from services.audit.events import Audit, AuditKind
from services.sources import folder_drop, https_fetch, quality, sftp_drop
from services.sources.delivery import Delivered, Delivery, author
from services.sources.fetched_file import DropAccess, DropFile, FetchedFile, SourceFailed
from services.sources.model import (
    Brings,
    Connector,
    DataSource,
    PullOutcome,
    PullRecord,
    PullRequest,
    SourceState,
)
from services.sources.store import SourceStore
from services.warning.channels.address_filter import Resolver, system_addresses

logger = logging.getLogger(__name__)

MOST_FILES = 100
"""Files of one pull; the rest is for the next."""
_FIRST_RETRY_S = 30.0
_GOOD = frozenset({PullOutcome.DELIVERED, PullOutcome.UNCHANGED})
_FINAL = frozenset({PullOutcome.DELIVERED, PullOutcome.HELD, PullOutcome.REFUSED})


@dataclass(slots=True)
class RunningPull:
    """A pull while it runs."""

    source: DataSource
    owner: str
    state: SourceState
    folder: Path
    request: PullRequest | None = None

    @property
    def by(self) -> str:
        """Who asked for it; empty: the schedule."""
        return self.request.by if self.request else ""

    def accepts(self, sha256: str) -> bool:
        """Whether somebody accepted a file of this content."""
        return self.request is not None and self.request.accept_sha256 == sha256


IsOpen: TypeAlias = Callable[[int], Awaitable[bool]]
"""Tells whether a change request waits to be applied."""


async def never_open(_change_id: int) -> bool:
    """Tell that no change request waits: of what makes none."""
    return False


class LeaseLost(Exception):
    """Another process pulls the source now."""


class SourcePuller:
    """Pulls sources whose files *deliveries* take."""

    def __init__(
        self,
        store: SourceStore,
        deliveries: Mapping[Brings, Delivery],
        *,
        audit: Audit,
        folder: Path,
        now_ms: Callable[[], int],
        counted: Callable[[str, PullRecord], None] = lambda _source, _record: None,
        is_open: IsOpen = never_open,
        resolver: Resolver = system_addresses,
    ) -> None:
        """Keep files in *folder* while they are read; *is_open* knows change requests."""
        self._is_open = is_open
        self._store = store
        self._deliveries = deliveries
        self._audit = audit
        self._folder = folder
        self._now_ms = now_ms
        self._counted = counted
        self._resolver = resolver

    async def pull(
        self,
        source: DataSource,
        owner: str,
        state: SourceState,
        request: PullRequest | None = None,
    ) -> None:
        """Pull a source as the holder of its lease, from the *state* that it is in.

        Raises `Unavailable` while the store is down, and `LeaseLost`.
        """
        async with _work_folder(self._folder) as folder:
            running = RunningPull(source, owner, state, folder, request)
            try:
                async with asyncio.timeout(source.limits.seconds):
                    await self._pull(running)
            except TimeoutError:
                why = SourceFailed("not done within {seconds:.0f} s", seconds=source.limits.seconds)
                await self._failed(running, why.as_message())
            except (SourceFailed, InvalidConfiguration) as error:
                await self._failed(running, error.as_message())

    async def _pull(self, running: RunningPull) -> None:
        delivery = self._deliveries[running.source.brings]
        if await self._waits(running):
            why = Message(
                "change {change} of this source is still open", change=running.state.change_id
            )
            await self._note(running, self._record(running, PullOutcome.WAITING, why=why))
        elif running.source.connector is Connector.HTTPS:
            await self._pull_feed(running, delivery)
        else:
            await self._pull_drop(running, delivery)

    async def _waits(self, running: RunningPull) -> bool:
        """Whether a change of the lists must be settled before the next may be made."""
        if running.source.brings is not Brings.ENTRIES or not running.state.change_id:
            return False
        return await self._is_open(running.state.change_id)

    async def _pull_feed(self, running: RunningPull, delivery: Delivery) -> None:
        state, path = running.state, running.folder / "file"
        anew = running.request is not None and bool(running.request.accept_sha256)
        try:
            fetched = await https_fetch.fetch(
                running.source, state, path, anew=anew, resolver=self._resolver
            )
        except InvalidInput as error:
            # Its hash is not known, so it is fetched again and again, as long as it is so large.
            await self._note(
                running, self._record(running, PullOutcome.REFUSED, why=error.as_message())
            )
            return
        same = fetched is None or fetched.sha256 == state.settled_sha256
        if fetched is None or (same and not running.accepts(fetched.sha256)):
            await self._unchanged(running)
            return
        record = await self._take(running, delivery, fetched, path)
        settled = replace(
            running.state,
            etag=fetched.etag,
            last_modified=fetched.last_modified,
            settled_sha256=fetched.sha256,
            settled_outcome=record.outcome.value,
        )
        await self._note(replace_state(running, settled), record)

    async def _unchanged(self, running: RunningPull) -> None:
        """Note that there is nothing new; what was held or refused stays so, and is not good."""
        before = running.state.settled_outcome
        if before in {PullOutcome.HELD, PullOutcome.REFUSED}:
            now = self._now_ms()
            state = replace(running.state, tried_ms=now, failures=0, due_ms=self._next(running, 0))
            await self._settle(running, state)
        else:
            await self._note(running, self._record(running, PullOutcome.UNCHANGED))

    async def _pull_drop(self, running: RunningPull, delivery: Delivery) -> None:
        async with self._opened(running.source) as drop:
            files = await self._new_files(running, drop)
            if not files:
                await self._nothing_new(running)
            for number, file in enumerate(files[:MOST_FILES]):
                await self._take_dropped(running, delivery, drop, file, number)
                if await self._waits(running):
                    break

    async def _nothing_new(self, running: RunningPull) -> None:
        """Note that a drop was reached; it stays as late as its last file."""
        state = replace(
            running.state, tried_ms=self._now_ms(), failures=0, due_ms=self._next(running, 0)
        )
        await self._settle(running, state)

    async def _new_files(self, running: RunningPull, drop: DropAccess) -> list[DropFile]:
        """Return whole files that were not taken before, the oldest first."""
        first = set(await drop.files())
        marks = [one.mark for one in first]
        settled = await self._store.settled(running.source.name, marks)
        fresh = {one for one in first if self._is_new(running, settled.get(one.mark))}
        if not fresh:
            return []
        await asyncio.sleep(running.source.drop.settle_seconds)
        whole = fresh.intersection(await drop.files())
        return sorted(whole, key=lambda one: (one.modified, one.name))

    @staticmethod
    def _is_new(running: RunningPull, settled: str | None) -> bool:
        if settled is None:
            return True
        outcome, _, sha256 = settled.partition(":")
        return outcome == PullOutcome.HELD and running.accepts(sha256)

    async def _take_dropped(
        self,
        running: RunningPull,
        delivery: Delivery,
        drop: DropAccess,
        file: DropFile,
        number: int,
    ) -> None:
        path = running.folder / f"file-{number}"
        try:
            fetched = await drop.read(file, path)
            record = await self._take(running, delivery, fetched, path)
        except InvalidInput as error:
            fetched = FetchedFile(name=file.name, sha256="", size=file.size)
            record = self._record(running, PullOutcome.REFUSED, fetched, why=error.as_message())
        path.unlink(missing_ok=True)
        await self._note(running, record, mark=file.mark)
        if record.outcome is PullOutcome.DELIVERED:
            try:
                await drop.finish(file, fetched)
            except SourceFailed as error:
                logger.warning("source %s: a file was taken, but %s", running.source.name, error)

    async def _take(
        self, running: RunningPull, delivery: Delivery, fetched: FetchedFile, path: Path
    ) -> PullRecord:
        """Check a file, and deliver it if nothing speaks against it."""
        source = running.source
        try:
            found = await delivery.check(source, path)
            doubt = quality.doubts(source, running.state, found)
            if doubt is not None and not running.accepts(fetched.sha256):
                held = self._record(running, PullOutcome.HELD, fetched, why=doubt)
                return replace(held, rows=found.rows)
            done = await delivery.deliver(source, path)
        except InvalidInput as error:
            return self._record(running, PullOutcome.REFUSED, fetched, why=error.as_message())
        return self._delivered(running, fetched, found.rows, done)

    def _delivered(
        self, running: RunningPull, fetched: FetchedFile, rows: int, done: Delivered
    ) -> PullRecord:
        record = self._record(
            running, PullOutcome.DELIVERED, fetched, why=done.waits_because, rows=rows
        )
        return replace(record, results=dict(done.results), change_id=done.change_id)

    def _record(
        self,
        running: RunningPull,
        outcome: PullOutcome,
        fetched: FetchedFile | None = None,
        *,
        why: str = "",
        rows: int = 0,
    ) -> PullRecord:
        return PullRecord(
            at_ms=self._now_ms(),
            outcome=outcome,
            why=why,
            file=fetched.name if fetched else "",
            sha256=fetched.sha256 if fetched else "",
            size=fetched.size if fetched else 0,
            rows=rows,
            by=running.by,
        )

    async def _failed(self, running: RunningPull, why: Message) -> None:
        record = self._record(running, PullOutcome.FAILED, why=why)
        await self._note(running, record)
        logger.warning("source %s: %s", running.source.name, why)

    async def _note(self, running: RunningPull, record: PullRecord, *, mark: str = "") -> None:
        """Audit a pull, then remember it."""
        state, source = running.state, running.source
        if record.outcome in _FINAL:
            await self._record_audit(running, record)
        failures = state.failures + 1 if record.outcome is PullOutcome.FAILED else 0
        after = replace(
            state,
            tried_ms=record.at_ms,
            due_ms=self._next(running, failures),
            failures=failures,
            good_ms=record.at_ms if record.outcome in _GOOD else state.good_ms,
            held=_held(source, state, record),
            last=record,
        )
        if record.outcome is PullOutcome.DELIVERED:
            after = replace(
                after,
                good_rows=record.rows,
                good_sha256=record.sha256,
                changed_ms=record.at_ms,
                change_id=record.change_id or state.change_id,
            )
        self._counted(source.name, record)
        shown = None if record.outcome is PullOutcome.UNCHANGED else record
        await self._settle(running, after, shown, mark)

    async def _record_audit(self, running: RunningPull, record: PullRecord) -> None:
        details = {
            "outcome": record.outcome.value,
            "sha256": record.sha256,
            "bytes": str(record.size),
            "rows": str(record.rows),
            "results": ", ".join(f"{what} {rows}" for what, rows in record.results.items()),
        }
        if record.change_id:
            details["change"] = str(record.change_id)
        if record.why:
            details["why"] = record.why
        if running.request is not None and running.accepts(record.sha256):
            details["accepted_because"] = running.request.reason
        of_source = author(running.source)
        await self._audit.record(
            AuditKind.SOURCE_PULLED,
            subject=of_source.name,
            details=details,
            actor=running.by or of_source.name,
        )

    async def _settle(
        self,
        running: RunningPull,
        state: SourceState,
        record: PullRecord | None = None,
        mark: str = "",
    ) -> None:
        done = await self._store.settle(
            running.source.name, running.owner, state, record=record, mark=mark
        )
        if not done:
            raise LeaseLost
        running.state = state

    def _next(self, running: RunningPull, failures: int) -> int:
        """Return when the source is due again: later after each failure, up to its schedule."""
        every = running.source.every_seconds
        wait = min(_FIRST_RETRY_S * 2 ** min(failures - 1, 20), every) if failures else every
        return self._now_ms() + int(wait * 1000)

    def _opened(self, source: DataSource) -> AbstractAsyncContextManager[DropAccess]:
        if source.connector is Connector.SFTP:
            return sftp_drop.opened(source, resolver=self._resolver)
        return folder_drop.opened(source)


def _held(source: DataSource, state: SourceState, record: PullRecord) -> tuple[str, ...]:
    """Return what is held after a pull; of a feed, only its newest contents can be."""
    if record.outcome not in _FINAL:
        return state.held
    feed = source.connector is Connector.HTTPS
    others = tuple(one for one in state.held if one != record.sha256 and not feed)
    return (*others, record.sha256)[-MOST_FILES:] if record.outcome is PullOutcome.HELD else others


def replace_state(running: RunningPull, state: SourceState) -> RunningPull:
    """Return a pull with another state, which is not stored yet."""
    running.state = state
    return running


@asynccontextmanager
async def _work_folder(parent: Path) -> AsyncIterator[Path]:
    atomic_file.make_folder(parent)
    folder = Path(tempfile.mkdtemp(dir=parent, prefix="pull-"))
    try:
        yield folder
    finally:
        await asyncio.shield(asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True))
