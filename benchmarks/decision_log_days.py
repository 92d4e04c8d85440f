"""A synthetic day of the decision log, as maintenance leaves it, and changes to preview.

Seven in ten decisions are on calls, two on texts, one on links. 3 % were blocked by entries; the
others were let through and stand for a hundred each.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.random import Generator

from blocklists.entries import Direction, EntryKind, Source
from blocklists.entry_table import EXACT, EntryTable, Identities
from blocklists.provenance import Provenance
from blocklists.text_column import TextColumn
from fanzha.decisions import Action, MatchedOn, Reason
from fanzha.fraud import FraudType
from fanzha.tables import Attestation, Bools, Channel, Ingress, Int64s
from services.decision_log import schema, segment_files
from services.decision_log.partitions import HOUR_MS, hour_of, logged_hours
from services.decision_log.segment_files import SegmentMetadata

SEED = 20261125
START_MS = 1_764_028_800_000
"""The first hour: 25 November 2025, midnight in UTC."""
HOURS = 24
SHARES = {Channel.CALL: 0.7, Channel.TEXT: 0.2, Channel.LINK: 0.1}
_FIRST, _NUMBERS = 8_617_000_000_000, 100_000_000
"""Numbers that call: of the invented part of the plan, for a quarter of which there is a call."""
_HOSTS = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day in a folder."""

    rows: int
    ends: int
    now_ms: int = START_MS + HOURS * HOUR_MS

    def described(self, folder: Path) -> dict[str, Any]:
        """Return what a reader of the figures must know."""
        segments = list(folder.rglob("*.parquet"))
        return {
            "decisions": self.rows,
            "ends": self.ends,
            "segments": len(segments),
            "bytes": sum(path.stat().st_size for path in segments),
        }


