"""Choose which uncertain texts are escalated to the second stage, and cache its log-odds.

Offline all of them are. A service bounds the second stage twice: by a share of a worker's time (a
token bucket in seconds, `EscalationBudget.share` refills it) and by `MOST_OF_A_BATCH` texts a
batch. Campaigns repeat themselves, so log-odds are cached by a hash of the normalised text; a
cached text costs no budget. For use by one thread.
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
CACHE_SIZE = 4096
"""Texts whose log-odds are cached, the least recently used dropped first."""
BUCKET_SECONDS = 0.1
"""Capacity of the bucket: what an idle worker may spend at once."""


class EscalationCounters(Protocol):
    """Counts escalations."""

    def escalations(self, *, escalated: int, cached: int, skipped: int, seconds: float) -> None:
        """Count uncertain texts by outcome, and the time spent in the second stage."""
        ...

    def escalation_failed(self, error: Exception) -> None:
        """Count a text that kept its fast score because the second stage failed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationBudget:
    """How much time a service spends in the second stage."""

    share: float
    """Of a worker's time, in [0, 1]; 0: never escalate."""
    clock: Callable[[], float]
    """Monotonic seconds."""
    counters: EscalationCounters


class Escalations:
    """Escalates the uncertain texts of one model.

    Without a budget every text is escalated, and errors of the second stage propagate.
    """

    def __init__(self, cascade: TextCascade, budget: EscalationBudget | None = None) -> None:
        self.cascade = cascade
        self._budget = budget
        self._cache: OrderedDict[bytes, float] = OrderedDict()
        self._left = MOST_OF_A_BATCH
        self._bucket = BUCKET_SECONDS
        self._filled_at = budget.clock() if budget else 0.0

    def begin_batch(self) -> None:
        """Allow `MOST_OF_A_BATCH` more escalations."""
        self._left = MOST_OF_A_BATCH

    def scores(self, normal: Sequence[str], fast_log_odds: Float32s) -> Float32s:
        """Return final scores, float32 in [0, 1]; NaN where the fast score has to do.

        *normal* are the uncertain texts, normalised; *fast_log_odds* the fast model's, one each.
        """
        keys = [_key(text) for text in normal]
        for key in keys:
            if key in self._cache:
                self._cache.move_to_end(key)
        # Highest fast score first; of equal texts the first row only.
        order = np.argsort(-fast_log_odds, kind="stable").tolist()
        first_row = {keys[row]: row for row in reversed(order) if keys[row] not in self._cache}
        rows = [row for row in order if first_row.get(keys[row]) == row]
        if self._budget is None:
            self._escalate(rows, keys, normal)
        else:
            self._escalate_within(self._budget, rows, keys, normal)
        log_odds = np.array([self._cache.get(key, np.nan) for key in keys], np.float32)
        while len(self._cache) > CACHE_SIZE:
            self._cache.popitem(last=False)
        if np.isnan(log_odds).all():  # most batches of a busy worker
            return log_odds
        return self.cascade.scores(fast_log_odds, log_odds)

    def _escalate(self, rows: Sequence[int], keys: Sequence[bytes], normal: Sequence[str]) -> None:
        if rows:
            found = self.cascade.log_odds([normal[row] for row in rows])
            self._cache.update(zip([keys[row] for row in rows], found.tolist(), strict=True))

    def _escalate_within(
        self,
        budget: EscalationBudget,
        rows: Sequence[int],
        keys: Sequence[bytes],
        normal: Sequence[str],
    ) -> None:
        self._refill(budget)
        escalated, failed, spent = 0, 0, 0.0
        # One text at a time: its cost is known before the next is started.
        for row in rows[: self._left]:
            if self._bucket <= spent:
                break
            before = budget.clock()
            try:
                self._escalate([row], keys, normal)
                escalated += 1
            except Exception as error:
                # The fast score stands; time spent on a failure is charged too.
                failed += 1
                budget.counters.escalation_failed(error)
            spent += budget.clock() - before
        self._left -= escalated + failed
        self._bucket -= spent
        known = sum(key in self._cache for key in keys)
        budget.counters.escalations(
            escalated=escalated,
            cached=known - escalated,
            skipped=len(keys) - known - failed,
            seconds=spent,
        )

    def _refill(self, budget: EscalationBudget) -> None:
        now = budget.clock()
        refilled = self._bucket + budget.share * (now - self._filled_at)
        self._bucket = min(refilled, BUCKET_SECONDS)
        self._filled_at = now


def _key(text: str) -> bytes:
    # Collision-resistant: a text that collided with another would get its score.
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
