"""Opens the stores and services of administration on a data folder, with a clock that can be set.

The store keeps no append-only file while it is filled, as nobody waits for the disk of a made-up
history; `Province.close` writes one, which is what the service starts from.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from blocklists.snapshot.replica import Replica
from blocklists.store.current_lists import CurrentLists
from blocklists.store.follower import Follower
from blocklists.store.store import Store
from fanzha.phone import HomePlan
from infra import process_lifecycle
from infra.data_paths import ADMIN_LISTS, AUDIT
from infra.redis.client import Client, connect
from services.appeals import wiring as appeal_wiring
from services.appeals.list_access import AdministeredLists
from services.appeals.wiring import WiredAppeals
from services.audit import log as audit_log
from services.audit.checkpoint_copies import CheckpointCopies
from services.audit.log import AuditLog
from services.audit.seals import seal_check, signer
from services.auth import identity
from services.auth.identity import Identity, Role
from services.carrier_policy.policy_log import PolicyLog
from services.changes import wiring as change_wiring
from services.changes.service import ChangeService
from services.lists.hit_count_store import EntryHitStore
from services.lists.service import ListService
from services.processes.embedded_valkey import EmbeddedValkey
from services.processes.list_follower import follow_lists
from services.settings.settings import Settings
from services.warning.cases.store import CaseStore
from services.warning.policy import rulebook
from services.warning.policy.router import PolicyRouter

PEOPLE: dict[str, tuple[str, ...]] = {
    "li": ("editor",),
    "zhou": ("editor",),
    "wang": ("approver",),
    "zhao": ("appeals_officer",),
    "chen": ("auditor",),
    "sun": ("operator",),
    "he": ("dispatcher",),
    "tang": ("dispatcher@3401",),
    "gateway": ("carrier",),
}
"""The people of the bureau and their roles; after an @ the region of their scope."""
_REWRITE_SECONDS = 600.0


class DemoClock:
    """A clock that stands where it was put."""

    def __init__(self, at_ms: int) -> None:
        self.at_ms = at_ms

    def now_ms(self) -> int:
        """Return the time, a millisecond later each time: no two steps share one."""
        self.at_ms += 1
        return self.at_ms


def person(name: str) -> Identity:
    """Return one of `PEOPLE`."""
    roles, regions = set[Role](), set[str]()
    for role in PEOPLE[name]:
        word, _, region = role.partition("@")
        roles.add(Role(word))
        regions |= {region} if region else set()
    return Identity(name=name, roles=frozenset(roles), regions=frozenset(regions))


@dataclass(frozen=True, slots=True, kw_only=True)
class Province:
    """The stores of a data folder, open."""

    settings: Settings
    clock: DemoClock
    redis_url: str
    client: Client
    """Returns text."""
    audit: AuditLog
    store: Store
    current: CurrentLists
    """The lists here, once they have caught up with the store."""
    lists: ListService
    changes: ChangeService
    appeals: WiredAppeals
    hits: EntryHitStore
    cases: CaseStore
    router: PolicyRouter


@asynccontextmanager
async def opened(settings: Settings, clock: DemoClock) -> AsyncIterator[Province]:
    """Open everything in the data folder of *settings*; afterwards the folder can be served."""
    valkey = EmbeddedValkey(settings.data_dir)
    url = await valkey.start()
    plain: Any = connect(url)
    try:
        await plain.config_set("appendonly", "no")
        identity.set_identity(identity.BACKGROUND)
        async with _services(settings, clock, url) as province:
            yield province
        await _write_to_disk(plain)
    finally:
        await plain.aclose()
        await valkey.stop()


@asynccontextmanager
async def _services(settings: Settings, clock: DemoClock, url: str) -> AsyncIterator[Province]:
    client = connect(url, connections=64)
    audit = _audit(settings, clock, client)
    await audit.open()
    raw = connect(url, decode_responses=False)
    store = Store(raw, sign=signer(audit.key), check_seal=seal_check(settings))
    folder = settings.data_dir / ADMIN_LISTS
    replica = Replica(folder)
    background = [
        asyncio.create_task(Follower(store, folder, rebases=True).run()),
        asyncio.create_task(follow_lists(folder, replica, _nothing)),
    ]
    hits = EntryHitStore(client)
    lists, changes = _administration(
        settings, clock, (client, raw), (store, replica), (audit, hits)
    )
    listed = AdministeredLists(lists, store, clock.now_ms)
    try:
        yield Province(
            settings=settings,
            clock=clock,
            redis_url=url,
            client=client,
            audit=audit,
            store=store,
            current=CurrentLists(store, replica),
            lists=lists,
            changes=changes,
            appeals=_appeals(settings, clock, client, listed, audit),
            hits=hits,
            cases=CaseStore(client, retention_days=settings.warning_retention_days),
            router=_router(settings),
        )
    finally:
        await process_lifecycle.cancel(background)
        await audit.close()
        await client.aclose()
        await raw.aclose()


def _router(settings: Settings) -> PolicyRouter:
    book = rulebook.load(settings)
    return PolicyRouter(regions=book.regions, policy=book.policy, context=book.context)


def _audit(settings: Settings, clock: DemoClock, client: Client) -> AuditLog:
    return audit_log.open_log(
        settings.data_dir / AUDIT,
        key_file=None,
        within=settings.audit_checkpoint_records,
        quiet_seconds=settings.audit_checkpoint_seconds,
        now_ms=clock.now_ms,
        copies=CheckpointCopies(client),
    )


def _appeals(
    settings: Settings, clock: DemoClock, client: Client, lists: AdministeredLists, audit: AuditLog
) -> WiredAppeals:
    return appeal_wiring.build(
        settings,
        redis=client,
        lists=lists,
        audit=audit,
        registry=CollectorRegistry(),
        now_ms=clock.now_ms,
    )


def _administration(
    settings: Settings,
    clock: DemoClock,
    clients: tuple[Client, Client],
    lists: tuple[Store, Replica],
    kept: tuple[AuditLog, EntryHitStore],
) -> tuple[ListService, ChangeService]:
    """Build list administration and change requests."""
    (client, raw), (store, replica), (audit, hits) = clients, lists, kept
    changes, _ = change_wiring.build(
        raw,
        store=store,
        replica=replica,
        now_ms=clock.now_ms,
        options=change_wiring.options(settings),
        risks=change_wiring.risks(settings),
        audit=audit,
        policies=PolicyLog(client, sign=signer(audit.key)),
    )
    administration = ListService(
        store=store,
        replica=replica,
        changes=changes,
        home=HomePlan(settings.home_country),
        now_ms=clock.now_ms,
        default_expiry_days=settings.default_expiry_days,
        hits=hits,
    )
    return administration, changes


async def _write_to_disk(client: Any) -> None:
    """Begin the append-only file again, with all that there is."""
    await client.config_set("appendonly", "yes")
    async with asyncio.timeout(_REWRITE_SECONDS):
        while True:
            state = await client.info("persistence")
            if not state["aof_rewrite_in_progress"] and not state["aof_rewrite_scheduled"]:
                break
            await asyncio.sleep(0.1)
    if state["aof_last_bgrewrite_status"] != "ok":
        raise RuntimeError("the store could not write its append-only file")


async def _nothing() -> None:
    """Do nothing when new lists arrive."""


def settings_of(data: Path, places: Path) -> dict[str, str]:
    """Return the settings, as variables, by which the folder is filled and served."""
    return {
        "FANZHA_DATA_DIR": str(data),
        "FANZHA_WARNING_REGIONS_FILE": str(places),
        # Two years, so that nothing of them is dropped while somebody looks.
        "FANZHA_DECISION_LOG_DAYS": "760",
        "FANZHA_DECISION_LOG_ENDS_DAYS": "760",
        "FANZHA_CHANGE_RETENTION_DAYS": "760",
        "FANZHA_WARNING_RETENTION_DAYS": "760",
        "FANZHA_APPEAL_RETENTION_DAYS": "760",
    }
