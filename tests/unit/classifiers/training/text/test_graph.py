"""The graph that is served, against the same arithmetic in plain numpy."""

import numpy as np
import onnxruntime as ort
import pytest

from classifiers.text.embeddings import Embeddings
from classifiers.text.features import BUCKET_BITS, ngrams
from classifiers.training.link.calibration import Calibration
from classifiers.training.text import graph as sms_graph
from classifiers.training.text.data import FRAUD, HAM, LANGUAGES, SPAM
from classifiers.training.text.graph import Weights
from classifiers.training.text.scores import (
    HEADS,
    adjusted_classes,
    fraud_odds,
    probabilities,
    review_only,
)
from fanzha.fraud import FraudType
from fanzha.tables import Float32s
from fanzha.text import normalise_all

TEXTS = ["您的积分可兑换现金", "see you at seven", "", "字" * 300, "f r e e"]
CALIBRATION = Calibration(bend=0.01, slope=0.7, offset=0.5)
CAUTION = np.arange(len(LANGUAGES), dtype=np.float32)


@pytest.fixture(scope="module")
def weights() -> Weights:
    chance = np.random.default_rng(3)

    def some(*shape: int) -> Float32s:
        return chance.normal(size=shape, scale=0.3).astype(np.float32)

    table = some(2**BUCKET_BITS, 16)
    table[0] = 0
    heads = sum(HEADS) + len(FraudType)
    return Weights(
        table=table,
        scale=8.0,
        root_scale=0.5,
        peak_scale=0.05,
        hidden=some(48, 64),
        hidden_bias=some(64),
        out=some(64, heads),
        out_bias=some(heads),
        wide=some(16, HEADS[0]),
    )


def served(
    weights: Weights, caution: Float32s, calibration: Calibration = CALIBRATION, sender: int = 0
) -> tuple[Float32s, Float32s]:
    graph = sms_graph.build(weights, caution, calibration).SerializeToString()
    session = ort.InferenceSession(graph, providers=["CPUExecutionProvider"])
    grams = ngrams(normalise_all(TEXTS))
    senders = np.full(len(TEXTS), sender)
    inputs = {
        "ngrams": Embeddings(sms_graph.table(graph)).rows(grams.ids),
        "rows": grams.rows,
        "weights": grams.weights,
        "senders": senders,
    }
    classes, kinds = session.run(["probabilities", "kinds"], inputs)
    return classes, kinds


def logits(weights: Weights) -> Float32s:
    rows = []
    for text in normalise_all(TEXTS):
        grams = ngrams([text])
        sums = weights.table[grams.ids].sum(axis=1)
        mean = sums.sum(axis=0) * grams.weights[0] * weights.scale
        root = sums.sum(axis=0) * np.sqrt(grams.weights[0])
        peaks = sums.max(axis=0) * weights.peak_scale
        pooled = np.concatenate([mean, root * weights.root_scale, peaks])
        hidden = np.maximum(pooled @ weights.hidden + weights.hidden_bias, 0)
        row = hidden @ weights.out + weights.out_bias
        row[: HEADS[0]] += root @ weights.wide
        rows.append(row)
    return np.array(rows, np.float32)


def test_the_graph_agrees_with_plain_arithmetic(weights: Weights) -> None:
    found = logits(weights)

    classes, kinds = served(weights, CAUTION)

    assert np.allclose(
        classes, probabilities(adjusted_classes(found, CAUTION), CALIBRATION), atol=0.02
    )
    assert np.allclose(kinds, found[:, sum(HEADS) :], atol=0.1)


def test_caution_raises_ham_and_keeps_the_rest_in_proportion(weights: Weights) -> None:
    careless, careful_ = (
        served(weights, caution, Calibration())[0] for caution in (CAUTION * 0, CAUTION * 0 + 2)
    )

    assert (careful_[:, HAM] > careless[:, HAM]).all()
    assert np.allclose(
        careful_[:, FRAUD] / careful_[:, SPAM], careless[:, FRAUD] / careless[:, SPAM], rtol=1e-3
    )


def test_calibration_keeps_ham_and_spam_in_proportion(weights: Weights) -> None:
    plain, calibrated = (
        served(weights, CAUTION, calibration)[0] for calibration in (Calibration(), CALIBRATION)
    )

    assert not np.allclose(plain[:, FRAUD], calibrated[:, FRAUD], atol=0.01)
    assert np.allclose(
        plain[:, HAM] / plain[:, SPAM], calibrated[:, HAM] / calibrated[:, SPAM], rtol=1e-3
    )


def test_the_share_in_languages_that_are_only_reviewed_is_that_of_the_head(
    weights: Weights,
) -> None:
    languages = np.array([False, True, False, False, True])
    graph = sms_graph.build(weights, CAUTION, CALIBRATION, languages).SerializeToString()
    session = ort.InferenceSession(graph, providers=["CPUExecutionProvider"])
    grams = ngrams(normalise_all(TEXTS))

    (share,) = session.run(
        ["review_only"],
        {
            "ngrams": Embeddings(sms_graph.table(graph)).rows(grams.ids),
            "rows": grams.rows,
            "weights": grams.weights,
            "senders": np.zeros(len(TEXTS), np.int64),
        },
    )

    of_languages = logits(weights)[:, HEADS[0] : sum(HEADS)]
    powers = np.exp(of_languages)
    assert np.allclose(
        share[:, 0], powers[:, languages].sum(axis=1) / powers.sum(axis=1), atol=0.02
    )
    assert review_only(logits(weights), np.ones(5, np.bool_)).all()
    assert not review_only(logits(weights), np.zeros(5, np.bool_)).any()


def test_senders_have_no_weight(weights: Weights) -> None:
    assert np.array_equal(served(weights, CAUTION, sender=3)[0], served(weights, CAUTION)[0])


def test_the_odds_are_those_of_the_probability(weights: Weights) -> None:
    classes = logits(weights)[:, : HEADS[0]]

    p_fraud = probabilities(classes)[:, FRAUD]

    assert np.allclose(fraud_odds(classes), np.log(p_fraud / (1 - p_fraud)), atol=1e-3)
