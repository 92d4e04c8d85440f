"""Builds the services of list administration from settings."""

from dataclasses import dataclass

from prometheus_client import Counter

from blocklists.edge.lists import EdgeLists
from fanzha.phone import HomePlan
from infra.clock import now_ms
from infra.data_paths import REDO
from infra.redis.shared_key import SharedKey
from services.appeals import wiring as appeal_wiring
from services.appeals.decision_log_lookup import LoggedDecisions
from services.appeals.list_access import AdministeredLists
from services.appeals.origins import RequestedOrigins
from services.appeals.wiring import WiredAppeals
from services.assessment.wiring import WiredAssessment
from services.audit import wiring as audit_log
from services.audit.checkpoint_copies import CheckpointCopies
from services.audit.refusals import RefusalRecorder
from services.auth.entry_sight import EntrySight
from services.auth.known_identities import SeenCallers
from services.changes import wiring as change_requests
from services.changes.maintenance import ChangeMaintenance
from services.changes.redo.journal import RedoJournal
from services.changes.service import ChangeService
from services.changes.store import ChangeStore
from services.decision.campaigns.store import CampaignStore
from services.decision.sinks.hit_store import HitStore
from services.decision_log import options as decision_log
from services.decision_log.analysis import wiring as analysis_wiring
from services.decision_log.query import DecisionQuery
from services.decision_log.service import DecisionLogReader
from services.entities.wiring import WiredEntities
from services.evidence_package import wiring as evidence_wiring
from services.evidence_package.service import EvidencePackages
from services.feedback.hit_reader import HitReader
from services.incidents.wiring import WiredIncidents
from services.lists.column_mappings import ColumnMappings
from services.lists.drafts import DraftReader
from services.lists.entry_at_version import EntriesAtVersions
from services.lists.hit_count_store import EntryHitStore
from services.lists.service import ListService
from services.processes import (
    backfill_servicer,
    graph_wiring,
    operations_wiring,
    registry_wiring,
)
from services.processes.admin_context import AdminContext
from services.processes.graph_wiring import GraphTasks
from services.rpc import security
from services.rpc.access import roster
from services.rpc.access.description import describing
from services.rpc.access.handler import AccessServicer
from services.rpc.appeals.handler import AppealServicer
from services.rpc.assessment.handler import AssessmentServicer
from services.rpc.audit.handler import AuditServicer
from services.rpc.changes.handler import ChangeServicer
from services.rpc.decision_log.handler import DecisionLogServicer
from services.rpc.education.handler import EducationServicer
from services.rpc.entities.handler import EntityServicer
from services.rpc.hits.handler import HitServicer
from services.rpc.incidents.handler import IncidentServicer
from services.rpc.list_updates.handler import ListUpdateServicer
from services.rpc.lists.handler import BlocklistServicer
from services.rpc.lists.mapping_handler import MappingServicer
from services.rpc.middleware.paging import PAGE_KEY
from services.rpc.policy.handler import PolicyServicer
from services.rpc.risk.handler import RiskServicer
from services.rpc.server import RpcServer
from services.rpc.sources.handler import SourceServicer
from services.rpc.warnings.control_handler import WarningControlServicer
from services.settings.types import fraud_types_of_sources
from services.sources.wiring import WiredSources
from services.warning import control
from services.warning.outcomes import wiring as outcome_wiring
from services.warning.outcomes.entry_outcomes import EntryOutcomeStore
from services.warning.outcomes.proposals import ListProposals
from services.warning.outcomes.wiring import OutcomeRuntime
from services.warning.retractions.notices import RetractionStore


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminServices:
    """The services of administration, and the parts of them that run in the background."""

    lists: ListService
    drafts: DraftReader
    changes: ChangeService
    upkeep: ChangeMaintenance
    hits: EntryHitStore
    logged: DecisionQuery | None
    """None where no decisions are logged."""
    appeals: WiredAppeals
    evidence: EvidencePackages
    outcomes: OutcomeRuntime
    graph: GraphTasks
    entities: WiredEntities
    incidents: WiredIncidents
    assessment: WiredAssessment
    sources: WiredSources


