"""Builds the registries of administration: entities, incidents, tasks, sources, campaigns."""

from fanzha.phone import HomePlan
from infra.clock import now_ms
from services.assessment import wiring as assessment_wiring
from services.assessment.wiring import WiredAssessment
from services.auth.entry_sight import EntrySight
from services.changes.service import ChangeService
from services.decision.related.store import GraphStore
from services.decision_log.query import DecisionQuery
from services.education import wiring as education_wiring
from services.education.wiring import WiredEducation
from services.entities import wiring as entity_wiring
from services.entities.wiring import WiredEntities
from services.incidents import wiring as incident_wiring
from services.incidents.wiring import WiredIncidents
from services.list_files.direct_import import DirectImport
from services.lists.service import ListService
from services.processes import graph_wiring
from services.processes.admin_context import AdminContext
from services.risk.service import RiskRatings
from services.rpc.lists import messages
from services.sources import wiring as source_wiring
from services.sources.list_access import SourceLists
from services.sources.wiring import WiredSources


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
        sight=EntrySight(lambda: context.replica.current),
        audit=context.audit,
        registry=context.registry,
        now_ms=now_ms,
        logged=logged,
    )


def assessment(context: AdminContext) -> WiredAssessment:
    """Build the tasks of member units and their assessment."""
    return assessment_wiring.build(
        context.settings, redis=context.connect(), audit=context.audit, now_ms=now_ms
    )


def sources(context: AdminContext, lists: ListService, changes: ChangeService) -> WiredSources:
    """Build what pulls entries and reports from sources."""
    return source_wiring.of_administration(
        context.settings,
        context.connect(),
        SourceLists(
            lists,
            changes,
            context.current,
            context.popular,
            popular_rank=context.settings.popular_host_rank,
        ),
        DirectImport(lists, messages.proposed_rows),
        audit=context.audit,
        registry=context.registry,
        now_ms=now_ms,
    )


def education(context: AdminContext) -> WiredEducation:
    """Build educational campaigns and their reports."""
    return education_wiring.build(
        context.settings, redis=context.connect(), audit=context.audit, now_ms=now_ms
    )


def risk(context: AdminContext, lists: ListService) -> RiskRatings:
    """Build what rates numbers."""
    graph = GraphStore(context.connect(), graph_wiring.limits(context.settings), now_ms=now_ms)
    home = HomePlan(context.settings.home_country)
    return RiskRatings(lists.views, graph, home=home, audit=context.audit, now_ms=now_ms)
