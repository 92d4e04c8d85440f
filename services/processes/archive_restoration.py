"""Brings a day of the decision log back from the archive, and puts that on record.

The record goes to the audit log by the stream that `fanzha admin` reads; so a store must be known.
Where there is none, as on a new machine after a disaster, the day is brought back without.
"""

import asyncio
import getpass
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from infra import data_paths
from infra.redis.client import connect
from services.audit.events import AuditKind
from services.audit.forwarder import AuditForwarder
from services.decision_log.archive import layout
from services.decision_log.archive import wiring as archive
from services.decision_log.archive.archive_reader import RestoredDay
from services.settings.settings import Settings

RESTORED = "restored"
"""Folder of restored days in the data folder, unless another is named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRestoration:
    """A day that was brought back."""

    folder: Path
    day: RestoredDay
    recorded: bool
    """Whether the audit log has a record."""


def restore_day(
    settings: Settings,
    day: str,
    kinds: Sequence[str],
    folder: Path | None,
    progress: Callable[[str], None] = lambda _key: None,
) -> DayRestoration:
    """Bring a day back; raises FanzhaError, before anything is written where it can tell."""
    layout.start_of(day)
    layout.check_kinds(kinds)
    reader = archive.reader(settings)
    place = folder or settings.data_dir / RESTORED
    url = _store(settings)
    if url:
        asyncio.run(_record(url, day, kinds, place))
    return DayRestoration(
        folder=place, day=reader.fetch(day, kinds, place, progress), recorded=bool(url)
    )


def _store(settings: Settings) -> str:
    if settings.redis_url:
        return settings.redis_url
    try:
        url = settings.data_dir / data_paths.VALKEY / "url"
        return url.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""


async def _record(url: str, day: str, kinds: Sequence[str], folder: Path) -> None:
    client = connect(url)
    try:
        await AuditForwarder(client, socket.gethostname()).record(
            AuditKind.DECISIONS_RESTORED,
            subject=f"decisions of {day}",
            details={"kinds": ",".join(kinds), "folder": str(folder)},
            actor=f"os:{getpass.getuser()}",
        )
    finally:
        await client.aclose()
