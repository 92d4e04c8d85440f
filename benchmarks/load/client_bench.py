"""Single call decisions through `fanzha.client`, as a gateway would ask for them.

Open loop: calls come at a fixed rate, whatever the server does, each in a task of its own,
and a latency counts from the moment when its call was to come. ``--callers N`` instead keeps
N callers that each wait for their answer (asyncio), and ``--threads N`` does the same with
the blocking client. Calls that were let through for want of an answer are counted apart;
the run fails when there are any, or when p99 is above ``--p99-ms``. Runs in which the machine
itself stood still are made again, and told (`benchmarks.stall_retry`).

    python -m benchmarks.load.client_bench --rate 20000 --server-cores 0 --generator-cores 1
"""

import argparse
import asyncio
import gc
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from threading import Thread
from typing import Any

from benchmarks import processes, results, scenarios, stall_retry
from benchmarks.load import options as common
from benchmarks.stall_detector import MachineStalls, StallDetector
from fanzha.client import AsyncClient, Call, Client, Options

DIFFERENT_CALLS = 50_000
TICK_SECONDS = 0.001
"""The generator looks so often which calls are to come."""


def main() -> int:
    """Run the measurement; return the exit status."""
    options = _options()
    cores = common.read_cores(options.generator_cores)
    calls = scenarios.calls(DIFFERENT_CALLS, options.listed)
    measure = _threads if options.threads else _asyncio
    watch = StallDetector()

    def once() -> tuple[dict[str, Any], MachineStalls]:
        started = time.monotonic()
        run = measure(options, calls)
        stood_still = watch.since(started)
        return run | {"machine_stood_still": stood_still.words()}, stood_still

    with common.server(
        target=options.target, server_pid=0, workers=1, listed=options.listed,
        cores=options.server_cores,
    ) as server:  # fmt: skip
        options.target = server.target
        # Before this process is pinned: what it starts would look at that core alone.
        watch.open()
        if cores:
            processes.pin(os.getpid(), cores)
        # The traffic made above never goes away; looking through it would look like a slow server.
        gc.collect()
        gc.freeze()
        made = stall_retry.measured(once, lambda one: one[1], options.repeats)
        watch.close()
    runs = [run for run, _ in made.counted]
    put_aside = [run for run, _ in made.put_aside]
    _show(runs + put_aside)
    parameters = {"seed": scenarios.SEED, "generator_pinned_to": cores, "options": vars(options)}
    report = server.words | parameters | {"runs": runs, "put_aside": put_aside}
    results.write(_kind(options), report, save=options.save)
    missed = any(run["failed"] for run in runs)
    missed |= statistics.median(run["p99_ms"] for run in runs) > options.p99_ms
    return int(missed)


def _show(runs: list[dict[str, Any]]) -> None:
    for run in runs:
        sys.stderr.write(
            f"{run['per_second']:9,.0f} calls/s  p50 {run['p50_ms']:.2f}  p99 {run['p99_ms']:.2f}  "
            f"longest {run['max_ms']:.2f} ms  {run['rows_per_request']:.0f} rows a request  "
            f"{run['failed']} not answered  client used {run['cpu_cores']:.2f} cores  "
            f"machine still {run['machine_stood_still']['longest_ms']:.1f} ms\n"
        )


def _kind(options: argparse.Namespace) -> str:
    # A closed loop must not take the place of the open one, which the page tells of.
    return "client-closed" if options.callers or options.threads else "client"


def _asyncio(options: argparse.Namespace, calls: Sequence[Call]) -> dict[str, Any]:
    return asyncio.run(_measure(options, calls))


async def _measure(options: argparse.Namespace, calls: Sequence[Call]) -> dict[str, Any]:
    settings = Options(timeout=options.timeout, linger=options.linger_ms / 1000)
    async with AsyncClient(options.target, settings) as client:
        if not await client.wait_until_ready(10):
            raise SystemExit(f"{options.target} is not serving")
        load = _callers if options.callers else _open_loop
        await load(client, options, calls, 1.0)  # Warm-up.
        before = client.counters
        started, used = time.perf_counter(), time.process_time()
        latencies = await load(client, options, calls, options.seconds)
        elapsed = time.perf_counter() - started
        return _result(latencies, elapsed, time.process_time() - used, before, client.counters)


