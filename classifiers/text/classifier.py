"""Scores text messages: ham, spam or fraud, from the text alone.

A whole batch is normalised, hashed and scored in one go, by kernels (`classifiers.text.network`),
or by onnxruntime where the graph has another form; batches above `BATCH` are cut, because larger
ones no longer fit the caches. Of a text the first 512 normalised characters count. A
disguised text (`classifiers.text.disguise`) is scored as it is and as it reads; the higher score
of fraud counts. The sender is given to the graph, but a model trained without senders gives it no
weight. Texts whose score is uncertain are escalated to a second stage (`classifiers.escalation`),
where the bundle has one.
"""

import logging
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt

from classifiers import card
from classifiers.cascade import Cascade, in_uncertain_band
from classifiers.escalation import EscalationBudget, Escalations
from classifiers.interfaces import TextScores
from classifiers.onnx_model import OnnxModel, Tensor
from classifiers.text import features, fraud_type_words, network
from classifiers.text.disguise import DisguisedTexts, disguised
from classifiers.text.embeddings import NO_ROWS, Embeddings
from classifiers.text.facts import FactsOf
from classifiers.text.features import NGrams
from classifiers.text.sender_classes import sender_classes
from fanzha.tables import Float32s, Int64s, Texts, Uint8s
from fanzha.text import normalise_all

logger = logging.getLogger(__name__)

BATCH = 512
_SPAM, _FRAUD = 1, 2
REVIEW_ONLY_SHARE = 0.5
"""A text of which more is in languages that are only reviewed is not blocked for its words."""
_REVIEW_ONLY = 2
"""Output of the graph, the share of each text that is in such languages; bundles from 6 on."""
_LEAST = np.float32(1e-30)
_WORD_WEIGHT = np.float32(20)
"""What a word of a kind adds to its logit: words decide, logits only where words do not."""


