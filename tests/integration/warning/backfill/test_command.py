"""The commands for pending backfills: `fanzha warnings backfill list`, `show`, `start`, `drop`."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from services.cli.warnings.commands import app
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
from tests.support.rpc_server import in_a_thread, rpc_server


@pytest.fixture
def run(redis_url: str, tmp_path: Path) -> Iterator[Callable[..., Result]]:
    """Let three changes land: two that reached people, one that reached no one."""

    @asynccontextmanager
    async def serving() -> AsyncIterator[str]:
        rig = LandingRig(redis_url, a_log(tmp_path / "decisions"), MemoryAudit())
        await rig.all()
        await listed(rig, replace(a_block(), campaign="star-river"), a_block(OTHER))
        await listed(rig, a_block(SILENT))
        await listed(rig, a_block("+8619900*"))
        servicer = WarningBackfillServicer(a_backfill_service(rig), rig.desk(), rig.suspects())
        async with rpc_server({"warning_backfill": servicer}) as target:
            working = asyncio.create_task(rig.runner().run())
            yield target
            working.cancel()
        await rig.close()

    with in_a_thread(serving) as target:

        def run_command(*arguments: str) -> Result:
            return CliRunner().invoke(app, [*arguments, "--target", target])

        yield run_command


def test_backfills_are_listed_shown_started_and_dropped(run: Callable[..., Result]) -> None:
    waiting = json.loads(run("backfill", "list", "--json").stdout)
    second, first = (
        one["backfill_id"] for one in sorted(waiting, key=lambda one: len(one["entries"]))
    )
    listed_text, shown = run("backfill", "list"), run("backfill", "show", first, "--count")
    started = run("backfill", "start", first, "--rate", "100", "--yes")
    dropped = run("backfill", "drop", "--yes", second, "--reason", "a whole prefix", "--by", "wang")
    everything = run("backfill", "list", "--all")

    assert "2 entries" in listed_text.stdout
    assert "20 persons" in listed_text.stdout
    assert f"number {FRAUD}: fake_loan, campaign star-river" in shown.stdout
    assert "medium 20" in shown.stdout
    assert "20 of 20 persons" in started.stdout
    assert "dropped" in dropped.stdout
    for word in ("started", "dropped", "no_recipients"):
        assert word in everything.stdout
    assert run("backfill", "start", second, "--yes").exit_code == 4
