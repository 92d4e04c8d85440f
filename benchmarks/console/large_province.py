"""Fills a data folder as large as a province's after years, through the stores' own code.

Other than the demo's, its entries come in one commit and its appeals in three steps each, as ten
million change requests would take days. Texts and names are the demo's; all is seeded.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from blocklists.entries import Direction, EntryKind, Source
from blocklists.entry_table import EXACT, EntryTable, Identities, concatenate, text_keys
from blocklists.provenance import Provenance
from blocklists.store.changes import ListChange
from blocklists.text_column import TextColumn
from examples.province import cases, decisions, fill
from examples.province.campaigns import DAYS, all_campaigns
from examples.province.cases import CaseMaker
from examples.province.decisions import LogPlan
from examples.province.stores import DemoClock, Province, opened
from fanzha.decisions import Action
from fanzha.tables import Int64s
from services.appeals.model import (
    OPEN,
    Appeal,
    AppealEvent,
    AppealEventKind,
    AppealOutcome,
    AppealState,
    AppealSubject,
)
from services.appeals.serialization import outcome as outcome_text
from services.appeals.store import AppealStore
from services.audit.events import AuditKind
from services.decision_log import options
from services.settings.settings import Settings

DAY_MS, HOUR_MS = 86_400_000, 3_600_000
LOG_DAYS = 180
"""As long as decisions are kept unless a setting says otherwise."""
_HOST_SHARE = 10
_PROVENANCES = 400
_AT_ONCE = 200
_KINDS = tuple(AuditKind)[:12]


@dataclass(frozen=True, slots=True, kw_only=True)
class LargeSize:
    """How much there is of everything."""

    entries: int = 10_000_000
    decisions: int = 10_000_000
    cases: int = 100_000
    appeals: int = 10_000
    audit_records: int = 1_000_000


Tell = Callable[[str], None]


async def fill_large(settings: Settings, size: LargeSize, *, end_ms: int, tell: Tell) -> None:
    """Fill the data folder of *settings*; *tell* is called with what was done."""
    await asyncio.to_thread(_log, settings, size.decisions, end_ms, tell)
    async with opened(settings, DemoClock(fill.start_of(end_ms))) as province:
        await _cases(province, size.cases, end_ms, tell)
        await _appeals(province, size.appeals, end_ms, tell)
        await _records(province, size.audit_records, end_ms, tell)
        await _entries(province, size.entries, end_ms, tell)


def _log(settings: Settings, rows: int, end_ms: int, tell: Tell) -> None:
    began = time.monotonic()
    plan = LogPlan(rows=rows, days=LOG_DAYS, until_ms=end_ms, hours=decisions.every_hour)
    written = 0
    writing = decisions.write_log(options.folder(settings), all_campaigns(), plan, seed=3)
    for day, counts in enumerate(writing):
        written = counts.written
        if day % 20 == 0:
            tell(f"decisions: day {day} of {LOG_DAYS}, {time.monotonic() - began:.0f} s")
    tell(f"decisions: {written:,} rows, {time.monotonic() - began:.0f} s")


async def _cases(province: Province, count: int, end_ms: int, tell: Tell) -> None:
    began = time.monotonic()
    maker = CaseMaker(all_campaigns(), province.router, end_ms=end_ms)
    for day, wanted in enumerate(cases.by_day(count)):
        for some in fill.batched(maker.day(day, wanted), _AT_ONCE):
            await province.cases.commit([one.commit for one in some])
    await fill.forget_outbox(province)
    tell(f"cases: {count:,}, {time.monotonic() - began:.0f} s")


async def _appeals(province: Province, count: int, end_ms: int, tell: Tell) -> None:
    began = time.monotonic()
    store = AppealStore(province.client)
    chance = np.random.default_rng(19)
    times = np.sort(fill.start_of(end_ms) + chance.random(count) * DAYS * DAY_MS).astype(np.int64)
    for start in range(0, count, 50):
        await asyncio.gather(
            *(_appeal(store, start + place, at, end_ms)
              for place, at in enumerate(times[start : start + 50].tolist()))
        )  # fmt: skip
    tell(f"appeals: {count:,}, {time.monotonic() - began:.0f} s")


async def _appeal(store: AppealStore, number: int, at_ms: int, end_ms: int) -> None:
    pattern = f"+{86_17098_000_000 + number}"
    appeal = Appeal(
        appeal_id=await store.next_id(),
        received_at_ms=at_ms,
        deadline_ms=at_ms + 24 * HOUR_MS,
        appellant=f"某单位{number}",
        contact=f"+861700000{number % 1000:04}",
        grounds="本号码为公司客服热线，请求解除",
        subject=AppealSubject(kind=EntryKind.NUMBER, pattern=pattern),
        blocked_by="ministry",
        opened_by="gateway",
    )
    opened_ = AppealEvent(at_ms=at_ms, by="gateway", what=AppealEventKind.OPENED)
    id_, _ = await store.open(appeal, f"{pattern}:{number}", opened_)
    if end_ms - at_ms < 2 * DAY_MS:
        return
    taken = AppealEvent(at_ms=at_ms + HOUR_MS, by="zhao", what=AppealEventKind.TAKEN)
    await store.move(id_, taken, allowed=OPEN, to=AppealState.IN_REVIEW, given={"officer": "zhao"})
    decided = AppealEvent(at_ms=at_ms + 5 * HOUR_MS, by="zhao", what=AppealEventKind.REJECTED)
    outcome = AppealOutcome(reason="经核实，该号码多次拨打诈骗电话", remedy="可申请行政复议",
                            documents_required="机主身份证明")  # fmt: skip
    given = {"outcome": outcome_text(outcome), "officer": "zhao"}
    await store.move(id_, decided, allowed=OPEN, to=AppealState.REJECTED, given=given)


async def _records(province: Province, count: int, end_ms: int, tell: Tell) -> None:
    began = time.monotonic()
    step = DAYS * DAY_MS // max(count, 1)
    start = fill.start_of(end_ms)
    for first in range(0, count, 4096):
        await asyncio.gather(
            *(_record(province, start + number * step, number)
              for number in range(first, min(first + 4096, count)))
        )  # fmt: skip
    tell(f"audit records: {count:,}, {time.monotonic() - began:.0f} s")


async def _record(province: Province, at_ms: int, number: int) -> None:
    province.clock.at_ms = max(at_ms, province.clock.at_ms)
    await province.audit.record(
        _KINDS[number % len(_KINDS)],
        subject=f"change:{number // 4}",
        details={"what": "demo", "rows": str(number % 97)},
        actor=("li", "wang", "zhou", "he")[number % 4],
    )


async def _entries(province: Province, count: int, end_ms: int, tell: Tell) -> None:
    began = time.monotonic()
    table = await asyncio.to_thread(_table, count, end_ms)
    nothing = Identities.of([])
    change = ListChange(
        version=0, author="zhou", reason="部级涉案名单", committed_at_ms=end_ms - HOUR_MS,
        additions=table, removals=nothing,
    )  # fmt: skip
    head = await province.store.head()
    await province.store.commit(change, expected_version=head.version)
    tell(f"entries: {count:,} committed, {time.monotonic() - began:.0f} s")
    await province.current.caught_up()
    tell(f"entries: in the list files, {time.monotonic() - began:.0f} s")


def _table(count: int, end_ms: int) -> EntryTable:
    chance, hosts = np.random.default_rng(23), count // _HOST_SHARE
    drawn = chance.choice(3 * 10**9, count + count // 50 - hosts, replace=True)
    numbers = np.unique(drawn)[: count - hosts] + 86_130_0000_0000
    names = [f"h{number:07}.example" for number in range(hosts)]
    plain = _columns(chance, numbers, EntryKind.NUMBER, TextColumn.empty(len(numbers)), end_ms)
    texts = _columns(chance, text_keys(names), EntryKind.HOST, TextColumn.of(names), end_ms)
    return concatenate([plain, texts])


def _columns(
    chance: np.random.Generator, keys: Int64s, kind: EntryKind, texts: TextColumn, end_ms: int
) -> EntryTable:
    rows, now_s = len(keys), end_ms // 1000
    return EntryTable(
        kinds=np.full(rows, kind, np.uint8),
        keys=keys.astype(np.int64),
        digits=np.full(rows, EXACT, np.uint8),
        actions=np.full(rows, Action.BLOCK, np.uint8),
        patterns=texts,
        directions=np.full(rows, Direction.BOTH, np.uint8),
        fraud_types=chance.integers(1, 11, rows).astype(np.uint8),
        expires_s=(now_s + chance.integers(86_400, 400 * 86_400, rows)).astype(np.uint32),
        provenances=chance.integers(0, _PROVENANCES, rows).astype(np.uint32),
        provenance=tuple(_provenances(now_s)),
    )


def _provenances(now_s: int) -> Iterator[Provenance]:
    sources = tuple(Source)
    for number in range(_PROVENANCES):
        yield Provenance(
            source=sources[number % len(sources)],
            reason="部级涉案号码名单",
            legal_basis="《反电信网络诈骗法》第二十二条",
            created_by=("li", "zhou")[number % 2],
            created_at_s=now_s - number * 86_400,
            approved_by="wang",
            campaign=f"第{number % 60:02}号",
            review_at_s=0,
        )
