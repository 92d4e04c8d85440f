"""The commands for pending backfills: `fanzha warnings backfill list`, `show`, `start`, `drop`."""

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from services.cli.warnings.commands import app
from services.rpc.security import DEVELOPMENT
from services.rpc.server import RpcServer
from services.rpc.warnings.backfill_handler import WarningBackfillServicer
from tests.support.change_desk import MemoryAudit
from tests.support.pending_backfills import (
    FRAUD,
    OTHER,
    SILENT,
    LandingRig,
    a_backfill_service,
    a_block,
    a_log,
    listed,
)
from tests.support.server_thread import in_a_thread


@pytest.fixture
def run(redis_url: str, tmp_path: Path) -> Iterator[Callable[..., Result]]:
    """Let three changes land: two that reached people, one that reached no one."""

    async def serve(ready: Callable[[int], None], stop: asyncio.Event) -> None:
        rig = LandingRig(redis_url, a_log(tmp_path / "decisions"), MemoryAudit())
        await rig.all()
        await listed(rig, replace(a_block(), campaign="star-river"), a_block(OTHER))
        await listed(rig, a_block(SILENT))
        await listed(rig, a_block("+8619900*"))
        servicer = WarningBackfillServicer(a_backfill_service(rig), rig.desk(), rig.suspects())
        server = RpcServer(
            {"warning_backfill": servicer}, max_message_bytes=2**20, security=DEVELOPMENT
        )
        ready(await server.start("127.0.0.1", 0))
        working = asyncio.create_task(rig.runner().run())
        await stop.wait()
        working.cancel()
        await server.drain(1)
        await rig.close()

    with in_a_thread(serve) as port:

        def run_command(*arguments: str) -> Result:
            return CliRunner().invoke(app, [*arguments, "--target", f"127.0.0.1:{port}"])

        yield run_command


def test_the_commands_list_show_start_and_drop(run: Callable[..., Result]) -> None:
    waiting = json.loads(run("backfill", "list", "--json").stdout)
    second, first = (
        one["backfill_id"] for one in sorted(waiting, key=lambda one: len(one["entries"]))
    )
    listed_text, shown = run("backfill", "list"), run("backfill", "show", first, "--count")
    started = run("backfill", "start", first, "--rate", "100", "--yes")
    dropped = run("backfill", "drop", second, "--reason", "a whole prefix", "--by", "wang")
    everything = run("backfill", "list", "--all")

    assert "2 entries" in listed_text.stdout
    assert "20 persons" in listed_text.stdout
    assert f"number {FRAUD}: fake_loan, campaign star-river" in shown.stdout
    assert "中 medium 20" in shown.stdout
    assert "20 of 20 persons" in started.stdout
    assert "dropped 已放弃" in dropped.stdout
    for word in ("started 已启动", "dropped 已放弃", "reached no one 无人受影响"):
        assert word in everything.stdout
    assert run("backfill", "start", second, "--yes").exit_code == 1
