"""Choose which uncertain rows are escalated to the second stage, and cache its log-odds.

Rows are normalised texts or canonical URLs. Offline all of them are escalated. A service bounds the
second stage twice: by a share of a worker's time (a token bucket in seconds,
`EscalationBudget.share` refills it) and by the cascade's pace, rows a batch. Campaigns repeat
themselves, so log-odds are cached by a hash of the row; a cached row costs no budget. For use by
one thread.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple, Protocol

import numpy as np

from classifiers.cascade import Cascade
from fanzha.tables import Float32s

CACHE_SIZE = 4096
"""Rows whose log-odds are cached, the least recently used dropped first."""
BUCKET_SECONDS = 0.1
"""Capacity of the bucket: what an idle worker may spend at once."""


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


class _Rows(NamedTuple):
    """Rows to escalate, highest fast score first, and the columns they are of."""

    rows: Sequence[int]
    keys: Sequence[bytes]
    inputs: Sequence[str]
    fast_log_odds: Float32s


class Escalations:
    """Escalates the uncertain rows of one model.

    Without a budget every row is escalated, and errors of the second stage propagate.
    """

    def __init__(self, cascade: Cascade, budget: EscalationBudget | None = None) -> None:
        self.cascade = cascade
        self._budget = budget
        self._cache: OrderedDict[bytes, float] = OrderedDict()
        self._left = cascade.pace.most_of_a_batch
        self._bucket = BUCKET_SECONDS
        self._filled_at = budget.clock() if budget else 0.0

    def begin_batch(self) -> None:
        """Allow as many escalations as the pace gives a batch."""
        self._left = self.cascade.pace.most_of_a_batch

    def scores(self, inputs: Sequence[str], fast_log_odds: Float32s) -> Float32s:
        """Return final scores, float32 in [0, 1]; NaN where the fast score has to do.

        *inputs* are the uncertain rows; *fast_log_odds* the fast model's, one each.
        """
        keys = [_key(text) for text in inputs]
        for key in keys:
            if key in self._cache:
                self._cache.move_to_end(key)
        # Highest fast score first; of equal ones the first row only.
        order = np.argsort(-fast_log_odds, kind="stable").tolist()
        first_row = {keys[row]: row for row in reversed(order) if keys[row] not in self._cache}
        rows = [row for row in order if first_row.get(keys[row]) == row]
        chosen = _Rows(rows, keys, inputs, fast_log_odds)
        if self._budget is None:
            self._escalate(chosen)
        else:
            self._escalate_within(self._budget, chosen)
        log_odds = np.array([self._cache.get(key, np.nan) for key in keys], np.float32)
        while len(self._cache) > CACHE_SIZE:
            self._cache.popitem(last=False)
        if np.isnan(log_odds).all():  # most batches of a busy worker
            return log_odds
        return self.cascade.scores(fast_log_odds, log_odds)

    def _escalate(self, chosen: _Rows) -> None:
        if chosen.rows:
            inputs = [chosen.inputs[row] for row in chosen.rows]
            found = self.cascade.log_odds(inputs, chosen.fast_log_odds[chosen.rows])
            keys = [chosen.keys[row] for row in chosen.rows]
            self._cache.update(zip(keys, found.tolist(), strict=True))

    def _escalate_within(self, budget: EscalationBudget, chosen: _Rows) -> None:
        self._refill(budget)
        escalated, failed, spent = 0, 0, 0.0
        # A few rows at a time: their cost is known before the next are started.
        for part in _parts(chosen.rows[: self._left], self.cascade.pace.at_a_time):
            if self._bucket <= spent:
                break
            before = budget.clock()
            try:
                self._escalate(chosen._replace(rows=part))
                escalated += len(part)
            except Exception as error:
                # The fast scores stand; time spent on a failure is charged too.
                failed += len(part)
                for _ in part:
                    budget.counters.escalation_failed(error)
            spent += budget.clock() - before
        self._left -= escalated + failed
        self._bucket -= spent
        known = sum(key in self._cache for key in chosen.keys)
        budget.counters.escalations(
            escalated=escalated,
            cached=known - escalated,
            skipped=len(chosen.keys) - known - failed,
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


def _parts(rows: Sequence[int], size: int) -> list[Sequence[int]]:
    return [rows[at : at + size] for at in range(0, len(rows), size)]
