"""`fanzha replay`: streams a file through the batch RPC of a server and counts what is decided."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import grpc
import typer
from rich.progress import Progress
from rich.table import Table

from fanzha.client import channels
from fanzha.tables import MAX_ROWS
from fanzha.v1 import decision_pb2, interception_pb2_grpc
from services.cli import traffic
from services.cli.check import DEFAULT_TARGET, AsJson, Target, word
from services.cli.console import fail, one_sentence, out, print_json, progress
from services.cli.files import OpenTable, column, open_table
from services.cli.traffic import Traffic

app = typer.Typer(no_args_is_help=True, help="Send a file of traffic through a running server.")

File = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, help="TSV or CSV with a header, or .gz of it.")
]
Batch = Annotated[int, typer.Option(min=1, max=MAX_ROWS, help="Rows per request.")]
InFlight = Annotated[int, typer.Option(min=1, max=64, help="Requests under way at a time.")]
Limit = Annotated[int, typer.Option(min=0, help="Stop after so many rows; 0: all.")]

DEADLINE_SECONDS = 30.0


@app.command()
def sms(
    file: File,
    target: Target = DEFAULT_TARGET,
    batch: Batch = 256,
    in_flight: InFlight = 4,
    limit: Limit = 0,
    as_json: AsJson = False,
) -> None:
    """Replay texts: column text (or body), and optionally sender, receiver, label, source."""
    _replay(file, "text", traffic.texts, target, batch, in_flight, limit, as_json)


@app.command()
def url(
    file: File,
    target: Target = DEFAULT_TARGET,
    batch: Batch = 256,
    in_flight: InFlight = 4,
    limit: Limit = 0,
    as_json: AsJson = False,
) -> None:
    """Replay links: column url (or domain), and optionally subscriber, label, source."""
    _replay(file, "url", traffic.links, target, batch, in_flight, limit, as_json)


@app.command()
def call(
    file: File,
    target: Target = DEFAULT_TARGET,
    batch: Batch = 256,
    in_flight: InFlight = 4,
    limit: Limit = 0,
    as_json: AsJson = False,
) -> None:
    """Replay calls: columns caller, callee, and optionally ingress, trunk, label, source."""
    _replay(file, "caller", traffic.calls, target, batch, in_flight, limit, as_json)


@dataclass(slots=True)
class Tally:
    """What came of a replay so far."""

    rows: int = 0
    requests: int = 0
    failed_requests: int = 0
    failed_rows: int = 0
    latencies_ms: list[float] = field(default_factory=list)
    actions: dict[tuple[str, str], Counter[str]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    reasons: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    elapsed_seconds: float = 0.0

    def count(self, tags: list[tuple[str, str]], answer: decision_pb2.Decisions) -> None:
        """Count one answered batch in."""
        self.requests += 1
        self.rows += len(tags)
        for tag, action, reason in zip(tags, answer.actions, answer.reasons, strict=True):
            self.actions[tag][_ACTIONS.get(action, "allow")] += 1
            self.reasons[_REASONS.get(reason, str(reason))] += 1

    def fail(self, tags: list[tuple[str, str]], error: grpc.RpcError) -> None:
        """Count one batch that got no answer; its traffic would have been let through."""
        self.failed_requests += 1
        self.failed_rows += len(tags)
        self.errors[error.code().name] += 1


_ACTIONS = {n: word(name, "ACTION_") for name, n in decision_pb2.Action.items()}
_REASONS = {n: word(name, "REASON_") for name, n in decision_pb2.Reason.items()}


def _replay(
    file: Path,
    single: str,
    channel: Any,
    target: str,
    batch: int,
    in_flight: int,
    limit: int,
    as_json: bool,
) -> None:
    with open_table(file, single_column=single) as table, one_sentence(target):
        kind: Traffic = channel(table)
        tally = asyncio.run(_stream(table, kind, target, batch, in_flight, limit))
    if tally.rows == 0 and tally.failed_requests:
        fail(f"no answer from {target}: {dict(tally.errors)}")
    if as_json:
        print_json(_as_words(tally))
    else:
        _print(tally)


async def _stream(
    table: OpenTable, kind: Traffic, target: str, batch: int, in_flight: int, limit: int
) -> Tally:
    tally, batches = Tally(), _batches(table, kind, batch, limit)
    async with channels.asynchronous(target) as channel:
        ask = getattr(interception_pb2_grpc.InterceptionServiceStub(channel), kind.method)
        with progress() as display:
            task = display.add_task("replaying", total=table.total_bytes, note="")
            start = time.perf_counter()
            await asyncio.gather(
                *(_work(ask, kind, batches, tally, table, display, task) for _ in range(in_flight))
            )
            tally.elapsed_seconds = time.perf_counter() - start
    return tally


async def _work(
    ask: Any,
    kind: Traffic,
    batches: Iterator[tuple[list[Any], list[tuple[str, str]]]],
    tally: Tally,
    table: OpenTable,
    display: Progress,
    task: Any,
) -> None:
    for messages, tags in batches:
        start = time.perf_counter()
        try:
            answer = await ask(kind.request(messages), timeout=DEADLINE_SECONDS)
        except grpc.aio.AioRpcError as error:
            tally.fail(tags, error)
            if tally.rows == 0:
                return
            continue
        tally.latencies_ms.append((time.perf_counter() - start) * 1000)
        tally.count(tags, answer.decisions)
        display.update(task, completed=table.bytes_read(), note=f"{tally.rows:,} rows")


def _batches(
    table: OpenTable, kind: Traffic, size: int, limit: int
) -> Iterator[tuple[list[Any], list[tuple[str, str]]]]:
    source = column(table.columns, "source")
    label = column(table.columns, "label")
    rows = islice(table.rows, limit) if limit else table.rows
    while chunk := list(islice(rows, size)):
        tags = [(row.get(source, ""), row.get(label, "")) for row in chunk]
        yield [kind.message(row) for row in chunk], tags


def percentile(values: list[float], share: float) -> float:
    """Return the value that *share* of *values* do not exceed; NaN of nothing."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else float("nan")


def _latencies(tally: Tally) -> dict[str, float]:
    return {
        f"p{name}": round(percentile(tally.latencies_ms, share), 3)
        for name, share in (("50", 0.5), ("90", 0.9), ("99", 0.99), ("100", 1.0))
    }


def _as_words(tally: Tally) -> dict[str, Any]:
    return {
        "rows": tally.rows,
        "requests": tally.requests,
        "failed_requests": tally.failed_requests,
        "failed_rows": tally.failed_rows,
        "errors": dict(tally.errors),
        "seconds": round(tally.elapsed_seconds, 3),
        "rows_per_second": round(tally.rows / max(tally.elapsed_seconds, 1e-9)),
        "request_latency_ms": _latencies(tally),
        "reasons": dict(tally.reasons),
        "actions": [
            {"source": source, "label": label, **counts}
            for (source, label), counts in sorted(tally.actions.items())
        ],
    }


def _print(tally: Tally) -> None:
    table = Table("source", "label", title="decisions", title_justify="left")
    for heading in ("rows", "allow", "block", "blocked %"):
        table.add_column(heading, justify="right")
    for (source, label), counts in sorted(tally.actions.items()):
        rows, blocked = counts.total(), counts["block"]
        share = f"{100 * blocked / rows:.2f}"
        table.add_row(
            source or "–", label or "–", f"{rows:,}", f"{counts['allow']:,}", f"{blocked:,}", share
        )
    out.print(table)
    reasons = ", ".join(f"{name} {rows:,}" for name, rows in tally.reasons.most_common())
    out.print(f"reasons: {reasons}")
    rate = tally.rows / max(tally.elapsed_seconds, 1e-9)
    out.print(f"{tally.rows:,} rows in {tally.elapsed_seconds:.1f} s: {rate:,.0f} rows/s")
    shown = ", ".join(f"{name} {value:.1f}" for name, value in _latencies(tally).items())
    out.print(f"latency of {tally.requests:,} requests in ms: {shown}")
    if tally.failed_requests:
        out.print(
            f"[red]{tally.failed_rows:,} rows got no answer: {dict(tally.errors)}; "
            "a carrier would have let them through[/]"
        )
