"""Builds Arrow tables of logged rows, in the writer's thread: dense columns, then sparse ones.

Costs about 1 µs for a row that an entry or a model blocked, a tenth of that for others.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from blocklists.entries import Source
from fanzha.decisions import Action, MatchedOn, Reason
from fanzha.fraud import FraudType
from fanzha.tables import Attestation, Bools, Channel, Float32s, Ingress, Int64s, Uint32s, Uint64s
from fanzha.url import split
from services.decision import rules
from services.decision_log import schema
from services.decision_log.rows import LoggedRows


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedEnds:
    """Ended calls of one report."""

    callers: Int64s
    callees: Int64s
    answered: Bools
    durations_ms: Int64s
    ended_at_ms: Int64s
    weights: Uint32s
    decided_at_ms: int
    """When the report came."""

    def __len__(self) -> int:
        return len(self.callers)


def of_decisions(batches: Sequence[LoggedRows]) -> pa.Table:
    """Make the table of decisions of one channel."""
    sizes = [len(batch) for batch in batches]
    few = _Few.of(batches)
    channel = batches[0].channel
    columns = {
        "decision_id": _ids(batches, sizes),
        "channel": schema.same_word(channel.name, sum(sizes)),
        "decided_at_ms": _per_row([batch.decided_at_ms for batch in batches], sizes),
        "occurred_at_ms": _joined(batches, lambda batch: batch.occurred_at_ms),
        "from_key": _joined(batches, lambda batch: batch.from_keys),
        "to_key": _joined(batches, lambda batch: batch.to_keys),
        "from_name": pa.array(few.names, pa.string()),
        "host": pa.array(_hosts(batches, sum(sizes)), pa.string()),
        "url": pa.array(_urls(batches, sum(sizes)), pa.string()),
        "hosts": pa.array(few.hosts, pa.list_(pa.string())),
        "action": schema.words(Action, _joined(batches, lambda batch: batch.actions)),
        "reason": schema.words(Reason, _joined(batches, lambda batch: batch.reasons)),
        "score": pa.array(_joined(batches, lambda batch: batch.scores), from_pandas=True),
        "threshold": _thresholds(batches, sizes),
        "monitored": _monitored(batches, sizes),
        "carrier": _carriers(batches, sizes),
        "fraud_type": schema.words(FraudType, few.fraud_types),
        "entry_id": pa.array(few.entry_ids, pa.string()),
        "pattern": pa.array(few.patterns, pa.string()),
        "source": schema.words(Source, few.sources),
        "evidence": schema.words(MatchedOn, few.evidence),
        "list_version": _per_row([batch.list_version for batch in batches], sizes),
        "model_version": _versions([batch.model_version for batch in batches], sizes),
        "velocity_score": pa.array(few.velocity_scores, from_pandas=True),
        "velocity_version": _versions([batch.velocity_version for batch in batches], sizes),
        "ingress": schema.words(Ingress, _joined(batches, lambda batch: batch.ingress)),
        "attestation": schema.words(
            Attestation, _joined(batches, lambda batch: batch.attestations)
        ),
        "weight": _joined(batches, lambda batch: batch.weights),
        **_what_few_rows_have(batches, few),
        **_for_explanations(batches, few, sizes),
    }
    return pa.table({name: columns[name] for name in schema.DECISIONS.names})


def _what_few_rows_have(batches: Sequence[LoggedRows], few: "_Few") -> dict[str, Any]:
    return {
        "handset_hash": _handset_hashes(batches),
        "would_block_entry_id": pa.array(few.shadow_ids, pa.string()),
        "would_block_pattern": pa.array(few.shadow_patterns, pa.string()),
        "link_score": pa.array(few.link_scores, from_pandas=True),
        "related_entity": pa.array(few.related, pa.string()),
        "related_evidence": schema.words(MatchedOn, few.related_evidence),
        "related_to": pa.array(few.related_to, pa.string()),
        "related_since_ms": pa.array(few.related_since, pa.int64()),
    }


def _for_explanations(
    batches: Sequence[LoggedRows], few: "_Few", sizes: Sequence[int]
) -> dict[str, Any]:
    """Return the columns that only `services.decision_log.analysis` reads."""
    return {
        "trunk": pa.array(_trunks(batches), pa.string()),
        "rules_held": _rules_held(batches),
        "settings": _versions([batch.settings for batch in batches], sizes),
        "policy_version": _per_row([batch.policy_version for batch in batches], sizes),
        "link_version": pa.array(few.link_versions, pa.string()),
        "velocity_threshold": pa.array(_velocity_thresholds(batches, sizes), from_pandas=True),
        "caller_activity": _activity(batches),
        "velocity_inputs": pa.array(few.velocity_inputs, schema.VELOCITY_INPUTS),
        "sender_history": pa.array(few.sender_histories, schema.VELOCITY_INPUTS),
        "host_facts": pa.array(few.host_facts, schema.VELOCITY_INPUTS),
    }


def of_ends(batches: Sequence[LoggedEnds]) -> pa.Table:
    """Make the table of ended calls."""
    sizes = [len(batch) for batch in batches]
    columns = {
        "caller_key": np.concatenate([batch.callers for batch in batches]),
        "callee_key": np.concatenate([batch.callees for batch in batches]),
        "answered": np.concatenate([batch.answered for batch in batches]),
        "duration_ms": np.concatenate([batch.durations_ms for batch in batches]),
        "ended_at_ms": np.concatenate([batch.ended_at_ms for batch in batches]),
        "decided_at_ms": _per_row([batch.decided_at_ms for batch in batches], sizes),
        "weight": np.concatenate([batch.weights for batch in batches]),
    }
    return pa.table(columns, schema=schema.ENDS)


def of_content(batches: Sequence[LoggedRows]) -> pa.Table:
    """Make the table of what texts said."""
    with_bodies = [batch for batch in batches if batch.bodies]
    urls = [found for batch in with_bodies for found in _text_urls(batch)]
    columns = {
        "decision_id": np.concatenate(
            [np.zeros(0, np.uint64), *(batch.ids() for batch in with_bodies)]
        ),
        "decided_at_ms": _per_row(
            [batch.decided_at_ms for batch in with_bodies], [len(batch) for batch in with_bodies]
        ),
        "body": [_storable(body) for batch in with_bodies for body in batch.bodies],
        "urls": [[_storable(url) for url in found] for found in urls],
    }
    return pa.table(columns, schema=schema.CONTENT)


class _Few:
    """Columns of which most rows have nothing."""

    def __init__(self, rows: int) -> None:
        self.names: list[str | None] = [None] * rows
        self.hosts: list[list[str] | None] = [None] * rows
        self.entry_ids: list[str | None] = [None] * rows
        self.patterns: list[str | None] = [None] * rows
        self.shadow_ids: list[str | None] = [None] * rows
        self.shadow_patterns: list[str | None] = [None] * rows
        self.fraud_types = np.zeros(rows, np.uint8)
        self.sources = np.zeros(rows, np.uint8)
        self.evidence = np.zeros(rows, np.uint8)
        self.link_scores = np.full(rows, np.nan, np.float32)
        self.related: list[str | None] = [None] * rows
        self.related_evidence = np.zeros(rows, np.uint8)
        self.related_to: list[str | None] = [None] * rows
        self.related_since: list[int | None] = [None] * rows
        self.link_versions: list[str | None] = [None] * rows
        self.velocity_scores = np.full(rows, np.nan, np.float32)
        self.velocity_inputs: list[list[tuple[str, float]] | None] = [None] * rows
        self.sender_histories: list[list[tuple[str, float]] | None] = [None] * rows
        self.host_facts: list[list[tuple[str, float]] | None] = [None] * rows

    @classmethod
    def of(cls, batches: Sequence[LoggedRows]) -> "_Few":
        few, start = cls(sum(map(len, batches))), 0
        for batch in batches:
            if batch.details or batch.would_block or batch.names:
                few._tell_all(start, batch)
            if batch.channel is Channel.TEXT:
                for place, urls in enumerate(_text_urls(batch), start):
                    few.hosts[place] = [_storable(split(url)[0]) for url in urls] or None
            start += len(batch)
        return few

    def _tell_all(self, start: int, batch: LoggedRows) -> None:
        # Row by row, over logged rows only: few of them have a value.
        for place, row in enumerate(batch.rows.tolist(), start):
            if row in batch.details:
                self._tell(place, batch, row)
            if row in batch.would_block:
                self.shadow_ids[place] = batch.would_block[row].entry_id
                self.shadow_patterns[place] = _storable(batch.would_block[row].pattern)
            if row in batch.names:
                self.names[place] = _storable(batch.names[row])

    def _tell(self, place: int, batch: LoggedRows, row: int) -> None:
        # Not the error of an unreadable row: it may quote personal data.
        detail = batch.details[row]
        self.fraud_types[place] = detail.fraud_type
        if detail.entry_id:
            self.entry_ids[place] = detail.entry_id
            self.patterns[place] = _storable(detail.pattern)
            self.sources[place] = detail.source
            self.evidence[place] = detail.matched_on
        if detail.link_score is not None:
            self.link_scores[place] = detail.link_score
            self.link_versions[place] = batch.link_version or None
        if detail.relation is not None:
            self.related[place] = _storable(detail.relation.entity)
            self.related_evidence[place] = detail.relation.matched_on
            self.related_to[place] = _storable(detail.relation.related_to) or None
            self.related_since[place] = detail.relation.since_ms
        if detail.velocity_score is not None:
            self.velocity_scores[place] = detail.velocity_score
        if detail.sender_history is not None:
            self.sender_histories[place] = list(detail.sender_history.items())
        if detail.host_facts is not None:
            self.host_facts[place] = list(detail.host_facts.items())
        if detail.velocity_inputs is not None:
            self.velocity_inputs[place] = list(detail.velocity_inputs.items())


def _text_urls(batch: LoggedRows) -> list[list[str]]:
    """Return the links of each logged text."""
    found: list[list[str]] = [[] for _ in range(len(batch))]
    if len(batch.text_urls):
        places = np.searchsorted(batch.rows, batch.text_owners).tolist()
        for place, url in zip(places, batch.text_urls, strict=True):
            found[place].append(url)
    return found


def _hosts(batches: Sequence[LoggedRows], rows: int) -> list[str | None]:
    if batches[0].channel is not Channel.LINK:
        return [None] * rows
    return [_storable(split(url)[0]) or None for batch in batches for url in batch.urls]


def _urls(batches: Sequence[LoggedRows], rows: int) -> list[str | None]:
    if batches[0].channel is not Channel.LINK:
        return [None] * rows
    return [_storable(url) or None for batch in batches for url in batch.urls]


def _trunks(batches: Sequence[LoggedRows]) -> list[str | None]:
    found: list[str | None] = []
    for batch in batches:
        found += [_storable(name) or None for name in batch.trunks] or [None] * len(batch)
    return found


def _handset_hashes(batches: Sequence[LoggedRows]) -> pa.Array:
    found: Uint64s = np.concatenate(
        [
            np.zeros(len(one), np.uint64) if one.handset_hashes is None else one.handset_hashes
            for one in batches
        ]
    )
    return pa.array(found, pa.uint64(), mask=found == 0)


def _rules_held(batches: Sequence[LoggedRows]) -> pa.DictionaryArray:
    held = np.concatenate(
        [np.zeros(len(batch), np.uint32) if batch.held is None else batch.held for batch in batches]
    )
    combinations, places = np.unique(held, return_inverse=True)
    names = [",".join(rules.names_of(int(one))) for one in combinations.tolist()]
    return schema.repeated(names, places)


def _velocity_thresholds(batches: Sequence[LoggedRows], sizes: Sequence[int]) -> np.ndarray:
    known = [np.nan if b.velocity_threshold is None else b.velocity_threshold for b in batches]
    return np.repeat(np.array(known, np.float32), sizes)


def _activity(batches: Sequence[LoggedRows]) -> pa.ListArray:
    """Write a list in each row whose activity is logged, null in the others."""
    logged = np.zeros(sum(map(len, batches)), np.bool_)
    start = 0
    for batch in batches:
        if len(batch.activity_places):
            logged[start + batch.activity_places] = True
        start += len(batch)
    ends = np.concatenate(([0], np.cumsum(logged) * len(schema.ACTIVITY)))
    values = np.concatenate([batch.activity.T.ravel() for batch in batches])
    offsets = pa.array(ends, pa.int32(), mask=np.append(~logged, False))
    return pa.ListArray.from_arrays(offsets, pa.array(values, pa.float32()))


def _joined(
    batches: Sequence[LoggedRows], column: Callable[[LoggedRows], np.ndarray]
) -> np.ndarray:
    return np.concatenate([column(batch) for batch in batches])


def _per_row(values: Sequence[int], sizes: Sequence[int]) -> Int64s:
    return np.repeat(np.array(values, np.int64), sizes)


def _versions(values: Sequence[str], sizes: Sequence[int]) -> pa.DictionaryArray:
    known: dict[str, int] = {}
    places = [known.setdefault(value, len(known)) for value in values]
    return schema.repeated(list(known), np.repeat(np.array(places, np.int32), sizes))


def _ids(batches: Sequence[LoggedRows], sizes: Sequence[int]) -> Uint64s:
    """Return what `LoggedRows.ids` returns of each batch; a call for each would cost more."""
    first = np.array([batch.first_id for batch in batches], np.uint64)
    rows = _joined(batches, lambda batch: batch.rows).view(np.uint64)
    ids: Uint64s = np.repeat(first, sizes) + rows
    return ids


def _thresholds(batches: Sequence[LoggedRows], sizes: Sequence[int]) -> Float32s:
    given = [batch.threshold for batch in batches]
    if not any(isinstance(one, np.ndarray) for one in given):
        return np.repeat(np.array(given, np.float32), sizes)
    return np.concatenate(
        [
            np.broadcast_to(np.asarray(one, np.float32), size)
            for one, size in zip(given, sizes, strict=True)
        ]
    )


def _monitored(batches: Sequence[LoggedRows], sizes: Sequence[int]) -> Bools:
    found, start = np.zeros(sum(sizes), np.bool_), 0
    for batch, size in zip(batches, sizes, strict=True):
        if batch.monitored is not None:
            found[start : start + size] = batch.monitored
        start += size
    return found


def _carriers(batches: Sequence[LoggedRows], sizes: Sequence[int]) -> pa.DictionaryArray:
    """Return the carrier of each logged row; null where its request names none."""
    known: dict[str, int] = {"": 0}
    places, start = np.zeros(sum(sizes), np.int64), 0
    for batch, size in zip(batches, sizes, strict=True):
        of_requests = [known.setdefault(carrier, len(known)) for carrier, _ in batch.carriers]
        if len(of_requests) > 1:
            ends = np.cumsum([rows for _, rows in batch.carriers])
            requests = np.searchsorted(ends, batch.rows, side="right")
            places[start : start + size] = np.array(of_requests, np.int64)[requests]
        elif of_requests:
            places[start : start + size] = of_requests[0]
        start += size
    return schema.repeated(list(known), places)


def _storable(text: str) -> str:
    """Return a text that UTF-8 can hold: half of a surrogate pair becomes a question mark."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
