"""A second look at texts of which the fast model is not sure, with the sentence encoder.

A small head makes log-odds of an embedding. Their mean with those of the fast model, calibrated,
decides. Milliseconds a text instead of microseconds, so only the uncertain ones get it
(`classifiers.text.escalation` says which).
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
from fanzha.tables import Bools, Float32s

INPUT, OUTPUT = "embeddings", "log_odds"
_ERRORS_ONLY = 3
_MOST = 60.0
"""Beyond these log-odds a float32 cannot tell a probability from 1."""
_BELOW_ONE = np.nextafter(np.float32(1), np.float32(0))

Encode = Callable[[Sequence[str]], Float32s]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreCombiner:
    """Makes one score of two log-odds, on the scale of the fast score."""

    about: CascadeCard
    threshold: float
    """Of the fast score: a text is blocked from there, whoever judged it."""

    def scores(self, fast_log_odds: Float32s, second_log_odds: Float32s) -> Float32s:
        """Return scores that reach the threshold exactly where the calibrated mean reaches its."""
        mean = (fast_log_odds.astype(np.float64) + second_log_odds) / 2
        odds = np.clip(self.about.slope * mean + self.about.offset, -_MOST, _MOST)
        p = 1 / (1 + np.exp(-odds))
        scores: Float32s = np.interp(
            p, (0.0, self.about.threshold, 1.0), (0.0, self.threshold, 1.0)
        ).astype(np.float32)
        # Rounding may carry a score over the threshold; the model compares in float32.
        blocked, edge = p >= self.about.threshold, np.float32(self.threshold)
        least, most = np.where(blocked, edge, 0), np.where(blocked, _BELOW_ONE, _below(edge))
        return np.clip(scores, least, most).astype(np.float32)


class TextCascade:
    """The head of one bundle and what its card says of it. One thread only."""

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
        """Tell which scores of the fast model are worth a second look."""
        return band(self._scale.about, self._scale.threshold, fast_scores)

    def judge(self, normal: Sequence[str], fast_log_odds: Float32s) -> Float32s:
        """Return the final scores of normalised texts."""
        return self.scores(fast_log_odds, self.log_odds(normal))

    def log_odds(self, normal: Sequence[str]) -> Float32s:
        """Return what the head alone makes of normalised texts: the part that takes time."""
        embeddings = self._encode(normal)
        found: Float32s = self._session.run([OUTPUT], {INPUT: embeddings})[0]
        return found.reshape(len(normal))

    def scores(self, fast_log_odds: Float32s, second_log_odds: Float32s) -> Float32s:
        """Return the final scores; NaN where either is not known."""
        return self._scale.scores(fast_log_odds, second_log_odds)


def of_bundle(bundle: Path, about: Card) -> TextCascade | None:
    """Load the second look of *bundle*; None when it has none, ValueError when it is not whole."""
    if about.second_look is None:
        return None
    if about.second_look.encoder != sentence_encoder.PACKAGE:
        raise ValueError(f"{bundle}: there is no encoder {about.second_look.encoder}")
    head = card.read_second(bundle, about)
    return TextCascade(head, ScoreCombiner(about=about.second_look, threshold=about.threshold))


def band(about: CascadeCard, threshold: float, fast_scores: Float32s) -> Bools:
    """Tell which scores lie in the band of those that are not sure."""
    low, high = np.float32(about.from_score), np.float32(threshold)
    inside: Bools = (fast_scores >= low) & (fast_scores < high)
    return inside


def _below(edge: np.float32) -> np.float32:
    return np.float32(np.nextafter(edge, np.float32(0)))
