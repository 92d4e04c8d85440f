"""An entry as it was at an earlier version of the lists, from the history of changes."""

import asyncio

from blocklists.entries import Entry, EntryKind, entry_id
from blocklists.entry_table import EntryTable, Identities
from blocklists.snapshot.snapshot import NO_ENTRY
from blocklists.store.store import Store
from fanzha.decisions import Action
from fanzha.errors import InvalidInput, NotFound, Unavailable
from services.changes.diff import rows_in
from services.changes.past.history import History, VersionComparison
from services.decision_log.analysis.model import PastEntry
from services.decision_log.explanation import Sentence

MOST_VERSIONS = 500
"""Versions between then and now that are read for one entry."""

_SAME = Sentence("此后未变。", "unchanged since.")
_CHANGED = Sentence("此后已被更改。", "changed since.")
_REMOVED = Sentence("此后已被移出名单。", "no longer in the lists.")
_CONTRADICTION = Sentence(
    "名单历史中该版本没有此条目。", "the history of the lists does not have it at that version."
)


class EntriesAtVersions:
    """Looks entries up in the history of the lists of one deployment."""

    def __init__(self, lists: Store, history: History) -> None:
        self._lists = lists
        self._history = history

    async def __call__(self, id_: str, pattern: str, version: int, now: Entry | None) -> PastEntry:
        """Return entry *id_* at *version*, where *now* is the current one."""
        head = (await self._lists.head()).version
        if head - version > MOST_VERSIONS:
            return _unknown(
                f"此后版本多于 {MOST_VERSIONS} 个",
                f"{head - version:,} versions ago, and at most {MOST_VERSIONS} are read",
            )
        try:
            found = await self._history.diff(version, head)
        except (NotFound, Unavailable, InvalidInput) as error:
            return _unknown(str(error), str(error))
        return await asyncio.to_thread(_past, found, _identity(id_, pattern), now)


def _past(found: VersionComparison, wanted: Identities | None, now: Entry | None) -> PastEntry:
    for table, since in ((found.removed, _REMOVED), (found.changed_from, _CHANGED)):
        entry = _in(table, wanted)
        if entry is not None:
            return PastEntry(entry=entry, since=since)
    if now is None or _in(found.added, wanted) is not None:
        return PastEntry(entry=None, since=_CONTRADICTION)
    return PastEntry(entry=now, since=_SAME)


def _unknown(chinese: str, english: str) -> PastEntry:
    return PastEntry(
        entry=None,
        since=Sentence(f"当时的内容未知：{chinese}。", f"as it was then is not known: {english}."),
    )


def _identity(id_: str, pattern: str) -> Identities | None:
    for kind in EntryKind:
        for action in Action:
            if entry_id(kind, pattern, action) == id_:
                return Identities.of([(kind, pattern, action)])
    return None


def _in(table: EntryTable, wanted: Identities | None) -> Entry | None:
    if wanted is None or not len(table):
        return None
    row = int(rows_in(table, wanted)[0])
    return None if row == NO_ENTRY else table.entry(row)
