"""Scores links by what they look like.

Work is bounded: of each link only the first hundreds of characters are read. A batch costs
numpy passes and one run of the graph; batches above `BATCH` are cut, because larger ones no
longer fit the caches. A link's neighbours do not change its score, save for the last bits
of a float.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from classifiers import card, link_features
from classifiers.link_features import LinkFeatures, Settings
from classifiers.onnx_model import OnnxModel, Tensor
from fanzha.tables import Float32s

BATCH = 256
ROW_BYTES = 16
"""Of the model's table of n-grams."""

_NO_ROWS = np.zeros((0, 0, ROW_BYTES), np.int8)


class LinkClassifier:
    """Probability that a link leads to phishing, malware or a scam, from its URL alone."""

    def __init__(self, model: OnnxModel) -> None:
        self._model = model
        self._settings = Settings.from_card(model.card)
        nothing = link_features.of_links([], self._settings)
        self._table = _rows_as_numbers(model.constant(_inputs(nothing, _NO_ROWS)))
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
        rows = self._table.take(features.ids.astype(np.int64)).view(np.int8)
        inputs = _inputs(features, rows.reshape(*features.ids.shape, ROW_BYTES))
        return self._model.run(inputs)[0].reshape(len(urls))


def _inputs(features: LinkFeatures, rows: npt.NDArray[np.int8]) -> dict[str, Tensor]:
    return {
        "rows": rows,
        "parts": features.parts,
        "weights": features.weights,
        "shape": features.shape,
    }


def _rows_as_numbers(table: npt.NDArray[np.int8]) -> npt.NDArray[np.complex128]:
    """Make one number of each row: numpy copies numbers faster than rows."""
    if table.shape[1] != ROW_BYTES:
        raise ValueError(f"rows of {table.shape[1]} bytes, where {ROW_BYTES} are wanted")
    return np.ascontiguousarray(table).view(np.complex128)[:, 0]