class TextClassifier:
    """Probabilities of fraud and spam, and the likely kind of fraud over the threshold."""

    def __init__(
        self,
        model: OnnxModel,
        cascade: Cascade | None = None,
        budget: EscalationBudget | None = None,
        *,
        reads_disguises: bool = True,
    ) -> None:
        """Serve a bundle; without a *budget* all uncertain texts reach its second stage.

        *reads_disguises* is false to measure what `classifiers.text.disguise` brings.
        """
        self._model = model
        self._disguised = disguised if reads_disguises else _none_disguised
        self.version = model.version
        self.threshold = model.threshold
        for name, value in features.SETTINGS.items():
            if (made_for := model.card.setting(name, int)) != value:
                raise ValueError(f"text model {model.version}: {name} is {made_for}, not {value}")
        self._bits = _bucket_bits(model)
        self._drops_runs = bool(model.card.inputs.get("drops_runs", False))
        nothing = _inputs(features.ngrams([], self._bits), NO_ROWS, np.zeros(0, np.int64))
        self._embeddings = Embeddings.of(model, nothing)
        self._network = network.read(
            model.tensors,
            self._embeddings.table,
            self._bits,
            drops_runs=self._drops_runs,
            run=self.run_graph,
        )
        if self._network is None:
            logger.warning(
                "onnxruntime runs text model %s: no kernel gives its scores", self.version
            )
        self._escalations = None if cascade is None else Escalations(cascade)
        self._check_golden()
        if cascade is not None and budget is not None:
            self._escalations = Escalations(cascade, budget)

    @property
    def spam_threshold(self) -> float:
        """The score from which a text counts as spam, should a carrier want to block it."""
        return self._model.card.setting("spam_threshold", float)

    def score(self, texts: Texts, facts: FactsOf | None = None) -> TextScores:
        """Score the messages of a table."""
        return self.score_bodies(texts.bodies, texts.senders, facts)

    def score_bodies(
        self,
        bodies: Sequence[str],
        senders: Int64s | None = None,
        facts: FactsOf | None = None,
    ) -> TextScores:
        """Score plain texts; without *senders* they are unknown, as are *facts* without any.

        Facts are asked for uncertain rows only, and count where the second stage looks at them.
        """
        keys = np.zeros(len(bodies), np.int64) if senders is None else senders
        probabilities = np.zeros((len(bodies), 3), np.float32)
        types = np.zeros(len(bodies), np.uint8)
        all_normal: list[str] = []
        disguises: dict[int, int] = {}
        if self._escalations is not None:
            self._escalations.begin_batch(len(bodies))
        for start in range(0, len(bodies), BATCH):
            part = slice(start, start + BATCH)
            normal = normalise_all(bodies[part])
            all_normal += normal
            hidden = self._disguised(bodies[part])
            disguises |= {
                start + row: count for row, count in zip(hidden.rows, hidden.places, strict=True)
            }
            read, found = self._run_readings(normal, hidden, keys[part])
            if self._escalations is not None:
                added = None if facts is None else partial(self._added, facts, keys, start)
                found[0] = escalate(self._escalations, read, found[0], added)
            if len(found) > _REVIEW_ONLY:
                found[0] = capped(found[0], found[_REVIEW_ONLY][:, 0], self.threshold)
            probabilities[part] = found[0]
            types[part] = self._fraud_types(read, found)
        return TextScores(
            p_fraud=probabilities[:, _FRAUD].copy(),
            p_spam=probabilities[:, _SPAM].copy(),
            fraud_types=types,
            normal=all_normal,
            disguises=disguises,
        )

    def _added(self, facts: FactsOf, senders: Int64s, start: int, rows: Int64s) -> Float32s:
        """Return what facts add for *rows* of the part that begins with row *start*."""
        assert self._escalations is not None  # noqa: S101 - asked of uncertain rows only
        places = rows + start
        weights = self._escalations.cascade.about.facts
        return weights.added(facts(places.tolist()), senders[places])

    def log_odds(self, bodies: Sequence[str], senders: Int64s) -> Float32s:
        """Return the log-odds of fraud, which still differ where probabilities round to 0 or 1.

        Those of the fast model alone, without the second stage.
        """
        hidden = self._disguised(bodies)
        return log_odds(self._run_readings(normalise_all(bodies), hidden, senders)[1][0])

    def run_fast(self, normal: Sequence[str], senders: Int64s) -> list[Float32s]:
        """Return what the graph gives for normalised texts: class probabilities first."""
        if self._network is not None:
            return self._network.run(normal, senders)
        return self.run_graph(normal, senders)

    def _run_readings(
        self, normal: list[str], hidden: DisguisedTexts, senders: Int64s
    ) -> tuple[list[str], list[Float32s]]:
        """Return the more fraudulent reading of each text, normalised, and its figures."""
        if not hidden.rows:
            return normal, self.run_fast(normal, senders)
        read = [*normal, *normalise_all(hidden.readings)]
        found = self.run_fast(read, np.concatenate([senders, senders[hidden.rows]]))
        scores, chosen = found[0][:, _FRAUD], np.arange(len(normal))
        readings = np.arange(len(normal), len(read))
        worse = scores[readings] > scores[hidden.rows]
        chosen[np.array(hidden.rows)[worse]] = readings[worse]
        return [read[row] for row in chosen.tolist()], [figures[chosen] for figures in found]

    @property
    def is_compiled(self) -> bool:
        """Whether a kernel runs the fast model."""
        return self._network is not None

    def run_graph(self, normal: Sequence[str], senders: Int64s) -> list[Float32s]:
        """Return what the graph gives for normalised texts, by onnxruntime."""
        grams = features.ngrams(normal, self._bits, drops_runs=self._drops_runs)
        return self._model.run(_inputs(grams, self._embeddings.rows(grams.ids), senders))

    def _check_golden(self) -> None:
        about = self._model.card
        scores = self.score_bodies(card.golden_texts(about, "text")).p_fraud
        if about.cascade is not None and self._escalations is None:
            # Golden scores of uncertain rows are the second stage's; without it they cannot be
            # checked.
            uncertain = in_uncertain_band(about.cascade, self.threshold, scores)
            golden = np.array([row.score for row in about.golden], np.float32)
            scores[uncertain] = golden[uncertain]
        card.check_golden(about, scores)

    def _fraud_types(self, normal: list[str], found: list[Float32s]) -> Uint8s:
        types = np.zeros(len(normal), np.uint8)
        # Few rows of a batch are over the threshold.
        rows = np.flatnonzero(found[0][:, _FRAUD] >= self.threshold)
        if len(rows):
            texts = [normal[row] for row in rows.tolist()]
            # Bundles up to version 2 know no kinds.
            kinds = found[1][rows] if len(found) > 1 else np.zeros((len(rows), 0), np.float32)
            types[rows] = kinds_of(texts, kinds)
        return types


