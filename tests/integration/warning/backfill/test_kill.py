"""A process that notices, counts and begins is killed at each answer of the store, one by one."""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from infra import process_lifecycle
from services.audit.events import NoAudit
from services.processes.embedded_valkey import EmbeddedValkey
from services.warning.backfill.counter import AUTO_STARTED_BY, BackfillMode
from services.warning.backfill.model import PendingState
from tests.support.pending_backfills import (
    OTHER,
    LandingRig,
    a_block,
    a_log,
    commit,
    work,
    writing_through,
)

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["tests.support.pending_backfills", "duckdb"])


@pytest.fixture(autouse=True)
def quick_disk(valkey: EmbeddedValkey) -> Iterator[None]:
    with writing_through(valkey.url):
        yield


@dataclass(slots=True)
class Between:
    """Stands between a process and the store, and kills the process when it hears an answer."""

    url: str
    kill_at: int
    """After so many answers; what was asked is done then, and the process does not know."""
    pid: int = 0
    answers: int = 0
    carried: list[asyncio.Task[None]] = field(default_factory=list)

    @asynccontextmanager
    async def standing(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self._met, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        parts = urlsplit(self.url)
        try:
            yield f"redis://{parts.username}:{parts.password}@127.0.0.1:{port}/0"
        finally:
            server.close()
            await process_lifecycle.cancel(self.carried)
            await server.wait_closed()

    def _met(self, ours: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        self.carried.append(asyncio.create_task(self._carry(ours, back)))

    async def _carry(self, ours: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        parts = urlsplit(self.url)
        store, out = await asyncio.open_connection(parts.hostname, parts.port)
        asking = asyncio.create_task(_pass_on(ours, out))
        self.carried.append(asking)
        try:
            with suppress(OSError):
                while some := await store.read(2**20):
                    self.answers += 1
                    if self.answers == self.kill_at:
                        os.kill(self.pid, signal.SIGKILL)
                        break
                    back.write(some)
                    await back.drain()
        finally:
            await _closed(back)


async def _pass_on(ours: asyncio.StreamReader, out: asyncio.StreamWriter) -> None:
    try:
        with suppress(OSError):
            while some := await ours.read(2**20):
                out.write(some)
                await out.drain()
    finally:
        await _closed(out)


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


async def killed_at(rig: LandingRig, answer: int) -> bool:
    """Run a process until it heard so many answers; False when it ended by itself before."""
    assert rig.folder is not None
    between = Between(rig.url, answer)
    async with between.standing() as url:
        process = _PROCESSES.Process(target=work, args=(url, rig.folder))
        process.start()
        between.pid = process.pid or 0
        await asyncio.to_thread(process.join, 60)
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


async def test_a_process_killed_at_any_step_loses_and_duplicates_no_case(
    redis_url: str, tmp_path: Path
) -> None:
    rig = LandingRig(redis_url, a_log(tmp_path / "decisions"), NoAudit(), mode=BackfillMode.START)
    kills = 0
    while True:
        await rig.client.flushall()
        await rig.noticing().step()  # where the lists are followed from
        await commit(rig, a_block(), a_block(OTHER))

        killed = await killed_at(rig, kills + 1)
        # Who counted is gone, and its lease ends by itself.
        for lease in await rig.client.keys("*:counting:*"):
            await rig.client.delete(lease)
        await rig.all()

        (one,) = await rig.store.newest(9)
        (backfill,) = await rig.backfills.newest(9)
        assert (one.state, backfill.id, backfill.by) == (
            PendingState.STARTED,
            one.id,
            AUTO_STARTED_BY,
        )
        assert (backfill.total, len(await rig.backfills.head(backfill.id, 100))) == (20, 20)
        if not killed:
            break
        kills += 1
    await rig.close()

    assert kills > 10
