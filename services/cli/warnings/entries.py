"""`fanzha warnings entries`: list entries that led to cases, and how these ended."""

import asyncio
import heapq

from rich.table import Table

from infra.redis.client import connect
from services.cli._common.console import one_sentence, out, print_json, wide
from services.cli._common.options import AsJson, Limit
from services.cli._common.stores import DEFAULT_DATA_DIR, DataDir, RedisUrl, store_url
from services.warning.outcomes.entry_outcomes import EntryOutcomeRecord, EntryOutcomeStore
from services.warning.outcomes.reliability import NOTHING, OutcomeTally


def entries(
    redis_url: RedisUrl = "",
    data_dir: DataDir = DEFAULT_DATA_DIR,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """Show list entries whose cases were closed, those of the lowest reliability first.

    The reliability is 0.5 without informative cases: docs/how-to/outcomes.md. The totals of each
    list source follow. An entry without a pattern has no informative case yet, or list
    administration has not processed it.
    """
    with one_sentence("the store"):
        shown, total, by_source = asyncio.run(_read(store_url(redis_url, data_dir), limit))
    if as_json:
        lists = {name: _figures(tally) for name, tally in sorted(by_source.items())}
        print_json({"total": total, "entries": list(map(_written, shown)), "lists": lists})
        return
    if not shown:
        out.print("no case of a list entry was closed")
        return
    table = Table(
        "entry", "pattern", "source", "lost", "false", "neither", "reliability", "request"
    )
    table.box = None
    table.columns[0].no_wrap = True
    for one in shown:
        request = f"change {one.proposed}" if one.proposed else ""
        table.add_row(one.entry_id, one.pattern, one.source, *_columns(one.tally), request)
    wide().print(table)
    out.print(f"{len(shown)} of {total} shown")
    for name, tally in sorted(by_source.items()):
        lost, false, neither, reliability = _columns(tally)
        out.print(
            f"{name}: {lost} lost, {false} false, {neither} neither, reliability {reliability}"
        )


async def _read(
    url: str, limit: int
) -> tuple[list[EntryOutcomeRecord], int, dict[str, OutcomeTally]]:
    client = connect(url)
    by_source: dict[str, OutcomeTally] = {}
    found: list[EntryOutcomeRecord] = []
    try:
        async for one in EntryOutcomeStore(client).all():
            found.append(one)
            name = one.source or "not looked up"
            by_source[name] = by_source.get(name, NOTHING).plus(one.tally)
    finally:
        await client.aclose()
    worst = heapq.nsmallest(limit, found, key=lambda one: (one.tally.reliability, one.entry_id))
    return worst, len(found), by_source


def _columns(tally: OutcomeTally) -> tuple[str, str, str, str]:
    return (
        str(tally.confirmed),
        str(tally.false),
        str(tally.uninformative),
        f"{tally.reliability:.2f}",
    )


def _figures(tally: OutcomeTally) -> dict[str, object]:
    outcomes = {one.value: count for one, count in tally.outcomes.items()}
    return {"cases": outcomes, "reliability": round(tally.reliability, 4)}


def _written(one: EntryOutcomeRecord) -> dict[str, object]:
    return {
        "entry_id": one.entry_id,
        "kind": one.kind,
        "pattern": one.pattern,
        "source": one.source,
        **_figures(one.tally),
        "proposed_removal": one.proposed,
    }
