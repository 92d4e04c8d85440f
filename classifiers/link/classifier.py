"""Scores links by their text, uncertain ones twice where the bundle has a second stage.

Work is bounded: of each link only the first hundreds of characters are read. The fast model is run
by a kernel (`classifiers.link.network`), or by onnxruntime where its graph has another form.
Batches above `BATCH` are cut, because larger ones no longer fit the caches. A link's neighbours do
not change its score, save for the last bits of a float.
"""

import logging
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from classifiers import card
from classifiers.cascade import Cascade, in_uncertain_band
from classifiers.escalation import EscalationBudget, Escalations
from classifiers.link import features as link_features
from classifiers.link import network
from classifiers.link.features import LinkFeatures, LinkFeatureSettings
from classifiers.onnx_model import OnnxModel, Tensor
from classifiers.text.embeddings import NO_ROWS, Embeddings
from fanzha.tables import Bools, Float32s

logger = logging.getLogger(__name__)

BATCH = 256
_LEAST = np.float32(1e-7)
"""From 0 and from 1, so that log-odds are finite."""


class LinkClassifier:
    """Probability that a link leads to phishing, malware or a scam, from its URL alone."""

    def __init__(
        self,
        model: OnnxModel,
        cascade: Cascade | None = None,
        budget: EscalationBudget | None = None,
    ) -> None:
        """Serve a bundle; without a *budget* all uncertain links reach its second stage."""
        self._model = model
        self._escalations = None if cascade is None else Escalations(cascade)
        self._settings = LinkFeatureSettings.from_card(model.card)
        nothing = link_features.of_links([], self._settings)
        self._embeddings = Embeddings.of(model, _inputs(nothing, NO_ROWS))
        self.version = model.version
        self.threshold = model.threshold
        self._network = network.read(
            model.tensors, self._embeddings.table, self._settings, self.scores_by_graph
        )
        if self._network is None:
            logger.warning(
                "onnxruntime runs link model %s: no kernel gives its scores", self.version
            )
        self._check_golden()
        if cascade is not None and budget is not None:
            self._escalations = Escalations(cascade, budget)

    def score(self, urls: Sequence[str]) -> Float32s:
        """Return one probability in [0, 1] per canonical URL; NaN for an empty one."""
        scores = np.full(len(urls), np.nan, np.float32)
        readable = np.fromiter(map(bool, urls), np.bool_, len(urls))
        rows = np.flatnonzero(readable)
        chosen = urls if readable.all() else [url for url in urls if url]
        if self._escalations is not None:
            self._escalations.begin_batch(len(rows))
        for start in range(0, len(rows), BATCH):
            part = slice(start, start + BATCH)
            fast = self.fast_scores(chosen[part])
            if self._escalations is not None:
                fast = _escalated(self._escalations, chosen[part], fast)
            scores[rows[part]] = fast
        return scores

    def fast_scores(self, urls: Sequence[str]) -> Float32s:
        """Return the scores of the fast model alone; no URL may be empty."""
        if self._network is not None:
            return self._network.scores(urls)
        return self.scores_by_graph(urls)

    @property
    def is_compiled(self) -> bool:
        """Whether a kernel runs the fast model."""
        return self._network is not None

    def scores_by_graph(self, urls: Sequence[str]) -> Float32s:
        """Return what `fast_scores` does, by onnxruntime."""
        features = link_features.of_links(urls, self._settings)
        inputs = _inputs(features, self._embeddings.rows(features.ids))
        return self._model.run(inputs)[0].reshape(len(urls))

    def uncertain(self, fast: Float32s) -> Bools:
        """Return a mask of the fast scores that are escalated as far as the budget goes."""
        if self._escalations is None:
            return np.zeros(len(fast), np.bool_)
        return self._escalations.cascade.uncertain(fast)

    def _check_golden(self) -> None:
        about = self._model.card
        scores = self.score(card.golden_texts(about, "url"))
        if about.cascade is not None and self._escalations is None:
            # Golden scores of uncertain rows are the second stage's, which is not here.
            uncertain = in_uncertain_band(about.cascade, self.threshold, scores)
            golden = np.array([row.score for row in about.golden], np.float32)
            scores[uncertain] = golden[uncertain]
        card.check_golden(about, scores)


def log_odds(scores: Float32s) -> Float32s:
    """Return the log-odds of probabilities, finite ones."""
    # Of few rows `np.clip` takes several times as long.
    sure = np.minimum(np.maximum(scores, _LEAST), 1 - _LEAST)
    odds: Float32s = np.log(sure / (1 - sure))
    return odds


def _escalated(escalations: Escalations, urls: Sequence[str], fast: Float32s) -> Float32s:
    """Return *fast*, the scores of uncertain links revised by the second stage."""
    rows = np.flatnonzero(escalations.cascade.uncertain(fast))
    if not len(rows):
        return fast
    uncertain = [urls[row] for row in rows.tolist()]
    if escalations.skips(uncertain):
        return fast
    before = fast[rows]
    judged = escalations.scores(uncertain, log_odds(before))
    after = fast.copy()
    after[rows] = np.where(np.isnan(judged), before, judged)
    return after


def _inputs(features: LinkFeatures, rows: npt.NDArray[np.int8]) -> dict[str, Tensor]:
    return {
        "rows": rows,
        "parts": features.parts,
        "weights": features.weights,
        "shape": features.shape,
    }