def build_services(context: AdminContext) -> AdminServices:
    """Build the services; first changes, which lists, appeals and outcomes go through."""
    hits = EntryHitStore(context.connect())
    changes, upkeep = _changes(context)
    lists = _lists(context, changes, hits)
    logged = decision_log.query(context.settings)
    entities = registry_wiring.entities(context, lists, logged)
    return AdminServices(
        lists=lists,
        drafts=_drafts(context),
        changes=changes,
        upkeep=upkeep,
        hits=hits,
        logged=logged,
        appeals=_appeals(context, lists, logged),
        evidence=evidence_wiring.build(
            context.settings,
            redis_url=context.redis_url,
            store=context.store,
            views=lists.views,
            audit=context.audit,
            logged=logged,
            now_ms=now_ms,
        ),
        outcomes=_outcomes(context, lists, changes),
        graph=graph_wiring.build(
            context.settings, context.connect(), context.replica, context.popular, context.registry
        ),
        entities=entities,
        incidents=registry_wiring.incidents(context, lists, entities, logged),
        assessment=registry_wiring.assessment(context),
        sources=registry_wiring.sources(context, lists, changes),
    )


def build_server(
    context: AdminContext, services: AdminServices, refusals: RefusalRecorder
) -> RpcServer:
    """Build the gRPC server of administration; *refusals* counts refused requests."""
    settings = context.settings
    failures = Counter(
        "fanzha_rpc_errors",
        "Requests that did not end with OK.",
        ["code"],
        registry=context.registry,
    )
    seen = SeenCallers(now_ms)
    access = AccessServicer(describing(settings, "administration"), roster.of(settings, seen))
    return RpcServer(
        {"access": access}
        | _list_servicers(context, services)
        | _decision_servicers(context, services)
        | _warning_servicers(context, services),
        page_key=SharedKey(context.connect(), PAGE_KEY).get,
        max_message_bytes=settings.max_message_bytes,
        failed=lambda code: failures.labels(code).inc(),
        security=security.of(settings, "admin", refusals.count, seen.note),
    )


def _changes(context: AdminContext) -> tuple[ChangeService, ChangeMaintenance]:
    return change_requests.build(
        context.client,
        store=context.store,
        replica=context.replica,
        now_ms=now_ms,
        options=change_requests.options(context.settings),
        popular=context.popular,
        risks=context.risks,
        audit=context.audit,
        impact=change_requests.impact(context.settings),
        policies=context.policies,
        policy_impact=change_requests.policy_impact(context.settings),
        retract=RetractionStore(context.connect()).publish,
        registry=context.registry,
        journal=RedoJournal(context.settings.data_dir / REDO),
    )


def _lists(context: AdminContext, changes: ChangeService, hits: EntryHitStore) -> ListService:
    settings = context.settings
    return ListService(
        store=context.store,
        replica=context.replica,
        changes=changes,
        home=HomePlan(settings.home_country),
        now_ms=now_ms,
        default_expiry_days=settings.default_expiry_days,
        fraud_types_of=fraud_types_of_sources(settings.default_fraud_types),
        no_end_needs_review=settings.permanent_entries_need_review,
        hits=hits,
        dead_entry_days=settings.dead_entry_days,
    )


def _drafts(context: AdminContext) -> DraftReader:
    settings = context.settings
    return DraftReader(
        current=context.current,
        home=HomePlan(settings.home_country),
        now_ms=now_ms,
        default_expiry_days=settings.default_expiry_days,
        fraud_types_of=fraud_types_of_sources(settings.default_fraud_types),
        no_end_needs_review=settings.permanent_entries_need_review,
    )


def _appeals(
    context: AdminContext, lists: ListService, logged: DecisionQuery | None
) -> WiredAppeals:
    return appeal_wiring.build(
        context.settings,
        redis=context.connect(),
        lists=AdministeredLists(lists, context.store, now_ms),
        audit=context.audit,
        registry=context.registry,
        now_ms=now_ms,
        log=LoggedDecisions(logged, now_ms) if logged else None,
        origins=RequestedOrigins(ChangeStore(context.client)),
        retract=RetractionStore(context.connect()).publish,
    )


