"""Scans the segments of the log for rows whose decision a change would have altered.

Several threads read segments, a row group at a time: first the columns of the parties and hosts,
and the other columns only where an entry could match a row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from blocklists.entries import EntryKind
from blocklists.snapshot.layers import NO_ENTRY, Matches
from fanzha.decisions import Action, MatchedOn, Reason
from fanzha.tables import Bools, Channel, Int64s, Uint8s, Uint64s
from services.decision_log import schema, segment_files
from services.decision_log.content import TextContentMatcher
from services.decision_log.impact import replay
from services.decision_log.impact.question import ImpactQuery
from services.decision_log.impact.replay import ReplayInput
from services.decision_log.segment_files import LogSegment, RowGroup

_KINDS = {kind.name[0].lower(): int(kind) for kind in EntryKind}
"""The kind of an entry by the first letter of its id, see `blocklists.entries.entry_id`."""
_WORDS = ("action", "reason", "evidence", "entry_id", "pattern", "host")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedRows:
    """Rows whose decision would have differed."""

    channels: Uint8s
    listed: Int64s
    """Key of the party on the side of the entry; 0 where the entry names none."""
    parties: Int64s
    """Key of the party on the other side; 0 if unknown."""
    actions: Uint8s
    """The actions they would have received."""
    weights: Int64s
    entries: Int64s
    """Row of the addition that makes the difference; -1 for a removal."""
    patterns: tuple[str, ...]
    """Pattern of the removed entry of each row; empty for others."""

    def __len__(self) -> int:
        return len(self.parties)

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> "ChangedRows":
        """Concatenate parts."""
        none = np.zeros(0, np.int64)
        return cls(
            channels=np.concatenate([none.astype(np.uint8), *(part.channels for part in parts)]),
            listed=np.concatenate([none, *(part.listed for part in parts)]),
            parties=np.concatenate([none, *(part.parties for part in parts)]),
            actions=np.concatenate([none.astype(np.uint8), *(part.actions for part in parts)]),
            weights=np.concatenate([none, *(part.weights for part in parts)]),
            entries=np.concatenate([none, *(part.entries for part in parts)]),
            patterns=tuple(pattern for part in parts for pattern in part.patterns),
        )


class ScanResult(NamedTuple):
    """The result of scanning one segment."""

    rows: int
    """Rows in the requested hours."""
    changed: Sequence[ChangedRows]
    uncertain: int
    """Texts whose decision depends on the path of a link, which is not logged."""


def look(
    question: ImpactQuery,
    content: TextContentMatcher,
    channel: Channel,
    segment: LogSegment,
    *,
    since_ms: int,
    torn: list[Path],
) -> ScanResult:
    """Scan one segment."""
    rows, uncertain, changed = 0, 0, []
    with segment_files.groups(segment.path, _WORDS, torn) as groups:
        for group in groups:
            recent = _recent(group, segment, since_ms)
            rows += group.rows if recent is None else int(np.count_nonzero(recent))
            meant = _could_mean(question, content, channel, group)
            if meant is None:
                continue
            places = (meant if recent is None else meant & recent).nonzero()[0]
            if not len(places):
                continue
            few = group.read(_columns(question, channel)).take(pa.array(places))
            found, unsure = _decided_again(question, content, channel, few)
            uncertain += unsure
            if found is not None:
                changed.append(found)
    return ScanResult(rows, changed, uncertain)


def _recent(group: RowGroup, segment: LogSegment, since_ms: int) -> Bools | None:
    """Return which rows are in the requested hours; None for all."""
    if segment.notes.first_ms >= since_ms:
        return None
    times = group.read(["decided_at_ms"])["decided_at_ms"]
    recent: Bools = times.to_numpy() >= since_ms
    return recent


def _columns(question: ImpactQuery, channel: Channel) -> list[str]:
    """Return the columns needed to replay the rows."""
    columns = ["from_key", "to_key", "action", "reason", "evidence", "entry_id", "pattern"]
    columns += ["score", "threshold", "weight"]
    if channel is Channel.LINK:
        columns.append("url")
    if channel is Channel.TEXT:
        # The id leads to the content of a text.
        columns += ["hosts", *(["decision_id"] * question.asks_content)]
    return columns


def _could_mean(
    question: ImpactQuery, content: TextContentMatcher, channel: Channel, group: RowGroup
) -> Bools | None:
    """Return which rows the entries could match; None for certainly none."""
    looks: list[Bools | None] = []
    if channel is not Channel.LINK and question.asks_parties:
        keys = group.read(["from_key", "to_key"])
        looks += [
            question.parties(keys["from_key"].to_numpy()),
            question.parties(keys["to_key"].to_numpy()),
        ]
    if question.hosts and channel is Channel.LINK:
        looks.append(_by_host(question, group.read(["host"])["host"]))
    if question.hosts and channel is Channel.TEXT:
        looks.append(_by_hosts(question, group.read(["hosts"])["hosts"]))
    if question.fingerprints and channel is Channel.TEXT:
        columns = group.read(["evidence", "decision_id"])
        evidence = schema.numbers(MatchedOn, columns["evidence"].combine_chunks())
        looks += [evidence == MatchedOn.TEXT, content.knows(columns["decision_id"])]
    found = [one for one in looks if one is not None]
    if not found:
        return None
    meant: Bools = np.logical_or.reduce(found)
    return meant


def _by_host(question: ImpactQuery, hosts: pa.ChunkedArray) -> Bools:
    column = hosts.combine_chunks()
    names = [name or "" for name in column.dictionary.to_pylist()]
    named = question.name_hosts(names)
    meant = np.array([*map(named.__getitem__, names), False])
    indices = column.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    found: Bools = meant[indices]
    return found


def _by_hosts(question: ImpactQuery, hosts: pa.ChunkedArray) -> Bools:
    column = hosts.combine_chunks()
    found = np.zeros(len(column), np.bool_)
    if len(values := column.flatten()):
        meant = _by_host(question, pa.chunked_array([values.dictionary_encode()]))
        found[pc.list_parent_indices(column).to_numpy()[meant]] = True
    return found


def _decided_again(
    question: ImpactQuery, content: TextContentMatcher, channel: Channel, few: pa.Table
) -> tuple[ChangedRows | None, int]:
    rows, unsure = _rows(question, content, channel, few)
    after = replay.decide(question, rows)
    places = np.flatnonzero(after.actions != rows.actions)
    # A path that is not logged matters only where the host alone changed nothing.
    unsure[places] = False
    if not len(places):
        return None, int(np.count_nonzero(unsure))
    to_side = after.to_side[places]
    entries = after.entries[places]
    from_keys, to_keys = rows.from_keys[places], rows.to_keys[places]
    return ChangedRows(
        channels=np.full(len(places), channel, np.uint8),
        listed=np.where(to_side, to_keys, from_keys),
        parties=np.where(to_side, from_keys, to_keys),
        actions=after.actions[places],
        weights=rows.weights[places].astype(np.int64),
        entries=entries,
        patterns=tuple(
            (rows.patterns[place] or "") if entry == NO_ENTRY else ""
            for place, entry in zip(places.tolist(), entries.tolist(), strict=True)
        ),
    ), int(np.count_nonzero(unsure))


def _rows(
    question: ImpactQuery, content: TextContentMatcher, channel: Channel, few: pa.Table
) -> tuple[ReplayInput, Bools]:
    asks = channel is Channel.TEXT and question.asks_content
    ids = few["decision_id"].to_numpy() if asks else np.zeros(len(few), np.uint64)
    urls, unsure = _urls(question, content, channel, few, ids)
    scores = few["score"].to_numpy()
    rows = ReplayInput(
        channel=channel,
        ids=ids,
        from_keys=few["from_key"].to_numpy(),
        to_keys=few["to_key"].to_numpy(),
        actions=schema.numbers(Action, few["action"].combine_chunks()),
        reasons=schema.numbers(Reason, few["reason"].combine_chunks()),
        # NaN without a score, so that no threshold is reached.
        reached=np.asarray(scores >= few["threshold"].to_numpy(), np.bool_),
        evidence=schema.numbers(MatchedOn, few["evidence"].combine_chunks()),
        kinds=_kinds(few["entry_id"].combine_chunks()),
        patterns=few["pattern"].to_pylist(),
        weights=few["weight"].to_numpy(),
        urls=urls,
        words=content.words_of(ids) if asks else Matches.none(len(ids)),
    )
    return rows, unsure


def _kinds(ids: pa.DictionaryArray) -> Uint8s:
    # Only the ids of these rows: the dictionary belongs to the whole row group.
    used = pc.unique(ids.indices.drop_null())
    texts = ids.dictionary.take(used).to_pylist()
    mapped = np.zeros(len(ids.dictionary) + 1, np.uint8)
    mapped[used.to_numpy()] = [_KINDS.get(one[:1], 0) for one in texts]
    kinds: Uint8s = mapped[ids.indices.fill_null(-1).to_numpy(zero_copy_only=False)]
    return kinds


def _urls(
    question: ImpactQuery,
    content: TextContentMatcher,
    channel: Channel,
    few: pa.Table,
    ids: Uint64s,
) -> tuple[Sequence[Sequence[str]], Bools]:
    """Return the links of each row, and which rows lack a path that matters."""
    unsure = np.zeros(len(few), np.bool_)
    if channel is Channel.LINK:
        return [[url] if url else [] for url in few["url"].to_pylist()], unsure
    if channel is Channel.CALL:
        return [()] * len(few), unsure
    found: list[Sequence[str]] = []
    pairs = zip(ids.tolist(), few["hosts"].to_pylist(), strict=True)
    for row, (decision_id, hosts) in enumerate(pairs):
        whole = content.urls.get(decision_id)
        if whole is None:
            unsure[row] = bool(hosts) and question.needs_path(hosts)
            whole = [f"http://{host}/" for host in hosts or ()]
        found.append(whole)
    return found, unsure