async def _open_loop(
    client: AsyncClient, options: argparse.Namespace, calls: Sequence[Call], seconds: float
) -> list[float]:
    latencies: list[float] = []
    under_way: set[asyncio.Task[None]] = set()

    async def ask(call: Call, due: float) -> None:
        await client.decide_call(call)
        latencies.append(time.perf_counter() - due)

    started, sent, total = time.perf_counter(), 0, int(options.rate * seconds)
    while sent < total:
        due = min(int((time.perf_counter() - started) * options.rate) + 1, total)
        for number in range(sent, due):
            task = asyncio.create_task(
                ask(calls[number % len(calls)], started + number / options.rate)
            )
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        sent = due
        await asyncio.sleep(TICK_SECONDS)
    while under_way:
        await asyncio.wait(under_way)
    return latencies


async def _callers(
    client: AsyncClient, options: argparse.Namespace, calls: Sequence[Call], seconds: float
) -> list[float]:
    latencies: list[float] = []
    end = time.perf_counter() + seconds

    async def caller(number: int) -> None:
        while (sent_at := time.perf_counter()) < end:
            await client.decide_call(calls[number % len(calls)])
            latencies.append(time.perf_counter() - sent_at)
            number += options.callers

    await asyncio.gather(*[caller(number) for number in range(options.callers)])
    return latencies


def _threads(options: argparse.Namespace, calls: Sequence[Call]) -> dict[str, Any]:
    settings = Options(timeout=options.timeout, linger=options.linger_ms / 1000)
    with Client(options.target, settings) as client:
        if not client.wait_until_ready(10):
            raise SystemExit(f"{options.target} is not serving")
        _ask_in_threads(client.decide_call, options.threads, calls, 1.0)  # Warm-up.
        before = client.counters
        started, used = time.perf_counter(), time.process_time()
        latencies = _ask_in_threads(client.decide_call, options.threads, calls, options.seconds)
        elapsed = time.perf_counter() - started
        return _result(latencies, elapsed, time.process_time() - used, before, client.counters)


def _ask_in_threads(
    decide: Callable[[Call], Any], count: int, calls: Sequence[Call], seconds: float
) -> list[float]:
    latencies: list[float] = []
    end = time.perf_counter() + seconds

    def caller(number: int) -> None:
        while (sent_at := time.perf_counter()) < end:
            decide(calls[number % len(calls)])
            latencies.append(time.perf_counter() - sent_at)
            number += count

    threads = [Thread(target=caller, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return latencies


def _result(
    latencies: list[float], elapsed: float, used: float, before: Any, after: Any
) -> dict[str, Any]:
    latencies.sort()

    def quantile(share: float) -> float:
        return latencies[min(int(len(latencies) * share), len(latencies) - 1)] * 1000

    return {
        "per_second": len(latencies) / elapsed,
        "p50_ms": quantile(0.5),
        "p99_ms": quantile(0.99),
        "p999_ms": quantile(0.999),
        "max_ms": latencies[-1] * 1000,
        "failed": after.failed - before.failed,
        "rows_per_request": len(latencies) / (after.requests - before.requests),
        "cpu_cores": used / elapsed,
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    common.add_arguments(parser)
    load = parser.add_mutually_exclusive_group()
    load.add_argument(
        "--rate", type=common.at_least(1), default=20_000, help="calls a second, open loop"
    )
    load.add_argument("--callers", type=common.whole(0), default=0, help="closed loop, asyncio")
    load.add_argument(
        "--threads", type=common.whole(0), default=0, help="closed loop, blocking client"
    )
    parser.add_argument(
        "--listed", type=common.whole(0), default=0, help="listed numbers that may call"
    )
    parser.add_argument("--seconds", type=common.at_least(0.1), default=5)
    parser.add_argument("--repeats", type=common.whole(1), default=3)
    parser.add_argument(
        "--timeout", type=common.at_least(0.001), default=1.0, help="seconds for an answer"
    )
    parser.add_argument("--linger-ms", type=common.at_least(0), default=1.0)
    parser.add_argument("--p99-ms", type=common.at_least(0.1), default=10.0, help="budget")
    return parser.parse_args()


if __name__ == "__main__":
    common.run(main)
