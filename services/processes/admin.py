"""The process of list administration: its services, on lists that it follows itself."""

import asyncio
import logging
import time
from contextlib import AsyncExitStack
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter

from blocklists.snapshot.replica import Replica
from blocklists.store.current_lists import CurrentLists
from blocklists.store.follower import Follower
from blocklists.store.store import Store
from fanzha.errors import Unavailable, VersionConflict
from fanzha.phone import HomePlan
from infra import process_lifecycle
from infra.clock import now_ms
from infra.data_paths import ADMIN_LISTS, AUDIT
from infra.redis.client import connect
from infra.redis.shared_key import SharedKey
from services.appeals import wiring
from services.appeals.decision_log_lookup import LoggedDecisions
from services.appeals.list_access import AdministeredLists
from services.appeals.origins import RequestedOrigins
from services.audit.checkpoint_copies import CheckpointCopies
from services.audit.forwarder import AuditForwardIntake
from services.audit.log import AuditLog, open_log
from services.audit.metrics import AuditMetrics
from services.audit.refusals import RefusalRecorder
from services.audit.seals import seal_check, signer
from services.auth import exposure, identity
from services.changes import wiring as change_requests
from services.changes.maintenance import ChangeMaintenance
from services.changes.popularity import PopularHosts
from services.changes.store import ChangeStore
from services.decision.campaigns.store import CampaignStore
from services.decision.sinks.hit_store import HitStore
from services.decision_log import options as decision_log
from services.decision_log.service import DecisionLogReader
from services.evidence_package import wiring as dossier_assembly
from services.feedback.hit_reader import HitReader
from services.lists.column_mappings import ColumnMappings
from services.lists.drafts import DraftReader
from services.lists.findings import FindingRecorder
from services.lists.hit_count_retention import HitCountRetention
from services.lists.hit_count_store import EntryHitStore
from services.lists.metrics import ListMetrics
from services.lists.service import ListService
from services.models.service import ModelControl
from services.models.store import ModelStore
from services.processes import operations_wiring
from services.processes.list_follower import follow_lists
from services.rpc import security
from services.rpc.appeals.handler import AppealServicer
from services.rpc.audit.handler import AuditServicer
from services.rpc.changes.handler import ChangeServicer
from services.rpc.decision_log.handler import DecisionLogServicer
from services.rpc.hits.handler import HitServicer
from services.rpc.lists.handler import BlocklistServicer
from services.rpc.lists.mapping_handler import MappingServicer
from services.rpc.middleware.paging import PAGE_KEY
from services.rpc.models.handler import ModelServicer
from services.rpc.server import RpcServer
from services.rpc.warnings.backfill_handler import WarningBackfillServicer
from services.rpc.warnings.control_handler import WarningControlServicer
from services.rpc.warnings.report_handler import WarningReportServicer
from services.settings.settings import Settings
from services.telemetry import admin_exporter
from services.warning import control
from services.warning.backfill import service
from services.warning.backfill import wiring as waiting_assembly
from services.warning.backfill.metrics import BackfillMetrics
from services.warning.outcomes import wiring as learning_assembly
from services.warning.outcomes.entry_outcomes import EntryOutcomeStore
from services.warning.outcomes.proposals import ListProposals
from services.warning.reports import service as reporting

logger = logging.getLogger(__name__)


