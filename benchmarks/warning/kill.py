"""Kills the warning pipeline while it works, and counts whether anything was lost or done twice.

``fanzha bench warning-kill``: writes hits to the stream of confirmed hits of a Valkey of its own,
some of them twice, as a worker that failed halfway would. Meanwhile processes ``fanzha warn``, and
processes with the outbox of a channel (`benchmarks.warning.sink`), are killed (SIGKILL) at random,
by the ids of those it started itself, and started again; the Valkey server is killed, too, and
started again on what its append-only file has. When all is quiet it counts: a case for each person
and campaign, each hit joined once, what the events make of a case, each warning sent once, nothing
held, waiting or dead. The sink notes in a file what it was given, and knows nothing else: what is
there twice reached somebody twice. A warning whose sender was killed while sending it is in doubt,
and is not sent again; those are counted. Exit status 1 when a count is wrong.
"""

import argparse
import asyncio
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redis.exceptions import RedisError

from benchmarks import results
from benchmarks.warning import counting
from blocklists.redis_client import Client, connect
from fanzha.errors import Unavailable
from services.cli.console import progress
from services.clock import now_ms
from services.embedded import EmbeddedValkey
from services.hit_store import CONFIRMED
from services.warning import case_ids

SEED = 20260105
CLAIM_MS = 3000
_AT_ONCE = 500
_REPEATED = 0.05
"""Share of hits that come twice."""
_CALLERS = [f"+861990000{number:04}" for number in range(20)]


@dataclass(slots=True, kw_only=True)
class Plan:
    """What is offered, and what must come of it."""

    hits: int
    entries: list[dict[str, str]] = field(default_factory=list)
    decisions: dict[str, set[int]] = field(default_factory=dict)
    """Case id to the decisions that must have joined it."""


def plan(hits: int, at_ms: int) -> Plan:
    """Make hits on people, by campaigns of one caller each."""
    chance = random.Random(SEED)
    made = Plan(hits=hits)
    for decision in range(1, hits + 1):
        # Some people are hit by several campaigns, and some again and again by one.
        victim = f"+8617{chance.randrange(max(1, hits * 3 // 4)):09}"
        caller = chance.choice(_CALLERS)
        entry = {
            "decision_id": str(decision),
            "channel": "CALL",
            "from_party": caller,
            "to_party": victim,
            "fraud_type": "FAKE_LOAN",
            "action": "BLOCK",
            "reason": "BLOCKLISTED",
            "entry_id": f"entry-{caller}",
            "pattern": caller,
            "evidence": "CALLER",
            "occurred_at_ms": str(at_ms),
        }
        made.entries += [entry] * (2 if chance.random() < _REPEATED else 1)
        made.decisions.setdefault(case_ids.base_of(victim, f"number:{caller}"), set()).add(decision)
    chance.shuffle(made.entries)
    return made


class Processes:
    """Processes of one kind that are killed and started again."""

    def __init__(self, command: Sequence[str], url: str, folder: Path, count: int) -> None:
        self._command = [sys.executable, "-m", *command]
        self._environment = {
            name: value for name, value in os.environ.items() if not name.startswith("FANZHA_")
        } | {
            "FANZHA_REDIS_URL": url,
            "FANZHA_DATA_DIR": str(folder),
            "FANZHA_WARNING_PORT": "0",
            "FANZHA_METRICS_ENABLED": "false",
            "FANZHA_WARNING_CLAIM_MS": str(CLAIM_MS),
            "FANZHA_LOG_LEVEL": "error",
        }
        self._folder = folder
        self._running: list[subprocess.Popen[bytes]] = []
        self.killed = 0
        for _ in range(count):
            self._start()

    def kill_one(self, chance: random.Random) -> None:
        """Kill one, without a word, and start another."""
        victim = self._running.pop(chance.randrange(len(self._running)))
        victim.kill()
        victim.wait()
        self.killed += 1
        self._start()

    def end(self) -> None:
        """End all in order."""
        for process in self._running:
            process.send_signal(signal.SIGTERM)
        for process in self._running:
            with suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()
            process.wait()

    def _start(self) -> None:
        with (self._folder / "warn.log").open("ab") as log:
            self._running.append(
                subprocess.Popen(
                    self._command,
                    env=self._environment,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=log,
                )
            )


