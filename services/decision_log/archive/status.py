"""What the archive has, and what of this host's log waits for it."""

from collections.abc import Sequence
from dataclasses import dataclass

from infra.clock import now_ms
from services.decision_log import options
from services.decision_log.archive import layout, wiring
from services.decision_log.archive.archive_reader import ArchivedDay
from services.decision_log.archive.follower import sealed_hours
from services.settings.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveStatus:
    """The archive, as of now."""

    days: Sequence[ArchivedDay]
    waiting: int
    """Sealed hours of this host without receipts."""
    lag_ms: int
    """Time since the oldest of these was over."""


def of(settings: Settings, since: str = "") -> ArchiveStatus:
    """Ask the object store, and look at the receipts of this host."""
    if since:
        layout.start_of(since)
    at_ms = now_ms()
    waiting = sealed_hours(options.folder(settings), wiring.scope(settings), at_ms)
    return ArchiveStatus(
        days=wiring.reader(settings).days(since),
        waiting=len(waiting),
        lag_ms=max(0, at_ms - waiting[0].end_ms) if waiting else 0,
    )
