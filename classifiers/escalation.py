"""Choose which uncertain rows are escalated to the second stage, and cache its log-odds.

Rows are normalised texts or canonical URLs. Offline all of them are escalated. A service bounds the
second stage by a share of a worker's time (a token bucket in seconds, `EscalationBudget.share`
refills it), by time and by the cascade's pace for each batch, and lets it cost `BUSY_PRICE` times
its time while requests wait: other callers wait for it, too. Campaigns repeat themselves, so
log-odds are cached by row; a cached row costs no budget. For use by one thread.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from classifiers.cascade import Cascade
from fanzha.tables import Float32s

CACHE_SIZE = 4096
"""Rows whose log-odds are cached, the least recently used dropped first."""
CACHE_CHARACTERS = 1 << 20
"""Of cached rows together: at most 4 MB, and 1 MB of URLs."""
BUCKET_SECONDS = 0.1
"""Capacity of the bucket: what an idle worker may spend at once."""
BATCH_SECONDS, ROW_SECONDS = 0.0005, 5e-6
"""After so much for a batch and for each of its rows, no more of it are escalated."""
PATIENCE_SECONDS = 0.0003
"""A worker whose requests wait longer than this is busy."""
BUSY_PRICE = 4
"""A second of the second stage costs a busy worker so many of its budget."""


class EscalationCounters(Protocol):
    """Counts escalations."""

    def escalations(self, *, escalated: int, cached: int, skipped: int, seconds: float) -> None:
        """Count uncertain rows by outcome, and the time spent in the second stage."""
        ...

    def escalation_failed(self, error: Exception) -> None:
        """Count a row that kept its fast score because the second stage failed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationBudget:
    """How much time a service spends in the second stage."""

    share: float
    """Of a worker's time, in [0, 1]; 0: never escalate."""
    clock: Callable[[], float]
    """Monotonic seconds."""
    counters: EscalationCounters
    waited: Callable[[], float] = lambda: 0.0
    """Seconds that a request of the batch being decided has waited, at most."""


