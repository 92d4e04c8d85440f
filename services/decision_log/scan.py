"""Looks over the segments of the log for rows that a change would have decided otherwise.

Segments are read by several threads, each a row group at a time: first the columns that tell whom
a row is about, and the others only where an entry could mean a row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from blocklists.entries import Kind
from blocklists.layers import NO_ENTRY, Matches
from fanzha.decisions import Action, Evidence, Reason
from fanzha.tables import Bools, Channel, Int64s, Uint8s
from services.decision_log import ruling, schema, segment_files
from services.decision_log.content import Content
from services.decision_log.question import Question
from services.decision_log.ruling import Rows

_KINDS = {kind.name[0].lower(): int(kind) for kind in Kind}
"""The kind of an entry by the first letter of its id, see `blocklists.entries.entry_id`."""
_WORDS = ("action", "reason", "evidence", "entry_id", "pattern", "host")
_REST = ("decision_id", "action", "reason", "score", "threshold", "entry_id", "pattern", "evidence")


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """Rows that would have been decided otherwise."""

    channels: Uint8s
    listed: Int64s
    """Key of the party on the side of the entry; 0 where the entry names none."""
    parties: Int64s
    """Key of the party on the other side; 0 where nobody is known."""
    actions: Uint8s
    """What they would have got."""
    weights: Int64s
    entries: Int64s
    """Row of the addition that makes the difference; -1 for an entry that goes."""
    patterns: tuple[str, ...]
    """Of each row whose entry goes: its pattern; empty for others."""

    def __len__(self) -> int:
        return len(self.parties)

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> "Changed":
        """Lay parts end to end."""
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


class Seen(NamedTuple):
    """What a look over one segment found."""

    rows: int
    """Rows of the hours asked."""
    changed: Sequence[Changed]
    uncertain: int
    """Texts of which it would take the path of a link to tell."""


def look(
    question: Question,
    content: Content,
    channel: Channel,
    path: Path,
    *,
    since_ms: int,
    torn: list[Path],
) -> Seen:
    """Look over one segment."""
    rows, uncertain, changed = 0, 0, []
    columns = ["decided_at_ms", "weight", *_WHO[channel], *_REST]
    for group in segment_files.tables(path, columns, _WORDS, torn):
        recent = pc.greater_equal(group["decided_at_ms"], since_ms).to_numpy()
        rows += int(np.count_nonzero(recent))
        meant = _could_mean(question, content, channel, group)
        if meant is None:
            continue
        places = np.flatnonzero(meant & recent)
        if not len(places):
            continue
        few = group.take(pa.array(places))
        found, unsure = _decided_again(question, content, channel, few)
        uncertain += unsure
        if found is not None:
            changed.append(found)
    return Seen(rows, changed, uncertain)


_WHO = {
    Channel.CALL: ("from_key", "to_key"),
    Channel.TEXT: ("from_key", "to_key", "hosts"),
    Channel.LINK: ("from_key", "to_key", "host", "url"),
}


def _could_mean(
    question: Question, content: Content, channel: Channel, group: pa.Table
) -> Bools | None:
    """Tell which rows the entries could mean; None when certainly none."""
    looks: list[Bools | None] = []
    if channel is not Channel.LINK:
        looks += [question.parties(group["from_key"]), question.parties(group["to_key"])]
    if question.hosts and channel is Channel.LINK:
        looks.append(_by_host(question, group["host"]))
    if question.hosts and channel is Channel.TEXT:
        looks.append(_by_hosts(question, group["hosts"]))
    if question.fingerprints and channel is Channel.TEXT:
        looks.append(
            pc.equal(group["evidence"].cast(pa.string()), "TEXT").fill_null(False).to_numpy()
        )
        looks.append(content.knows(group["decision_id"]))
    found = [one for one in looks if one is not None]
    if not found:
        return None
    meant: Bools = np.logical_or.reduce(found)
    return meant


def _by_host(question: Question, hosts: pa.ChunkedArray) -> Bools:
    column = hosts.combine_chunks()
    names = column.dictionary.to_pylist()
    meant = np.array([*(bool(name) and question.names_host(name) for name in names), False])
    indices = column.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    found: Bools = meant[indices]
    return found


def _by_hosts(question: Question, hosts: pa.ChunkedArray) -> Bools:
    column = hosts.combine_chunks()
    found = np.zeros(len(column), np.bool_)
    if len(values := column.flatten()):
        meant = _by_host(question, pa.chunked_array([values.dictionary_encode()]))
        found[pc.list_parent_indices(column).to_numpy()[meant]] = True
    return found


def _decided_again(
    question: Question, content: Content, channel: Channel, few: pa.Table
) -> tuple[Changed | None, int]:
    rows, unsure = _rows(question, content, channel, few)
    after = ruling.decide(question, rows)
    places = np.flatnonzero(after.actions != rows.actions)
    # A path that is not logged matters only where the host alone changed nothing.
    unsure[places] = False
    if not len(places):
        return None, int(np.count_nonzero(unsure))
    to_side = after.to_side[places]
    entries = after.entries[places]
    from_keys, to_keys = rows.from_keys[places], rows.to_keys[places]
    return Changed(
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
    question: Question, content: Content, channel: Channel, few: pa.Table
) -> tuple[Rows, Bools]:
    ids = few["decision_id"].to_numpy()
    urls, unsure = _urls(question, content, channel, few)
    scores = few["score"].to_numpy()
    rows = Rows(
        channel=channel,
        ids=ids,
        from_keys=few["from_key"].to_numpy(),
        to_keys=few["to_key"].to_numpy(),
        actions=schema.numbers(Action, few["action"].combine_chunks()),
        reasons=schema.numbers(Reason, few["reason"].combine_chunks()),
        # Without a score, not a number, which reaches nothing.
        reached=np.asarray(scores >= few["threshold"].to_numpy(), np.bool_),
        evidence=schema.numbers(Evidence, few["evidence"].combine_chunks()),
        kinds=_kinds(few["entry_id"].combine_chunks()),
        patterns=few["pattern"].to_pylist(),
        weights=few["weight"].to_numpy(),
        urls=urls,
        words=content.words_of(ids) if channel is Channel.TEXT else Matches.none(len(ids)),
    )
    return rows, unsure


def _kinds(ids: pa.DictionaryArray) -> Uint8s:
    of_id = [_KINDS.get(one[:1], 0) for one in ids.dictionary.to_pylist()]
    looked_up = np.array([*of_id, 0], np.uint8)
    kinds: Uint8s = looked_up[ids.indices.fill_null(-1).to_numpy(zero_copy_only=False)]
    return kinds


def _urls(
    question: Question, content: Content, channel: Channel, few: pa.Table
) -> tuple[Sequence[Sequence[str]], Bools]:
    """Return the links of each row, and of which rows a path is missing that matters."""
    unsure = np.zeros(len(few), np.bool_)
    if channel is Channel.LINK:
        return [[url] if url else [] for url in few["url"].to_pylist()], unsure
    if channel is Channel.CALL:
        return [()] * len(few), unsure
    found: list[Sequence[str]] = []
    pairs = zip(few["decision_id"].to_pylist(), few["hosts"].to_pylist(), strict=True)
    for row, (decision_id, hosts) in enumerate(pairs):
        whole = content.urls.get(decision_id)
        if whole is None:
            unsure[row] = bool(hosts) and question.needs_path(hosts)
            whole = [f"http://{host}/" for host in hosts or ()]
        found.append(whole)
    return found, unsure
