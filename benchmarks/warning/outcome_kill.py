"""Kills what learns from outcomes while cases are closed, and counts what was lost or done twice.

``fanzha bench outcome-kill``: opens cases in a Valkey of its own, some of numbers that nothing
blocks and some of listed numbers, and closes them as lost money and as false alarms. Meanwhile
``fanzha warn``, ``fanzha admin`` and Valkey are killed (SIGKILL) at random and started again. When
all is quiet it counts: one request to block each number that took money, one to remove each entry
that was wrong, every case noted once, nothing waiting or dead. Exit status 1 when a count is wrong.
"""

import argparse
import asyncio
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from redis.exceptions import RedisError

from benchmarks import results
from benchmarks.warning.killed_processes import CLAIM_MS, Processes
from blocklists.entries import EntryKind, entry_id
from fanzha.decisions import Action
from fanzha.errors import Unavailable
from infra.clock import now_ms
from infra.redis.client import Client, connect
from infra.redis.dead_letters import DeadLetters
from services.changes.store import ChangeStore
from services.cli._common.console import progress
from services.processes.embedded_valkey import EmbeddedValkey
from services.warning import keys
from services.warning.cases.events import CaseEvent, CaseOutcome, EventKind
from services.warning.cases.opening import PlainRouter
from services.warning.cases.store import CaseStore
from services.warning.intake.service import WarningIntake
from services.warning.model import WarningRecord
from services.warning.outcomes import service
from services.warning.outcomes.proposals import PIPELINE
from tests.support.builders import an_entry
from tests.support.change_desk import a_draft, change_desk
from tests.support.warnings import a_warning

SEED = 7
FALSE_EACH = 5
"""False alarms of each listed number: so many let its removal be proposed."""
_QUIET_SECONDS = 2 * CLAIM_MS / 1000
T = TypeVar("T")


async def run(options: argparse.Namespace) -> dict[str, Any]:
    """Close, kill, wait until all is quiet, and count."""
    taken = [f"+8619{number:09}" for number in range(options.losses)]
    listed = [f"+8616{number:09}" for number in range(options.entries)]
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        valkey = EmbeddedValkey(folder)
        url = await valkey.start()
        stack.push_async_callback(valkey.stop)
        client = connect(url)
        stack.push_async_callback(client.aclose)
        await _list(url, folder, listed)
        closings = await _open(client, taken, listed)
        environment = {"FANZHA_ADMIN_PORT": "0", "FANZHA_ADMIN_METRICS_PORT": "0"}
        pools = [
            Processes(("services", role), url, folder, 1, environment) for role in ("warn", "admin")
        ]
        for pool in pools:
            stack.callback(pool.end)
        started = time.perf_counter()
        closing = asyncio.create_task(_close(client, closings, options.every / 4))
        stores = await _disturb(options, pools, valkey)
        await closing
        await _until_quiet(client, list(closings), options.seconds)
        seconds = time.perf_counter() - started
        for pool in pools:
            pool.end()
        found = await _counted(client, url, taken, listed, list(closings))
    return {
        "losses": options.losses,
        "entries": options.entries,
        "cases_closed": len(closings),
        "warn_killed": pools[0].killed,
        "admin_killed": pools[1].killed,
        "store_killed": stores,
        "seconds": round(seconds, 1),
    } | found


async def _list(url: str, folder: Path, listed: Sequence[str]) -> None:
    async with change_desk(url, folder / "admin-lists-before") as desk:
        desk.clock[0] = now_ms()
        ends = datetime.now(UTC) + timedelta(days=365)
        entries = [an_entry(one, expires_at=ends) for one in listed]
        await desk.changes.submit_and_apply(a_draft(*entries))


async def _open(
    client: Client, taken: Sequence[str], listed: Sequence[str]
) -> dict[str, CaseOutcome]:
    """Open the cases; return how each is to be closed."""
    intake = WarningIntake(
        client=client, store=CaseStore(client), router=PlainRouter(), now_ms=now_ms
    )
    losses = [_warned(number, one) for number, one in enumerate(taken)]
    false = [
        replace(
            _warned(len(taken) + place * FALSE_EACH + again, one),
            pattern=one,
            entry_id=entry_id(EntryKind.NUMBER, one, Action.BLOCK),
        )
        for place, one in enumerate(listed)
        for again in range(FALSE_EACH)
    ]
    results_ = await intake.ingest([*losses, *false])
    outcomes = [CaseOutcome.LOST_MONEY] * len(losses) + [CaseOutcome.FALSE_ALARM] * len(false)
    return dict(zip((one.case_id for one in results_), outcomes, strict=True))


def _warned(number: int, caller: str) -> WarningRecord:
    at_ms = now_ms()
    warned = a_warning(number, caller=caller)
    return replace(warned, occurred_at_ms=at_ms - 2000, received_at_ms=at_ms)


async def _close(client: Client, closings: dict[str, CaseOutcome], within_s: float) -> None:
    """Close all in random order, some at once; again where the store did not answer."""
    store, chance = CaseStore(client), random.Random(SEED)
    order = list(closings)
    chance.shuffle(order)
    for case_id in order:
        event = CaseEvent(
            kind=EventKind.CLOSED, at_ms=now_ms(), by="bench", outcome=closings[case_id]
        )
        await _again(
            lambda case_id=case_id, event=event: store.change(  # type: ignore[misc]
                case_id, lambda case: [event] if case.open else []
            )
        )
        await asyncio.sleep(chance.uniform(0, within_s / 10))


