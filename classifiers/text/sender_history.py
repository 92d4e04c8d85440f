"""Remembers what senders of blocked texts sent since, in fixed arrays, and what that weighs.

A sender whose texts were just blocked is *in question*: `LEAST_BLOCKED` of its texts, and
`BLOCKED_SHARE` of all that it sent since the first of them, to `LEAST_RECEIVERS` receivers. Its
texts are blocked from `THRESHOLD_SHARE` of the threshold for words on, and with words that score
`link_evidence.WORD_SCORE` also for a link that its own channel blocks, or where the text is a
near-duplicate of a confirmed or suspected one. So a history never blocks by itself, and what it
blocks is not counted in it. What the figures do per source is shown by
`python -m classifiers.training.text.sender_histories`; they were chosen on validation rows.

Only a blocked text claims a slot, found by hash. While its owner is active others that hash to it
stay unknown; counts halve in an hour, and an owner that fades to less than one blocked text starts
over. The memory may forget, but never holds one sender's texts against another. Rows of one batch
do not see each other. Not for use by several threads.
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple

import numpy as np

from classifiers.hashing import spread
from classifiers.text.link_evidence import WORD_SCORE, ScoredLink
from fanzha.tables import Bools, Float32s, Int64s

LEAST_BLOCKED = np.float32(2.5)
"""Blocked texts, decayed: three in a quarter of an hour are enough."""
BLOCKED_SHARE = np.float32(0.2)
LEAST_RECEIVERS = 3
THRESHOLD_SHARE = np.float32(0.5)
HALF_LIFE_MS = 3_600_000
SLOTS = 2**14
_HELD = np.float32(1)
"""Blocked texts, decayed, with which an owner keeps its slot."""


class SenderRecord(NamedTuple):
    """What is remembered of a sender, decayed."""

    texts: float
    """Since the first that was blocked, with it."""
    blocked: float
    receivers: int
    """Distinct ones, estimated; at most 64 are told apart."""


class SenderHistories:
    """Counters for up to *slots* senders at a time, a power of two; 36 bytes each."""

    def __init__(self, slots: int = SLOTS) -> None:
        bits = slots.bit_length() - 1
        if bits not in range(1, 25) or slots != 1 << bits:
            raise ValueError(f"slots: a power of two up to 2**24, not {slots}")
        self._shift = np.uint64(64 - bits)
        self._owners = np.zeros(slots, np.int64)
        self._seen_ms = np.zeros(slots, np.int64)
        self._texts = np.zeros(slots, np.float32)
        self._blocked = np.zeros(slots, np.float32)
        self._receivers = np.zeros(slots, np.uint64)
        self._claimed = False

    def in_question(self, senders: Int64s, now_ms: int) -> dict[int, SenderRecord]:
        """Return the rows whose sender is in question, and what is remembered of it."""
        rows, slots = self._known(senders)
        if not len(rows):
            return {}
        weight = self._weight(slots, now_ms)
        texts, blocked = self._texts[slots] * weight, self._blocked[slots] * weight
        reached = (blocked >= LEAST_BLOCKED) & (blocked >= BLOCKED_SHARE * texts)
        found = {}
        for at in reached.nonzero()[0].tolist():
            receivers = _estimate(int(self._receivers[slots[at]]))
            if receivers >= LEAST_RECEIVERS:
                found[int(rows[at])] = SenderRecord(float(texts[at]), float(blocked[at]), receivers)
        return found

    def record(self, senders: Int64s, receivers: Int64s, blocked: Bools, now_ms: int) -> None:
        """Count texts of known senders, and those *blocked* of all; 0 stands for no sender."""
        if np.count_nonzero(blocked):
            self._claim(senders[blocked & (senders != 0)], now_ms)
        rows, slots = self._known(senders)
        if not len(rows):
            return
        weight = self._weight(slots, now_ms)
        self._texts[slots] *= weight
        self._blocked[slots] *= weight
        self._seen_ms[slots] = now_ms
        np.add.at(self._texts, slots, np.float32(1))
        np.add.at(self._blocked, slots, blocked[rows].astype(np.float32))
        bits = np.uint64(1) << (spread(receivers[rows]) >> np.uint64(58))
        np.bitwise_or.at(self._receivers, slots, bits)

    def _known(self, senders: Int64s) -> tuple[Int64s, Int64s]:
        """Return the rows of senders that own their slot, and these slots."""
        if not self._claimed:
            return senders[:0], senders[:0]
        slots = self._slots(senders)
        rows = ((self._owners.take(slots) == senders) & (senders != 0)).nonzero()[0]
        return rows, slots[rows]

    def _claim(self, senders: Int64s, now_ms: int) -> None:
        slots = self._slots(senders)
        idle = self._blocked[slots] * self._weight(slots, now_ms) < _HELD
        taken = slots[idle]
        for column in (self._texts, self._blocked, self._receivers):
            column[taken] = 0
        # Of two that want the same slot the last one has it.
        self._owners[taken] = senders[idle]
        self._seen_ms[taken] = now_ms
        self._claimed = self._claimed or bool(len(taken))

    def _slots(self, senders: Int64s) -> Int64s:
        return (spread(senders) >> self._shift).view(np.int64)

    def _weight(self, slots: Int64s, now_ms: int) -> Float32s:
        age = np.maximum(now_ms - self._seen_ms[slots], 0) / np.float32(HALF_LIFE_MS)
        weight: Float32s = np.exp2(-age).astype(np.float32)
        return weight


def reached(
    in_question: Mapping[int, SenderRecord],
    word_scores: Float32s,
    thresholds: float | Float32s,
    *,
    links: Mapping[int, ScoredLink],
    link_threshold: float,
    near: Collection[int] = (),
) -> list[int]:
    """Return the rows of senders in question whose words and link reach the lowered thresholds.

    *thresholds* are those for words, one for all or a column; *links* has the highest-scoring link
    of a row, and *link_threshold* is that of the channel for links. *near* are the rows that are
    near-duplicates of a confirmed or suspected text. NaN reaches nothing.
    """
    lowered = np.broadcast_to(thresholds, len(word_scores))
    found = []
    for row in in_question:
        words, link = word_scores[row], links.get(row)
        by_link = link is not None and np.float32(link.score) >= np.float32(link_threshold)
        other = by_link or row in near
        if words >= lowered[row] * THRESHOLD_SHARE or (other and words >= WORD_SCORE):
            found.append(row)
    return found


def _estimate(bits: int) -> int:
    # Linear counting: how many keys leave that many of the 64 bits unset.
    unset = max(64 - bits.bit_count(), 1)
    return round(-64 * float(np.log(unset / 64)))
