"""Wires up change requests."""

import os
import secrets
import socket
from collections.abc import Callable

from prometheus_client import CollectorRegistry

from blocklists.critical.critical_list import shipped, with_own
from blocklists.critical.risks import RiskFinder
from blocklists.snapshot.replica import Replica
from blocklists.store.current_lists import CurrentLists
from blocklists.store.store import Store
from blocklists.wrong_entries import Retract, retract_nothing
from infra.clock import monotonic_seconds
from infra.redis.client import Client
from infra.redis.lease import Lease
from infra.reloaded_file import ReloadedFile
from services.audit.events import Audit, NoAudit
from services.carrier_policy.policy_log import PolicyLog
from services.changes.change_context import ChangeContext, ChangeOptions
from services.changes.impact import ImpactSource, NoImpact
from services.changes.locks import Locks
from services.changes.maintenance import LEASE_MS, ChangeMaintenance
from services.changes.metrics import ChangeMetrics
from services.changes.policy.impact import PolicyImpactSource, of_log
from services.changes.popularity import PopularHosts
from services.changes.redo.journal import RedoJournal
from services.changes.redo.lost_changes import LostChanges
from services.changes.service import ChangeService
from services.changes.store import MAINTENANCE, ChangeStore
from services.decision_log import options as decision_log
from services.decision_log.impact.estimator import ImpactEstimator
from services.settings.settings import Settings


def build(
    client: Client,
    *,
    store: Store,
    replica: Replica,
    now_ms: Callable[[], int],
    elapsed: Callable[[], float] = monotonic_seconds,
    options: ChangeOptions | None = None,
    popular: PopularHosts | None = None,
    risks: RiskFinder | None = None,
    audit: Audit | None = None,
    impact: ImpactSource | None = None,
    policies: PolicyLog | None = None,
    policy_impact: PolicyImpactSource | None = None,
    retract: Retract = retract_nothing,
    registry: CollectorRegistry | None = None,
    journal: RedoJournal | None = None,
) -> tuple[ChangeService, ChangeMaintenance]:
    """Return the service and the maintenance of change requests.

    *client* must not decode answers. Without *policies*, the carrier policy cannot be changed.
    """
    requests = ChangeStore(client)
    context = ChangeContext(
        requests=requests,
        lists=store,
        current=CurrentLists(store, replica),
        locks=Locks(store=requests),
        audit=audit or NoAudit(),
        impact=impact or NoImpact(),
        popular=popular or PopularHosts(None),
        risks=risks or RiskFinder(),
        options=options or ChangeOptions(),
        policies=policies,
        policy_impact=policy_impact,
        now_ms=now_ms,
        retract=retract,
        journal=journal,
    )
    return ChangeService(context), _upkeep(client, context, ChangeMetrics(registry), elapsed)


def _upkeep(
    client: Client, context: ChangeContext, metrics: ChangeMetrics, elapsed: Callable[[], float]
) -> ChangeMaintenance:
    owner = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
    lease = Lease(client, MAINTENANCE, owner=owner, duration_ms=LEASE_MS)
    return ChangeMaintenance(
        context, metrics, lease.acquire, _lost(context, metrics), elapsed=elapsed
    )


def _lost(context: ChangeContext, metrics: ChangeMetrics) -> LostChanges | None:
    if context.journal is None:
        return None
    return LostChanges(
        context.journal,
        context.lists,
        audit=context.audit,
        step_lock=context.step_lock,
        now_ms=context.now_ms,
        counted=metrics.lost,
    )


def impact(settings: Settings) -> ImpactSource:
    """Return the impact source: this host's decision log, or `NoImpact` where it is off."""
    if not settings.decision_log_enabled:
        return NoImpact()
    return ImpactEstimator(decision_log.folder(settings))


def policy_impact(settings: Settings) -> PolicyImpactSource | None:
    """Return the replay of this host's decision log; None where it is off."""
    return of_log(decision_log.folder(settings)) if settings.decision_log_enabled else None


def risks(settings: Settings) -> RiskFinder:
    """Return what finds the risks of entries by the settings; `ValueError` for a bad file."""
    path = settings.critical_names_file
    critical = shipped if path is None else ReloadedFile(path, with_own).current
    return RiskFinder(critical, settings.range_subscribers_limit)


def options(settings: Settings) -> ChangeOptions:
    """Return the options of change requests by the settings."""
    return ChangeOptions(
        second_person=settings.second_person,
        impact_threshold=settings.approval_impact_threshold,
        impact_hours=settings.impact_preview_hours,
        popular_host_rank=settings.popular_host_rank,
        emergency_hours=settings.emergency_hours,
        retention_days=settings.change_retention_days,
    )
