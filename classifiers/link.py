"""Scores links by what they look like.

Work is bounded: of each link only the first hundreds of characters are read. A batch costs
numpy passes and one run of the graph; a link's neighbours do not change its score, save
for the last bits of a float.
"""

from collections.abc import Sequence

import numpy as np

from classifiers import card, link_features
from classifiers.link_features import Settings
from classifiers.onnx_model import OnnxModel
from fanzha.tables import Float32s


class LinkClassifier:
    """Probability that a link leads to phishing, malware or a scam, from its URL alone."""

    def __init__(self, model: OnnxModel) -> None:
        self._model = model
        self._settings = Settings.from_card(model.card)
        self.version = model.version
        self.threshold = model.threshold
        card.check_golden(model.card, self.score(card.golden_texts(model.card, "url")))

    def score(self, urls: Sequence[str]) -> Float32s:
        """Return one probability in [0, 1] per canonical URL; NaN for an empty one."""
        readable = np.fromiter(map(bool, urls), np.bool_, len(urls))
        if readable.all() and len(urls):
            return self._score(urls)
        scores = np.full(len(urls), np.nan, np.float32)
        if readable.any():
            scores[readable] = self._score([url for url in urls if url])
        return scores

    def _score(self, urls: Sequence[str]) -> Float32s:
        features = link_features.of_links(urls, self._settings)
        return self._model.run(features._asdict())[0].reshape(len(urls))
