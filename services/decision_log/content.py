"""Logged contents of texts, read by previews with fingerprints or URL prefixes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from blocklists.snapshot.layers import Matches
from fanzha.fingerprint import BatchSketches
from fanzha.tables import Bools, Int64s, Uint64s
from fanzha.url import split
from services.decision_log import segment_files
from services.decision_log.impact.question import ImpactQuery


@dataclass(frozen=True, slots=True, kw_only=True)
class TextContentMatcher:
    """What the contents of texts say to the entries of a change."""

    ids: Uint64s = field(default_factory=lambda: np.zeros(0, np.uint64))
    """Decisions on texts that a fingerprint among the additions means, ascending."""
    words: Matches = field(default_factory=lambda: Matches.none(0))
    """What it says of each."""
    urls: Mapping[int, Sequence[str]] = field(default_factory=dict)
    """By decision: whole links, of texts with a link to the host of a URL prefix."""

    def knows(self, ids: pa.ChunkedArray) -> Bools | None:
        """Return which decisions a fingerprint means; None when none."""
        if not len(self.ids):
            return None
        found: Bools = pc.is_in(ids, value_set=pa.array(self.ids)).to_numpy()
        return found

    def words_of(self, ids: Uint64s) -> Matches:
        """Return what fingerprints say of each decision."""
        matches = Matches.none(len(ids))
        if len(self.ids):
            at = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
            known = self.ids[at] == ids
            found = self.words.take(at[known])
            matches.rows[known], matches.actions[known] = found.rows, found.actions
            matches.ranks[known] = found.ranks
        return matches


def read(
    question: ImpactQuery, segments: Sequence[Path], since_ms: int, torn: list[Path]
) -> TextContentMatcher:
    """Read what is logged of texts; some 6 µs a text where the change has fingerprints."""
    ids: list[Uint64s] = []
    words: list[Matches] = []
    urls: dict[int, Sequence[str]] = {}
    columns = ["decision_id", "decided_at_ms", "urls", *(["body"] * bool(question.fingerprints))]
    for path in segments:
        for group in segment_files.tables(path, columns, (), torn):
            recent = group.filter(pc.greater_equal(group["decided_at_ms"], since_ms))
            if question.fingerprints:
                found = question.additions.find_texts(
                    BatchSketches(recent["body"].to_pylist()), question.now_s
                )
                hits = np.flatnonzero(found.actions)
                ids.append(recent["decision_id"].to_numpy()[hits])
                words.append(found.take(hits))
            if question.path_hosts:
                urls |= _with_paths(question, recent)
    every = np.concatenate([np.zeros(0, np.uint64), *ids])
    order: Int64s = np.argsort(every)
    every_word = [Matches.none(0), *words]
    joined = Matches(
        rows=np.concatenate([one.rows for one in every_word]),
        actions=np.concatenate([one.actions for one in every_word]),
        ranks=np.concatenate([one.ranks for one in every_word]),
    )
    return TextContentMatcher(ids=every[order], words=joined.take(order), urls=urls)


def _with_paths(question: ImpactQuery, texts: pa.Table) -> dict[int, Sequence[str]]:
    pairs = zip(texts["decision_id"].to_pylist(), texts["urls"].to_pylist(), strict=True)
    return {
        decision_id: urls
        for decision_id, urls in pairs
        if urls and question.needs_path(split(url)[0] for url in urls)
    }
