"""Processes of list administration and of hosts that follow it, as they are put together outside.

Two things differ from `services.processes`: new list files are noticed by an event instead of
inotify, and nobody listens on a port.
"""

import asyncio
import shutil
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from blocklists.snapshot.delta import ListSegments
from blocklists.snapshot.findings import Finding
from blocklists.snapshot.replica import Replica
from blocklists.store.current_lists import CurrentLists
from blocklists.store.follower import Follower
from blocklists.store.store import RECENT, Store
from blocklists.store.worker_reports import WorkerReport
from fanzha.errors import Unavailable
from fanzha.phone import HomePlan
from services.appeals import wiring as appeal_wiring
from services.appeals.list_access import AdministeredLists
from services.appeals.origins import RequestedOrigins
from services.appeals.wiring import WiredAppeals
from services.audit import keys, log_files
from services.audit.checkpoint_copies import CheckpointCopies
from services.audit.findings import ChainReport
from services.audit.live_verification import LiveVerification
from services.audit.log import AuditLog, open_log
from services.audit.records import AuditRecord, read
from services.audit.seals import SealCheck, signer
from services.auth.identity import BACKGROUND, SecondPersonRule
from services.changes import wiring
from services.changes.change_context import ChangeOptions
from services.changes.maintenance import ChangeMaintenance
from services.changes.model import ChangeRequest
from services.changes.redo.journal import RedoJournal
from services.changes.service import ChangeService
from services.changes.store import ChangeStore
from services.lists.service import ListService
from services.processes.list_recovery import recover_and_follow
from services.settings.settings import Settings
from services.warning.retractions.notices import RetractionStore
from tests.support.simulation.world import SimulatedProcess

_REPORT_SECONDS = 2.0
WITHIN_RECORDS = 8
"""Records between two checkpoints of the audit log: few, as histories are short."""


