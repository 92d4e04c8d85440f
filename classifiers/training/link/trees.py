"""Boosted trees of the second stage of links: their training, and their ONNX graph.

scikit-learn's histogram boosting fits them. The graph gives the same log-odds: thresholds are
rounded down to float32, so a float32 column takes the same branch in both.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper

from classifiers.link import url_statistics
from classifiers.link.url_statistics import UrlStatistics
from classifiers.link.url_trees import INPUT, OUTPUT, STATISTICS
from fanzha.tables import Bools, Float32s

ROUNDS = 140
LEAVES = 47
LEARNING_RATE = 0.12
LEAST_ROWS = 60
"""Of a leaf."""
COLUMNS_TRIED = 0.4
"""Share of the columns at each split."""
_ML_OPSET = 3


class TreeSettings(NamedTuple):
    """How trees are grown."""

    rounds: int = ROUNDS
    leaves: int = LEAVES
    seed: int = 0


def fit(columns: Float32s, malicious: Bools, weights: Float32s, settings: TreeSettings) -> Any:
    """Grow trees; returns scikit-learn's classifier."""
    from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: PLC0415 - of an extra

    trees = HistGradientBoostingClassifier(
        max_iter=settings.rounds,
        learning_rate=LEARNING_RATE,
        max_leaf_nodes=settings.leaves,
        min_samples_leaf=LEAST_ROWS,
        l2_regularization=5.0,
        max_bins=127,
        max_features=COLUMNS_TRIED,
        early_stopping=False,
        random_state=settings.seed,
    )
    return trees.fit(columns, malicious, sample_weight=weights)


def graph(trees: Any, statistics: UrlStatistics) -> bytes:
    """Write *trees* as an ONNX graph, with the statistics their columns are made with."""
    nodes = [one for step in trees._predictors for one in step]  # noqa: SLF001 - no public form
    width = int(trees.n_features_in_)
    base = float(np.asarray(trees._baseline_prediction).ravel()[0])  # noqa: SLF001
    node = helper.make_node(
        "TreeEnsembleRegressor",
        [INPUT],
        [OUTPUT],
        domain="ai.onnx.ml",
        n_targets=1,
        aggregate_function="SUM",
        post_transform="NONE",
        base_values=[base],
        **_attributes([one.nodes for one in nodes]),
    )
    made = helper.make_model(
        helper.make_graph(
            [node],
            "second",
            [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["links", width])],
            [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["links", 1])],
        ),
        opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", _ML_OPSET)],
        ir_version=9,
    )
    helper.set_model_props(made, {STATISTICS: url_statistics.dump(statistics)})
    onnx.checker.check_model(made)
    content: bytes = made.SerializeToString(deterministic=True)
    return content


def _attributes(trees: Sequence[npt.NDArray[Any]]) -> dict[str, Any]:
    sizes = [len(tree) for tree in trees]
    whole = np.concatenate(trees)
    leaf = whole["is_leaf"].astype(np.bool_)
    tree_ids = np.repeat(np.arange(len(trees)), sizes)
    node_ids = np.concatenate([np.arange(size) for size in sizes])
    return {
        "nodes_treeids": tree_ids.tolist(),
        "nodes_nodeids": node_ids.tolist(),
        "nodes_featureids": np.where(leaf, 0, whole["feature_idx"]).tolist(),
        "nodes_values": np.where(leaf, 0, _float32_below(whole["num_threshold"])).tolist(),
        "nodes_modes": ["LEAF" if one else "BRANCH_LEQ" for one in leaf.tolist()],
        "nodes_truenodeids": np.where(leaf, 0, whole["left"]).tolist(),
        "nodes_falsenodeids": np.where(leaf, 0, whole["right"]).tolist(),
        "target_treeids": tree_ids[leaf].tolist(),
        "target_nodeids": node_ids[leaf].tolist(),
        "target_ids": np.zeros(int(leaf.sum()), np.int64).tolist(),
        "target_weights": whole["value"][leaf].astype(np.float32).tolist(),
    }


def _float32_below(values: npt.NDArray[np.float64]) -> Float32s:
    """Return the largest float32 that is not above each value."""
    near = values.astype(np.float32)
    lower: Float32s = np.where(near > values, np.nextafter(near, np.float32(-np.inf)), near)
    return lower