def _outcomes(context: AdminContext, lists: ListService, changes: ChangeService) -> OutcomeRuntime:
    settings = context.settings
    return outcome_wiring.build(
        settings,
        context.connect(),
        proposals=ListProposals(
            administration=lists,
            changes=changes,
            current=context.current,
            popular=context.popular,
            popular_rank=settings.popular_host_rank,
            entry_days=settings.warning_loss_entry_days,
            now_ms=now_ms,
        ),
        registry=context.registry,
        now_ms=now_ms,
    )


def _list_servicers(context: AdminContext, services: AdminServices) -> dict[str, object]:
    """Return the servicers of lists, changes, appeals and the audit log."""
    return {
        "blocklist": BlocklistServicer(
            services.lists,
            context.audit,
            EntryOutcomeStore(context.connect()),
            findings=context.findings,
        ),
        "appeal": AppealServicer(services.appeals.appeals),
        "entities": EntityServicer(services.entities.registry, services.entities.entries),
        "incidents": IncidentServicer(services.incidents),
        "education": EducationServicer(registry_wiring.education(context)),
        "risk": RiskServicer(
            registry_wiring.risk(context, services.lists), context.settings.risk_numbers
        ),
        "sources": SourceServicer(services.sources.control),
        "assessment": AssessmentServicer(
            services.assessment.tasks, services.assessment.assessments
        ),
        "audit": AuditServicer(
            context.audit,
            services.evidence,
            audit_log.build_verification(
                context.settings,
                CheckpointCopies(context.connect(), audit_log.public_file(context.settings)),
                context.audit,
                services.upkeep.lost.problems if services.upkeep.lost else None,
            ),
        ),
        "changes": ChangeServicer(services.changes, services.drafts),
        "policy": PolicyServicer(services.changes, context.policies, now_ms),
        "mapping": MappingServicer(ColumnMappings(context.connect(), now_ms=now_ms)),
        "list_updates": ListUpdateServicer(
            EdgeLists(context.store, context.replica), context.audit
        ),
    }


def _decision_servicers(context: AdminContext, services: AdminServices) -> dict[str, object]:
    """Return the servicers of logged decisions, hits and models."""
    audit, sight = context.audit, EntrySight(lambda: context.replica.current)
    return {
        "decision_log": DecisionLogServicer(
            DecisionLogReader(
                services.logged,
                find_entries=services.lists.views.find,
                audit=audit,
                sight=sight,
                analyser=analysis_wiring.build(
                    context.settings,
                    EntriesAtVersions(context.store, services.changes.views.history),
                ),
            )
        ),
        "hits": HitServicer(
            HitReader(HitStore(context.connect()), audit=audit, sight=sight),
            CampaignStore(context.connect()),
            graph_wiring.reader(context.settings, context.connect(), audit=audit),
            now_ms,
        ),
        "models": operations_wiring.models(context.settings, context.connect(), audit=audit),
    }


def _warning_servicers(context: AdminContext, services: AdminServices) -> dict[str, object]:
    """Return the servicers that control, operate and report on warnings."""
    settings, audit = context.settings, context.audit
    client = context.connect()
    policies = operations_wiring.policies_in_force(settings, client, audit.key)
    return {
        "warning_control": WarningControlServicer(
            control.build(settings, context.connect(), now_ms=now_ms, audit=audit)
        ),
        "warning_backfill": backfill_servicer.build(
            settings,
            context.connect,
            services.lists,
            audit=audit,
            registry=context.registry,
            policies=policies,
        ),
        "warning_policy": operations_wiring.policy(
            settings, client, policies=policies, audit=audit
        ),
        "warning_operations": operations_wiring.servicer(
            settings, context.connect(), log=services.logged, audit=audit, policies=policies
        ),
        "warning_report": operations_wiring.reports(settings, context.connect(), now_ms=now_ms),
    }
