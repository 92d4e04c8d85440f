"""Times lists of cases by state, with and without the indexes, on an embedded Valkey of its own.

``python -m benchmarks.warning.case_lists``: as many cases, nearly all open and warned; one in a
thousand is taken, one in fifty closed. Each list is what `ListCases` answers with its first page
of fifty, to somebody who may see all regions.
"""

import argparse
import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks import results
from blocklists.entries import Source
from fanzha.fraud import FraudType
from infra.clock import now_ms
from infra.redis.client import Client, connect
from services.audit.audited_actions import AuditedActions
from services.audit.events import NoAudit
from services.auth import identity
from services.processes.embedded_valkey import EmbeddedValkey
from services.warning.cases import opening, state_machine
from services.warning.cases.claims import CaseClaims
from services.warning.cases.events import CaseEvent, CaseOutcome, EventKind
from services.warning.cases.index_upgrade import CaseIndexUpgrade
from services.warning.cases.listing import CaseListing
from services.warning.cases.model import CaseState
from services.warning.cases.opening import PlainRouter
from services.warning.cases.store import CaseCommit, CaseStore
from services.warning.desk import wiring
from services.warning.desk.filter import CaseFilter
from services.warning.desk.service import CaseDesk
from services.warning.messages.catalog import MessageCatalog
from services.warning.model import Means, MeansKind, Region, Tier, WarningRecord
from services.warning.policy.router import TemplateComposer

_AT_ONCE = 500
_TAKEN_EVERY, _CLOSED_EVERY = 1000, 50
_MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _TimedList:
    name: str
    wanted: CaseFilter


_LISTS = (
    _TimedList(name="open", wanted=CaseFilter()),
    *(_TimedList(name=one, wanted=CaseFilter(states=frozenset({one}))) for one in CaseState),
    _TimedList(
        name="dissuading, medium, a city",
        wanted=CaseFilter(
            states=frozenset({CaseState.DISSUADING}),
            tiers=frozenset({Tier.MEDIUM}),
            region="1101",
        ),
    ),
)


class _Cities(PlainRouter):
    """Spreads persons over some hundred cities."""

    def region(self, victim: str) -> Region:
        place = int(victim[-5:]) % 340
        return Region(province=f"{11 + place // 20}0000", city=f"{11 + place // 20}{place:02}00")


def main() -> None:
    """Measure, and print or keep the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000, help="how many")
    parser.add_argument("--times", type=int, default=30, help="how often each list is read")
    parser.add_argument("--save", action="store_true", help="keep it in benchmarks/results")
    options = parser.parse_args()
    measured = asyncio.run(_measure(options.cases, options.times))
    results.write("case-lists", measured, save=options.save)


async def _measure(count: int, times: int) -> dict[str, Any]:
    identity.set_identity(identity.BACKGROUND)
    with tempfile.TemporaryDirectory(prefix="fanzha-case-lists-") as name:
        valkey = EmbeddedValkey(Path(name))
        await valkey.start()
        client = connect(valkey.url)
        try:
            store = CaseStore(client)
            await _fill(store, count)
            upgrade = CaseIndexUpgrade(client, store)
            desk = _desk(client, store, upgrade)
            # As in the minutes after an upgrade; a few times, as each takes seconds.
            scanned = await _time(desk, max(3, times // 10))
            began = perf_counter()
            await upgrade.run()
            took = perf_counter() - began
            return {
                "cases": count,
                "without_indexes": scanned,
                "indexing_seconds": round(took, 1),
                "with_indexes": await _time(desk, times),
            }
        finally:
            await client.aclose()
            await valkey.stop()


def _desk(client: Client, store: CaseStore, upgrade: CaseIndexUpgrade) -> CaseDesk:
    return wiring.build(
        store=store,
        listing=CaseListing(client, store),
        claims=CaseClaims(client, now_ms=now_ms),
        indexed=upgrade,
        router=_Cities(),
        scripts=TemplateComposer(MessageCatalog.load()),
        trail=AuditedActions(NoAudit()),
        now_ms=now_ms,
    ).desk


async def _time(desk: CaseDesk, times: int) -> dict[str, Any]:
    found = {}
    for one in _LISTS:
        took, rows = list[float](), 0
        for _ in range(times):
            began = perf_counter()
            page = await desk.list(one.wanted, size=50, after="")
            took.append((perf_counter() - began) * 1000)
            rows = len(page.cases)
        took.sort()
        found[one.name] = {
            "rows": rows,
            "median_ms": round(took[len(took) // 2], 1),
            "p95_ms": round(took[min(len(took) - 1, int(0.95 * len(took)))], 1),
        }
    return found


async def _fill(store: CaseStore, count: int) -> None:
    now = now_ms()
    for start in range(0, count, _AT_ONCE):
        numbers = range(start, min(count, start + _AT_ONCE))
        made = [_events(number, now) for number in numbers]
        await store.commit(
            [CaseCommit(before=None, after=state_machine.fold(one), events=one) for one in made]
        )


def _events(number: int, now: int) -> Sequence[CaseEvent]:
    at = now - (number * 7919 % 43_200 + 1) * _MINUTE_MS
    warning = WarningRecord(
        source=Source.PROVINCE,
        source_name="source.example",
        reference=f"r{number}",
        victim=f"+8617{number:09}",
        means=Means(kind=MeansKind.CALLER, value=f"+86199{number % 500:08}"),
        fraud_type=FraudType(1 + number % 10),
        occurred_at_ms=at,
        received_at_ms=at,
    )
    opened = opening.apply_warnings(None, [warning], _Cities(), at).events
    sent = CaseEvent(kind=EventKind.SENT, at_ms=at, by="bench", message=opened[-1].message)
    taken = CaseEvent(kind=EventKind.TAKEN, at_ms=at, by="bench")
    if number % _TAKEN_EVERY == 1:
        return [*opened, sent, taken]
    if number % _CLOSED_EVERY:
        return [*opened, sent]
    closed = CaseEvent(kind=EventKind.CLOSED, at_ms=now, by="bench", outcome=CaseOutcome.SAFE)
    return [*opened, sent, taken, closed]


if __name__ == "__main__":
    main()
