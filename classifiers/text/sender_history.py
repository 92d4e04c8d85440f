"""Remembers what senders of blocked texts sent since, and what that weighs.

A sender whose texts were just blocked is *in question*: `LEAST_BLOCKED` of its texts, and
`BLOCKED_SHARE` of all that it sent since the first of them, to `LEAST_RECEIVERS` receivers. Its
texts are blocked from `THRESHOLD_SHARE` of the threshold for words on, and with words that score
`link_evidence.WORD_SCORE` also for a link that its own channel blocks, or where the text is a
near-duplicate of a confirmed or suspected one. So a history never blocks by itself, and what it
blocks is not counted in it. What the figures do per source is shown by
`python -m classifiers.training.text.sender_histories`; they were chosen on validation rows.

Only a blocked text makes a sender known. Counts halve in an hour, and a sender that fades to less
than one blocked text starts over; of too many, the one whose texts came longest ago is forgotten.
Rows of one batch do not see each other. Where no sender is known a batch costs nothing, else 0.05
µs a text. Not for use by several threads.
"""

from collections import OrderedDict
from collections.abc import Collection, Mapping
from math import log
from typing import NamedTuple

import numpy as np

from classifiers.text.link_evidence import WORD_SCORE, ScoredLink
from fanzha.tables import Bools, Float32s, Int64s

LEAST_BLOCKED = 2.5
"""Blocked texts, decayed: three in a quarter of an hour are enough."""
BLOCKED_SHARE = 0.2
LEAST_RECEIVERS = 3
THRESHOLD_SHARE = np.float32(0.5)
HALF_LIFE_MS = 3_600_000
MOST_SENDERS = 2**14
_HELD = 1.0
"""With fewer blocked texts, decayed, a sender starts over at the next."""
_MULTIPLIER = 0x9E37_79B9_7F4A_7C15
_WORD = 2**64 - 1


class SenderRecord(NamedTuple):
    """What is remembered of a sender, decayed."""

    texts: float
    """Since the first that was blocked, with it."""
    blocked: float
    receivers: int
    """Distinct ones, estimated; at most 64 are told apart."""


class SenderHistories:
    """Counters of *most* senders; of more, the one whose texts came longest ago is forgotten."""

    def __init__(self, most: int = MOST_SENDERS) -> None:
        self._most = most
        self._known: OrderedDict[int, _Counters] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def in_question(self, senders: Int64s, now_ms: int) -> dict[int, SenderRecord]:
        """Return the rows whose sender is in question, and what is remembered of it."""
        known = self.known(senders, now_ms)
        return {row: record for row, record in known.items() if _is_in_question(record)}

    def known(self, senders: Int64s, now_ms: int) -> dict[int, SenderRecord]:
        """Return the rows whose sender had a text blocked, and what is remembered of it."""
        if not self._known:
            return {}
        keys = senders.tolist()
        if self._known.keys().isdisjoint(keys):
            return {}
        rows = enumerate(keys)
        return {row: self._known[key].at(now_ms) for row, key in rows if key in self._known}

    def record(self, senders: Int64s, receivers: Int64s, blocked: Bools, now_ms: int) -> None:
        """Count texts of known senders, and those *blocked* of all; 0 stands for no sender."""
        if np.count_nonzero(blocked):
            for sender in senders[blocked].tolist():
                self._begin(sender, now_ms)
        keys = senders.tolist()
        if self._known.keys().isdisjoint(keys):
            return
        rows = zip(keys, receivers.tolist(), blocked.tolist(), strict=True)
        for sender, receiver, is_blocked in rows:
            known = self._known.get(sender)
            if known is not None:
                self._known.move_to_end(sender)
                known.add(receiver, is_blocked, now_ms)

    def _begin(self, sender: int, now_ms: int) -> None:
        known = self._known.get(sender)
        if sender == 0 or (known is not None and known.blocked_at(now_ms) >= _HELD):
            return
        if known is None and len(self._known) >= self._most:
            self._known.popitem(last=False)
        self._known[sender] = _Counters(now_ms)


class _Counters:
    """Counts of one sender as of when its latest text came."""

    __slots__ = ("blocked", "receiver_bits", "seen_ms", "texts")

    def __init__(self, now_ms: int) -> None:
        self.texts = self.blocked = 0.0
        self.receiver_bits = 0
        self.seen_ms = now_ms

    def at(self, now_ms: int) -> SenderRecord:
        """Return the counts, decayed."""
        left = self._left(now_ms)
        return SenderRecord(self.texts * left, self.blocked * left, _estimate(self.receiver_bits))

    def blocked_at(self, now_ms: int) -> float:
        """Return the blocked texts, decayed."""
        return self.blocked * self._left(now_ms)

    def add(self, receiver: int, blocked: bool, now_ms: int) -> None:
        """Count a text."""
        left = self._left(now_ms)
        self.texts = self.texts * left + 1
        self.blocked = self.blocked * left + blocked
        self.receiver_bits |= 1 << ((receiver * _MULTIPLIER & _WORD) >> 58)
        self.seen_ms = now_ms

    def _left(self, now_ms: int) -> float:
        return float(2.0 ** (-max(now_ms - self.seen_ms, 0) / HALF_LIFE_MS))


def reached(
    in_question: Mapping[int, SenderRecord],
    word_scores: Float32s,
    thresholds: float | Float32s,
    *,
    links: Mapping[int, ScoredLink],
    link_threshold: float,
    near: Collection[int] = (),
) -> list[int]:
    """Return the rows of senders in question that only the lowered thresholds block.

    *thresholds* are those for words, one for all or a column; *links* has the highest-scoring link
    of a row, and *link_threshold* is that of the channel for links. *near* are the rows that are
    near-duplicates of a confirmed or suspected text. NaN reaches nothing.
    """
    lowered = np.broadcast_to(thresholds, len(word_scores))
    found = []
    for row in in_question:
        words, link = word_scores[row], links.get(row)
        if words >= lowered[row]:
            continue
        by_link = link is not None and np.float32(link.score) >= np.float32(link_threshold)
        other = by_link or row in near
        if words >= lowered[row] * THRESHOLD_SHARE or (other and words >= WORD_SCORE):
            found.append(row)
    return found


def _is_in_question(record: SenderRecord) -> bool:
    few = record.blocked < LEAST_BLOCKED or record.receivers < LEAST_RECEIVERS
    return not few and record.blocked >= BLOCKED_SHARE * record.texts


def _estimate(bits: int) -> int:
    # Linear counting: how many keys leave that many of the 64 bits unset.
    unset = max(64 - bits.bit_count(), 1)
    return round(-64 * log(unset / 64))
