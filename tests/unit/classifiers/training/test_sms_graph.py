"""The graph that is served, against the same arithmetic in plain numpy."""

import numpy as np
import onnxruntime as ort
import pytest

from classifiers.text_features import BUCKET_BITS, ngrams
from classifiers.training import sms_graph
from classifiers.training.sms_data import CLASSES, FRAUD, HAM, LANGUAGES, SPAM
from classifiers.training.sms_graph import Weights
from classifiers.training.sms_scores import fraud_margins, probabilities
from fanzha.tables import Float32s
from fanzha.text import normalise_all

TEXTS = ["您的积分可兑换现金", "see you at seven", "", "字" * 300, "f r e e"]
CAUTION = np.arange(len(LANGUAGES), dtype=np.float32)


@pytest.fixture(scope="module")
def weights() -> Weights:
    chance = np.random.default_rng(3)

    def some(*shape: int) -> Float32s:
        return chance.normal(size=shape, scale=0.3).astype(np.float32)

    table = some(2**BUCKET_BITS, 16)
    table[0] = 0
    heads = len(CLASSES) + len(LANGUAGES)
    return Weights(
        table=table,
        scale=8.0,
        hidden=some(16, 64),
        hidden_bias=some(64),
        out=some(64, heads),
        out_bias=some(heads),
    )


def served(weights: Weights, caution: Float32s, sender: int = 0) -> Float32s:
    graph = sms_graph.build(weights, caution).SerializeToString()
    session = ort.InferenceSession(graph, providers=["CPUExecutionProvider"])
    grams = ngrams(normalise_all(TEXTS))
    senders = np.full(len(TEXTS), sender)
    inputs = {"ids": grams.ids, "rows": grams.rows, "weights": grams.weights, "senders": senders}
    found: Float32s = session.run(None, inputs)[0]
    return found


def logits(weights: Weights) -> Float32s:
    rows = []
    for text in normalise_all(TEXTS):
        grams = ngrams([text])
        mean = weights.table[grams.ids.ravel()].sum(axis=0) * grams.weights[0]
        hidden = np.maximum(mean * weights.scale @ weights.hidden + weights.hidden_bias, 0)
        rows.append(hidden @ weights.out + weights.out_bias)
    return np.array(rows, np.float32)


def test_the_graph_agrees_with_plain_arithmetic(weights: Weights) -> None:
    expected = probabilities(logits(weights), CAUTION)

    assert np.allclose(served(weights, CAUTION), expected, atol=0.005)


def test_caution_lowers_fraud_and_keeps_the_rest_in_proportion(weights: Weights) -> None:
    careless, careful = served(weights, CAUTION * 0), served(weights, CAUTION + 2)

    assert (careful[:, FRAUD] < careless[:, FRAUD]).all()
    assert np.allclose(
        careful[:, HAM] / careful[:, SPAM], careless[:, HAM] / careless[:, SPAM], rtol=1e-3
    )


def test_senders_have_no_weight(weights: Weights) -> None:
    assert np.array_equal(served(weights, CAUTION, sender=3), served(weights, CAUTION))


def test_the_margin_is_the_logit_of_fraud(weights: Weights) -> None:
    found = logits(weights)

    p_fraud = probabilities(found, CAUTION * 0)[:, FRAUD]

    assert np.allclose(fraud_margins(found), np.log(p_fraud / (1 - p_fraud)), atol=1e-3)
