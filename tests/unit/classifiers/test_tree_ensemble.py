"""Boosted trees that a kernel runs, held against onnxruntime."""

from collections.abc import Callable
from functools import cache
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
import pytest

from classifiers import bundles, card, graph_table, tree_ensemble
from classifiers.link.url_trees import INPUT, OUTPUT, STATISTICS, UrlTrees
from classifiers.training.link import trees
from classifiers.tree_ensemble import TreeEnsemble
from fanzha.tables import Float32s
from tests.support.link_cascades import NODE, GrownTree, GrownTrees, a_head
from tests.support.link_cascades import STATISTICS as SOME

INPUTS = 5


def some_nodes(chance: Random, depth: int) -> npt.NDArray[np.void]:
    """Make a tree that is deep here and shallow there, with thresholds that rows meet exactly."""
    nodes: list[tuple[float, int, float, int, int, int]] = []

    def grow(left: int) -> int:
        place = len(nodes)
        nodes.append((chance.uniform(-1, 1), 0, 0.0, 0, 0, 1))
        if left and chance.random() < 0.8:
            feature, threshold = chance.randrange(INPUTS), chance.randrange(-4, 5) / 2
            nodes[place] = (0.0, feature, threshold, grow(left - 1), grow(left - 1), 0)
        return place

    grow(depth)
    return np.array(nodes, NODE)


def a_graph(chance: Random, count: int) -> bytes:
    grown = GrownTrees([], (0.0, 0.0))
    grown.n_features_in_ = INPUTS
    grown._predictors = [[GrownTree(some_nodes(chance, 6))] for _ in range(count)]  # noqa: SLF001
    found = graph_table.take_metadata(trees.graph(grown, SOME), STATISTICS)
    assert found is not None
    return found[0]


@cache
def one_graph() -> bytes:
    return a_graph(Random(3), 7)


def by_graph(graph: bytes) -> Callable[[Float32s], Float32s]:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1  # several add up in another order
    session = ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    return lambda rows: session.run([OUTPUT], {INPUT: rows})[0].reshape(len(rows))


def some_rows(chance: Random, count: int) -> Float32s:
    values = [*(number / 2 for number in range(-5, 6)), 0.25, -0.0, np.inf, -np.inf, np.nan]
    chosen = chance.choices(values, k=count * INPUTS)
    return np.array(chosen, np.float32).reshape(count, INPUTS)


def changed(**attributes: Any) -> bytes:
    """Return `one_graph` with other attributes."""
    model = onnx.load_model_from_string(one_graph())
    node = model.graph.node[0]
    kept = [one for one in node.attribute if one.name not in attributes]
    del node.attribute[:]
    node.attribute.extend(kept)
    node.attribute.extend(onnx.helper.make_attribute(*one) for one in attributes.items())
    made: bytes = model.SerializeToString(deterministic=True)
    return made


@pytest.mark.parametrize("count", [1, 19, 20, 21, 60])
def test_trees_give_what_onnxruntime_gives_bit_by_bit(count: int) -> None:
    chance = Random(count)
    graph, rows = a_graph(chance, count), some_rows(chance, 300)

    trees_read = TreeEnsemble(graph, INPUTS)

    assert trees_read.predict_rows(rows).tobytes() == by_graph(graph)(rows).tobytes()
    assert trees_read.predict_rows(rows[:0]).shape == (0,)
    by_column = np.asfortranarray(rows)
    assert trees_read.predict_rows(by_column).tobytes() == trees_read.predict_rows(rows).tobytes()


@pytest.mark.parametrize("version", bundles.versions(None, "url"))
def test_a_kernel_runs_the_trees_of_each_shipped_bundle(version: str) -> None:
    bundle = bundles.folder(None, "url", version)
    about = card.read(bundle)
    assert about.cascade is not None

    second = UrlTrees(card.read_cascade_head(bundle, about), about.cascade.encoder_version)

    assert second.is_compiled


def test_trees_that_give_other_scores_are_left_to_onnxruntime() -> None:
    graph = one_graph()
    right = by_graph(graph)

    assert tree_ensemble.read(graph, INPUTS, right) is not None
    assert tree_ensemble.read(graph, INPUTS, lambda rows: right(rows) + np.float32(0.01)) is None


@pytest.mark.parametrize(
    "attributes",
    [
        {"aggregate_function": "AVERAGE"},
        {"post_transform": "LOGISTIC"},
        {"n_targets": 2},
        {"nodes_hitrates": [1.0]},
        {"base_values": [0.5, 0.5]},
        {"nodes_modes": ["BRANCH_LT"]},
        {"nodes_treeids": [0, 0, 1]},
        {"target_weights": [1.0]},
    ],
)
def test_a_graph_of_another_form_is_none(attributes: dict[str, Any]) -> None:
    assert tree_ensemble.read(changed(**attributes), INPUTS, _not_asked) is None


@pytest.mark.parametrize("name", ["nodes_truenodeids", "nodes_falsenodeids", "nodes_nodeids"])
def test_nodes_that_lead_in_a_circle_or_nowhere_are_refused(name: str) -> None:
    model = onnx.load_model_from_string(one_graph())
    kept = next(one for one in model.graph.node[0].attribute if one.name == name)

    for wrong in {0, 1, 2, 90, 5000} - {kept.ints[0]}:
        ids = [wrong, *kept.ints[1:]]
        assert tree_ensemble.read(changed(**{name: ids}), INPUTS, _not_asked) is None


def test_a_damaged_graph_is_refused_or_walked_to_its_end() -> None:
    chance, graph, read = Random(5), one_graph(), 0
    rows = some_rows(chance, 8)

    for _ in range(1000):
        damaged = bytearray(graph)
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        try:
            found = TreeEnsemble(bytes(damaged), INPUTS)
        except (KeyError, ValueError, IndexError):
            continue
        read += 1
        assert found.predict_rows(rows).shape == (8,)

    assert 0 < read < 1000


def test_more_inputs_than_rows_have_are_refused() -> None:
    found = TreeEnsemble(one_graph(), INPUTS)

    with pytest.raises(ValueError, match="rows of 4 numbers"):
        found.predict_rows(np.zeros((1, INPUTS - 1), np.float32))
    with pytest.raises(ValueError, match="no trees"):
        TreeEnsemble(one_graph(), 2)


def test_a_second_stage_of_another_form_is_run_by_onnxruntime(
    caplog: pytest.LogCaptureFixture,
) -> None:
    model = onnx.load_model_from_string(a_head())
    model.graph.node[0].attribute.append(onnx.helper.make_attribute("nodes_hitrates", [1.0] * 6))
    urls, fast = ["http://bank.example/a/b/c", "http://bank.example/a"], np.zeros(2, np.float32)

    compiled, other = UrlTrees(a_head()), UrlTrees(model.SerializeToString())

    assert compiled.is_compiled
    assert not other.is_compiled
    assert "no kernel gives its scores" in caplog.text
    assert other.log_odds(urls, fast).tolist() == compiled.log_odds(urls, fast).tolist()


def _not_asked(_rows: Float32s) -> Float32s:
    raise AssertionError("a graph of another form was run")
