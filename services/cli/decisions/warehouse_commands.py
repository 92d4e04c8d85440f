"""`fanzha decisions warehouse`: Hive partitions of decisions without numbers, for analysts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from fanzha.translation.catalogue import gettext
from infra.clock import now_ms
from services.cli._common.console import one_sentence, out, print_json, progress
from services.cli._common.options import AsJson
from services.cli.decisions.archive_commands import Config

if TYPE_CHECKING:
    from services.decision_log.warehouse.partition_writer import BuiltPartition

app = typer.Typer(
    no_args_is_help=True,
    help="The warehouse of decisions, for DuckDB and ClickHouse; run it on a host of the service.",
)


@app.command()
def build(
    first_day: Annotated[
        str, typer.Option("--first-day", help="Only from this day on, such as 2026-01-05.")
    ] = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Write the days that are over and not written yet; remove those that are too old.

    Parties are hashes with a key, and no number, name, text or link is in it. Run it every day.
    """
    from services.decision_log.archive import layout
    from services.processes import warehouse_days
    from services.settings import loader

    with one_sentence(gettext("the warehouse")), progress(bar=False) as shown:
        task = shown.add_task(gettext("writing"), total=None, note="")
        if first_day:
            layout.start_of(first_day)
        turn = warehouse_days.bring_up_to_date(
            loader.load(config),
            first_day,
            now_ms(),
            lambda what: shown.update(task, advance=1, note=what),
        )
    if as_json:
        print_json({"built": list(map(_facts, turn.built)), "removed": turn.removed})
        return
    for one in turn.built:
        line = gettext("{folder}: {rows:,} rows, {size:,} bytes", **_places(one))
        out.print(line)
    out.print(
        gettext(
            "{built:,} partitions written, {removed:,} days removed",
            built=len(turn.built),
            removed=len(turn.removed),
        )
    )


def _places(one: BuiltPartition) -> dict[str, object]:
    return {"folder": one.folder, "rows": one.rows, "size": one.bytes}


def _facts(one: BuiltPartition) -> dict[str, object]:
    return {
        "folder": str(one.folder),
        "rows": one.rows,
        "bytes": one.bytes,
        "segments": one.segments,
    }


@app.command(name="hash")
def print_hash(
    party: Annotated[str, typer.Argument(help="A number, service code or sender.")],
    config: Config = None,
) -> None:
    """Print the hash that stands for a party in the warehouse, to ask for its history."""
    from services.processes import warehouse_days
    from services.settings import loader

    with one_sentence(gettext("the warehouse")):
        found = warehouse_days.hash_of(loader.load(config), party)
    typer.echo(str(found))