def _bucket_bits(model: OnnxModel) -> int:
    bits = model.card.setting("bucket_bits", int)
    if not features.LEAST_BITS <= bits <= features.MOST_BITS:
        raise ValueError(f"text model {model.version}: bucket_bits is {bits}")
    return bits


def _none_disguised(_texts: Sequence[str]) -> DisguisedTexts:
    return DisguisedTexts([], [], [])


def _inputs(grams: NGrams, rows: npt.NDArray[np.int8], senders: Int64s) -> dict[str, Tensor]:
    return {
        "ngrams": rows,
        "rows": grams.rows,
        "weights": grams.weights,
        "senders": sender_classes(senders),
    }


def log_odds(classes: Float32s) -> Float32s:
    """Return the log-odds of fraud of the probabilities of the classes."""
    against = np.delete(classes, _FRAUD, axis=1).sum(axis=1)
    odds: Float32s = np.log(np.maximum(classes[:, _FRAUD], _LEAST) / np.maximum(against, _LEAST))
    return odds


def escalate(
    escalations: Escalations,
    normal: Sequence[str],
    classes: Float32s,
    added: Callable[[Int64s], Float32s] | None = None,
) -> Float32s:
    """Return class probabilities, those of uncertain texts revised by the second stage.

    *added* returns what else is known of rows, in log odds.
    """
    rows = np.flatnonzero(escalations.cascade.uncertain(classes[:, _FRAUD]))
    if not len(rows):
        return classes
    uncertain = [normal[row] for row in rows.tolist()]
    if escalations.skips(uncertain):
        return classes
    before = classes[rows]
    judged = escalations.scores(
        uncertain, log_odds(before), None if added is None else partial(added, rows)
    )
    after = np.where(np.isnan(judged), before[:, _FRAUD], judged)
    # The other classes keep their proportion.
    share = (1 - after) / (1 - before[:, _FRAUD])
    changed = before * share[:, np.newaxis]
    changed[:, _FRAUD] = after
    whole = classes.copy()
    whole[rows] = changed
    return whole


def capped(classes: Float32s, review_share: Float32s, threshold: float) -> Float32s:
    """Return class probabilities, those of languages that are only reviewed below *threshold*."""
    below = np.nextafter(np.float32(threshold), np.float32(0))
    rows = np.flatnonzero((review_share > REVIEW_ONLY_SHARE) & (classes[:, _FRAUD] > below))
    if not len(rows):
        return classes
    whole = classes.copy()
    before = whole[rows, _FRAUD]
    # The other classes keep their proportion.
    share = (1 - below) / np.maximum(1 - before, _LEAST)
    whole[rows] = np.minimum(whole[rows] * share[:, np.newaxis], 1 - below)
    whole[rows, _FRAUD] = below
    return whole


def kinds_of(normal: Sequence[str], kinds: Float32s) -> Uint8s:
    """Return the likely kind of each fraud, from its words and its logits in *kinds*.

    Without logits (no columns) words decide alone, and may find no kind.
    """
    if not kinds.shape[1]:
        return np.array([fraud_type_words.likely_type(text) for text in normal], np.uint8)
    # A bundle knows the kinds of its day; a later edition of the taxonomy appends some.
    counts = np.array([fraud_type_words.counts(text) for text in normal], np.float32)
    counts = counts.reshape(len(normal), -1)[:, : kinds.shape[1]]
    likely: Uint8s = (kinds + _WORD_WEIGHT * counts)[:, 1:].argmax(axis=1).astype(np.uint8)
    return likely + np.uint8(1)