def a_day(folder: Path, rows: int, ends: int, *, hours: int = HOURS) -> Day:
    """Write a day, or so many *hours*, to *folder*, unless something is there."""
    if not any(logged_hours(folder, "call")):
        chance = np.random.default_rng(SEED)
        for number in range(hours):
            at_ms = START_MS + number * HOUR_MS
            for channel, share in SHARES.items():
                table = decisions(channel, int(rows * share) // hours, at_ms, chance)
                _write(folder, schema.FOLDERS[channel], at_ms, table)
            if ends:
                _write(folder, schema.CALL_ENDS, at_ms, _ends(ends // hours, at_ms, chance))
    return Day(rows=rows, ends=ends, now_ms=START_MS + hours * HOUR_MS)


def changes() -> Iterator[tuple[str, tuple[EntryTable, Identities]]]:
    """Return changes by name: what they add, and what they remove."""
    chance = np.random.default_rng(SEED + 1)
    some = np.unique(_FIRST + chance.integers(0, _NUMBERS, 100_000))
    nothing = Identities.of([])
    none = _table(EntryKind.NUMBER, np.zeros(0, np.int64), EXACT)
    yield "one number", (_table(EntryKind.NUMBER, some[:1], EXACT), nothing)
    yield "one range of 10,000", (_table(EntryKind.RANGE, some[:1] // 10_000, 9), nothing)
    yield "100,000 numbers", (_table(EntryKind.NUMBER, some, EXACT), nothing)
    yield "one host", (_hosts(["h1.example"]), nothing)
    yield "100,000 numbers removed", (none, _table(EntryKind.NUMBER, some, EXACT))


def _write(folder: Path, channel: str, at_ms: int, table: pa.Table) -> None:
    path = hour_of(folder, channel, at_ms).folder / "bench-1-1.parquet"
    parts: Sequence[pa.Table] = [
        table.slice(start, segment_files.ROW_GROUP)
        for start in range(0, len(table), segment_files.ROW_GROUP)
    ]
    segment_files.write(parts, table.schema, path, SegmentMetadata(first_ms=at_ms))


@cache
def _hosts_and_urls() -> tuple[list[str], list[str]]:
    hosts = [f"h{number}.example" for number in range(_HOSTS)]
    return hosts, [f"http://{host}/" for host in hosts]


def decisions(channel: Channel, rows: int, at_ms: int, chance: Generator) -> pa.Table:
    """Make decisions of the hour that begins at *at_ms*."""
    blocked = chance.random(rows) < 0.03
    froms = _FIRST + chance.integers(0, _NUMBERS, rows)
    if channel is Channel.LINK:
        froms[:] = 0
    hosts, urls = _hosts_and_urls()
    visited = chance.integers(0, _HOSTS, rows).astype(np.int32)
    columns = {
        "decision_id": chance.integers(1, 2**63, rows).astype(np.uint64),
        "channel": schema.same_word(channel.name, rows),
        "decided_at_ms": at_ms + np.sort(chance.integers(0, HOUR_MS, rows)),
        "occurred_at_ms": at_ms + np.sort(chance.integers(0, HOUR_MS, rows)),
        "from_key": froms,
        "to_key": 8_619_800_000_000 + chance.integers(0, 200_000_000, rows),
        "host": _chosen(hosts, visited, there=channel is Channel.LINK),
        "url": _chosen(urls, visited, there=channel is Channel.LINK),
        "hosts": _lists(hosts, visited, there=channel is Channel.TEXT),
        "score": chance.random(rows, np.float32) / 2,
        "threshold": np.full(rows, 0.9, np.float32),
        "monitored": np.zeros(rows, np.bool_),
        "list_version": np.full(rows, 7),
        "model_version": schema.same_word("2", rows),
        "velocity_version": schema.same_word("1", rows),
        "ingress": schema.words(Ingress, np.full(rows, 1, np.uint8)),
        "attestation": schema.words(Attestation, np.zeros(rows, np.uint8)),
        "weight": np.where(blocked, 1, 100).astype(np.uint32),
    } | _verdicts(channel, blocked, froms)
    # What these decisions lack, and what later versions log, is null.
    unknown = {f.name: pa.nulls(rows, f.type) for f in schema.DECISIONS if f.name not in columns}
    return pa.table(columns | unknown, schema=schema.DECISIONS)


def _verdicts(channel: Channel, blocked: Bools, froms: Int64s) -> dict[str, Any]:
    entries = np.where(blocked, froms, -1).tolist()
    matched = MatchedOn.CALLER if channel is Channel.CALL else MatchedOn.SENDER
    return {
        "action": schema.words(Action, np.where(blocked, 2, 1).astype(np.uint8)),
        "reason": schema.words(Reason, np.where(blocked, 2, 3).astype(np.uint8)),
        "fraud_type": schema.words(FraudType, np.zeros(len(blocked), np.uint8)),
        "entry_id": pa.array([f"n{key:015}" if key >= 0 else None for key in entries]),
        "pattern": pa.array([f"+{key}" if key >= 0 else None for key in entries]),
        "source": schema.words(Source, np.where(blocked, 2, 0).astype(np.uint8)),
        "evidence": schema.words(MatchedOn, np.where(blocked, matched, 0).astype(np.uint8)),
    }


def _chosen(texts: Sequence[str], places: Any, *, there: bool) -> Any:
    if not there:
        return pa.nulls(len(places), pa.string())
    return pa.DictionaryArray.from_arrays(pa.array(places), pa.array(texts))


def _lists(texts: Sequence[str], places: Any, *, there: bool) -> Any:
    """Give one text in ten a link."""
    if not there:
        return pa.nulls(len(places), pa.list_(pa.string()))
    linked = np.arange(len(places)) % 10 == 0
    offsets = np.concatenate([[0], np.cumsum(linked)]).astype(np.int32)
    values = pa.array(texts).take(pa.array(places[linked]))
    return pa.ListArray.from_arrays(pa.array(offsets), values)


def _ends(rows: int, at_ms: int, chance: Generator) -> pa.Table:
    answered = chance.random(rows) < 0.6
    columns = {
        "caller_key": _FIRST + chance.integers(0, _NUMBERS, rows),
        "callee_key": 8_619_800_000_000 + chance.integers(0, 200_000_000, rows),
        "answered": answered,
        "duration_ms": np.where(answered, chance.integers(1_000, 600_000, rows), 0),
        "ended_at_ms": at_ms + np.sort(chance.integers(0, HOUR_MS, rows)),
        "decided_at_ms": at_ms + np.sort(chance.integers(0, HOUR_MS, rows)),
        "weight": np.ones(rows, np.uint32),
    }
    return pa.table(columns, schema=schema.ENDS)


def _table(kind: EntryKind, keys: Int64s, digits: int) -> EntryTable:
    rows = len(keys)
    return EntryTable(
        kinds=np.full(rows, kind, np.uint8),
        keys=keys,
        digits=np.full(rows, digits, np.uint8),
        actions=np.full(rows, Action.BLOCK, np.uint8),
        patterns=TextColumn.empty(rows),
        **_rest(rows),
    )


def _hosts(names: Sequence[str]) -> EntryTable:
    named = Identities.of((EntryKind.HOST, name, Action.BLOCK) for name in names)
    return EntryTable(
        kinds=named.kinds,
        keys=named.keys,
        digits=named.digits,
        actions=named.actions,
        patterns=named.patterns,
        **_rest(len(names)),
    )


def _rest(rows: int) -> dict[str, Any]:
    provenance = Provenance(
        source=Source.PROVINCE,
        reason="benchmark",
        legal_basis="",
        created_by="bench",
        created_at_s=START_MS // 1000,
    )
    return {
        "directions": np.full(rows, Direction.BOTH, np.uint8),
        "fraud_types": np.zeros(rows, np.uint8),
        "expires_s": np.full(rows, 2**32 - 1, np.uint32),
        "provenances": np.zeros(rows, np.uint32),
        "provenance": (provenance,),
    }
