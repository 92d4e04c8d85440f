"""Times the report on warnings over many cases, by groups, on an embedded Valkey of its own.

``fanzha bench warning-report``: cases as the pipeline makes them are written first, each opened,
warned and closed; then the report is made over all, as list administration makes it. Memory is
that of this process: what the report itself adds to it.
"""

import argparse
import asyncio
import resource
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from benchmarks import results
from blocklists.entries import Source
from fanzha.fraud import FraudType
from infra.clock import now_ms
from infra.redis.client import Client, connect
from services.processes.embedded_valkey import EmbeddedValkey
from services.warning.cases import opening, state_machine
from services.warning.cases.events import CaseEvent, CaseOutcome, EventKind
from services.warning.cases.listing import CaseListing
from services.warning.cases.model import Case
from services.warning.cases.opening import PlainRouter
from services.warning.cases.store import CaseCommit, CaseStore
from services.warning.model import Means, MeansKind, Region, WarningRecord
from services.warning.reports.service import (
    ReportGrouping,
    ReportProgress,
    ReportRequest,
    ReportService,
)

_AT_ONCE = 500
_MINUTE_MS = 60_000
_DAYS = 30
_OUTCOMES = (*CaseOutcome, None, None)


class _Places(PlainRouter):
    """Spreads persons over some hundred cities."""

    def region(self, victim: str) -> Region:
        place = int(victim[-5:]) % 340
        return Region(province=f"{11 + place // 20}0000", city=f"{11 + place // 20}{place:02}00")


def main() -> None:
    """Measure, and print or keep the result."""
    parser = argparse.ArgumentParser(prog="fanzha bench warning-report", description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000, help="how many")
    parser.add_argument("--rounds", type=int, default=5, help="reports by each kind of group")
    parser.add_argument("--save", action="store_true", help="keep it in benchmarks/results")
    options = parser.parse_args()
    measured = asyncio.run(_measure(options.cases, options.rounds))
    results.write("warning-report", measured, save=options.save)


async def _measure(count: int, rounds: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="fanzha-report-") as name:
        valkey = EmbeddedValkey(Path(name))
        await valkey.start()
        client = connect(valkey.url)
        try:
            await _fill(client, count)
            before = _memory()
            timed = {by.name.lower(): await _time(client, by, rounds) for by in ReportGrouping}
            return {
                "cases": count,
                "reports": timed,
                "memory_mib": {"before": before, "most": _memory()},
            }
        finally:
            await client.aclose()
            await valkey.stop()


async def _time(client: Client, by: ReportGrouping, rounds: int) -> dict[str, Any]:
    reporting = ReportService(CaseListing(client, CaseStore(client)), now_ms=now_ms)
    seconds, busy, groups, examined = [], [], 0, 0
    for _ in range(rounds):
        began, began_busy = perf_counter(), process_time()
        async for one in reporting.make(ReportRequest(by=by)):
            groups, examined = _groups(one), one.examined
        seconds.append(perf_counter() - began)
        busy.append(process_time() - began_busy)
    middle = sorted(seconds)[len(seconds) // 2]
    return {
        "seconds": {"least": min(seconds), "median": middle, "most": max(seconds)},
        "processor_seconds_least": min(busy),
        "cases_a_second_median": round(examined / middle),
        "groups": groups,
    }


def _groups(one: ReportProgress) -> int:
    return len(one.report.groups) if one.report else 0


async def _fill(client: Client, count: int) -> None:
    store, now = CaseStore(client), now_ms()
    for start in range(0, count, _AT_ONCE):
        made = [_case(number, now) for number in range(start, min(count, start + _AT_ONCE))]
        await store.commit(
            [CaseCommit(before=None, after=one, events=events) for one, events in made]
        )


def _case(number: int, now: int) -> tuple[Case, Sequence[CaseEvent]]:
    opened_at = now - (number * 7919 % (_DAYS * 1440)) * _MINUTE_MS - _MINUTE_MS
    warned = WarningRecord(
        source=Source.PROVINCE,
        source_name=f"source{number % 7}.example",
        reference=f"r{number}",
        victim=f"+8617{number:09}",
        means=Means(kind=MeansKind.CALLER, value=f"+86199{number % 500:08}"),
        fraud_type=FraudType(1 + number % 10),
        occurred_at_ms=opened_at - 3 * _MINUTE_MS,
        received_at_ms=opened_at,
    )
    grown = opening.apply_warnings(None, [warned], _Places(), opened_at)
    queued = grown.events[-1].message
    after = [
        CaseEvent(
            kind=kind,
            at_ms=opened_at + number % 60 * _MINUTE_MS // 2,
            by="bench",
            message=queued,
        )
        for kind in (EventKind.SENT, EventKind.DELIVERED)
    ]
    outcome = _OUTCOMES[number % len(_OUTCOMES)]
    if outcome is not None:
        closing = CaseEvent(kind=EventKind.CLOSED, at_ms=now, by="bench", outcome=outcome)
        after += [replace(closing, kind=EventKind.TAKEN, outcome=None), closing]
    events = [*grown.events, *after]
    return state_machine.fold(events), events


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
