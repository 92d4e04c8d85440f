"""The kernel that scores texts says what the graph says, or is not used."""

import random
from collections.abc import Sequence

import numpy as np
import pytest

from classifiers import bundles
from classifiers.text import network
from classifiers.text.classifier import TextClassifier
from classifiers.text.features import LEAST_BITS
from classifiers.text.network import CompiledTextNetwork
from fanzha.phone import FIRST_SENDER
from fanzha.tables import Float32s, Int64s

LETTERS = "的款包裹银行账户点击领取abcdei 1$\ue000\ue005\U00020000\x00\ud800"
SENDERS = (0, 8617000000000, 12025550123, -1069012345, FIRST_SENDER)


@pytest.fixture(scope="module", params=bundles.versions(None, "sms"))
def model(request: pytest.FixtureRequest) -> TextClassifier:
    return bundles.load_first_stage(version=request.param)


@pytest.fixture(scope="module")
def tensors() -> dict[str, Float32s]:
    """Tensors of a small graph of the usual form."""
    chance = np.random.default_rng(1)
    shapes = {
        "sender_table": (10, 4),
        "hidden_weights": (52, 8),
        "hidden_bias": (8,),
        "out_weights": (8, 9),
        "out_bias": (9,),
        "wide_weights": (16, 9),
        "caution": (4, 3),
        "review_languages": (4, 1),
        **dict.fromkeys(("bend", "slope", "offset"), (1,)),
    }
    return {name: chance.random(shape).astype(np.float32) for name, shape in shapes.items()}


@pytest.fixture(scope="module")
def embeddings() -> np.ndarray:
    table = np.random.default_rng(2).integers(-127, 127, (2**LEAST_BITS, 16)).astype(np.int8)
    table[0] = 0
    return table


def test_shipped_models_are_run_by_the_kernel(model: TextClassifier) -> None:
    assert model.is_compiled


def test_any_number_of_texts_scores_as_by_the_graph(model: TextClassifier) -> None:
    chance = random.Random(5)
    for count in (1, 15, 16, 17, 70):
        texts = [
            "".join(chance.choices(LETTERS, k=chance.choice((0, 1, 32, 70, 600))))
            for _ in range(count)
        ]
        senders = np.array(chance.choices(SENDERS, k=count), np.int64)

        by_kernel, by_graph = model.run_fast(texts, senders), model.run_graph(texts, senders)

        for found, expected in zip(by_kernel, by_graph, strict=True):
            assert found.shape == expected.shape
            assert np.abs(found - expected).max() < 1e-4


def test_no_texts_have_no_scores(model: TextClassifier) -> None:
    assert [len(one) for one in model.run_fast([], np.zeros(0, np.int64))][:2] == [0, 0]


def test_a_graph_that_gives_other_scores_is_not_replaced(
    tensors: dict[str, Float32s], embeddings: np.ndarray
) -> None:
    compiled = CompiledTextNetwork(tensors, embeddings, LEAST_BITS, drops_runs=True)

    def other(texts: Sequence[str], senders: Int64s) -> list[Float32s]:
        classes, kinds, review = compiled.run(texts, senders)
        return [classes, kinds, review + np.float32(0.01)]

    for run, expected in ((compiled.run, True), (other, False)):
        found = network.read(tensors, embeddings, LEAST_BITS, drops_runs=True, run=run)
        assert (found is not None) is expected


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("sender_table", (9, 4)),
        ("hidden_weights", (51, 8)),
        ("out_weights", (8, 10)),
        ("wide_weights", (15, 9)),
        ("caution", (6, 3)),
        ("review_languages", (5, 1)),
        ("out_bias", (8,)),
        ("bend", (2,)),
        ("hidden_bias", None),
    ],
)
def test_a_graph_of_another_form_is_not_read(
    tensors: dict[str, Float32s], embeddings: np.ndarray, name: str, shape: tuple[int, ...] | None
) -> None:
    changed = {key: one for key, one in tensors.items() if key != name}
    if shape is not None:
        changed[name] = np.zeros(shape, np.float32)

    found = network.read(changed, embeddings, LEAST_BITS, drops_runs=True, run=_never)

    assert found is None


def test_embeddings_of_another_number_of_buckets_are_not_read_beyond(
    tensors: dict[str, Float32s], embeddings: np.ndarray
) -> None:
    bits = LEAST_BITS + 1

    assert network.read(tensors, embeddings, bits, drops_runs=True, run=_never) is None


def _never(_texts: Sequence[str], _senders: Int64s) -> list[Float32s]:
    raise AssertionError("nothing to compare")