class Escalations:
    """Escalates the uncertain rows of one model.

    Without a budget every row is escalated, and errors of the second stage propagate.
    """

    def __init__(self, cascade: Cascade, budget: EscalationBudget | None = None) -> None:
        self.cascade = cascade
        self._budget = budget
        self._cache: OrderedDict[str, float] = OrderedDict()
        self._cached_characters = 0
        self._left = cascade.pace.most_of_a_batch
        self._seconds_left = BATCH_SECONDS
        self._bucket = BUCKET_SECONDS
        self._filled_at = budget.clock() if budget else 0.0

    def begin_batch(self, rows: int) -> None:
        """Allow as many escalations as a batch of *rows* may have."""
        self._left = self.cascade.pace.most_of_a_batch
        self._seconds_left = BATCH_SECONDS + rows * ROW_SECONDS

    def skips(self, inputs: Sequence[str]) -> bool:
        """Return whether `scores` would find none for *inputs*; if so, count them as skipped.

        It spares the caller the log-odds: of a busy worker, most batches end here.
        """
        budget = self._budget
        if budget is None:
            return False
        if self._left and self._seconds_left > 0:
            self._refill(budget)
            if self._bucket > 0:
                return False
        if any(map(self._cache.__contains__, inputs)):
            return False
        budget.counters.escalations(escalated=0, cached=0, skipped=len(inputs), seconds=0.0)
        return True

    def scores(
        self,
        inputs: Sequence[str],
        fast_log_odds: Float32s,
        added: Callable[[], Float32s] | None = None,
    ) -> Float32s:
        """Return final scores, float32 in [0, 1]; NaN where the fast score has to do.

        *inputs* are the uncertain rows; *fast_log_odds* the fast model's, one each. What else is
        known of them is *added*, and not cached: the same text may come with other facts.
        """
        cache = self._cache
        found = [*map(cache.get, inputs)]
        new = found.count(None)
        if new < len(found):
            for text, log_odds in zip(inputs, found, strict=True):
                if log_odds is not None:
                    cache.move_to_end(text)
        if self._budget is None:
            escalated = self._escalate(inputs, fast_log_odds, found) if new else 0
        else:
            escalated = self._escalate_within(self._budget, inputs, fast_log_odds, found)
        if new == len(found) and not escalated:
            return np.full(len(found), np.nan, np.float32)
        if escalated:
            found = [*map(cache.get, inputs)]
            self._evict()
        known = np.array([np.nan if odds is None else odds for odds in found], np.float32)
        return self.cascade.scores(fast_log_odds, known, None if added is None else added())

    def _escalate(
        self, inputs: Sequence[str], fast_log_odds: Float32s, found: Sequence[float | None]
    ) -> int:
        rows = _order(inputs, fast_log_odds, found)
        self._run(inputs, fast_log_odds, rows)
        return len(rows)

    def _run(self, inputs: Sequence[str], fast_log_odds: Float32s, rows: Sequence[int]) -> None:
        """Run the second stage for *rows*, none of which is cached, and cache its log-odds."""
        texts = [inputs[row] for row in rows]
        log_odds = self.cascade.log_odds(texts, fast_log_odds[rows])
        self._cache.update(zip(texts, log_odds.tolist(), strict=True))
        self._cached_characters += sum(map(len, texts))

    def _escalate_within(
        self,
        budget: EscalationBudget,
        inputs: Sequence[str],
        fast_log_odds: Float32s,
        found: Sequence[float | None],
    ) -> int:
        new = found.count(None)
        escalated, failed, spent = 0, 0, 0.0
        if new and self._left and self._seconds_left > 0:
            self._refill(budget)
            price = BUSY_PRICE if budget.waited() > PATIENCE_SECONDS else 1
            rows: Sequence[int] = ()
            if self._bucket > 0:
                rows = _order(inputs, fast_log_odds, found)[: self._left]
            # A few rows at a time: their cost is known before the next are started.
            for part in _parts(rows, self.cascade.pace.at_a_time):
                if self._bucket <= spent * price or self._seconds_left <= spent:
                    break
                before = budget.clock()
                try:
                    self._run(inputs, fast_log_odds, part)
                    escalated += len(part)
                except Exception as error:
                    # The fast scores stand; time spent on a failure is charged too.
                    failed += len(part)
                    for _ in part:
                        budget.counters.escalation_failed(error)
                spent += budget.clock() - before
            self._left -= escalated + failed
            self._seconds_left -= spent
            self._bucket -= spent * price
        known = sum(text in self._cache for text in inputs) if escalated else len(found) - new
        budget.counters.escalations(
            escalated=escalated,
            cached=known - escalated,
            skipped=len(inputs) - known - failed,
            seconds=spent,
        )
        return escalated

    def _evict(self) -> None:
        cache = self._cache
        while len(cache) > CACHE_SIZE or self._cached_characters > CACHE_CHARACTERS:
            text, _log_odds = cache.popitem(last=False)
            self._cached_characters -= len(text)

    def _refill(self, budget: EscalationBudget) -> None:
        now = budget.clock()
        refilled = self._bucket + budget.share * (now - self._filled_at)
        self._bucket = min(refilled, BUCKET_SECONDS)
        self._filled_at = now


def _order(
    inputs: Sequence[str], fast_log_odds: Float32s, found: Sequence[float | None]
) -> list[int]:
    """Return the rows that nothing was *found* for, highest fast score first.

    Of equal rows only the first in that order.
    """
    first: dict[str, int] = {}
    for row in np.argsort(-fast_log_odds, kind="stable").tolist():
        if found[row] is None:
            first.setdefault(inputs[row], row)
    return list(first.values())


def _parts(rows: Sequence[int], size: int) -> list[Sequence[int]]:
    return [rows[at : at + size] for at in range(0, len(rows), size)]
