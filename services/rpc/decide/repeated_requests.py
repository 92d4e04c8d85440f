"""Answers retried requests as before: rows that bear a ``request_id`` are decided once.

A row repeats another if it comes from the same login with the same id and the same bytes within
the time that an answer holds. It gets the answer of the other, is not decided, and so is not
counted: not by activity, velocity, campaigns, hits or the decision log. Answers lie in a table that
the workers of a host share (`infra.mapped.shared_table`). A row whose id was used with other
contents is a new request.

A retry that reaches another worker while the first is still deciding, which takes milliseconds,
counts twice. Rows that cannot be read are not remembered; the answer is the same anyway.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from types import MappingProxyType
from typing import Literal

import numpy as np

from fanzha.decisions import Decisions, Detail, DisplayLabel, MatchedOn, Relation, Treatment
from fanzha.fraud import FraudType
from fanzha.tables import Channel, Float32s
from fanzha.v1 import decision_pb2 as pb
from infra.mapped.shared_table import MAX_VALUE_BYTES, PutOutcome, SharedTable
from services.decision.observer import Table
from services.rpc.decide.encoder import decision_message
from services.rpc.decide.request_decoder import EncodedRequest

_Shortened = Literal[
    "velocity_inputs", "sender_history", "host_facts", "legal_basis", "link", "pattern"
]
_SHORTENED: Sequence[_Shortened] = (
    *("velocity_inputs", "sender_history", "host_facts"),
    *("legal_basis", "link", "pattern"),
)
"""Fields that an answer too long for the table loses, the first first."""
_HASH_BYTES = 8

Repeats = Mapping[int, pb.Decision]
"""Answers given before, by row."""
NO_REPEATS: Repeats = MappingProxyType({})
DecideFresh = Callable[[Table], Decisions]
DecodeFresh = Callable[[Sequence[EncodedRequest]], Table]
RowsOf = Callable[[EncodedRequest], Sequence[bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedBatch:
    """The decisions on a batch, and which of its rows were answered before."""

    decisions: Decisions
    repeats: Repeats = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _RowKey:
    name: bytes
    """Hash of login, channel and id."""
    contents: bytes
    """Hash of the row as written."""


class RepeatedRequests:
    """The answers that the workers of a host remember."""

    def __init__(
        self, table: SharedTable, *, counted: Callable[[str, int], None] = lambda _what, _by: None
    ) -> None:
        """Call *counted* with rows by outcome, one of `request_families.REQUEST_ID_OUTCOMES`."""
        self._table = table
        self._counted = counted

    def decide(
        self,
        channel: Channel,
        requests: Sequence[EncodedRequest],
        table: Table,
        now_ms: int,
        *,
        rows_of: RowsOf,
        decode: DecodeFresh,
        decide: DecideFresh,
    ) -> DecidedBatch:
        """Decide the rows of *table*, which has those of *requests*, apart from repeated ones."""
        rows = [rows_of(request) for request in requests]
        keys = dict(_keys(channel, requests, rows, table))
        repeats = self._find(keys, now_ms)
        twins = _twins(keys, repeats)
        left_out = {*repeats, *twins}
        if not left_out:
            decisions = decide(table)
            self._remember(keys, decisions, now_ms)
            return DecidedBatch(decisions=decisions)
        rest: Decisions | None = None
        fresh = [row for row in range(len(table)) if row not in left_out]
        if fresh:
            rest = decide(decode(list(_without(requests, rows, left_out))))
            places = {row: place for place, row in enumerate(fresh)}
            new_keys = {places[row]: key for row, key in keys.items() if row in places}
            self._remember(new_keys, rest, now_ms)
            repeats |= {row: decision_message(rest, places[at]) for row, at in twins.items()}
        self._counted("repeated", len(repeats))
        return DecidedBatch(decisions=merge(rest, fresh, repeats), repeats=repeats)

    def _find(self, keys: Mapping[int, _RowKey], now_ms: int) -> dict[int, pb.Decision]:
        repeats, conflicts = dict[int, pb.Decision](), 0
        for row, key in keys.items():
            found = self._table.find(key.name, key.contents, now_ms)
            if found.value is not None:
                repeats[row] = pb.Decision.FromString(found.value)
            conflicts += found.other_contents
        if conflicts:
            self._counted("conflict", conflicts)
        return repeats

    def _remember(self, keys: Mapping[int, _RowKey], decisions: Decisions, now_ms: int) -> None:
        outcomes = Counter(
            self._table.put(key.name, key.contents, _value(decisions, row), now_ms)
            for row, key in keys.items()
        )
        if evicted := outcomes[PutOutcome.EVICTED]:
            self._counted("evicted", evicted)


def merge(decisions: Decisions | None, fresh: Sequence[int], repeats: Repeats) -> Decisions:
    """Put the decisions on *fresh* rows and those given before into one table, in their rows."""
    rows = len(fresh) + len(repeats)
    first = decisions or _nothing_decided(repeats)
    actions, reasons = np.zeros(rows, np.uint8), np.zeros(rows, np.uint8)
    scores, entries = np.full(rows, np.nan, np.float32), np.full(rows, -1, np.int64)
    if fresh:
        actions[fresh], reasons[fresh] = first.actions, first.reasons
        scores[fresh], entries[fresh] = first.scores, first.entries
    for row, one in repeats.items():
        actions[row], reasons[row] = one.action, one.reason
        if one.HasField("score"):
            scores[row] = one.score
    ids = {row: first.id_of(place) for place, row in enumerate(fresh)}
    ids |= {row: one.decision_id for row, one in repeats.items()}
    details = {fresh[place]: detail for place, detail in first.details.items()}
    details |= {row: _detail(one) for row, one in repeats.items()}
    return replace(
        first,
        actions=actions,
        reasons=reasons,
        scores=scores,
        entries=entries,
        details=details,
        held=None,
        thresholds=_thresholds(first, fresh, repeats),
        monitored=None,
        would_block={fresh[place]: one for place, one in first.would_block.items()},
        ids={row: id_ for row, id_ in ids.items() if id_ != first.first_id + row},
    )


def _thresholds(decisions: Decisions, fresh: Sequence[int], repeats: Repeats) -> Float32s:
    """Return the score from which each row is blocked: carriers may have their own."""
    found = np.zeros(len(fresh) + len(repeats), np.float32)
    own = decisions.thresholds
    found[fresh] = decisions.threshold if own is None else own
    for row, one in repeats.items():
        found[row] = one.threshold
    return found


def _nothing_decided(repeats: Repeats) -> Decisions:
    """Return decisions without rows: all of a batch was answered before."""
    first = repeats[0]
    nothing = np.zeros(0, np.uint8)
    return Decisions(
        first_id=first.decision_id,
        actions=nothing,
        reasons=nothing,
        scores=np.zeros(0, np.float32),
        threshold=first.threshold,
        entries=np.zeros(0, np.int64),
        details={},
        list_version=first.list_version,
        model_version=first.model_version,
        velocity_version=first.velocity_version,
    )


def _keys(
    channel: Channel,
    requests: Sequence[EncodedRequest],
    rows: Sequence[Sequence[bytes]],
    table: Table,
) -> Iterator[tuple[int, _RowKey]]:
    """Return the key of each row that bears an id and can be read."""
    place = 0
    for request, own in zip(requests, rows, strict=True):
        login = f"{request.login}\0{channel.value}\0".encode()
        for row, written in enumerate(own, place):
            if (text := table.request_ids.get(row)) and row not in table.errors:
                name = blake2b(login + text.encode(), digest_size=_HASH_BYTES).digest()
                contents = blake2b(written, digest_size=_HASH_BYTES).digest()
                yield row, _RowKey(name, contents)
        place += len(own)


def _twins(keys: Mapping[int, _RowKey], repeats: Repeats) -> dict[int, int]:
    """Return the rows that repeat an earlier one of their batch, and which."""
    firsts: dict[_RowKey, int] = {}
    new = ((row, key) for row, key in keys.items() if row not in repeats)
    return {row: first for row, key in new if (first := firsts.setdefault(key, row)) != row}


def _without(
    requests: Sequence[EncodedRequest], rows: Sequence[Sequence[bytes]], left_out: set[int]
) -> Iterator[EncodedRequest]:
    """Return the requests without some of their rows."""
    place = 0
    for request, own in zip(requests, rows, strict=True):
        kept = [written for row, written in enumerate(own, place) if row not in left_out]
        place += len(own)
        if len(kept) == len(own):
            yield request
        elif kept:
            yield EncodedRequest(
                data=b"".join(kept),
                single=False,
                rows=len(kept),
                plain=request.plain,
                carrier=request.carrier,
            )


def _value(decisions: Decisions, row: int) -> bytes:
    """Write a decision so that it fits into the table."""
    message = decision_message(decisions, row)
    value: bytes = message.SerializeToString()
    for name in _SHORTENED:
        if len(value) <= MAX_VALUE_BYTES:
            break
        message.ClearField(name)
        value = message.SerializeToString()
    return value


def _detail(one: pb.Decision) -> Detail:
    return Detail(
        entry_id=one.entry_id,
        matched_on=MatchedOn(one.evidence),
        pattern=one.pattern,
        source=one.source,
        legal_basis=one.legal_basis,
        fraud_type=FraudType(one.fraud_type),
        link_score=one.link_score if one.HasField("link_score") else None,
        link=one.link,
        velocity_score=one.velocity_score if one.HasField("velocity_score") else None,
        velocity_inputs=dict(one.velocity_inputs) or None,
        sender_history=dict(one.sender_history) or None,
        host_facts=dict(one.host_facts) or None,
        treatment=Treatment(one.treatment),
        label=DisplayLabel(one.label),
        delay_ms=one.delay_ms,
        cache_seconds=one.cache_seconds if one.HasField("cache_seconds") else None,
        monitored=one.monitored,
        read_bytes=one.read_bytes,
        truncated=one.truncated,
        relation=_relation(one),
    )


def _relation(one: pb.Decision) -> Relation | None:
    if not one.related_entity:
        return None
    return Relation(
        entity=one.related_entity,
        matched_on=MatchedOn(one.related_evidence),
        related_to=one.related_to,
        since_ms=one.related_since_ms,
    )
