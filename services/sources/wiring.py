"""Builds sources from settings, for each process that takes some of what they bring."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from fanzha.phone import HomePlan
from infra.data_paths import SOURCES
from infra.redis.client import Client
from services.audit.audited_actions import AuditedActions
from services.audit.events import Audit
from services.list_files.direct_import import DirectImport
from services.settings.settings import Settings
from services.sources import definitions
from services.sources.delivery import Delivery
from services.sources.entry_delivery import EntryDelivery
from services.sources.list_access import SourceLists
from services.sources.metrics import SourceFigures
from services.sources.model import Brings, SourceFile
from services.sources.puller import IsOpen, SourcePuller, never_open
from services.sources.reports.delivery import ReportDelivery
from services.sources.reports.keys import reporter_key
from services.sources.reports.store import ReportStore
from services.sources.scheduler import SourceScheduler
from services.sources.service import SourceControl
from services.sources.store import SourceStore
from services.sources.warning_delivery import WarningDelivery
from services.warning.intake.submission import WarningSubmission

_NONE = SourceFile(sources={})


@dataclass(frozen=True, slots=True, kw_only=True)
class WiredSources:
    """What pulls, and what administrators ask of it."""

    control: SourceControl
    scheduler: SourceScheduler


def load(settings: Settings) -> SourceFile:
    """Read the file of sources; nothing without one. Raises `ValueError` for a wrong one."""
    return definitions.load(settings.sources_file) if settings.sources_file else _NONE


def of_administration(
    settings: Settings,
    client: Client,
    lists: SourceLists,
    imports: DirectImport,
    *,
    audit: Audit,
    registry: CollectorRegistry,
    now_ms: Callable[[], int],
) -> WiredSources:
    """Build what pulls entries and reports, and tells of all sources; *client* must decode."""
    file = load(settings)
    reports = ReportDelivery(
        ReportStore(client),
        lists,
        key=reporter_key(file.reporter_key_file, client),
        home=HomePlan(settings.home_country),
        now_ms=now_ms,
    )
    deliveries: Mapping[Brings, Delivery] = {
        Brings.ENTRIES: EntryDelivery(imports, now_ms=now_ms),
        Brings.REPORTS: reports,
    }
    control = SourceControl(
        file.sources,
        SourceStore(client),
        trail=AuditedActions(audit, "source"),
        now_ms=now_ms,
    )
    scheduler = _scheduler(
        settings, client, file, deliveries, role="admin", audit=audit, registry=registry,
        now_ms=now_ms, is_open=lists.is_open,
    )  # fmt: skip
    return WiredSources(control=control, scheduler=scheduler)


def of_warnings(
    settings: Settings,
    client: Client,
    submission: WarningSubmission,
    *,
    audit: Audit,
    registry: CollectorRegistry,
    now_ms: Callable[[], int],
) -> SourceScheduler:
    """Build what pulls warnings; *client* must decode."""
    deliveries = {Brings.WARNINGS: WarningDelivery(submission)}
    return _scheduler(
        settings, client, load(settings), deliveries, role="warn", audit=audit,
        registry=registry, now_ms=now_ms,
    )  # fmt: skip


def _scheduler(
    settings: Settings,
    client: Client,
    file: SourceFile,
    deliveries: Mapping[Brings, Delivery],
    *,
    role: str,
    audit: Audit,
    registry: CollectorRegistry,
    now_ms: Callable[[], int],
    is_open: IsOpen = never_open,
) -> SourceScheduler:
    store, figures = SourceStore(client), SourceFigures(registry)
    folder = settings.data_dir / SOURCES / role
    puller = SourcePuller(
        store,
        deliveries,
        audit=audit,
        folder=folder,
        now_ms=now_ms,
        counted=figures.pulled,
        is_open=is_open,
    )
    ours = definitions.by_brings(file, *deliveries)
    return SourceScheduler(
        ours,
        store,
        puller,
        figures,
        folder=folder,
        now_ms=now_ms,
        # Administration tells how late all sources are, also where no pipeline runs.
        watched=file.sources if role == "admin" else ours,
    )