class WatchedFollower(Follower):
    """Sets an event where the kernel would report a new file."""

    published: asyncio.Event

    async def _publish(self, lists: ListSegments) -> None:
        await super()._publish(lists)
        self.published.set()

    async def rebase(self) -> None:
        """Write the lists as the base of the store, as happens after thousands of changes."""
        await self._rebase()


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminParts:
    """What `fanzha admin` is made of, as far as changes go."""

    changes: ChangeService
    upkeep: ChangeMaintenance
    store: Store
    requests: ChangeStore
    replica: Replica
    current: CurrentLists
    follower: WatchedFollower
    audit: AuditLog
    client: Any
    text_client: Any
    lists: ListService
    journal: RedoJournal
    appeals: WiredAppeals | None
    """None where no history has appeals: they would look for work all the time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostParts:
    """A host that decides by the lists."""

    replica: Replica
    store: Store


def audit_folder(process_folder: Path) -> Path:
    """Return where the audit log of a process is."""
    return process_folder / "audit"


async def start_admin(
    process: SimulatedProcess[AdminParts], *, key: Path, rule: SecondPersonRule, lifts: bool = False
) -> AdminParts:
    """Put list administration together, with appeals if it *lifts*, and start what it does."""
    client = process.world.network.client(decode_responses=False)
    text_client = process.world.network.client()
    audit = await _open_audit(process, key, text_client)
    store = Store(client, sign=signer(audit.key), check_seal=_seals(key))
    folder = process.folder / "lists"
    replica = Replica(folder)
    follower = _follower(store, folder, rebases=True)
    journal = RedoJournal(process.folder / "redo")
    changes, upkeep = wiring.build(
        client,
        store=store,
        replica=replica,
        now_ms=process.now_ms,
        options=ChangeOptions(second_person=rule),
        audit=audit,
        retract=RetractionStore(text_client).publish,
        journal=journal,
    )
    lists = _lists(process, store, replica, changes)
    parts = AdminParts(
        changes=changes,
        upkeep=upkeep,
        store=store,
        requests=ChangeStore(client),
        replica=replica,
        current=CurrentLists(store, replica),
        follower=follower,
        audit=audit,
        client=client,
        text_client=text_client,
        lists=lists,
        journal=journal,
        appeals=_appeals(process, lists, store, audit, text_client) if lifts else None,
    )
    _start_background(process, parts)
    return parts


def _start_background(process: SimulatedProcess[AdminParts], parts: AdminParts) -> None:
    process.run_forever(recover_and_follow(parts.upkeep, parts.follower))
    process.run_forever(parts.upkeep.run())
    process.run_forever(parts.audit.run())
    process.run_forever(_follow_files(parts.replica, parts.follower.published))
    if parts.appeals is not None:
        process.run_forever(parts.appeals.lifter.run())
        process.run_forever(parts.appeals.upkeep.run())


async def start_host(
    process: SimulatedProcess[HostParts], *, key: Path, found: list[Finding]
) -> HostParts:
    """Follow the lists, and refuse changes without a valid seal; add findings to *found*."""
    store = Store(process.world.network.client(decode_responses=False), check_seal=_seals(key))
    folder = process.folder / "lists"
    replica = Replica(folder)
    follower = _follower(
        store,
        folder,
        refuse_unaudited=True,
        found=found.extend,
    )
    process.run_forever(follower.run())
    process.run_forever(_follow_files(replica, follower.published))
    process.run_forever(_report(process, replica, store))
    return HostParts(replica=replica, store=store)


def _lists(
    process: SimulatedProcess[AdminParts], store: Store, replica: Replica, changes: ChangeService
) -> ListService:
    return ListService(
        store=store,
        replica=replica,
        changes=changes,
        home=HomePlan(),
        now_ms=process.now_ms,
        default_expiry_days=365,
    )


def _appeals(
    process: SimulatedProcess[AdminParts],
    lists: ListService,
    store: Store,
    audit: AuditLog,
    text_client: Any,
) -> WiredAppeals:
    requests_client = process.world.network.client(decode_responses=False)
    return appeal_wiring.build(
        _settings(process.folder),
        redis=text_client,
        lists=AdministeredLists(lists, store, process.now_ms),
        audit=audit,
        registry=CollectorRegistry(),
        now_ms=process.now_ms,
        origins=RequestedOrigins(ChangeStore(requests_client)),
        retract=RetractionStore(text_client).publish,
    )


def make_key(folder: Path) -> Path:
    """Create the key of the audit log, which is that of the seals."""
    folder.mkdir()
    return keys.open_key(folder / keys.KEY_FILE).public_file.with_suffix("")


def _follower(store: Store, folder: Path, **options: Any) -> WatchedFollower:
    follower = WatchedFollower(store, folder, **options)
    follower.published = asyncio.Event()
    return follower


def _seals(key: Path) -> SealCheck:
    return SealCheck(keys.public_path(key), required=True)


async def _open_audit(process: SimulatedProcess[Any], key: Path, text_client: Any) -> AuditLog:
    folder = audit_folder(process.folder)
    if not folder.exists():
        folder.mkdir()
        for file in (key, keys.public_path(key)):
            shutil.copy2(file, folder)
    audit = open_log(
        folder,
        key_file=None,
        within=WITHIN_RECORDS,
        quiet_seconds=1.0,
        now_ms=process.now_ms,
        copies=CheckpointCopies(text_client),
    )
    await audit.open()
    return audit


async def _report(process: SimulatedProcess[Any], replica: Replica, store: Store) -> None:
    """Report the version that this host decides by, as its workers do."""
    while True:
        await asyncio.sleep(_REPORT_SECONDS)
        now = process.now_ms()
        report = WorkerReport(
            worker=process.name,
            list_version=replica.current.version,
            applied_at_ms=now,
            reported_at_ms=now,
        )
        with suppress(Unavailable):
            await store.report_worker(report)


@cache
def _settings(folder: Path) -> Settings:
    return Settings(data_dir=folder)


async def _follow_files(replica: Replica, published: asyncio.Event) -> None:
    while True:
        published.clear()
        if replica.changed:
            await asyncio.to_thread(replica.refresh)
        await published.wait()


def audited(folder: Path) -> list[AuditRecord]:
    """Return all records of an audit log."""
    files = log_files.files(folder)
    return [read(line) for file in files for line in file.read_bytes().splitlines()]


async def verified(parts: AdminParts) -> ChainReport:
    """Verify the audit log against the copies of its checkpoints."""
    verification = LiveVerification(parts.audit, CheckpointCopies(parts.text_client))
    return await verification.verify(said_author=BACKGROUND.name)


async def commits(parts: AdminParts) -> list[tuple[str, int]]:
    """Return the name and version of each commit, of those before the last base too."""
    recent = await parts.client.lrange(RECENT, 0, -1)
    pairs = [text.decode().partition(" ")[::2] for text in recent]
    return [(name, int(version)) for version, name in pairs]


async def requests(parts: AdminParts) -> list[ChangeRequest]:
    """Return all change requests."""
    ids = await parts.requests.page_ids(None, before_id=0, size=1000)
    return await parts.requests.get_many(ids)
