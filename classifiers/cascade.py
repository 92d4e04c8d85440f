"""A cascade: a better but slower second stage for rows with an uncertain fast score.

Texts and links have one each. The second stage gives log-odds; their weighted mean with the fast
model's, calibrated by Platt scaling, decides. It takes many times as long as the fast model, so
only uncertain rows are escalated (`classifiers.escalation` chooses them).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from classifiers.cascade_card import CascadeCard
from fanzha.tables import Bools, Float32s

AnyFloats: TypeAlias = npt.NDArray[np.floating[Any]]
_MOST = 60.0
"""Log-odds beyond which a float32 probability rounds to 1."""
_BELOW_ONE = np.nextafter(np.float32(1), np.float32(0))


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreCombiner:
    """Combines the log-odds of both stages into one score on the scale of the fast score."""

    about: CascadeCard
    threshold: float
    """Of the fast score: rows from here on are blocked, whichever stage scored them."""

    def scores(
        self,
        fast_log_odds: Float32s,
        second_log_odds: Float32s,
        added: Float32s | float = 0.0,
    ) -> Float32s:
        """Return scores, float32 in [0, 1), from log-odds of both stages, of one length.

        *added* to the calibrated mean is what else is known of a row. A score reaches `threshold`
        exactly where their sum reaches the card's.
        """
        weight = self.about.fast_weight
        mean = weight * fast_log_odds.astype(np.float64) + (1 - weight) * second_log_odds
        odds = _clipped(self.about.slope * mean + self.about.offset + added, -_MOST, _MOST)
        p = 1 / (1 + np.exp(-odds))
        scores: Float32s = np.interp(
            p, (0.0, self.about.threshold, 1.0), (0.0, self.threshold, 1.0)
        ).astype(np.float32)
        # Interpolation may round across the threshold, which is compared in float32.
        blocked, edge = p >= self.about.threshold, np.float32(self.threshold)
        least, most = np.where(blocked, edge, 0), np.where(blocked, _BELOW_ONE, _below(edge))
        within: Float32s = _clipped(scores, least, most).astype(np.float32)
        return within


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
        added: Float32s | float = 0.0,
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


def _clipped(values: AnyFloats, least: AnyFloats | float, most: AnyFloats | float) -> AnyFloats:
    # `np.clip` takes several times as long for few rows.
    bounded: AnyFloats = np.minimum(np.maximum(values, least), most)
    return bounded


def _below(edge: np.float32) -> np.float32:
    return np.float32(np.nextafter(edge, np.float32(0)))
