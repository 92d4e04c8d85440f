"""Kills the warning pipeline while it works, and counts whether anything was lost or done twice.

``fanzha bench warning-kill``: writes hits to the stream of confirmed hits of a Valkey of its own,
some of them twice, as a worker that failed halfway would. Meanwhile processes ``fanzha warn`` are
killed (SIGKILL) at random, by the ids of those it started itself, and started again; the Valkey
server is killed, too, and started again on what its append-only file has. When all is quiet it
counts: a case for each person and campaign, each hit joined once, what the events make of a case,
each warning handed to its channel once, nothing held, waiting or dead. The channel is a recording
sink: the stream that a real channel reads. Exit status 1 when a count is wrong.
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
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redis.exceptions import RedisError

from benchmarks import results
from blocklists.redis_client import Client, connect
from fanzha.errors import Unavailable
from services.cli.console import progress
from services.clock import now_ms
from services.embedded import EmbeddedValkey
from services.hit_store import CONFIRMED
from services.warning import cases, keys, relay, written
from services.warning.case_store import CaseStore
from services.warning.consuming import Group
from services.warning.dead import DeadLetters
from services.warning.own_hits import GROUP

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
        made.decisions.setdefault(cases.base_of(victim, f"number:{caller}"), set()).add(decision)
    chance.shuffle(made.entries)
    return made


class Processes:
    """Processes ``fanzha warn`` that are killed and started again."""

    def __init__(self, url: str, folder: Path, count: int) -> None:
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
                    [sys.executable, "-m", "services", "warn"],
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
        processes = Processes(url, folder, wanted.processes)
        try:
            started = time.perf_counter()
            offering = asyncio.create_task(_offer(client, offered.entries))
            restarts = await _disturb(client, valkey, processes, offering, wanted)
            seconds = time.perf_counter() - started
            found = await count(client, offered)
            log = (folder / "warn.log").read_text()
        finally:
            processes.end()
            await client.aclose()
            await valkey.stop()
    return {
        "hits": wanted.hits,
        "entries_written": len(offered.entries),
        "cases_expected": len(offered.decisions),
        "processes": wanted.processes,
        "processes_killed": processes.killed,
        "store_killed": restarts,
        "seconds": round(seconds, 1),
        "unexpected_log_lines": sum("an entry failed" in line for line in log.splitlines()),
    } | found


async def _disturb(
    client: Client,
    valkey: EmbeddedValkey,
    processes: Processes,
    offering: "asyncio.Task[None]",
    wanted: argparse.Namespace,
) -> int:
    """Kill at random until enough was killed, then wait until all is quiet."""
    chance = random.Random(SEED + 1)
    deadline = time.monotonic() + wanted.seconds
    restarts = 0
    kill_at = time.monotonic() + wanted.first_kill
    with progress() as bar:
        task = bar.add_task("warnings handed", total=None, note="")
        while time.monotonic() < deadline:
            await asyncio.sleep(0.25)
            kills_left = processes.killed < wanted.kills or restarts < wanted.store_kills
            if kills_left and time.monotonic() >= kill_at:
                # In turn, so that both happen however soon the work is done.
                if restarts < wanted.store_kills and processes.killed > restarts:
                    await _kill_store(valkey)
                    restarts += 1
                else:
                    processes.kill_one(chance)
                kill_at = time.monotonic() + chance.uniform(0.5, 1.5) * wanted.every
            with suppress(Unavailable, RedisError, OSError):
                done = await _handed_count(client)
                note = f"{processes.killed} processes, {restarts} stores killed"
                bar.update(task, completed=done, note=note)
                if offering.done() and not kills_left and await _quiet(client):
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


async def _handed_count(client: Client) -> int:
    return int(await client.xlen(relay.out_stream("sms")))


async def _quiet(client: Client) -> bool:
    held, lag = await Group(client, stream=CONFIRMED, group=GROUP, consumer="count").waiting()
    todo = [int(await client.xlen(keys.key(shard, "todo"))) for shard in keys.SHARDS]
    return not (held or lag or sum(todo))


async def count(client: Client, offered: Plan) -> dict[str, Any]:
    """Count what came of it, and what is wrong."""
    store = CaseStore(client)
    missing = lost = doubled = folded = 0
    queued = Counter[str]()
    ids = list(offered.decisions)
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        histories = await _histories(client, some)
        for case_id, case, events in zip(some, await store.find(some), histories, strict=True):
            if case is None:
                missing += 1
                continue
            decisions = [one.warned.decision_id for one in events if one.warned is not None]
            expected = offered.decisions[case_id]
            lost += len(expected - set(decisions))
            doubled += len(decisions) - len(set(decisions))
            folded += cases.fold(events) != case
            queued.update(
                one.message.id for one in events if one.message and one.kind.value == "queued"
            )
    handed = Counter[str]()
    people = Counter[str]()
    async for fields in _entries(client, relay.out_stream("sms")):
        handed[fields["message_id"]] += 1
        people[f"{fields['to']} {fields['campaign']} {fields['tier']}"] += 1
    held, lag = await Group(client, stream=CONFIRMED, group=GROUP, consumer="count").waiting()
    todo = [int(await client.xlen(keys.key(shard, "todo"))) for shard in keys.SHARDS]
    return {
        "cases_missing": missing,
        "hits_lost": lost,
        "hits_joined_twice": doubled,
        "cases_whose_events_make_something_else": folded,
        "warnings_queued": len(queued),
        "warnings_queued_twice": sum(number > 1 for number in queued.values()),
        "warnings_handed": len(handed),
        "warnings_not_handed": len(set(queued) - set(handed)),
        "warnings_handed_twice": sum(number > 1 for number in handed.values()),
        "people_warned_twice": sum(number > 1 for number in people.values()),
        "hits_held": held,
        "hits_waiting": lag,
        "todos_left": sum(todo),
        "dead_letters": await DeadLetters(client).count(),
    }


WRONG = (
    *("cases_missing", "hits_lost", "hits_joined_twice"),
    *("cases_whose_events_make_something_else", "warnings_queued_twice", "warnings_not_handed"),
    *("warnings_handed_twice", "people_warned_twice", "hits_held", "hits_waiting"),
    *("todos_left", "dead_letters"),
)
"""What must all be 0."""


async def _histories(client: Client, ids: Sequence[str]) -> list[list[cases.CaseEvent]]:
    reading: Any = client.pipeline(transaction=False)
    for case_id in ids:
        reading.lrange(keys.key(keys.shard_of(case_id), "events", case_id), 0, -1)
    return [[written.read_event(text) for text in texts] for texts in await reading.execute()]


async def _entries(client: Client, stream: str) -> AsyncIterator[Mapping[str, str]]:
    after = "-"
    while True:
        found: Any = await client.xrange(stream, after, "+", 1000)
        if not found:
            return
        for _place, fields in found:
            yield fields
        after = f"({found[-1][0]}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print the counts, and return the exit status."""
    parser = argparse.ArgumentParser(prog="fanzha bench warning-kill", description=__doc__)
    parser.add_argument("--hits", type=int, default=100_000, help="different hits")
    parser.add_argument("--processes", type=int, default=3, help="processes `fanzha warn`")
    parser.add_argument("--kills", type=int, default=12, help="processes to kill, at least")
    parser.add_argument("--store-kills", type=int, default=3, help="times to kill Valkey")
    parser.add_argument("--first-kill", type=float, default=5.0, help="seconds until the first")
    parser.add_argument("--every", type=float, default=4.0, help="seconds between, on average")
    parser.add_argument("--seconds", type=float, default=900.0, help="give up after so long")
    parser.add_argument("--save", action="store_true", help="keep it in benchmarks/results")
    wanted = parser.parse_args(arguments)
    report = asyncio.run(run(wanted))
    wrong = {name: report[name] for name in WRONG if report[name]}
    results.write("warning-kill", report | {"wrong": wrong}, save=wanted.save)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
