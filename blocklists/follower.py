"""Keeps the list files of a host in step with the store; one such task per folder.

Starts from the files that are there, so a host without Redis serves the lists it had.
Changes that wait are applied together, in a thread, and published as one version.
"""

import asyncio
import logging
from pathlib import Path

from blocklists import delta, publication
from blocklists.changes import Change
from blocklists.delta import Lists
from blocklists.packing import DamagedPack
from blocklists.publication import IN_STEP, Publisher
from blocklists.segment_file import DamagedFile
from blocklists.store import Store
from fanzha.errors import Unavailable

logger = logging.getLogger(__name__)

WAIT_MS = 1000
"""How long one question to the store waits for a change."""
RETRY_SECONDS = 0.2


class Follower:
    """Follows one store into one folder."""

    def __init__(self, store: Store, folder: Path) -> None:
        self._store = store
        self._folder = folder
        self._publisher = Publisher(folder)
        self._lists: Lists | None = None
        self._away = False

    async def run(self) -> None:
        """Follow until cancelled; an outage of the store is logged once and waited out."""
        await asyncio.to_thread(self._start_from_files)
        while True:
            try:
                await self._step()
            except Unavailable as error:
                self._tell_away(error)
                await asyncio.sleep(RETRY_SECONDS)
            except DamagedPack as error:
                logger.warning("the store holds a damaged change; lists stay: %s", error)
                await asyncio.sleep(WAIT_MS / 1000)
            else:
                self._tell_back()
                (self._folder / IN_STEP).touch()

    async def _step(self) -> None:
        if self._lists is None:
            await self._load()
            return
        changes = await self._store.changes_after(self._lists.version, block_ms=WAIT_MS)
        if changes is None:
            logger.warning("the store has other lists than version %d", self._lists.version)
            await self._load()
        elif changes:
            await self._apply(changes)

    async def _load(self) -> None:
        head, table = await self._store.load()
        lists = await asyncio.to_thread(Lists.of_table, head.version, head.committed_at_ms, table)
        while changes := await self._store.changes_after(lists.version):
            lists = await asyncio.to_thread(_applied, lists, changes)
        await self._publish(lists)

    async def _apply(self, changes: list[Change]) -> None:
        if self._lists is not None:
            await self._publish(await asyncio.to_thread(_applied, self._lists, changes))

    async def _publish(self, lists: Lists) -> None:
        await asyncio.to_thread(self._publisher.publish, lists)
        self._lists = lists
        logger.info("lists are at version %d, %d rows in the base, %d over it",
                    lists.version, len(lists.base), len(lists.overlay))  # fmt: skip

    def _start_from_files(self) -> None:
        try:
            found = publication.current(self._folder)
            lists = publication.load(self._folder, found)
        except DamagedFile as error:
            logger.info("no list files to start from: %s", error)
            return
        self._publisher.adopt(found, lists)
        self._lists = lists

    def _tell_away(self, error: Unavailable) -> None:
        if not self._away:
            version = self._lists.version if self._lists else 0
            logger.warning("lists stay at version %d: %s", version, error)
        self._away = True

    def _tell_back(self) -> None:
        if self._away:
            logger.info("the store is back")
        self._away = False


def _applied(lists: Lists, changes: list[Change]) -> Lists:
    for change in changes:
        lists = delta.apply(lists, change)
    return delta.compacted(lists)
