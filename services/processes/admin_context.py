"""What the services of list administration share: stores, audit log, metrics."""

import time
from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from blocklists.critical.risks import RiskFinder
from blocklists.snapshot.replica import Replica
from blocklists.store.current_lists import CurrentLists
from blocklists.store.follower import Follower
from blocklists.store.store import Store
from infra.clock import now_ms
from infra.data_paths import ADMIN_LISTS
from infra.redis.client import Client, connect
from services.audit import wiring as audit_log
from services.audit.checkpoint_copies import CheckpointCopies
from services.audit.log import AuditLog
from services.audit.metrics import AuditMetrics
from services.audit.seals import seal_check, signer
from services.carrier_policy.policy_log import PolicyLog
from services.changes import wiring as change_requests
from services.changes.popularity import PopularHosts
from services.lists.findings import FindingRecorder
from services.lists.metrics import ListMetrics
from services.settings.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminContext:
    """The stores, the audit log and the metrics that the services of administration share."""

    settings: Settings
    redis_url: str
    audit: AuditLog
    client: Client
    """Returns bytes, as the list store needs them."""
    store: Store
    replica: Replica
    current: CurrentLists
    follower: Follower
    findings: FindingRecorder
    """Records what is wrong in the lists, as the follower finds it."""
    popular: PopularHosts
    risks: RiskFinder
    policies: PolicyLog
    registry: CollectorRegistry

    def connect(self) -> Client:
        """Return a client of its own, which returns text."""
        return connect(self.redis_url)


async def open_context(settings: Settings, redis_url: str) -> AdminContext:
    """Open the audit log and the list store, and register their metrics."""
    audit = audit_log.build_log(
        settings, CheckpointCopies(connect(redis_url), audit_log.public_file(settings))
    )
    await audit.open()
    client = connect(redis_url, decode_responses=False)
    store = Store(client, sign=signer(audit.key), check_seal=seal_check(settings))
    folder = settings.data_dir / ADMIN_LISTS
    replica = Replica(folder)
    findings = FindingRecorder(store=store, replica=replica, audit=audit, now_ms=now_ms)
    registry = CollectorRegistry()
    registry.register(AuditMetrics(audit))
    registry.register(ListMetrics(lambda: replica.lists if replica.loaded else None, time.time))
    return AdminContext(
        settings=settings,
        redis_url=redis_url,
        audit=audit,
        client=client,
        store=store,
        replica=replica,
        current=CurrentLists(store, replica),
        follower=Follower(
            store,
            folder,
            rebases=True,
            refuse_unaudited=settings.unaudited_changes == "refuse",
            found=findings.found,
        ),
        findings=findings,
        popular=PopularHosts.load(settings.popular_hosts_file),
        risks=change_requests.risks(settings),
        policies=PolicyLog(connect(redis_url), sign=signer(audit.key)),
        registry=registry,
    )
