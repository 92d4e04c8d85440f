"""Writes labelled examples to a file: cases from the store, decisions from the log."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import fields
from pathlib import Path
from typing import TextIO

from fanzha.csv_cells import SafeWriter
from infra import atomic_file
from infra.redis.client import connect
from services.cli._common.console import progress
from services.decision_log.query import DecisionQuery
from services.warning.cases.listing import CaseListing
from services.warning.cases.model import Case
from services.warning.cases.projections import JUDGED
from services.warning.cases.store import CaseStore
from services.warning.outcomes.examples import (
    LabelledDecision,
    as_row,
    count_case,
    decisions_of,
    examples,
    usable_by,
)

CSV = ".csv"
SUFFIXES = frozenset({CSV, ".jsonl"})
_AT_ONCE = 2_000
"""Decisions the log is asked for at once."""
_DAY_MS = 86_400_000

Write = Callable[[LabelledDecision], object]


def export(
    file: Path, url: str, log: DecisionQuery, *, since_ms: int, model: str, full: bool
) -> Counter[str]:
    """Write the examples of cases closed since then, for the owner of the file only; count them.

    The file is there once it is whole.
    """
    beside = file.with_name(f".{file.name}.new")
    with atomic_file.replacing_text(file, beside=beside) as lines:
        write = _csv(lines) if file.suffix == CSV else _jsonl(lines)
        return asyncio.run(_export(url, since_ms, log, write, model=model, full=full))


async def _export(
    url: str, since_ms: int, log: DecisionQuery, write: Write, *, model: str, full: bool
) -> Counter[str]:
    client = connect(url)
    counts: Counter[str] = Counter()
    try:
        cases = CaseListing(client, CaseStore(client)).walk(index=JUDGED, since=since_ms)
        with progress(bar=False) as bar:
            task = bar.add_task("cases", total=None, note="")
            async for some in _together(case async for case, _ in cases):
                for one in await asyncio.to_thread(_made, some, log, counts, full=full):
                    if usable_by(one, model):
                        counts["written"] += 1
                        write(one)
                    else:
                        counts["unfit"] += 1
                bar.update(task, completed=counts["cases"])
    finally:
        await client.aclose()
    return counts


async def _together(cases: AsyncIterator[Case]) -> AsyncIterator[list[Case]]:
    """Gather cases until the log has enough to be asked for."""
    some: list[Case] = []
    async for case in cases:
        some.append(case)
        if sum(len(decisions_of(one)) for one in some) >= _AT_ONCE or len(some) >= _AT_ONCE:
            yield some
            some = []
    if some:
        yield some


def _made(
    some: list[Case], log: DecisionQuery, counts: Counter[str], *, full: bool
) -> list[LabelledDecision]:
    ids = {decision for case in some for decision in decisions_of(case)}
    # Clocks of switches differ; a day is more than any does.
    since_ms = max(0, min(case.occurred_at_ms for case in some) - _DAY_MS)
    logged = log.several(ids, since_ms=since_ms)
    contents = log.contents(ids, since_ms=since_ms)
    found: list[LabelledDecision] = []
    for case in some:
        count_case(case, counts)
        found += examples(case, logged, contents, full=full)
    counts["gone"] += sum(one.kept == "gone" for one in found)
    counts["no_text"] += sum(one.channel == "text" and one.kept != "text" for one in found)
    return found


def _csv(lines: TextIO) -> Write:
    table = SafeWriter(lines)
    table.writerow([one.name for one in fields(LabelledDecision)])
    return lambda one: table.writerow(as_row(one).values())


def _jsonl(lines: TextIO) -> Write:
    return lambda one: lines.write(json.dumps(as_row(one), ensure_ascii=False) + "\n")
