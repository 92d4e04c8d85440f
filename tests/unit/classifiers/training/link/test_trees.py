"""The graph of boosted trees scores as scikit-learn's trees do."""

import numpy as np
import onnxruntime as ort
import pytest

from classifiers.link import url_columns, url_statistics
from classifiers.link.url_trees import INPUT, OUTPUT, STATISTICS
from classifiers.training.link import trees
from classifiers.training.link.trees import TreeSettings
from fanzha.tables import Float32s
from tests.support.link_cascades import STATISTICS as SOME
from tests.support.link_cascades import GrownTrees

WIDTH = 1 + len(url_columns.NAMES)


def run(graph: bytes, rows: Float32s) -> Float32s:
    session = ort.InferenceSession(graph, providers=["CPUExecutionProvider"])
    found: Float32s = session.run([OUTPUT], {INPUT: rows})[0]
    return found.reshape(len(rows))


def test_trees_add_up_with_their_baseline() -> None:
    grown = GrownTrees([(0, 1.0), (3, -2.0)], (-1.0, 2.0))
    rows = np.zeros((4, WIDTH), np.float32)
    rows[:, 0], rows[:, 3] = [0, 2, 0, 2], [-3, -3, 0, 0]

    assert run(trees.graph(grown, SOME), rows).tolist() == [-1.5, 1.5, 1.5, 4.5]


def test_a_column_takes_the_branch_that_float64_takes() -> None:
    # The nearest float32 to a tenth is above it: compared as float32, the column would go left.
    tenth = np.float32(0.1)
    assert float(tenth) > 0.1
    rows = np.zeros((2, WIDTH), np.float32)
    rows[:, 0] = [tenth, np.nextafter(tenth, np.float32(0))]

    found = run(trees.graph(GrownTrees([(0, 0.1)], (-1.0, 1.0)), SOME), rows)

    assert found.tolist() == [1.5, -0.5]


def test_the_statistics_lie_in_the_graph() -> None:
    session = ort.InferenceSession(
        trees.graph(GrownTrees([(0, 0.0)], (0.0, 1.0)), SOME), providers=["CPUExecutionProvider"]
    )

    text = session.get_modelmeta().custom_metadata_map[STATISTICS]

    assert url_statistics.parse(text) == SOME


def test_the_graph_of_grown_trees_gives_their_log_odds() -> None:
    pytest.importorskip("sklearn", reason="the extra train is not installed")
    chance = np.random.default_rng(1)
    rows = chance.normal(size=(3000, WIDTH)).astype(np.float32)
    malicious = rows[:, 0] + rows[:, 1] * rows[:, 2] > 0
    grown = trees.fit(rows, malicious, np.ones(3000, np.float32), TreeSettings(rounds=5))

    found = run(trees.graph(grown, SOME), rows)

    assert found == pytest.approx(grown.decision_function(rows), abs=1e-5)