async def run(settings: Settings) -> int:
    """Serve list administration until told to stop; return the exit status."""
    if settings.redis_url is None:
        raise ValueError("FANZHA_REDIS_URL: admin needs it; `fanzha up` brings a Valkey along")
    exposure.check_admin(settings)
    exposure.warn_admin_exposure(settings)
    # What begins here, and is no request.
    identity.set_identity(identity.BACKGROUND if settings.auth_enabled else identity.DEVELOPER)
    stop = process_lifecycle.stop_event()
    audit = _audit(settings, settings.redis_url)
    await audit.open()
    hits = EntryHitStore(connect(settings.redis_url))
    client = connect(settings.redis_url, decode_responses=False)
    store = Store(client, sign=signer(audit.key), check_seal=seal_check(settings))
    replica = Replica(settings.data_dir / ADMIN_LISTS)
    findings = FindingRecorder(store=store, replica=replica, audit=audit, now_ms=now_ms)
    follower = Follower(
        store,
        settings.data_dir / ADMIN_LISTS,
        rebases=True,
        refuse_unaudited=settings.unaudited_changes == "refuse",
        found=findings.found,
    )
    registry = CollectorRegistry()
    registry.register(AuditMetrics(audit))
    registry.register(ListMetrics(lambda: replica.lists if replica.loaded else None, time.time))
    popular, current = PopularHosts.load(settings.popular_hosts_file), CurrentLists(store, replica)
    changes, upkeep = change_requests.build(
        client,
        store=store,
        replica=replica,
        now_ms=now_ms,
        options=change_requests.options(settings),
        popular=popular,
        audit=audit,
        impact=change_requests.impact(settings),
        registry=registry,
    )
    administration = ListService(
        store=store,
        replica=replica,
        changes=changes,
        home=HomePlan(settings.home_country),
        now_ms=now_ms,
        default_expiry_days=settings.default_expiry_days,
        no_end_needs_review=settings.permanent_entries_need_review,
        hits=hits,
        dead_entry_days=settings.dead_entry_days,
    )
    drafting = DraftReader(
        current=current,
        home=HomePlan(settings.home_country),
        now_ms=now_ms,
        default_expiry_days=settings.default_expiry_days,
        no_end_needs_review=settings.permanent_entries_need_review,
    )
    logged = decision_log.query(settings)
    appeals = wiring.build(
        settings,
        redis=connect(settings.redis_url),
        lists=AdministeredLists(administration, store, now_ms),
        audit=audit,
        registry=registry,
        now_ms=now_ms,
        log=LoggedDecisions(logged, now_ms) if logged else None,
        origins=RequestedOrigins(ChangeStore(client)),
    )
    dossiers = dossier_assembly.build(
        settings,
        redis_url=settings.redis_url,
        store=store,
        views=administration.views,
        audit=audit,
        logged=logged,
        now_ms=now_ms,
    )
    outcomes = learning_assembly.build(
        settings,
        connect(settings.redis_url),
        proposals=ListProposals(
            administration=administration,
            changes=changes,
            current=current,
            popular=popular,
            popular_rank=settings.popular_host_rank,
            entry_days=settings.warning_loss_entry_days,
            now_ms=now_ms,
        ),
        registry=registry,
        now_ms=now_ms,
    )
    refusals = RefusalRecorder(audit)
    failures = Counter(
        "fanzha_rpc_errors", "Requests that did not end with OK.", ["code"], registry=registry
    )
    server = RpcServer(
        {
            "blocklist": BlocklistServicer(
                administration,
                audit,
                EntryOutcomeStore(connect(settings.redis_url)),
                findings=findings,
            ),
            "appeal": AppealServicer(appeals.appeals),
            "audit": AuditServicer(audit, dossiers),
            "changes": ChangeServicer(changes, drafting),
            "mapping": MappingServicer(ColumnMappings(connect(settings.redis_url), now_ms=now_ms)),
            "decision_log": DecisionLogServicer(
                DecisionLogReader(logged, find_entries=administration.views.find, audit=audit)
            ),
            "hits": HitServicer(
                HitReader(HitStore(connect(settings.redis_url)), audit=audit),
                CampaignStore(connect(settings.redis_url)),
                now_ms,
            ),
            "models": ModelServicer(
                ModelControl(
                    ModelStore(connect(settings.redis_url)),
                    settings.models_dir,
                    audit=audit,
                    now_ms=now_ms,
                )
            ),
            "warning_control": WarningControlServicer(
                control.build(settings, connect(settings.redis_url), now_ms=now_ms, audit=audit)
            ),
            "warning_backfill": WarningBackfillServicer(
                service.build(
                    settings,
                    connect(settings.redis_url),
                    listed=administration.views.find,
                    now_ms=now_ms,
                    audit=audit,
                ),
                waiting_assembly.build_pending_service(
                    settings,
                    connect(settings.redis_url),
                    audit=audit,
                    metrics=BackfillMetrics(registry),
                    now_ms=now_ms,
                ),
                waiting_assembly.build_suspected_hits(
                    settings, connect(settings.redis_url), audit=audit, now_ms=now_ms
                ),
            ),
            "warning_operations": operations_wiring.servicer(
                settings, connect(settings.redis_url), log=logged, audit=audit
            ),
            "warning_report": WarningReportServicer(
                reporting.build(settings, connect(settings.redis_url), now_ms=now_ms)
            ),
        },
        page_key=SharedKey(connect(settings.redis_url), PAGE_KEY).get,
        max_message_bytes=settings.max_message_bytes,
        failed=lambda code: failures.labels(code).inc(),
        security=security.of(settings, "admin", refusals.count),
    )
    async with AsyncExitStack() as stack:
        stack.push_async_callback(audit.close)
        if settings.metrics_enabled:
            page = admin_exporter.page(registry, settings.metrics_host, settings.admin_metrics_port)
            stack.enter_context(page)
        await server.start(settings.admin_host, settings.admin_port)
        background = [
            asyncio.create_task(_settle_then_follow(upkeep, follower)),
            asyncio.create_task(upkeep.run()),
            asyncio.create_task(_follow(settings.data_dir / ADMIN_LISTS, replica, server)),
            asyncio.create_task(audit.run()),
            asyncio.create_task(findings.run()),
            asyncio.create_task(HitCountRetention(hits, lambda: replica.current, now_ms).run()),
            asyncio.create_task(refusals.run()),
            asyncio.create_task(
                AuditForwardIntake(connect(settings.redis_url), audit, now_ms=now_ms).run()
            ),
            *appeals.start(),
            *outcomes.start(),
        ]
        await process_lifecycle.first_of(stop, *background)
        await server.drain(settings.drain_seconds)
        await process_lifecycle.cancel(background)
        await refusals.write(last=True)
    logger.info("administration ends")
    return 0


def _audit(settings: Settings, redis_url: str) -> AuditLog:
    return open_log(
        settings.audit_dir or settings.data_dir / AUDIT,
        key_file=settings.audit_key_file,
        within=settings.audit_checkpoint_records,
        quiet_seconds=settings.audit_checkpoint_seconds,
        now_ms=now_ms,
        copies=CheckpointCopies(connect(redis_url)),
    )


async def _settle_then_follow(upkeep: ChangeMaintenance, follower: Follower) -> None:
    """Clear up what an earlier process left halfway, before the store is compacted."""
    try:
        await upkeep.recover()
    except (Unavailable, VersionConflict) as error:
        logger.warning("change requests left halfway wait: %s", error)
    await follower.run()


async def _follow(folder: Path, replica: Replica, server: RpcServer) -> None:
    """Take new lists over as they come; serve from the first."""
    serving = False

    async def taken() -> None:
        nonlocal serving
        if not serving:
            serving = True
            await server.serve()
            process_lifecycle.say_serving()

    await follow_lists(folder, replica, taken)
