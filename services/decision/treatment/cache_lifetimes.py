"""How long a gateway may reuse the answer on a link.

Blocks may be reused for longer than allows: a link becomes fraudulent more often than it stops
being so, and lists change all day. No answer by an entry is reused past the end of the entry, and
what was decided for want of a model, or of a readable URL, not at all.

The times of a batch stand in the answer once; only rows that differ have their own.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from blocklists.snapshot.snapshot import Snapshot
from fanzha.decisions import Action, Reason
from fanzha.tables import Int64s, Uint8s

_BLOCK, _FAILED_OPEN = int(Action.BLOCK), np.uint8(Reason.FAILED_OPEN)
_FAILED_CLOSED = np.uint8(Reason.FAILED_CLOSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheLifetimes:
    """The longest times in seconds."""

    allow_seconds: int = 60
    block_seconds: int = 300

    def of_batch(self, reasons: Uint8s) -> tuple[int, int]:
        """Return how long allows and blocks of a batch may be reused, in seconds."""
        closed = np.count_nonzero(reasons == _FAILED_CLOSED)
        # What is blocked for want of a model is let through where the carrier monitors.
        failed = closed or np.count_nonzero(reasons == _FAILED_OPEN)
        return 0 if failed else self.allow_seconds, 0 if closed else self.block_seconds

    def ending_sooner(
        self, snapshot: Snapshot, rows: Int64s, entries: Int64s, actions: Uint8s, now_s: int
    ) -> Iterator[tuple[int, int]]:
        """Return rows of links, and seconds, where the deciding entry ends before those run out.

        *rows* were decided by *entries*, rows of *snapshot*, with *actions*.
        """
        for row, entry, action in zip(
            rows.tolist(), entries.tolist(), actions.tolist(), strict=True
        ):
            left = snapshot.expires_s_of(entry) - now_s
            if left < (self.block_seconds if action == _BLOCK else self.allow_seconds):
                yield row, max(0, left)
