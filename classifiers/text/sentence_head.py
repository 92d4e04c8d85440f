"""The second stage of the text cascade: a small head on the embedding of a sentence encoder.

A text takes milliseconds instead of microseconds.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import onnxruntime as ort

from classifiers import card
from classifiers.card import Card
from classifiers.cascade import Cascade, EscalationPace, ScoreCombiner
from classifiers.text import sentence_encoder
from fanzha.errors import InvalidConfiguration
from fanzha.tables import Float32s

INPUT, OUTPUT = "embeddings", "log_odds"
PACE = EscalationPace(most_of_a_batch=2, at_a_time=1)
_ERRORS_ONLY = 3

Encode = Callable[[Sequence[str]], Float32s]


class SentenceHead:
    """Maps embeddings of normalised texts to log-odds. For use by one thread."""

    def __init__(self, head: bytes, encode: Encode = sentence_encoder.encode) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = _ERRORS_ONLY
        self._session = ort.InferenceSession(
            head, sess_options=options, providers=["CPUExecutionProvider"]
        )
        self._encode = encode

    def log_odds(self, inputs: Sequence[str], fast_log_odds: Float32s) -> Float32s:
        """Return the head's log-odds of normalised texts; the fast model's are not read."""
        del fast_log_odds
        embeddings = self._encode(inputs)
        found: Float32s = self._session.run([OUTPUT], {INPUT: embeddings})[0]
        return found.reshape(len(inputs))


def of_bundle(bundle: Path, about: Card) -> Cascade | None:
    """Load the second stage of *bundle*; None without one, `ValueError` when it is incomplete."""
    if about.cascade is None:
        return None
    if about.cascade.encoder != sentence_encoder.PACKAGE:
        raise InvalidConfiguration(
            "{bundle}: there is no encoder {encoder}", bundle=bundle, encoder=about.cascade.encoder
        )
    head = SentenceHead(card.read_cascade_head(bundle, about))
    return Cascade(head, ScoreCombiner(about=about.cascade, threshold=about.threshold), PACE)