async def _again(ask: Callable[[], Awaitable[T]]) -> T:
    while True:
        with suppress(Unavailable, RedisError, OSError):
            return await ask()
        await asyncio.sleep(0.1)


async def _disturb(
    options: argparse.Namespace, pools: Sequence[Processes], valkey: EmbeddedValkey
) -> int:
    """Kill one after the other; return how often the store was killed."""
    chance, stores = random.Random(SEED + 1), 0
    deeds = [*([0, 1] * options.kills), *([2] * options.store_kills)]
    chance.shuffle(deeds)
    with progress() as bar:
        task = bar.add_task("killing", total=len(deeds), note="")
        for deed in deeds:
            await asyncio.sleep(chance.uniform(0.5, 1.5) * options.every)
            if deed < len(pools):
                pools[deed].kill_one(chance)
            elif (pid := valkey.pid) is not None:
                os.kill(pid, signal.SIGKILL)
                await asyncio.to_thread(os.waitid, os.P_PID, pid, os.WEXITED | os.WNOWAIT)
                await valkey.ensure_running()
                stores += 1
            bar.advance(task)
    return stores


async def _until_quiet(client: Client, cases: Sequence[str], seconds: float) -> None:
    """Wait until nothing waits for a while, and all cases are noted; or until it is too late."""
    deadline, quiet_since = time.monotonic() + seconds, time.monotonic()
    while time.monotonic() < deadline:
        await asyncio.sleep(0.25)
        queued = await _again(lambda: client.xlen(keys.OUTCOMES))
        notes = await _again(lambda: _notes(client, cases))
        if queued or not all(notes.values()):
            quiet_since = time.monotonic()
        elif time.monotonic() - quiet_since > _QUIET_SECONDS:
            return


async def _notes(client: Client, cases: Sequence[str]) -> Counter[str]:
    store, notes = CaseStore(client), Counter(dict.fromkeys(cases, 0))
    for case_id in cases:
        events = await store.history(case_id)
        notes[case_id] = sum(
            one.kind is EventKind.NOTED and one.by == service.GROUP for one in events
        )
    return notes


async def _counted(
    client: Client, url: str, taken: Sequence[str], listed: Sequence[str], cases: Sequence[str]
) -> dict[str, Any]:
    blocks, removals = await _requested(url)
    notes = await _notes(client, cases)
    return {
        "numbers_not_requested": sum(blocks[one] == 0 for one in taken),
        "numbers_requested_twice": sum(blocks[one] > 1 for one in taken),
        "entries_not_requested": sum(removals[one] == 0 for one in listed),
        "entries_requested_twice": sum(removals[one] > 1 for one in listed),
        "requests_nobody_asked_for": len((blocks.keys() - taken) | (removals.keys() - listed)),
        "cases_not_noted": sum(number == 0 for number in notes.values()),
        "cases_noted_twice": sum(number > 1 for number in notes.values()),
        "waiting": int(await client.xlen(keys.OUTCOMES)),
        "dead": await DeadLetters(client, keys.DEAD_LETTERS).count(),
    }


async def _requested(url: str) -> tuple[Counter[str], Counter[str]]:
    """Count the requests of the pipeline, by the number that they block or remove."""
    raw = connect(url, decode_responses=False)
    blocks, removals = Counter[str](), Counter[str]()
    try:
        store = ChangeStore(raw)
        before = 0
        while ids := await store.page_ids(None, before_id=before, size=200):
            for record in await store.get_many(ids):
                if record.author != PIPELINE.name:
                    continue
                added, gone = await store.additions(record), await store.removals(record)
                blocks.update(added.pattern(row) for row in range(len(added)))
                removals.update(gone.pattern(row) for row in range(len(gone)))
            before = ids[-1]
    finally:
        await raw.aclose()
    return blocks, removals


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print the counts, and return the exit status."""
    parser = argparse.ArgumentParser(prog="fanzha bench outcome-kill", description=__doc__)
    parser.add_argument("--losses", type=int, default=300, help="cases closed as lost money")
    parser.add_argument("--entries", type=int, default=40, help="entries with false alarms")
    parser.add_argument("--kills", type=int, default=5, help="times to kill warn, and admin")
    parser.add_argument("--store-kills", type=int, default=3, help="times to kill Valkey")
    parser.add_argument("--every", type=float, default=4.0, help="seconds between, on average")
    parser.add_argument("--seconds", type=float, default=300.0, help="give up after so long")
    parser.add_argument("--save", action="store_true", help="keep it in benchmarks/results")
    options = parser.parse_args(arguments)
    report = asyncio.run(run(options))
    right = {name: report[name] for name in report if "_not_" in name or "_twice" in name}
    right |= {name: report[name] for name in ("requests_nobody_asked_for", "waiting", "dead")}
    wrong = {name: count for name, count in right.items() if count}
    results.write("outcome-kill", report | {"wrong": wrong}, save=options.save)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
