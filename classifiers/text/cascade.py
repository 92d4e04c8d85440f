"""The second stage of the text cascade: a sentence encoder for texts with an uncertain fast score.

A small head maps an embedding to log-odds. Their mean with the fast model's, calibrated by Platt
scaling, decides. A text takes milliseconds instead of microseconds, so only uncertain ones are
escalated (`classifiers.text.escalation` chooses them).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime as ort

from classifiers import card
from classifiers.card import Card
from classifiers.text import sentence_encoder
from classifiers.text.cascade_card import CascadeCard
from fanzha.errors import InvalidConfiguration
from fanzha.tables import Bools, Float32s

INPUT, OUTPUT = "embeddings", "log_odds"
_ERRORS_ONLY = 3
_MOST = 60.0
"""Log-odds beyond which a float32 probability rounds to 1."""
_BELOW_ONE = np.nextafter(np.float32(1), np.float32(0))

Encode = Callable[[Sequence[str]], Float32s]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreCombiner:
    """Combines the log-odds of both stages into one score on the scale of the fast score."""

    about: CascadeCard
    threshold: float
    """Of the fast score: texts from here on are blocked, whichever stage scored them."""

    def scores(self, fast_log_odds: Float32s, second_log_odds: Float32s) -> Float32s:
        """Return scores, float32 in [0, 1), from log-odds of both stages, of one length.

        A score reaches `threshold` exactly where the calibrated mean reaches the card's.
        """
        mean = (fast_log_odds.astype(np.float64) + second_log_odds) / 2
        odds = np.clip(self.about.slope * mean + self.about.offset, -_MOST, _MOST)
        p = 1 / (1 + np.exp(-odds))
        scores: Float32s = np.interp(
            p, (0.0, self.about.threshold, 1.0), (0.0, self.threshold, 1.0)
        ).astype(np.float32)
        # Interpolation may round across the threshold, which is compared in float32.
        blocked, edge = p >= self.about.threshold, np.float32(self.threshold)
        least, most = np.where(blocked, edge, 0), np.where(blocked, _BELOW_ONE, _below(edge))
        return np.clip(scores, least, most).astype(np.float32)


class TextCascade:
    """The second stage of one bundle. For use by one thread."""

    def __init__(
        self, head: bytes, scale: ScoreCombiner, encode: Encode = sentence_encoder.encode
    ) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = _ERRORS_ONLY
        self._session = ort.InferenceSession(
            head, sess_options=options, providers=["CPUExecutionProvider"]
        )
        self._scale = scale
        self._encode = encode

    def uncertain(self, fast_scores: Float32s) -> Bools:
        """Return a mask of the fast scores in the uncertain band."""
        return in_uncertain_band(self._scale.about, self._scale.threshold, fast_scores)

    def score(self, normal: Sequence[str], fast_log_odds: Float32s) -> Float32s:
        """Encode normalised texts and return their final scores."""
        return self.scores(fast_log_odds, self.log_odds(normal))

    def log_odds(self, normal: Sequence[str]) -> Float32s:
        """Return the head's log-odds of normalised texts, float32: the slow part."""
        embeddings = self._encode(normal)
        found: Float32s = self._session.run([OUTPUT], {INPUT: embeddings})[0]
        return found.reshape(len(normal))

    def scores(self, fast_log_odds: Float32s, second_log_odds: Float32s) -> Float32s:
        """Return the final scores; NaN where either log-odds are NaN."""
        return self._scale.scores(fast_log_odds, second_log_odds)


def of_bundle(bundle: Path, about: Card) -> TextCascade | None:
    """Load the second stage of *bundle*; None without one, `ValueError` when it is incomplete."""
    if about.cascade is None:
        return None
    if about.cascade.encoder != sentence_encoder.PACKAGE:
        raise InvalidConfiguration(
            "{bundle}: there is no encoder {encoder}", bundle=bundle, encoder=about.cascade.encoder
        )
    head = card.read_cascade_head(bundle, about)
    return TextCascade(head, ScoreCombiner(about=about.cascade, threshold=about.threshold))


def in_uncertain_band(about: CascadeCard, threshold: float, fast_scores: Float32s) -> Bools:
    """Return a mask of scores from ``about.from_score`` to below *threshold*."""
    low, high = np.float32(about.from_score), np.float32(threshold)
    inside: Bools = (fast_scores >= low) & (fast_scores < high)
    return inside


def _below(edge: np.float32) -> np.float32:
    return np.float32(np.nextafter(edge, np.float32(0)))
