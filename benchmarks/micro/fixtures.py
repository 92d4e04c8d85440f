"""Inputs of the hot functions: lists of any size, and the traffic of the scenarios."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from itertools import cycle

import numpy as np

from benchmarks import scenarios
from blocklists.entries import Direction, EntryKind, EntryMode, Source
from blocklists.entry_table import EXACT, EntryTable, text_keys
from blocklists.provenance import Provenance
from blocklists.snapshot.segment import Segment, empty
from blocklists.snapshot.snapshot import Snapshot
from blocklists.text_column import TextColumn
from classifiers import bundles
from classifiers.caller.activity import ActivityTable
from classifiers.velocity.memory import VelocityMemory
from fanzha.decisions import Action
from fanzha.phone import HomePlan
from fanzha.tables import Calls, Channel, Int64s, Links, Texts
from fanzha.v1 import interception_pb2 as pb
from services.decision.decision_rules import DecisionRules
from services.decision.evidence import ModelSet
from services.decision.observer import Observer
from services.decision.pipeline import DecisionPipeline
from services.decision.velocity import VelocityStage, always
from services.rpc.decide.columnar_decoder import ColumnarDecoder

NOW_S = 1_764_000_000
NOW_MS = NOW_S * 1000
LISTED = 1_000_000
_EXPIRES_S = NOW_S + 365 * 86_400
_AT_ONCE = 1 << 20
_MOST_ROWS, _DIFFERENT_TABLES = 4096, 64


@cache
def models() -> bundles.Classifiers:
    """Load the shipped models, once."""
    return bundles.load_all()


@cache
def listed_numbers(count: int) -> Snapshot:
    """Make a snapshot of *count* numbers."""
    first = scenarios.FIRST_LISTED
    return _snapshot(
        EntryKind.NUMBER, np.arange(first, first + count, dtype=np.int64), TextColumn.empty(count)
    )


@cache
def listed_hosts(count: int) -> Snapshot:
    """Make a snapshot of *count* hosts."""
    # In parts: ten million strings at once would take gigabytes.
    parts = [
        [host(row) for row in range(start, min(start + _AT_ONCE, count))]
        for start in range(0, count, _AT_ONCE)
    ]
    keys = np.concatenate([text_keys(part) for part in parts])
    return _snapshot(
        EntryKind.HOST, keys, TextColumn.concatenate([TextColumn.of(p) for p in parts])
    )


def host(row: int) -> str:
    """Return one listed host."""
    return f"h{row:08d}.example"


def urls(rows: int, listed: int) -> list[str]:
    """Make links, of which the usual share is to listed hosts."""
    made = [link.url for link in scenarios.links(rows, 0)]
    for row in range(0, rows, round(1 / scenarios.LISTED_SHARE)):
        made[row] = f"http://www.{host(row * 7919 % listed)}/pay/now?id={row}"
    return made


def calls(rows: int, listed: int = LISTED, seed: int = scenarios.SEED) -> Calls:
    """Make a table of calls."""
    data = request("call", rows, listed, seed)
    return ColumnarDecoder(HomePlan()).calls(data, rows, NOW_MS)


def call_batches(rows: int) -> Iterator[Calls]:
    """Yield batches with new callers each: frequent callers take another path."""
    whole = [calls(_MOST_ROWS, seed=scenarios.SEED + part) for part in range(_DIFFERENT_TABLES)]
    return cycle(
        [
            _slice(table, slice(start, start + rows))
            for table in whole
            for start in range(0, _MOST_ROWS, rows)
        ]
    )


def texts(rows: int) -> Texts:
    """Make a table of texts."""
    return ColumnarDecoder(HomePlan()).texts(request("text", rows, 0), rows, NOW_MS)


def links(rows: int) -> Links:
    """Make a table of links."""
    return ColumnarDecoder(HomePlan()).links(request("link", rows, 0), rows, NOW_MS)


def request(channel: str, rows: int, listed: int = LISTED, seed: int = scenarios.SEED) -> bytes:
    """Write the request for a batch, also of one row."""
    makers = {"call": scenarios.calls, "text": scenarios.texts, "link": scenarios.links}
    message = getattr(pb, f"Decide{channel.capitalize()}sRequest")
    data: bytes = message(
        **{f"{channel}s": makers[channel](rows, listed, seed)}
    ).SerializeToString()
    return data


def engine(snapshot: Snapshot, *, observer: Observer | None = None) -> DecisionPipeline:
    """Make an engine as a worker has it, without observers."""
    loaded = models()
    heard = ModelSet(
        caller=loaded.caller,
        text=loaded.text,
        link=loaded.link,
        thresholds={
            Channel.CALL: loaded.caller.threshold,
            Channel.TEXT: loaded.text.threshold,
            Channel.LINK: loaded.link.threshold,
        },
    )
    return DecisionPipeline(
        current_snapshot=lambda: snapshot,
        current_models=lambda: heard,
        activity=ActivityTable(),
        rules=DecisionRules(),
        observer=observer or Observer(),
        reserve_ids=lambda _rows: 1 << 40,
        velocity=VelocityStage(current=always(bundles.load_velocity()), memory=VelocityMemory()),
    )


def _slice(table: Calls, part: slice) -> Calls:
    return replace(
        table,
        callers=table.callers[part],
        callees=table.callees[part],
        attempted_at_ms=table.attempted_at_ms[part],
        ingress=table.ingress[part],
        attestations=table.attestations[part],
        trunks=table.trunks[part],
    )


def _snapshot(kind: EntryKind, keys: Int64s, patterns: TextColumn) -> Snapshot:
    nothing = np.zeros(0, np.int64)
    base = Segment.build(_table(kind, keys, patterns))
    return Snapshot.of_segments(
        version=1, committed_at_ms=NOW_MS, base=base, overlay=empty(), dead=nothing
    )


def with_shadows(snapshot: Snapshot, rows: int) -> Snapshot:
    """Return the same lists with *rows* shadow entries, of unassigned numbers."""
    keys = 8_618_000_000_000 + np.arange(rows, dtype=np.int64)
    table = _table(EntryKind.NUMBER, keys, TextColumn.empty(rows))
    shadows = Segment.build(replace(table, modes=np.full(rows, EntryMode.SHADOW, np.uint8)))
    base, overlay = snapshot.enforcing
    return Snapshot.of_segments(
        version=1,
        committed_at_ms=NOW_MS,
        base=base.segment,
        overlay=overlay.segment,
        dead=base.dead,
        shadows=shadows,
    )


def _table(kind: EntryKind, keys: Int64s, patterns: TextColumn) -> EntryTable:
    rows = len(keys)
    return EntryTable(
        kinds=np.full(rows, kind, np.uint8),
        keys=keys,
        digits=np.full(rows, EXACT, np.uint8),
        actions=np.full(rows, Action.BLOCK, np.uint8),
        patterns=patterns,
        directions=np.full(rows, Direction.BOTH, np.uint8),
        fraud_types=np.zeros(rows, np.uint8),
        expires_s=np.full(rows, _EXPIRES_S, np.uint32),
        provenances=np.zeros(rows, np.uint32),
        provenance=(_provenance(),),
    )


def _provenance() -> Provenance:
    return Provenance(
        source=Source.PROVINCE,
        reason="benchmark",
        legal_basis="",
        created_by="bench",
        created_at_s=NOW_S,
    )


def bodies(rows: int) -> list[str]:
    """Return the bodies of texts."""
    return [text.body for text in scenarios.texts(rows, 0)]


def numbers(messages: Iterable[pb.Call]) -> list[str]:
    """Return the callers of calls, as written."""
    return [call.caller for call in messages]
