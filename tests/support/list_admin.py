"""Runs list administration in a thread, over a real socket and a real store."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from blocklists.snapshot.replica import Replica
from blocklists.store.current_lists import CurrentLists
from blocklists.store.follower import Follower
from blocklists.store.store import Store
from fanzha.phone import HomePlan
from infra import process_lifecycle
from infra.redis.client import connect
from services.audit.events import NoAudit
from services.changes import wiring
from services.changes.change_context import ChangeOptions
from services.lists.drafts import DraftReader
from services.lists.findings import FindingRecorder
from services.lists.hit_count_store import EntryHitStore
from services.lists.service import ListService
from services.rpc.changes.handler import ChangeServicer
from services.rpc.lists.handler import BlocklistServicer
from services.rpc.security import DEVELOPMENT
from services.rpc.server import RpcServer


@contextmanager
def administering(
    redis_url: str, folder: Path, now_ms: Callable[[], int], options: ChangeOptions | None = None
) -> Iterator[str]:
    """Serve until the block ends; give the address. *options* are those of change requests."""
    ready, found = threading.Event(), list[Any]()

    async def serve() -> None:
        clients = [connect(redis_url, decode_responses=False), connect(redis_url)]
        store, replica = Store(clients[0]), Replica(folder)
        changes, _ = wiring.build(
            clients[0], store=store, replica=replica, now_ms=now_ms, options=options
        )
        administration = ListService(
            store=store,
            replica=replica,
            changes=changes,
            home=HomePlan(),
            now_ms=now_ms,
            default_expiry_days=365,
            hits=EntryHitStore(clients[1]),
        )
        drafting = DraftReader(
            current=CurrentLists(store, replica),
            home=HomePlan(),
            now_ms=now_ms,
            default_expiry_days=365,
        )
        findings = FindingRecorder(store=store, replica=replica, audit=NoAudit(), now_ms=now_ms)
        server = RpcServer(
            {
                "blocklist": BlocklistServicer(administration, findings=findings),
                "changes": ChangeServicer(changes, drafting),
            },
            max_message_bytes=2**22,
            security=DEVELOPMENT,
        )
        stop = asyncio.Event()
        found.extend((await server.start("127.0.0.1", 0), asyncio.get_running_loop(), stop))
        following = asyncio.create_task(Follower(store, folder).run())
        looking = asyncio.create_task(_refresh(replica))
        ready.set()
        await stop.wait()
        await server.drain(1)
        await process_lifecycle.cancel([following, looking])
        for client in clients:
            await client.aclose()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        if not ready.wait(30):
            raise AssertionError("list administration did not start")
        yield f"127.0.0.1:{found[0]}"
    finally:
        if found:
            found[1].call_soon_threadsafe(found[2].set)
        thread.join()


async def _refresh(replica: Replica) -> None:
    while True:
        if replica.changed:
            await asyncio.to_thread(replica.refresh)
        await asyncio.sleep(0.005)
