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

With ``--smpp`` there are no sinks: ``fanzha warn`` itself sends by SMPP to the message centre of
``tests/support/smsc.py``, which writes down each submit_sm before it answers, and whose
connections are dropped at random as well. Both sides are then compared:
`benchmarks.warning.delivery_check`.
"""

import argparse
import asyncio
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

from redis.exceptions import RedisError

from benchmarks import results
from benchmarks.warning import delivery_check, hit_load, loss_check
from benchmarks.warning.killed_processes import CLAIM_MS, Processes
from fanzha.errors import Unavailable
from infra.clock import now_ms
from infra.redis.client import Client, connect
from services.cli._common.console import progress
from services.processes.embedded_valkey import EmbeddedValkey
from tests.support.smsc import MessageCentre, NoMessageCentre, message_centre

_QUIET_SECONDS = 5.0
"""Longer than the schedule takes to look for what is due."""
_NEVER_WAIT = {
    "FANZHA_WARNING_SMPP_PER_SECOND": "10000",
    "FANZHA_WARNING_QUIET_FROM": "00:00",
    "FANZHA_WARNING_QUIET_UNTIL": "00:00",
    "FANZHA_WARNING_PERSON_DAILY_LIMIT": "0",
}
"""No warning is put off: what waits at the end was forgotten."""


async def run(options: argparse.Namespace) -> dict[str, Any]:
    """Offer, kill, wait until all is quiet, and count."""
    offered = hit_load.plan(options.hits, now_ms(), texts=options.smpp)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        valkey = EmbeddedValkey(folder)
        url = await valkey.start()
        stack.push_async_callback(valkey.stop)
        client = connect(url)
        stack.push_async_callback(client.aclose)
        centre, recorded = None, folder / "sent.jsonl"
        if options.smpp:
            centre = await stack.enter_async_context(message_centre())
            recorded.touch()
            receipts = "text" if options.receipts else "none"
            await centre.order(quiet=True, record=str(recorded), receipts=receipts)
        pools = _processes(options, url, folder, recorded, centre)
        for pool in pools:
            stack.callback(pool.end)
        started = time.perf_counter()
        offer = asyncio.create_task(hit_load.offer(client, offered.entries))
        disturbance = Disturbance(options, pools, valkey, centre)
        await _disturb_until_quiet(client, offer, disturbance)
        seconds = time.perf_counter() - started
        for pool in pools:
            pool.end()  # in order, so that nothing changes while it is counted
        tally = await loss_check.tally(client, offered.decisions)
        sent = loss_check.sent if centre is None else delivery_check.sent
        found = loss_check.cases_found(tally) | sent(tally, recorded)
        found |= await loss_check.left(client)
        log = (folder / "warn.log").read_text()
    return (
        _report(options, offered, pools, disturbance)
        | found
        | {
            "seconds": round(seconds, 1),
            "unexpected_log_lines": sum("an entry failed" in line for line in log.splitlines()),
        }
    )


async def _disturb_until_quiet(
    client: Client, offer: "asyncio.Task[None]", disturbance: "Disturbance"
) -> None:
    quiet_since = time.monotonic()
    with progress() as bar:
        task = bar.add_task("killing", total=None, note="")
        while time.monotonic() < disturbance.deadline:
            await asyncio.sleep(0.25)
            await disturbance.step()
            bar.update(task, note=disturbance.note)
            finished = offer.done() and disturbance.done
            if not (finished and await _quiet(client)):
                quiet_since = time.monotonic()
            elif time.monotonic() - quiet_since > _QUIET_SECONDS:
                break
    offer.cancel()
    with suppress(asyncio.CancelledError):
        await offer


def _report(
    options: argparse.Namespace,
    offered: hit_load.Plan,
    pools: Sequence[Processes],
    disturbance: "Disturbance",
) -> dict[str, Any]:
    return {
        "hits": options.hits,
        "entries_written": len(offered.entries),
        "cases_expected": len(offered.decisions),
        "processes": options.processes,
        "sinks": 0 if options.smpp else options.sinks,
        "processes_killed": pools[0].killed,
        "sinks_killed": sum(pool.killed for pool in pools[1:]),
        "store_killed": disturbance.stores,
        "connections_dropped": disturbance.hang_ups,
    }


async def _quiet(client: Client) -> bool:
    with suppress(Unavailable, RedisError, OSError):
        return await loss_check.quiet(client)
    return False


def _processes(
    options: argparse.Namespace,
    url: str,
    folder: Path,
    recorded: Path,
    centre: MessageCentre | None,
) -> list[Processes]:
    environment = dict(_NEVER_WAIT)
    if centre is not None:
        environment["FANZHA_WARNING_SMPP_ADDRESS"] = f"127.0.0.1:{centre.port}"
    warn = Processes(("services", "warn"), url, folder, options.processes, environment)
    if centre is not None:
        return [warn]
    sink = ("benchmarks.warning.sink", url, str(recorded), str(CLAIM_MS))
    return [warn, Processes(sink, url, folder, options.sinks, environment)]


class Disturbance:
    """Kills one after the other, at random times, until enough was killed."""

    def __init__(
        self,
        options: argparse.Namespace,
        pools: Sequence[Processes],
        valkey: EmbeddedValkey,
        centre: MessageCentre | None,
    ) -> None:
        self._pools = pools
        self._valkey = valkey
        self._centre = centre
        self._every = options.every
        self._chance = random.Random(hit_load.SEED + 1)
        self._deeds = [self._kill_process] * options.kills
        self._deeds += [self._kill_store] * options.store_kills
        if centre is not None:
            self._deeds += [self._hang_up] * options.hang_ups
        self._chance.shuffle(self._deeds)
        self._at = time.monotonic() + options.first_kill
        self.deadline = time.monotonic() + options.seconds
        self.stores = self.hang_ups = 0

    @property
    def done(self) -> bool:
        """Whether enough was done."""
        return not self._deeds

    @property
    def note(self) -> str:
        """What was done so far."""
        killed = sum(pool.killed for pool in self._pools)
        drops = f", connections dropped {self.hang_ups} times" if self._centre else ""
        return f"{killed} processes, {self.stores} stores killed{drops}"

    async def step(self) -> None:
        """Do the next thing when it is time."""
        if self._deeds and time.monotonic() >= self._at:
            await self._deeds.pop()()
            self._at = time.monotonic() + self._chance.uniform(0.5, 1.5) * self._every

    async def _kill_process(self) -> None:
        killed = sum(pool.killed for pool in self._pools)
        self._pools[killed % len(self._pools)].kill_one(self._chance)

    async def _kill_store(self) -> None:
        """Kill Valkey without a word, and start it on what it had written down."""
        pid = self._valkey.pid
        if pid is None:
            return
        os.kill(pid, signal.SIGKILL)
        await asyncio.to_thread(os.waitid, os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        await self._valkey.ensure_running()
        self.stores += 1

    async def _hang_up(self) -> None:
        if self._centre is not None:
            await self._centre.hang_up()
            self.hang_ups += 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print the counts, and return the exit status."""
    parser = argparse.ArgumentParser(prog="fanzha bench warning-kill", description=__doc__)
    parser.add_argument("--hits", type=int, default=100_000, help="different hits")
    parser.add_argument("--processes", type=int, default=3, help="processes `fanzha warn`")
    parser.add_argument("--sinks", type=int, default=2, help="processes that send")
    parser.add_argument("--kills", type=int, default=12, help="processes to kill")
    parser.add_argument("--store-kills", type=int, default=3, help="times to kill Valkey")
    parser.add_argument("--first-kill", type=float, default=5.0, help="seconds until the first")
    parser.add_argument("--every", type=float, default=4.0, help="seconds between, on average")
    parser.add_argument("--seconds", type=float, default=900.0, help="give up after so long")
    parser.add_argument(
        "--smpp", action="store_true", help="send by SMPP to a message centre (node, npm)"
    )
    parser.add_argument(
        "--hang-ups", type=int, default=6, help="with --smpp: times it drops all connections"
    )
    parser.add_argument(
        "--receipts", action="store_true", help="with --smpp: it also sends delivery receipts"
    )
    parser.add_argument("--save", action="store_true", help="keep it in benchmarks/results")
    options = parser.parse_args(arguments)
    try:
        report = asyncio.run(run(options))
    except NoMessageCentre as error:
        sys.stderr.write(f"--smpp: {error}\n")
        return 2
    wrong = {name: report[name] for name in loss_check.wrong(report)}
    kind = "warning-kill-smpp" if options.smpp else "warning-kill"
    results.write(kind, report | {"wrong": wrong}, save=options.save)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
