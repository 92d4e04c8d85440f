"""Keeps changes of the lists that were acknowledged on the disk of list administration.

A store that fails over may lose changes that it had acknowledged; the audit log says that they were
applied, and not what they held. So each is a file of its own here: a line about it, then its rows
as the store packs them. Kept for `KEPT_MS`, and `MOST_FILES` and `MOST_BYTES` in all: a change that
is lost is missed within seconds.
"""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from blocklists.store import packing
from blocklists.store.changes import ListChange
from infra import atomic_file

logger = logging.getLogger(__name__)

KEPT_MS = 7 * 86_400_000
LEAST_FILES = 10
"""So many are kept however old: what was lost is searched for after the last that was not."""
MOST_FILES = 2_000
MOST_BYTES = 2**28
_KEPT, _LOST = ".change", ".lost"
_DIGITS = 16


@dataclass(frozen=True, slots=True, order=True)
class JournalledChange:
    """A change in the journal."""

    sequence: int
    """The order in which the store acknowledged changes; after a loss, versions come twice."""
    version: int
    """The version it made."""
    commit: str
    lost: bool = False
    """Whether the store has lost it, and it could not be applied again."""

    @property
    def file(self) -> str:
        """Its file."""
        kind = _LOST if self.lost else _KEPT
        return f"{self.sequence:0{_DIGITS}}-{self.version}-{self.commit}{kind}"


class RedoJournal:
    """The changes in *folder*. Raises OSError where the disk refuses; calls block on it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        atomic_file.make_folder(folder)
        self._last = max((one.sequence for one in (*self.kept(), *self.lost())), default=0)

    def note(self, change: ListChange, version: int, *, late: bool = False) -> None:
        """Keep a change that the store has acknowledged as *version*.

        *late*: others were acknowledged since, and may be kept already.
        """
        try:
            parts = [packing.pack(change.additions), packing.pack(change.removals)]
        except packing.TooLarge:
            parts = []
        if not parts or sum(map(len, parts)) > MOST_BYTES:
            logger.warning("version %d of the lists is too large to be kept for a redo", version)
            return
        head = {
            "author": change.author,
            "reason": change.reason,
            "committed_at_ms": change.committed_at_ms,
            "sizes": [len(part) for part in parts],
        }
        line = json.dumps(head, ensure_ascii=False).encode() + b"\n"
        place = self._place if late else self._next
        path = self._folder / place(version, change.commit).file
        atomic_file.write(path, line + b"".join(parts))

    def has(self, commit: str) -> bool:
        """Whether a change is kept."""
        return any(one.commit == commit for one in self.kept())

    def kept(self) -> list[JournalledChange]:
        """Return what is kept, in the order in which it was acknowledged."""
        found = [_named(path) for path in self._folder.iterdir()]
        return sorted(one for one in found if one is not None and not one.lost)

    def lost(self) -> list[JournalledChange]:
        """Return what was set aside as lost, oldest first."""
        found = [_named(path) for path in self._folder.iterdir()]
        return sorted(one for one in found if one is not None and one.lost)

    def read(self, one: JournalledChange) -> ListChange | None:
        """Return a change; None where its file is damaged."""
        content = (self._folder / one.file).read_bytes()
        line, _, packs = content.partition(b"\n")
        try:
            head = json.loads(line)
            first, _second = map(int, head["sizes"])
            return ListChange(
                version=0,
                author=str(head["author"]),
                reason=str(head["reason"]),
                committed_at_ms=int(head["committed_at_ms"]),
                additions=packing.unpack_entries(packs[:first]),
                removals=packing.unpack_identities(packs[first:]),
                commit=one.commit,
            )
        except (ValueError, KeyError, TypeError, RecursionError):  # DamagedPack is a ValueError
            return None

    def moved(self, one: JournalledChange, version: int) -> None:
        """Note that a change is in the store as another version, after all others."""
        self._rename(one, self._next(version, one.commit))

    def set_aside(self, changes: Sequence[JournalledChange]) -> None:
        """Note that changes are lost for good."""
        for one in changes:
            self._rename(one, replace(one, lost=True))

    def prune(self, now_ms: int) -> None:
        """Delete what is older than `KEPT_MS`, but the newest, and the oldest beyond the bounds."""
        files, size = 0, 0
        for one in [*reversed(self.kept()), *reversed(self.lost())]:
            path = self._folder / one.file
            about = path.stat()
            files, size = files + 1, size + about.st_size
            old = about.st_mtime * 1000 < now_ms - KEPT_MS
            if (old and files > LEAST_FILES) or files > MOST_FILES or size > MOST_BYTES:
                path.unlink()

    def _place(self, version: int, commit: str) -> JournalledChange:
        """Return the place of a change before those of later versions."""
        later = [one.sequence for one in self.kept() if one.version > version]
        if later:
            return JournalledChange(min(later), version, commit)
        return self._next(version, commit)

    def _next(self, version: int, commit: str) -> JournalledChange:
        self._last += 1
        return JournalledChange(self._last, version, commit)

    def _rename(self, one: JournalledChange, other: JournalledChange) -> None:
        (self._folder / one.file).replace(self._folder / other.file)
        atomic_file.sync_folder(self._folder)


def _named(path: Path) -> JournalledChange | None:
    sequence, _, rest = path.stem.partition("-")
    version, _, commit = rest.partition("-")
    known = path.suffix in (_KEPT, _LOST) and sequence.isdecimal() and version.isdecimal()
    if not known:
        return None
    return JournalledChange(int(sequence), int(version), commit, lost=path.suffix == _LOST)
