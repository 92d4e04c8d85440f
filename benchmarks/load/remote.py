"""What a system that is not on this machine decides, as seen from here.

    fanzha bench --target sms-gw.carrier.example:7361 --seconds 5

TLS and credentials are those of other commands (`fanzha profile`, the variables of the client).
Each cell, a channel and rows a request, is a closed loop of a few requests at a time, bounded in
time and in number; nothing is recorded there unless ``--live`` says so. What it will send is shown
and must be confirmed. Refused where CI is set: a pipeline has no business loading a network.
"""

import argparse
import asyncio
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from rich.table import Table

from benchmarks import machine, scenarios
from benchmarks.load import options as common
from benchmarks.load import traffic
from benchmarks.load.histogram import Histogram
from benchmarks.load.traffic import Body
from fanzha.client import channels
from fanzha.v1 import interception_pb2 as pb
from services.cli._common import confirmation
from services.cli._common.console import err, fail, out

import numpy as np  # isort: skip

MOST_SECONDS, MOST_REQUESTS, MOST_AT_ONCE = 60.0, 100_000, 64
BODIES = 32
"""Different requests of a cell."""
DEADLINE_SECONDS = 10.0
_MOST_IN_A_ROW = 20
"""Failures without an answer between them after which a cell is given up."""


@dataclass(slots=True)
class Cell:
    """What one channel and size of request did."""

    channel: str
    rows: int
    seconds: float = 0.0
    statuses: "Counter[str]" = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    """Of answers, in seconds."""
    said: str = ""
    """What the server said of the last failure."""

    def words(self) -> dict[str, Any]:
        """Write it, for JSON."""
        answered = len(self.latencies)
        return {
            "channel": self.channel,
            "batch": self.rows,
            "requests": self.statuses.total(),
            "statuses": dict(self.statuses),
            "rows_per_second": round(answered * self.rows / self.seconds, 1) if answered else 0.0,
            **Histogram.of(np.array(self.latencies)).words(),
            "said": self.said,
        }


def main() -> int:
    """Measure; return the exit status: 1 when a cell got no answer."""
    options = _options()
    if os.environ.get("CI"):
        fail("CI is set: load is sent to systems of this machine only")
    cells = [Cell(channel, rows) for channel in options.channels for rows in options.batches]
    confirmation.agree(_question(options, len(cells)), yes=options.yes)
    asyncio.run(_all(options, cells))
    _show(options.target, cells)
    if options.json:
        report = {"target": options.target, "live": options.live, "at_once": options.at_once}
        found = machine.describe() | report | {"cells": [cell.words() for cell in cells]}
        options.json.write_text(json.dumps(found, indent=2, default=str) + "\n")
        out.print(f"{options.json}", markup=False)
    return int(any(not cell.latencies for cell in cells))


def _question(options: argparse.Namespace, cells: int) -> str:
    recorded = "recorded as live traffic" if options.live else "recorded nowhere (dry run)"
    return (
        f"Send up to {options.requests:,} requests in {options.seconds:g} s, {cells} times, "
        f"{options.at_once} at once, to {options.target}, {recorded}?"
    )


async def _all(options: argparse.Namespace, cells: Sequence[Cell]) -> None:
    async with channels.asynchronous(options.target) as channel:
        for cell in cells:
            err.print(f"{cell.channel}, {cell.rows} rows a request", markup=False)
            bodies = traffic.several(cell.channel, cell.rows, 0, scenarios.SEED, BODIES)
            messages = [message_of(body, live=options.live) for body in bodies]
            await _measure(cell, channel.unary_unary(bodies[0].path), messages, options)


def message_of(body: Body, *, live: bool) -> bytes:
    """Return a request without its prefix, marked as a dry run unless *live*."""
    several = "s" if len(body.rows) > 1 else ""
    request = getattr(pb, f"Decide{body.channel.capitalize()}{several}Request")()
    request.ParseFromString(body.data[5:])
    request.dry_run = not live
    data: bytes = request.SerializeToString()
    return data


async def _measure(
    cell: Cell, ask: Callable[..., Any], messages: Sequence[bytes], options: argparse.Namespace
) -> None:
    """Keep some requests under way until the time or the number is used up."""
    began = time.monotonic()
    until, left, failed = began + options.seconds, options.requests, 0

    async def one_after_the_other(first: int) -> None:
        nonlocal left, failed
        at = first
        while time.monotonic() < until and left > 0 and failed < _MOST_IN_A_ROW:
            left -= 1
            sent = time.monotonic()
            try:
                await ask(messages[at % len(messages)], timeout=DEADLINE_SECONDS)
            except grpc.aio.AioRpcError as error:
                failed += 1
                cell.statuses[error.code().name] += 1
                cell.said = str(error.details())[:200]
            else:
                failed = 0
                cell.statuses["OK"] += 1
                cell.latencies.append(time.monotonic() - sent)
            at += 1

    await asyncio.gather(*map(one_after_the_other, range(options.at_once)))
    cell.seconds = time.monotonic() - began


def _show(target: str, cells: Sequence[Cell]) -> None:
    table = Table("channel", title=f"{target}: closed loop, latencies in ms with the way there")
    for heading in ("rows", "requests", "rows/s", "p50", "p99", "longest", "not answered"):
        table.add_column(heading, justify="right")
    for cell in cells:
        words = cell.words()
        waits = (
            f"{words[name]:.1f}" if words[name] else "–" for name in ("p50_ms", "p99_ms", "max_ms")
        )
        lost = {name: count for name, count in cell.statuses.items() if name != "OK"}
        table.add_row(
            cell.channel, f"{cell.rows:,}", f"{words['requests']:,}",
            f"{words['rows_per_second']:,.0f}", *waits,
            ", ".join(f"{count} {name}" for name, count in lost.items()) or "0",
        )  # fmt: skip
    out.print(table)
    for cell in cells:
        if cell.said:
            err.print(f"{cell.channel}, {cell.rows}: {cell.said}", markup=False)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="fanzha bench remote", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    parser.add_argument("--target", required=True, help="host and port of the system")
    parser.add_argument("--channels", nargs="+", choices=traffic.CHANNELS, default=traffic.CHANNELS)
    parser.add_argument("--batches", nargs="+", type=common.whole(1, 4096), default=(1, 16, 256))
    parser.add_argument("--seconds", type=_within(0.1, MOST_SECONDS), default=5.0, help="of a cell")
    parser.add_argument(
        "--requests", type=common.whole(1, MOST_REQUESTS), default=10_000, help="of a cell at most"
    )
    parser.add_argument(
        "--at-once", type=common.whole(1, MOST_AT_ONCE), default=8, help="requests under way"
    )
    parser.add_argument("--live", action="store_true", help="decide as live traffic is decided")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--json", type=Path, help="file for the figures")
    return parser.parse_args()


def _within(least: float, most: float) -> Callable[[str], float]:
    def number(text: str) -> float:
        value = float(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text}: {least:g} to {most:g}")
        return value

    return number


if __name__ == "__main__":
    common.run(main)
