"""Acknowledged writes that are gone after the primary was killed, and what a write costs.

A primary and a replica, real Valkey processes on loopback, files synchronised every second. Writers
set keys of their own, each write acknowledged as the URL of the store asks (`infra.redis.client`).
Then the primary is killed, and the replica becomes one: what was acknowledged and is not there is
lost. In half of the rounds the replica is cut off, and promoted, half a second before: a partition,
with the writers on the side of the old primary.

    python -m benchmarks.acknowledged_writes --rounds 10
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from benchmarks import machine
from fanzha.errors import Unavailable
from infra.redis.client import connect, execute_durable, within
from services.processes.embedded_valkey import server_binary

WAITS = {
    "primary's disk": "",
    "a replica's memory": "?wait_replicas=1&wait_for=memory",
    "a replica's disk": "?wait_replicas=1",
}
WRITERS = 8
WARM_SECONDS, CUT_SECONDS = 1.5, 0.5
_PORT = 17_380


def main() -> int:
    """Measure, and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--port", type=int, default=_PORT, help="and the next one")
    options = parser.parse_args()
    found = [
        {"waits for": name, "partition": cut, **_trial(wait, cut, options)}
        for name, wait in WAITS.items()
        for cut in (False, True)
    ]
    sys.stdout.write(json.dumps(machine.describe() | {"found": found}, indent=2) + "\n")
    return 0


def _trial(wait: str, cut: bool, options: argparse.Namespace) -> dict[str, object]:
    acknowledged = lost = 0
    seconds: list[float] = []
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory() as folder, _pair(Path(folder), options.port) as pair:
            url = f"redis://127.0.0.1:{options.port}{wait}"
            with redis.Redis(port=options.port + 1) as replica:
                keys, took = asyncio.run(_write_until_killed(url, pair[0], replica, cut=cut))
                replica.execute_command("REPLICAOF", "NO", "ONE")
                kept = {key.decode() for key in replica.scan_iter(count=10_000)}
        acknowledged, lost = acknowledged + len(keys), lost + len(set(keys) - kept)
        seconds += took
    return {
        "rounds": options.rounds,
        "acknowledged": acknowledged,
        "lost": lost,
        "median_ms": round(float(np.median(seconds)) * 1000, 1),
        "p99_ms": round(float(np.percentile(seconds, 99)) * 1000, 1),
    }


async def _write_until_killed(
    url: str, primary: "subprocess.Popen[bytes]", replica: Any, *, cut: bool
) -> tuple[list[str], list[float]]:
    """Write, perhaps cut the replica off, and kill the primary; return what was acknowledged."""
    client = connect(url)
    keys, seconds = list[str](), list[float]()

    async def write(writer: int) -> None:
        number = 0
        while primary.poll() is None:
            number += 1
            key, began = f"fanzha:{writer}:{number}", time.perf_counter()
            try:
                async with within(10):
                    writing = client.pipeline(transaction=False)
                    writing.set(key, "1")
                    await execute_durable(client, writing)
            except Unavailable:
                continue
            keys.append(key)
            seconds.append(time.perf_counter() - began)

    writing = [asyncio.create_task(write(writer)) for writer in range(WRITERS)]
    await asyncio.sleep(WARM_SECONDS)
    if cut:
        replica.execute_command("REPLICAOF", "NO", "ONE")
        await asyncio.sleep(CUT_SECONDS)
    primary.kill()
    primary.wait()
    await asyncio.gather(*writing)
    await client.aclose()
    return keys, seconds


@contextmanager
def _pair(
    folder: Path, port: int
) -> "Iterator[tuple[subprocess.Popen[bytes], subprocess.Popen[bytes]]]":
    """Run a primary, and a replica on the next port that follows it."""
    running: list[subprocess.Popen[bytes]] = []
    try:
        for number, lines in ((port, ""), (port + 1, f"replicaof 127.0.0.1 {port}")):
            home = folder / str(number)
            home.mkdir()
            (home / "server.conf").write_text(
                f"port {number}\nbind 127.0.0.1\ndir {home}\nappendonly yes\n"
                f'save ""\nrepl-diskless-sync-delay 0\nlogfile server.log\n{lines}\n'
            )
            running.append(subprocess.Popen([server_binary(), home / "server.conf"], cwd=home))
        with redis.Redis(port=port + 1, retry=Retry(ConstantBackoff(0.05), 200)) as replica:
            while replica.info("replication")["master_link_status"] != "up":
                time.sleep(0.05)
        yield running[0], running[1]
    finally:
        for server in running:
            server.kill()
            server.wait()


if __name__ == "__main__":
    sys.exit(main())
