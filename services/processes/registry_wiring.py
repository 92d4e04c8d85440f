"""Builds the registries of administration: entities, and incidents, which join what others keep."""

from infra.clock import now_ms
from services.decision_log.query import DecisionQuery
from services.entities import wiring as entity_wiring
from services.entities.wiring import WiredEntities
from services.incidents import wiring as incident_wiring
from services.incidents.wiring import WiredIncidents
from services.lists.service import ListService
from services.processes.admin_context import AdminContext


def entities(
    context: AdminContext, lists: ListService, logged: DecisionQuery | None
) -> WiredEntities:
    """Build the registry of entities."""
    return entity_wiring.build(
        context.settings,
        redis=context.connect(),
        lists=lists,
        audit=context.audit,
        registry=context.registry,
        now_ms=now_ms,
        log=logged,
    )


def incidents(
    context: AdminContext,
    lists: ListService,
    registered: WiredEntities,
    logged: DecisionQuery | None,
) -> WiredIncidents:
    """Build incidents and leads."""
    return incident_wiring.build(
        context.settings,
        text_client=context.connect(),
        byte_client=context.client,
        views=lists.views,
        entities=registered.registry,
        audit=context.audit,
        registry=context.registry,
        now_ms=now_ms,
        logged=logged,
    )
