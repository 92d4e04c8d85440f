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
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from fanzha.errors import (
    InvalidConfiguration,
    InvalidInput,
    NotAllowed,
    ReplacementUnconfirmed,
    RisksUnconfirmed,
    Unavailable,
    VersionConflict,
)
from fanzha.translation.message import Message
from infra import atomic_file
from services.audit.events import Audit
from services.sources import folder_drop, https_fetch, quality, sftp_drop
from services.sources.delivery import Delivered, Delivery
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
from services.sources.pull_log import LeaseLost, PullLog, RunningPull
from services.sources.store import SourceStore
from services.warning.channels.address_filter import Resolver, system_addresses

logger = logging.getLogger(__name__)

MOST_FILES = 100
"""Files of one pull; the rest is for the next."""
_FOR_A_PERSON = (ReplacementUnconfirmed, RisksUnconfirmed, NotAllowed)
"""What only another definition of the source, or a change by a person, can settle."""
_UNSETTLED = frozenset({PullOutcome.HELD, PullOutcome.REFUSED})


IsOpen: TypeAlias = Callable[[int], Awaitable[bool]]
"""Tells whether a change request waits to be applied."""


async def never_open(_change_id: int) -> bool:
    """Tell that no change request waits: of what makes none."""
    return False


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
        self._log = PullLog(store, audit, now_ms=now_ms, counted=counted)
        self._folder = folder
        self._now_ms = now_ms
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
                why = Message("not done within {seconds:.0f} s", seconds=source.limits.seconds)
                await self._log.failed(running, why)
            except (SourceFailed, InvalidConfiguration) as error:
                await self._log.failed(running, error.as_message())
            except (Unavailable, LeaseLost):
                raise
            except Exception as error:
                why = Message("a fault of this service: {kind}", kind=type(error).__name__)
                await self._log.failed(running, why)
                raise

    async def _pull(self, running: RunningPull) -> None:
        delivery = self._deliveries[running.source.brings]
        if await self._waits(running):
            why = Message(
                "change {change} of this source is still open", change=running.state.change_id
            )
            await self._log.note(running, self._log.record(running, PullOutcome.WAITING, why=why))
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
        again = self._again(running)
        try:
            fetched = await https_fetch.fetch(
                running.source, state, path, anew=again, resolver=self._resolver
            )
        except InvalidInput as error:
            # Its hash is not known, so it is fetched again and again, as long as it is so large.
            await self._log.note(
                running, self._log.record(running, PullOutcome.REFUSED, why=error.as_message())
            )
            return
        if fetched is None or (fetched.sha256 == state.settled_sha256 and not again):
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
        await self._log.note(replace_state(running, settled), record)

    def _again(self, running: RunningPull) -> bool:
        """Whether contents that were settled before are to be taken again.

        A person may accept what was held, and ask again about what was refused. Entries of a feed
        that never changes are renewed when half of their time is over.
        """
        state = running.state
        if running.request is not None and state.settled_outcome in _UNSETTLED:
            return True
        renewed_ms = running.source.entries.renewal_seconds * 1000
        renews = running.source.brings is Brings.ENTRIES and state.delivered_ms > 0
        return renews and self._now_ms() - state.delivered_ms >= renewed_ms

    async def _unchanged(self, running: RunningPull) -> None:
        """Note that there is nothing new; what was held or refused stays so, and is not good."""
        before = running.state.settled_outcome
        if before in _UNSETTLED:
            await self._log.idle(running)
        else:
            await self._log.note(running, self._log.record(running, PullOutcome.UNCHANGED))

    async def _pull_drop(self, running: RunningPull, delivery: Delivery) -> None:
        async with self._opened(running.source) as drop:
            files = await self._new_files(running, drop)
            if not files:
                await self._log.idle(running)
            for number, file in enumerate(files[:MOST_FILES]):
                await self._take_dropped(running, delivery, drop, file, number)
                if await self._waits(running):
                    break

    async def _new_files(self, running: RunningPull, drop: DropAccess) -> list[DropFile]:
        """Return whole files that were not taken before, the oldest first."""
        first = set(await drop.files())
        marks = [one.mark for one in first]
        settled = await self._store.settled(running.source.name, marks)
        there = {text.partition(":")[2] for text in settled.values()}
        # What was held and is gone from its source waits for nobody.
        held = tuple(one for one in running.state.held if one in there)
        running.state = replace(running.state, held=held)
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
        if outcome == PullOutcome.REFUSED:
            return running.request is not None
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
            record = self._log.record(running, PullOutcome.REFUSED, fetched, why=error.as_message())
        path.unlink(missing_ok=True)
        await self._log.note(running, record, mark=file.mark)
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
                held = self._log.record(running, PullOutcome.HELD, fetched, why=doubt)
                return replace(held, rows=found.rows)
            done = await delivery.deliver(source, path)
        except InvalidInput as error:
            return self._log.record(running, PullOutcome.REFUSED, fetched, why=error.as_message())
        except _FOR_A_PERSON as error:
            return self._log.record(running, PullOutcome.HELD, fetched, why=error.as_message())
        except VersionConflict as error:
            # What it says names entries, and failures are logged.
            raise SourceFailed("another change of the lists has its entries") from error
        return self._delivered(running, fetched, found.rows, done)

    def _delivered(
        self, running: RunningPull, fetched: FetchedFile, rows: int, done: Delivered
    ) -> PullRecord:
        record = self._log.record(
            running, PullOutcome.DELIVERED, fetched, why=done.waits_because, rows=rows
        )
        return replace(record, results=dict(done.results), change_id=done.change_id)

    def _opened(self, source: DataSource) -> AbstractAsyncContextManager[DropAccess]:
        if source.connector is Connector.SFTP:
            return sftp_drop.opened(source, resolver=self._resolver)
        return folder_drop.opened(source)


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
