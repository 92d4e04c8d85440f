"""`fanzha models`: which models there are and run; swap, shadow and roll back."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from infra.clock import now_ms
from infra.redis.client import connect
from services.cli._common.console import err, fail, one_sentence, out, print_json
from services.cli._common.stores import DEFAULT_DATA_DIR, DataDir, RedisUrl, found_store, store_url
from services.cli.models.display import bundle_rows, kind_json, kind_lines, wish_words
from services.decision.model_kinds import ModelKind
from services.models.desired_models import DesiredModel
from services.models.store import ModelReport, ModelStore

app = typer.Typer(no_args_is_help=True, help="List models; swap, shadow and roll back.")

_LOOK_SECONDS = 0.2

Answer = TypeVar("Answer")


KindWord = Annotated[ModelKind, typer.Argument(help="Kind of model.")]
By = Annotated[str, typer.Option("--by", envvar="USER", help="Who says so, for the record.")]
Wait = Annotated[
    float, typer.Option(min=0, help="Seconds to wait until every worker has followed.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command(name="list")
def list_models(
    models_dir: Annotated[
        Path | None,
        typer.Option(envvar="FANZHA_MODELS_DIR", help="Folder of bundles. Empty: the package's."),
    ] = None,
    redis_url: RedisUrl = "",
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """Show the bundles of this host; of a service, what is wanted and what each worker runs."""
    rows = {kind: bundle_rows(models_dir, kind) for kind in ModelKind}

    async def look(store: ModelStore) -> tuple[dict[ModelKind, DesiredModel], list[ModelReport]]:
        return await store.wanted(), await store.reports(now_ms())

    url = found_store(redis_url, data_dir)
    wanted, reports = ({}, []) if url is None else _with_store(url, look)
    if not reports:
        err.print("no service found" if url is None else "no worker reports")
    if as_json:
        print_json(
            {
                kind.value: kind_json(kind, rows[kind], wanted.get(kind), reports)
                for kind in ModelKind
            }
        )
        return
    for kind in ModelKind:
        for line in kind_lines(kind, rows[kind], wanted.get(kind), reports):
            out.print(line, soft_wrap=True, markup=False)


@app.command()
def activate(
    kind: KindWord,
    version: Annotated[str, typer.Argument(help="Version of the bundle that is to decide.")],
    by: By = "",
    wait: Wait = 10.0,
    redis_url: RedisUrl = "",
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """Let another model decide; each worker checks it first and keeps its own if it is bad."""

    def wish(before: DesiredModel, running: str) -> DesiredModel:
        decided = before.active or running
        return replace(
            before,
            active=version,
            previous=before.previous if decided == version else decided,
            shadow="" if before.shadow == version else before.shadow,
        )

    _change(kind, wish, by, wait, store_url(redis_url, data_dir), as_json)


@app.command()
def shadow(
    kind: KindWord,
    version: Annotated[str, typer.Argument(help="Version that is to watch, or off.")],
    share: Annotated[float, typer.Option(min=0, max=1, help="Part of the batches it sees.")] = 1.0,
    by: By = "",
    wait: Wait = 10.0,
    redis_url: RedisUrl = "",
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """Let a second model score the same traffic and decide nothing."""
    watcher = "" if version == "off" else version

    def wish(before: DesiredModel, running: str) -> DesiredModel:
        if watcher and watcher == (before.active or running):
            fail(f"{kind} {watcher} decides already", status=2)
        return replace(before, shadow=watcher, share=share if watcher else 1.0)

    _change(kind, wish, by, wait, store_url(redis_url, data_dir), as_json)


@app.command()
def rollback(
    kind: KindWord,
    by: By = "",
    wait: Wait = 10.0,
    redis_url: RedisUrl = "",
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """Let the model decide again that did before; workers have kept it loaded."""

    def wish(before: DesiredModel, _running: str) -> DesiredModel:
        if not before.previous:
            fail(f"nothing to roll back to: {kind} was never changed", status=2)
        return replace(before, active=before.previous, previous=before.active)

    _change(kind, wish, by, wait, store_url(redis_url, data_dir), as_json)


def _change(
    kind: ModelKind,
    wish: Callable[[DesiredModel, str], DesiredModel],
    by: str,
    wait: float,
    url: str,
    as_json: bool,
) -> None:
    async def change(store: ModelStore) -> tuple[DesiredModel, bool, dict[str, str]]:
        before = (await store.wanted()).get(kind)
        running = _common(await store.reports(now_ms()), kind)
        wanted = replace(wish(before or DesiredModel(), running), by=by, at_ms=now_ms())
        synced = await store.want(kind, before, wanted)
        return wanted, synced, await _follow(store, kind, wanted, wait)

    wanted, synced, workers = _with_store(url, change)
    if as_json:
        print_json({"wanted": asdict(wanted), "synced": synced, "workers": workers})
    else:
        place = "on the disk of the store" if synced else "in the store's memory"
        out.print(f"{kind} wanted: {wish_words(wanted)}; {place}", soft_wrap=True, markup=False)
        for worker, state in workers.items():
            out.print(f"  {worker}: {state}", soft_wrap=True, markup=False)
        if not workers:
            out.print("  no worker reports; those that start will follow")
    if any(state != "done" for state in workers.values()):
        raise typer.Exit(1)


async def _follow(
    store: ModelStore, kind: ModelKind, wanted: DesiredModel, wait: float
) -> dict[str, str]:
    """Return how far each worker has followed, after *wait* seconds or when all are through."""
    ends = time.monotonic() + wait
    while True:
        reports = await store.reports(now_ms())
        states = {report.worker: _state(report.channels.get(kind), wanted) for report in reports}
        if "not yet" not in states.values() or time.monotonic() >= ends:
            return states
        await asyncio.sleep(_LOOK_SECONDS)


def _state(status: Any, wanted: DesiredModel) -> str:
    """Tell whether a worker runs what is wanted."""
    if status is None:
        return "holds no such model"
    for version in (wanted.active, wanted.shadow):
        if version in status["refused"]:
            return f"refuses {version}: {status['refused'][version]}"
    follows = wanted.active in {"", status["active"]} and wanted.shadow == status["shadow"]
    return "done" if follows and wanted.share == (status["share"] or wanted.share) else "not yet"


def _common(reports: Sequence[ModelReport], kind: ModelKind) -> str:
    """Return the version that all workers run; empty when they differ, or there are none."""
    running = {str(report.channels.get(kind, {}).get("active", "")) for report in reports}
    return running.pop() if len(running) == 1 else ""


def _with_store(url: str, work: Callable[[ModelStore], Coroutine[Any, Any, Answer]]) -> Answer:
    async def run() -> Answer:
        client = connect(url)
        try:
            return await work(ModelStore(client))
        finally:
            await client.aclose()

    with one_sentence("the store"):
        return asyncio.run(run())