async def run(wanted: argparse.Namespace) -> dict[str, Any]:
    """Offer, kill, wait until all is quiet, and count."""
    offered = plan(wanted.hits, now_ms())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        valkey = EmbeddedValkey(folder)
        url = await valkey.start()
        client = connect(url)
        recorded = folder / "sent.jsonl"
        sink = ("benchmarks.warning.sink", url, str(recorded), str(CLAIM_MS))
        warn = Processes(("services", "warn"), url, folder, wanted.processes)
        sinks = Processes(sink, url, folder, wanted.sinks)
        try:
            started = time.perf_counter()
            offering = asyncio.create_task(_offer(client, offered.entries))
            restarts = await _disturb(client, valkey, (warn, sinks), offering, wanted)
            seconds = time.perf_counter() - started
            found = await counting.count(client, offered.decisions, recorded)
            log = (folder / "warn.log").read_text()
        finally:
            warn.end()
            sinks.end()
            await client.aclose()
            await valkey.stop()
    return {
        "hits": wanted.hits,
        "entries_written": len(offered.entries),
        "cases_expected": len(offered.decisions),
        "processes": wanted.processes,
        "sinks": wanted.sinks,
        "processes_killed": warn.killed,
        "sinks_killed": sinks.killed,
        "store_killed": restarts,
        "seconds": round(seconds, 1),
        "unexpected_log_lines": sum("an entry failed" in line for line in log.splitlines()),
    } | found


async def _disturb(
    client: Client,
    valkey: EmbeddedValkey,
    pools: tuple[Processes, Processes],
    offering: "asyncio.Task[None]",
    wanted: argparse.Namespace,
) -> int:
    """Kill at random until enough was killed, then wait until all is quiet."""
    chance = random.Random(SEED + 1)
    deadline = time.monotonic() + wanted.seconds
    restarts = 0
    kill_at = time.monotonic() + wanted.first_kill
    with progress() as bar:
        task = bar.add_task("killing", total=None, note="")
        while time.monotonic() < deadline:
            await asyncio.sleep(0.25)
            killed = sum(pool.killed for pool in pools)
            kills_left = killed < wanted.kills or restarts < wanted.store_kills
            if kills_left and time.monotonic() >= kill_at:
                # In turn, so that both happen however soon the work is done.
                if restarts < wanted.store_kills and killed > 2 * restarts:
                    await _kill_store(valkey)
                    restarts += 1
                else:
                    pools[killed % len(pools)].kill_one(chance)
                kill_at = time.monotonic() + chance.uniform(0.5, 1.5) * wanted.every
            with suppress(Unavailable, RedisError, OSError):
                note = f"{killed} processes, {restarts} stores killed"
                bar.update(task, note=note)
                if offering.done() and not kills_left and await counting.quiet(client):
                    break
    offering.cancel()
    with suppress(asyncio.CancelledError):
        await offering
    return restarts


async def _kill_store(valkey: EmbeddedValkey) -> None:
    """Kill Valkey without a word, and start it on what it had written down."""
    if valkey.pid is None:
        return
    os.kill(valkey.pid, signal.SIGKILL)
    await asyncio.to_thread(os.waitid, os.P_PID, valkey.pid, os.WEXITED | os.WNOWAIT)
    await valkey.ensure_running()


async def _offer(client: Client, entries: Sequence[Mapping[str, str]]) -> None:
    """Append all entries; what fails is appended again, so some come twice."""
    for start in range(0, len(entries), _AT_ONCE):
        while True:
            appending = client.pipeline(transaction=False)
            for entry in entries[start : start + _AT_ONCE]:
                appending.xadd(CONFIRMED, dict(entry))  # type: ignore[arg-type]
            try:
                await appending.execute()
                break
            except Exception:
                await asyncio.sleep(0.1)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print the counts, and return the exit status."""
    parser = argparse.ArgumentParser(prog="fanzha bench warning-kill", description=__doc__)
    parser.add_argument("--hits", type=int, default=100_000, help="different hits")
    parser.add_argument("--processes", type=int, default=3, help="processes `fanzha warn`")
    parser.add_argument("--sinks", type=int, default=2, help="processes that send")
    parser.add_argument("--kills", type=int, default=12, help="processes to kill, at least")
    parser.add_argument("--store-kills", type=int, default=3, help="times to kill Valkey")
    parser.add_argument("--first-kill", type=float, default=5.0, help="seconds until the first")
    parser.add_argument("--every", type=float, default=4.0, help="seconds between, on average")
    parser.add_argument("--seconds", type=float, default=900.0, help="give up after so long")
    parser.add_argument("--save", action="store_true", help="keep it in benchmarks/results")
    wanted = parser.parse_args(arguments)
    report = asyncio.run(run(wanted))
    wrong = {name: report[name] for name in counting.WRONG if report[name]}
    results.write("warning-kill", report | {"wrong": wrong}, save=wanted.save)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
