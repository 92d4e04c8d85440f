"""Chooses which uncertain texts get a second look, and remembers what came of it.

Offline all of them do. A service bounds them: by a share of its time (a bucket that fills with time
and empties with what looks took), and by `MOST_OF_A_BATCH` texts. A campaign repeats itself, so
what was seen is remembered, by a hash of the normalised text, and costs nothing. One thread only.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Protocol

import numpy as np

from classifiers.text.cascade import TextCascade
from fanzha.tables import Float32s

MOST_OF_A_BATCH = 2
REMEMBERED = 4096
FULL_SECONDS = 0.1
"""What the bucket holds: a quiet worker may spend this at once."""


class EscalationCounters(Protocol):
    """Where second looks are counted."""

    def second_looks(self, *, looked: int, remembered: int, skipped: int, seconds: float) -> None:
        """Count uncertain texts by what became of them, and the time that looking took."""
        ...

    def second_look_failed(self, error: Exception) -> None:
        """Count a text that a broken second look left to the fast model."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationBudget:
    """How much a service looks twice."""

    share: float
    """Of a worker's time, at most; 0: never."""
    clock: Callable[[], float]
    """Seconds that only grow."""
    counters: EscalationCounters


class Escalations:
    """The second looks of one model; without a budget at every text, and faults are raised."""

    def __init__(self, second: TextCascade, budget: EscalationBudget | None = None) -> None:
        self.second = second
        self._budget = budget
        self._memory: OrderedDict[bytes, float] = OrderedDict()
        self._left = MOST_OF_A_BATCH
        self._purse = FULL_SECONDS
        self._filled_at = budget.clock() if budget else 0.0

    def begin(self) -> None:
        """Begin a batch."""
        self._left = MOST_OF_A_BATCH

    def judge(self, normal: Sequence[str], fast_log_odds: Float32s) -> Float32s:
        """Return the final scores of uncertain texts; NaN where the fast score has to do."""
        keys = [_key(text) for text in normal]
        for key in keys:
            self._recall(key)
        # The likelier a fraud, the sooner.
        order = np.argsort(-fast_log_odds, kind="stable").tolist()
        fresh = {keys[row]: row for row in reversed(order) if keys[row] not in self._memory}
        rows = [row for row in order if fresh.get(keys[row]) == row]
        if self._budget is None:
            self._look(rows, keys, normal)
        else:
            self._look_within(self._budget, rows, keys, normal)
        known = np.array([self._memory.get(key, np.nan) for key in keys], np.float32)
        self._forget()
        # In most batches of a busy worker nothing is known.
        return known if np.isnan(known).all() else self.second.scores(fast_log_odds, known)

    def _recall(self, key: bytes) -> None:
        if key in self._memory:
            self._memory.move_to_end(key)

    def _look(self, rows: Sequence[int], keys: Sequence[bytes], normal: Sequence[str]) -> None:
        if rows:
            found = self.second.log_odds([normal[row] for row in rows])
            self._memory.update(zip([keys[row] for row in rows], found.tolist(), strict=True))

    def _look_within(
        self,
        budget: EscalationBudget,
        rows: Sequence[int],
        keys: Sequence[bytes],
        normal: Sequence[str],
    ) -> None:
        self._fill(budget)
        looked, failed, spent = 0, 0, 0.0
        # One by one, so that what the first took is known before the next.
        for row in rows[: self._left]:
            if self._purse <= spent:
                break
            before = budget.clock()
            try:
                self._look([row], keys, normal)
                looked += 1
            except Exception as error:
                # Whatever breaks, there is the fast score; and what breaks costs time too.
                failed += 1
                budget.counters.second_look_failed(error)
            spent += budget.clock() - before
        self._left -= looked + failed
        self._purse -= spent
        known = sum(key in self._memory for key in keys)
        budget.counters.second_looks(
            looked=looked,
            remembered=known - looked,
            skipped=len(keys) - known - failed,
            seconds=spent,
        )

    def _fill(self, budget: EscalationBudget) -> None:
        now = budget.clock()
        self._purse = min(self._purse + budget.share * (now - self._filled_at), FULL_SECONDS)
        self._filled_at = now

    def _forget(self) -> None:
        while len(self._memory) > REMEMBERED:
            self._memory.popitem(last=False)


def _key(text: str) -> bytes:
    # A hash that nobody can aim at: a text with the hash of another would get its verdict.
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
