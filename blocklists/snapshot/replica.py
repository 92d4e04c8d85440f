"""The lists as one process answers from them: mapped files, replaced whole.

`Replica.refresh` may run in another thread than the one that decides: taking a new
version over is one assignment, and who holds the old snapshot finishes with it.
"""

import logging
from pathlib import Path

from blocklists.snapshot import publication
from blocklists.snapshot.delta import ListSegments
from blocklists.snapshot.publication import CURRENT, IN_STEP, Publication
from blocklists.snapshot.segment import Segment
from blocklists.snapshot.segment_file import DamagedFile
from blocklists.snapshot.snapshot import Snapshot

logger = logging.getLogger(__name__)


class Replica:
    """Follows the list files in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: tuple[int, int] | None = None
        self._publication: Publication | None = None
        self._lists: ListSegments = ListSegments.nothing()
        self.current: Snapshot = Snapshot.empty()
        """What decisions consult."""
        self.refused = 0
        """List files that were damaged, and not taken over."""

    @property
    def loaded(self) -> bool:
        """Whether there has been a list file at all."""
        return self._publication is not None

    @property
    def lists(self) -> ListSegments:
        """The segments of the current snapshot."""
        return self._lists

    @property
    def in_step_at_s(self) -> float:
        """When the store last confirmed that these lists are its newest, Unix seconds; 0: never."""
        try:
            return (self._folder / IN_STEP).stat().st_mtime
        except OSError:
            return 0.0

    @property
    def changed(self) -> bool:
        """Whether the folder changed since the last `refresh`; costs one ``stat``."""
        return self._identity() != self._seen

    def refresh(self) -> bool:
        """Switch to the current files; return False and keep the lists when they are unusable."""
        # Noted before reading: a file renamed into place meanwhile is seen next time.
        self._seen = self._identity()
        if self._seen is None:
            return False
        try:
            found = publication.current(self._folder)
            lists = publication.load(
                self._folder, found, self._mapped_base(found), self._mapped_shadows(found)
            )
        except DamagedFile as error:
            if self.changed:  # renamed away while it was read
                return self.refresh()
            self.refused += 1
            logger.error(  # noqa: TRY400 - a damaged file needs no traceback
                "lists stay at version %d: %s", self.current.version, error
            )
            return False
        self._publication, self._lists = found, lists
        self.current = lists.snapshot()
        return True

    def _mapped_base(self, found: Publication) -> Segment | None:
        if self._publication is None or self._publication.base_sha256 != found.base_sha256:
            return None
        return self._lists.base

    def _mapped_shadows(self, found: Publication) -> Segment | None:
        if self._publication is None or self._publication.shadows_sha256 != found.shadows_sha256:
            return None
        return self._lists.shadows

    def _identity(self) -> tuple[int, int] | None:
        try:
            status = (self._folder / CURRENT).stat()
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns
