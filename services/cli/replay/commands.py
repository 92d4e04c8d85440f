"""`fanzha replay`: streams a file through the batch RPC of a server and counts what is decided."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import grpc
import typer
from rich.progress import Progress

from fanzha.client import channels
from fanzha.errors import Unavailable
from fanzha.translation.catalogue import gettext
from fanzha.v1 import interception_pb2_grpc
from services.cli._common import command_help, exit_status
from services.cli._common.console import fail, one_sentence, out, print_json, progress
from services.cli._common.files import OpenTable, column, open_table
from services.cli._common.options import DEFAULT_DECISION_TARGET, AsJson, DecisionTarget, Live
from services.cli.check.commands import NO_DRY_RUNS
from services.cli.replay import traffic
from services.cli.replay.tally import ReplayTally
from services.cli.replay.traffic import ChannelTraffic

app = typer.Typer(no_args_is_help=True, help="Send a file of traffic through a running server.")

File = Annotated[
    Path,
    typer.Argument(exists=True, dir_okay=False, help="TSV or CSV with a header, or .gz of it."),
]
MOST_ROWS = 4096
"""As `fanzha.tables.MAX_ROWS`, which imports numpy; a test compares."""
Batch = Annotated[int, typer.Option(min=1, max=MOST_ROWS, help="Rows per request.")]
InFlight = Annotated[int, typer.Option(min=1, max=64, help="Requests under way at a time.")]
Limit = Annotated[int, typer.Option(min=0, help="Stop after so many rows; 0: all.")]

DEADLINE_SECONDS = 30.0
CONNECT_SECONDS = 5.0

Batches: TypeAlias = Iterator[tuple[Any, list[tuple[str, str]]]]
"""Requests, and source and label of each row."""


@app.command("text")
def sms(
    file: File,
    batch: Batch = 256,
    in_flight: InFlight = 4,
    limit: Limit = 0,
    live: Live = False,
    target: DecisionTarget = DEFAULT_DECISION_TARGET,
    as_json: AsJson = False,
) -> None:
    """Replay texts: column text (or body), and optionally sender, receiver, label, source."""
    _replay(file, "text", traffic.texts, target, batch, in_flight, limit, live, as_json)


@app.command("link")
def url(
    file: File,
    batch: Batch = 256,
    in_flight: InFlight = 4,
    limit: Limit = 0,
    live: Live = False,
    target: DecisionTarget = DEFAULT_DECISION_TARGET,
    as_json: AsJson = False,
) -> None:
    """Replay links: column url (or domain), and optionally subscriber, label, source."""
    _replay(file, "url", traffic.links, target, batch, in_flight, limit, live, as_json)


@app.command()
def call(
    file: File,
    batch: Batch = 256,
    in_flight: InFlight = 4,
    limit: Limit = 0,
    live: Live = False,
    target: DecisionTarget = DEFAULT_DECISION_TARGET,
    as_json: AsJson = False,
) -> None:
    """Replay calls: columns caller, callee, and optionally ingress, trunk, label, source."""
    _replay(file, "caller", traffic.calls, target, batch, in_flight, limit, live, as_json)


def _replay(
    file: Path,
    single: str,
    channel: Any,
    target: str,
    batch: int,
    in_flight: int,
    limit: int,
    live: bool,
    as_json: bool,
) -> None:
    with one_sentence(target), open_table(file, single_column=single) as table:
        kind: ChannelTraffic = channel(table, unnamed="") if live else channel(table)
        if live and not kind.receivers:
            # A case would be opened for the number that stands for them.
            fail(
                gettext("--live: {name} does not say who was called or written to", name=file.name),
            )
        batches = _batches(table, kind, batch, limit, live=live)
        tally = asyncio.run(_stream(table, kind.method, batches, target, in_flight))
    if tally.rows == 0 and tally.failed_requests:
        fail(
            gettext("{target} decided nothing: {errors}", target=target, errors=dict(tally.errors)),
            status=exit_status.of_code(grpc.StatusCode[tally.errors.most_common(1)[0][0]]),
        )
    if as_json:
        print_json(tally.as_words() | {"dry_run": not live})
    else:
        tally.show()
        if not live:
            out.print(gettext("Dry run: nothing was recorded; --live decides as live traffic is."))


async def _stream(
    table: OpenTable, method: str, batches: Batches, target: str, in_flight: int
) -> ReplayTally:
    tally = ReplayTally()
    async with channels.asynchronous(target) as channel:
        await _connected(channel, target)
        ask = getattr(interception_pb2_grpc.InterceptionServiceStub(channel), method)
        with progress() as display:
            task = display.add_task(gettext("replaying"), total=table.total_bytes, note="")
            start = time.perf_counter()
            await asyncio.gather(
                *(_work(ask, batches, tally, table, display, task) for _ in range(in_flight))
            )
            tally.elapsed_seconds = time.perf_counter() - start
    return tally


async def _connected(channel: grpc.aio.Channel, target: str) -> None:
    """Connect before the clock starts: what is measured are decisions."""
    try:
        await asyncio.wait_for(channel.channel_ready(), CONNECT_SECONDS)
    except TimeoutError as error:
        raise Unavailable(
            "no answer from {target} within {connect_seconds:g} s",
            target=target,
            connect_seconds=CONNECT_SECONDS,
        ) from error


async def _work(
    ask: Any,
    batches: Batches,
    tally: ReplayTally,
    table: OpenTable,
    display: Progress,
    task: Any,
) -> None:
    for request, tags in batches:
        start = time.perf_counter()
        try:
            answer = await ask(request, timeout=DEADLINE_SECONDS)
        except grpc.aio.AioRpcError as error:
            tally.fail(tags, error)
            if tally.rows == 0:
                return
            continue
        if request.dry_run and not answer.decisions.dry_run:
            raise Unavailable(NO_DRY_RUNS)
        tally.latencies_ms.append((time.perf_counter() - start) * 1000)
        tally.count(tags, answer.decisions)
        display.update(
            task, completed=table.bytes_read(), note=gettext("{rows:,} rows", rows=tally.rows)
        )


def _batches(
    table: OpenTable, kind: ChannelTraffic, size: int, limit: int, *, live: bool
) -> Batches:
    source = column(table.columns, "source")
    label = column(table.columns, "label")
    rows = islice(table.rows, min(limit, sys.maxsize)) if limit else table.rows
    while chunk := list(islice(rows, size)):
        tags = [(row.get(source, ""), row.get(label, "")) for row in chunk]
        request = kind.request([kind.message(row) for row in chunk])
        request.dry_run = not live
        yield request, tags


command_help.add_aliases(app)
