"""Builds the registry of entities from settings, Redis, the lists and the audit log."""

from collections.abc import Callable
from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from fanzha.phone import HomePlan
from infra.redis.client import Client
from services.audit.audited_actions import AuditedActions
from services.audit.events import Audit
from services.entities import exit_steps
from services.entities.entry_proposals import EntityEntries
from services.entities.metrics import EntityFigures
from services.entities.monitor import LoggedDecisionSearch, SightingMonitor
from services.entities.service import EntityRegistry
from services.entities.store import EntityStore
from services.lists.service import ListService
from services.settings.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class WiredEntities:
    """The registry and its background work."""

    registry: EntityRegistry
    entries: EntityEntries
    monitor: SightingMonitor


def build(
    settings: Settings,
    *,
    redis: Client,
    lists: ListService,
    audit: Audit,
    registry: CollectorRegistry,
    now_ms: Callable[[], int],
    log: LoggedDecisionSearch | None = None,
) -> WiredEntities:
    """Build the registry; *redis* must decode answers. Raises `ValueError` for wrong steps."""
    steps = exit_steps.load(settings.entity_steps_file)
    entities = EntityRegistry(
        store=EntityStore(redis),
        steps=steps,
        trail=AuditedActions(audit, "entity"),
        home=HomePlan(settings.home_country),
        now_ms=now_ms,
    )
    return WiredEntities(
        registry=entities,
        entries=EntityEntries(entities, lists, now_ms),
        monitor=SightingMonitor(
            registry=entities,
            log=log,
            steps=steps,
            figures=EntityFigures(registry),
            now_ms=now_ms,
        ),
    )
