"""The kernel that scores links says what the graph says, or is not used."""

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from classifiers import bundles
from classifiers.link import network
from classifiers.link.classifier import LinkClassifier
from classifiers.link.features import LinkFeatureSettings
from classifiers.onnx_model import OnnxModel
from fanzha.tables import Float32s
from tests.support import link_oracle

VERSIONS = bundles.versions(None, "url")


@pytest.fixture(scope="module", params=VERSIONS)
def bundle(request: pytest.FixtureRequest) -> Path:
    return bundles.folder(None, "url", request.param)


def test_shipped_models_are_run_by_the_kernel(bundle: Path) -> None:
    assert LinkClassifier(OnnxModel(bundle)).is_compiled


def test_any_number_of_links_scores_as_by_the_graph(bundle: Path) -> None:
    model = LinkClassifier(OnnxModel(bundle))
    chance = np.random.default_rng(5)
    seeded = random.Random(5)
    for count in (1, 2, 15, 16, 17, 64, *chance.integers(1, 100, 3).tolist()):
        urls = [link_oracle.a_url(seeded) or "http://a.test/" for _ in range(count)]

        by_kernel, by_graph = model.fast_scores(urls), model.scores_by_graph(urls)

        assert by_kernel.tolist() == pytest.approx(by_graph.tolist(), abs=1e-5)


def test_a_graph_that_gives_other_scores_is_not_replaced(bundle: Path) -> None:
    model = OnnxModel(bundle)
    settings = LinkFeatureSettings.from_card(model.card)
    embeddings = np.zeros((2**settings.bits, 16), np.int8)

    def other(urls: Sequence[str]) -> Float32s:
        return np.full(len(urls), 0.25, np.float32)

    assert network.read(model.tensors, embeddings, settings, other) is None


@pytest.mark.parametrize("missing", ["weight_1", "bias_2", "bend"])
def test_a_graph_of_another_form_is_not_replaced(missing: str) -> None:
    model = OnnxModel(bundles.newest(bundles.SHIPPED, "url"))
    settings = LinkFeatureSettings.from_card(model.card)
    embeddings = np.zeros((2**settings.bits, 16), np.int8)
    tensors = {name: one for name, one in model.tensors.items() if name != missing}

    assert network.read(tensors, embeddings, settings, _never) is None


def test_embeddings_of_another_number_of_buckets_are_not_read_beyond() -> None:
    model = OnnxModel(bundles.newest(bundles.SHIPPED, "url"))
    settings = LinkFeatureSettings.from_card(model.card)
    table = np.zeros((2 ** (settings.bits - 1), 16), np.int8)

    assert network.read(model.tensors, table, settings, _never) is None


def _never(_urls: Sequence[str]) -> Float32s:
    raise AssertionError("nothing to compare")
