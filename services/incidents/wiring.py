"""Builds incidents and leads from settings, Redis, the lists, the logs and the registry."""

from collections.abc import Callable
from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from blocklists.queries import ListQueries
from fanzha.phone import HomePlan
from infra.redis.client import Client
from services.audit.audited_actions import AuditedActions
from services.audit.log import AuditLog
from services.auth.entry_sight import EntrySight
from services.changes.store import ChangeStore
from services.decision_log.query import DecisionQuery
from services.entities.service import EntityRegistry
from services.incidents import departments, part_sources, stages
from services.incidents.cluster_sight import ScopedClusters
from services.incidents.clusters import ClusterFinder
from services.incidents.leads import LeadDesk
from services.incidents.metrics import IncidentFigures
from services.incidents.part_sources import (
    CaseSource,
    ChangeSource,
    DecisionSource,
    EntitySource,
    SubjectSource,
)
from services.incidents.service import IncidentDesk
from services.incidents.store import IncidentStore, LeadPackageStore
from services.settings.settings import Settings
from services.warning.cases.store import CaseStore


@dataclass(frozen=True, slots=True, kw_only=True)
class WiredIncidents:
    """Incidents, leads, and their background work."""

    desk: IncidentDesk
    leads: LeadDesk
    clusters: ScopedClusters
    figures: IncidentFigures


def build(
    settings: Settings,
    *,
    text_client: Client,
    byte_client: Client,
    views: ListQueries,
    entities: EntityRegistry,
    sight: EntrySight,
    audit: AuditLog,
    registry: CollectorRegistry,
    now_ms: Callable[[], int],
    logged: DecisionQuery | None,
) -> WiredIncidents:
    """Build it; *text_client* decodes answers. Raises `ValueError` for wrong files of settings."""
    store, packages = IncidentStore(text_client), LeadPackageStore(byte_client)
    sources = part_sources.by_kind(
        SubjectSource(views, logged, HomePlan(settings.home_country)),
        CaseSource(CaseStore(text_client)),
        DecisionSource(logged),
        ChangeSource(ChangeStore(byte_client)),
        EntitySource(entities),
    )
    desk = IncidentDesk(
        store=store,
        packages=packages,
        sources=sources,
        stages=stages.load(settings.incident_stages_file),
        trail=AuditedActions(audit, "incident"),
        now_ms=now_ms,
    )
    table = departments.load(settings.lead_departments_file)
    return WiredIncidents(
        desk=desk,
        leads=LeadDesk(desk, packages=packages, departments=table, audit=audit, key=audit.key),
        clusters=ScopedClusters(ClusterFinder(logged), sight),
        figures=IncidentFigures(store, registry, now_ms),
    )
