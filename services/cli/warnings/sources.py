"""`fanzha warnings sources`, `feedback`: what warnings were worth, and what became of them."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from fanzha.csv_cells import SafeWriter
from infra import atomic_file
from infra.redis.client import connect
from services.cli._common.console import err, one_sentence, out, print_json, progress, wide
from services.cli._common.stores import DEFAULT_DATA_DIR, DataDir, RedisUrl, store_url
from services.warning.intake.sources import SourceFeedback, SourceQuality, WarningSources

_COLUMNS = ("place", "reference", "case_id", "what", "at_ms")


def sources(
    name: Annotated[str, typer.Argument(help="One source; empty: all.")] = "",
    redis_url: RedisUrl = "",
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the quality record of sources: volume, repeats, refused, confirmed, false, delay.

    The reliability is 0.5 without informative cases: docs/how-to/outcomes.md.
    """
    with one_sentence("the store"):
        found = asyncio.run(_quality(store_url(redis_url, data_dir), name))
    if as_json:
        print_json([_written(one) for one in found])
        return
    heads = ("source", "accepted", "joined", "repeats", "refused", "confirmed", "false")
    table = Table(*heads, "reliability", "late", box=None)
    for one in found:
        counts = (one.accepted, one.joined, one.duplicates, one.refused)
        verdicts = (one.confirmed, one.false_alarms)
        reliability = f"{one.tally.reliability:.2f}"
        table.add_row(
            one.source_name, *map(str, (*counts, *verdicts)), reliability, _half_within(one)
        )
    if found:
        wide().print(table)
    else:
        out.print("no source has sent anything")


def feedback(
    source: Annotated[str, typer.Argument(help="Which source.")],
    csv_file: Annotated[
        Path | None, typer.Option("--csv", help="File to write; absent: standard output.")
    ] = None,
    after: Annotated[str, typer.Option(help="Place after which to begin.")] = "",
    redis_url: RedisUrl = "",
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Write what became of the warnings of a source as CSV, oldest first, for it to read."""
    url = store_url(redis_url, data_dir)
    with one_sentence("the store"):
        if csv_file is None:
            number = asyncio.run(_export(url, source, after, None))
            if not number:
                err.print(
                    f"nothing is told to {source!r}{'' if not after else ' after that'}",
                    markup=False,
                )
        else:
            number = asyncio.run(_export(url, source, after, csv_file))
    if csv_file is not None:
        out.print(f"{number} outcomes in {csv_file}")


async def _quality(url: str, name: str) -> list[SourceQuality]:
    client = connect(url)
    try:
        known = WarningSources(client)
        return [await known.quality(one) for one in ([name] if name else await known.names())]
    finally:
        await client.aclose()


async def _export(url: str, source: str, after: str, file: Path | None) -> int:
    client = connect(url)
    try:
        found = WarningSources(client).all_feedback(source, after=after)
        if file is None:
            return await _write(SafeWriter(sys.stdout), found)
        with atomic_file.replacing_text(file) as lines:
            return await _write(SafeWriter(lines), found)
    finally:
        await client.aclose()


async def _write(table: SafeWriter, found: AsyncIterator[SourceFeedback]) -> int:
    table.writerow(_COLUMNS)
    number = 0
    with progress(bar=False) as bar:
        task = bar.add_task("outcomes", total=None, note="")
        async for one in found:
            table.writerow([one.cursor, one.reference, one.case_id, one.what, one.at_ms])
            number += 1
            bar.update(task, completed=number)
    return number


def _written(quality: SourceQuality) -> dict[str, object]:
    delays = {str(bound) if bound else "more": count for bound, count in quality.delays.items()}
    return {
        "source": quality.source_name,
        "accepted": quality.accepted,
        "joined": quality.joined,
        "duplicates": quality.duplicates,
        "refused": quality.refused,
        "confirmed": quality.confirmed,
        "false_alarms": quality.false_alarms,
        "reliability": round(quality.tally.reliability, 4),
        "cases": {one.value: count for one, count in quality.tally.outcomes.items()},
        "delays_s": delays,
    }


def _half_within(quality: SourceQuality) -> str:
    """Say within what time half of the warnings came."""
    total, seen = sum(quality.delays.values()), 0
    for bound, count in quality.delays.items():
        seen += count
        if total and seen * 2 >= total:
            return f"half within {bound} s" if bound else "half later than a day"
    return "–"
