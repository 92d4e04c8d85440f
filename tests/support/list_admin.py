"""Runs list administration in a thread, over a real socket and a real store."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from blocklists.critical.risks import RiskFinder
from blocklists.edge.lists import EdgeLists
from blocklists.snapshot.replica import Replica
from blocklists.store.current_lists import CurrentLists
from blocklists.store.follower import Follower
from blocklists.store.store import Store
from fanzha.phone import HomePlan
from infra import process_lifecycle
from infra.redis.client import connect
from services.audit.events import NoAudit
from services.carrier_policy.policy_log import PolicyLog
from services.changes import wiring
from services.changes.change_context import ChangeOptions
from services.changes.service import ChangeService
from services.lists.column_mappings import ColumnMappings
from services.lists.drafts import DraftReader
from services.lists.findings import FindingRecorder
from services.lists.hit_count_store import EntryHitStore
from services.lists.service import ListService
from services.rpc.changes.handler import ChangeServicer
from services.rpc.list_updates.handler import ListUpdateServicer
from services.rpc.lists.handler import BlocklistServicer
from services.rpc.lists.mapping_handler import MappingServicer
from services.rpc.policy.handler import PolicyServicer
from tests.support.rpc_server import in_a_thread, rpc_server

ANY_RANGE = RiskFinder(range_limit=10**15)
"""For tests of something else, which list wide ranges."""


@contextmanager
def administering(
    redis_url: str,
    folder: Path,
    now_ms: Callable[[], int],
    options: ChangeOptions | None = None,
    *,
    risks: RiskFinder | None = None,
) -> Iterator[str]:
    """Serve until the block ends; give the address. *options* are those of change requests."""
    with in_a_thread(lambda: _list_admin(redis_url, folder, now_ms, options, risks)) as target:
        yield target


@asynccontextmanager
async def _list_admin(
    redis_url: str,
    folder: Path,
    now_ms: Callable[[], int],
    options: ChangeOptions | None,
    risks: RiskFinder | None,
) -> AsyncIterator[str]:
    clients = [connect(redis_url, decode_responses=False), connect(redis_url)]
    store, replica = Store(clients[0]), Replica(folder)
    policies = PolicyLog(clients[1])
    changes, _ = wiring.build(
        clients[0],
        store=store,
        replica=replica,
        now_ms=now_ms,
        options=options,
        risks=risks,
        policies=policies,
    )
    servicers = {
        "blocklist": _blocklist(store, replica, changes, EntryHitStore(clients[1]), now_ms),
        "changes": ChangeServicer(changes, _drafts(store, replica, now_ms)),
        "policy": PolicyServicer(changes, policies, now_ms),
        "mapping": MappingServicer(ColumnMappings(clients[1], now_ms=now_ms)),
        "list_updates": ListUpdateServicer(EdgeLists(store, replica)),
    }
    async with rpc_server(servicers) as target:
        following = asyncio.create_task(Follower(store, folder).run())
        refreshing = asyncio.create_task(_refresh(replica))
        yield target
        await process_lifecycle.cancel([following, refreshing])
    for client in clients:
        await client.aclose()


def _blocklist(
    store: Store,
    replica: Replica,
    changes: ChangeService,
    hits: EntryHitStore,
    now_ms: Callable[[], int],
) -> BlocklistServicer:
    administration = ListService(
        store=store,
        replica=replica,
        changes=changes,
        home=HomePlan(),
        now_ms=now_ms,
        default_expiry_days=365,
        hits=hits,
    )
    findings = FindingRecorder(store=store, replica=replica, audit=NoAudit(), now_ms=now_ms)
    return BlocklistServicer(administration, findings=findings)


def _drafts(store: Store, replica: Replica, now_ms: Callable[[], int]) -> DraftReader:
    return DraftReader(
        current=CurrentLists(store, replica),
        home=HomePlan(),
        now_ms=now_ms,
        default_expiry_days=365,
    )


async def _refresh(replica: Replica) -> None:
    while True:
        if replica.changed:
            await asyncio.to_thread(replica.refresh)
        await asyncio.sleep(0.005)
