"""A cascade: a better but slower second stage for rows with an uncertain fast score.

Texts and links have one each. The second stage gives log-odds; their weighted mean with the fast
model's, calibrated by Platt scaling, decides. It takes many times as long as the fast model, so
only uncertain rows are escalated (`classifiers.escalation` chooses them).
"""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from classifiers.cascade_card import CascadeCard
from fanzha import kernels
from fanzha.tables import Bools, Float32s

_combine_scores = kernels.declare(
    "combine_scores",
    *(kernels.POINTER,) * 4,
    *(kernels.INTEGER, kernels.POINTER),
)


class SecondStage(Protocol):
    """The slow model of a cascade."""

    def log_odds(self, inputs: Sequence[str], fast_log_odds: Float32s) -> Float32s:
        """Return one log-odds per input: a normalised text, or a canonical URL."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationPace:
    """How many rows reach the second stage, whatever the budget."""

    most_of_a_batch: int
    at_a_time: int
    """Rows of one call: the budget is checked between calls."""


class _CombinerTable(ctypes.Structure):
    """`Combiner` in the kernel."""

    _fields_ = (
        *((name, ctypes.c_double) for name in ("fast_weight", "slope", "offset", "threshold")),
        ("fast_threshold", ctypes.c_double),
        *((name, ctypes.c_float) for name in ("second_weight", "edge", "below_edge", "below_one")),
    )


class ScoreCombiner:
    """Combines the log-odds of both stages into one score on the scale of the fast score.

    `kernels/cascade.c` does: of few rows numpy takes several times as long as the second stage.
    """

    def __init__(self, *, about: CascadeCard, threshold: float) -> None:
        """Read a card; from *threshold* on a fast score is blocked, whichever stage gave it."""
        self.about = about
        self.threshold = threshold
        edge, zero = np.float32(threshold), np.float32(0)
        self._table = _CombinerTable(
            *(about.fast_weight, about.slope, about.offset, about.threshold, threshold),
            *(
                1 - about.fast_weight,
                edge,
                np.nextafter(edge, zero),
                np.nextafter(np.float32(1), zero),
            ),
        )
        self._at = ctypes.byref(self._table)

    def scores(
        self, fast_log_odds: Float32s, second_log_odds: Float32s, added: Float32s | None = None
    ) -> Float32s:
        """Return scores, float32 in [0, 1), from log-odds of both stages, of one length.

        *added* to the calibrated mean is what else is known of a row. A score reaches `threshold`
        exactly where their sum reaches the card's. NaN where either log-odds are NaN.
        """
        fast = np.ascontiguousarray(fast_log_odds, np.float32)
        second = np.ascontiguousarray(second_log_odds, np.float32)
        more = None if added is None else np.ascontiguousarray(added, np.float32)
        if not len(fast) == len(second) == len(fast if more is None else more):
            raise ValueError("not one number of each kind for a row")
        found = np.empty(len(fast), np.float32)
        if len(fast):
            _combine_scores(
                *(self._at, kernels.address(fast), kernels.address(second)),
                *(None if more is None else kernels.address(more), len(fast)),
                kernels.address(found),
            )
        return found


class Cascade:
    """The second stage of one bundle. For use by one thread."""

    def __init__(self, second: SecondStage, scale: ScoreCombiner, pace: EscalationPace) -> None:
        self._second = second
        self._scale = scale
        self.pace = pace

    def uncertain(self, fast_scores: Float32s) -> Bools:
        """Return a mask of the fast scores in the uncertain band."""
        return in_uncertain_band(self._scale.about, self._scale.threshold, fast_scores)

    def score(self, inputs: Sequence[str], fast_log_odds: Float32s) -> Float32s:
        """Return the final scores of *inputs*."""
        return self.scores(fast_log_odds, self.log_odds(inputs, fast_log_odds))

    def log_odds(self, inputs: Sequence[str], fast_log_odds: Float32s) -> Float32s:
        """Return the second stage's log-odds of *inputs*, float32: the slow part."""
        return self._second.log_odds(inputs, fast_log_odds)

    def scores(
        self,
        fast_log_odds: Float32s,
        second_log_odds: Float32s,
        added: Float32s | None = None,
    ) -> Float32s:
        """Return the final scores; NaN where either log-odds are NaN."""
        return self._scale.scores(fast_log_odds, second_log_odds, added)

    @property
    def about(self) -> CascadeCard:
        """What the card says of this cascade."""
        return self._scale.about


def in_uncertain_band(about: CascadeCard, threshold: float, fast_scores: Float32s) -> Bools:
    """Return a mask of scores from ``about.from_score`` to below ``about.to_score``.

    A card without the latter means *threshold*: what the fast model blocks stays blocked.
    """
    low = np.float32(about.from_score)
    high = np.float32(threshold if about.to_score is None else about.to_score)
    inside: Bools = (fast_scores >= low) & (fast_scores < high)
    return inside
