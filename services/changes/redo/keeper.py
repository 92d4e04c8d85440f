"""Has changes of the lists kept that the store has acknowledged, whoever noticed that it has.

Mostly the answer to the commit tells. Where that was lost, or the process died before it could note
the change, the commit is found in the store afterwards: from then on it is told to people as
applied, and must not be lost without a word either.
"""

import asyncio
import logging

from blocklists.store.changes import ListChange
from blocklists.store.store import ANY_COMMIT, Store
from services.changes.redo.journal import RedoJournal

logger = logging.getLogger(__name__)


class ChangeKeeper:
    """Writes to a journal; does nothing without one."""

    def __init__(self, journal: RedoJournal | None, lists: Store) -> None:
        self._journal = journal
        self._lists = lists

    async def keep(self, change: ListChange, version: int) -> None:
        """Keep a change that was just acknowledged as *version*."""
        if self._journal is not None:
            await self._write(self._journal, change, version, late=False)

    async def keep_found(self, commit: str, version: int) -> None:
        """Keep the change that made *version* by *commit*, as the store has it; `Unavailable`.

        Nothing where it is kept already, or the store has it in its base only.
        """
        if self._journal is None or await asyncio.to_thread(self._journal.has, commit):
            return
        changes = await self._lists.changes_after(version - 1, ANY_COMMIT) or []
        for one in changes:
            if one.commit == commit and not one.skipped:
                await self._write(self._journal, one, version, late=True)

    @staticmethod
    async def _write(journal: RedoJournal, change: ListChange, version: int, *, late: bool) -> None:
        try:
            await asyncio.to_thread(journal.note, change, version, late=late)
        except OSError as error:
            # The change is made: only its repair after a failover is not possible.
            logger.warning("version %d of the lists is not kept for a redo: %s", version, error)
