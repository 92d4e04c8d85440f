"""Scores links by their text.

Work is bounded: of each link only the first hundreds of characters are read. A batch costs
numpy passes and one run of the graph; batches above `BATCH` are cut, because larger ones no
longer fit the caches. A link's neighbours do not change its score, save for the last bits
of a float.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from classifiers import card
from classifiers.link import features as link_features
from classifiers.link.features import LinkFeatures, LinkFeatureSettings
from classifiers.onnx_model import OnnxModel, Tensor
from classifiers.text.embeddings import NO_ROWS, Embeddings
from fanzha.tables import Float32s

BATCH = 256


class LinkClassifier:
    """Probability that a link leads to phishing, malware or a scam, from its URL alone."""

    def __init__(self, model: OnnxModel) -> None:
        self._model = model
        self._settings = LinkFeatureSettings.from_card(model.card)
        nothing = link_features.of_links([], self._settings)
        self._embeddings = Embeddings.of(model, _inputs(nothing, NO_ROWS))
        self.version = model.version
        self.threshold = model.threshold
        card.check_golden(model.card, self.score(card.golden_texts(model.card, "url")))

    def score(self, urls: Sequence[str]) -> Float32s:
        """Return one probability in [0, 1] per canonical URL; NaN for an empty one."""
        scores = np.full(len(urls), np.nan, np.float32)
        readable = np.fromiter(map(bool, urls), np.bool_, len(urls))
        rows = np.flatnonzero(readable)
        chosen = urls if readable.all() else [url for url in urls if url]
        for start in range(0, len(rows), BATCH):
            part = slice(start, start + BATCH)
            scores[rows[part]] = self._score(chosen[part])
        return scores

    def _score(self, urls: Sequence[str]) -> Float32s:
        features = link_features.of_links(urls, self._settings)
        inputs = _inputs(features, self._embeddings.rows(features.ids))
        return self._model.run(inputs)[0].reshape(len(urls))


def _inputs(features: LinkFeatures, rows: npt.NDArray[np.int8]) -> dict[str, Tensor]:
    return {
        "rows": rows,
        "parts": features.parts,
        "weights": features.weights,
        "shape": features.shape,
    }
