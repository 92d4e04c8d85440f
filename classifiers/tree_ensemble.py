"""Runs boosted trees without onnxruntime, by `kernels/trees.c`.

The trees are read from the graph that our training writes (`classifiers.training.link.trees`), and
the kernel is held against the graph itself, each time a model is loaded, on rows that are made here
at and beside the thresholds. A graph of another form, or that gives other scores, is run by
onnxruntime.
"""

import ctypes
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from classifiers import graph_table
from fanzha import kernels
from fanzha.tables import Bools, Float32s, Int64s

Attributes: TypeAlias = Mapping[str, Any]
"""Of the only node of a graph: numbers as arrays, modes as a mask of the leaves."""

_SIDE_BY_SIDE, _MOST_INPUTS, _MOST_NODES = 20, 256, 2**16 - 2
"""Limits of the kernel."""
_NODE = np.dtype([("threshold", np.float32), ("input", np.uint16), ("first", np.uint16)])
_INTS_TAG, _FLOATS_TAG, _MARK = 0x40, 0x3D, b"J"
"""Before each number, and before each text of a list, as onnx writes them (AttributeProto)."""
_FORM = {
    "aggregate_function": b'"\x03SUM',
    "post_transform": b'"\x04NONE',
    "n_targets": b"\x18\x01",
}
_INTS = (
    *("nodes_treeids", "nodes_nodeids", "nodes_featureids", "nodes_truenodeids"),
    *("nodes_falsenodeids", "target_ids", "target_nodeids", "target_treeids"),
)
_FLOATS = ("base_values", "nodes_values", "target_weights")
_CHECKED_ROWS, _SEED = 256, 7
_TOLERANCE = 1e-5

_run_trees = kernels.declare(
    "run_trees", *(kernels.POINTER, kernels.POINTER, kernels.INTEGER, kernels.POINTER)
)


class TreesTable(ctypes.Structure):
    """`Trees` in the kernel."""

    _fields_ = (
        ("nodes", kernels.POINTER),
        ("values", kernels.POINTER),
        ("roots", kernels.POINTER),
        ("trees", kernels.INTEGER),
        ("inputs", kernels.INTEGER),
        ("base", ctypes.c_float),
    )


class TreeEnsemble:
    """Trees, and the arrays that their table points to."""

    def __init__(self, graph: bytes, inputs: int) -> None:
        """Read them from a graph over so many *inputs*; KeyError or ValueError where it is none."""
        found = _attributes(graph)
        trees, ids = found["nodes_treeids"], found["nodes_nodeids"]
        starts = np.flatnonzero(ids == 0)
        offsets = starts[np.cumsum(ids == 0) - 1]
        _check(
            len(found["base_values"]) == 1 and not found["target_ids"].any(),
            np.array_equal(trees, np.cumsum(ids == 0) - 1),
            np.array_equal(ids, np.arange(len(ids)) - offsets),
            len(ids) < _MOST_NODES and 0 < inputs <= _MOST_INPUTS,
            found["nodes_featureids"].max(initial=0) < inputs,
        )
        places, first = _places(found, starts, offsets)
        self._nodes = np.zeros(len(ids) + 1, _NODE)
        # The last is a leaf by which the trees become a multiple of what is walked at once.
        self._nodes[-1] = np.inf, inputs, len(ids)
        leaves = found["nodes_modes"]
        self._nodes["threshold"][places] = np.where(leaves, np.inf, found["nodes_values"])
        self._nodes["input"][places] = np.where(leaves, inputs, found["nodes_featureids"])
        self._nodes["first"][places] = np.where(leaves, places, first)
        self._values = np.zeros(len(self._nodes), np.float32)
        self._values[places[leaves]] = found["target_weights"]
        rest = -len(starts) % _SIDE_BY_SIDE
        self._roots = np.append(places[starts], [len(ids)] * rest).astype(np.uint16)
        self._table = TreesTable(
            *map(kernels.address, (self._nodes, self._values, self._roots)),
            *(len(starts), inputs, float(found["base_values"].item())),
        )
        self._at = ctypes.byref(self._table)
        self.inputs = inputs

    def predict_rows(self, rows: Float32s) -> Float32s:
        """Return one number per row of `inputs` numbers."""
        if rows.shape[1] != self.inputs:
            raise ValueError(f"rows of {rows.shape[1]} numbers")
        table = np.ascontiguousarray(rows, np.float32)
        scores = np.empty(len(rows), np.float32)
        if len(rows):
            _run_trees(self._at, kernels.address(table), len(rows), kernels.address(scores))
        return scores

    def agrees(self, predict: Callable[[Float32s], Float32s]) -> bool:
        """Say whether *predict* gives the same on rows at, above and below the thresholds."""
        chance = np.random.default_rng(_SEED)
        rows = np.zeros((_CHECKED_ROWS, self.inputs), np.float32)
        for column in range(self.inputs):
            known = self._nodes["threshold"][self._nodes["input"] == column]
            if len(known):
                chosen = chance.choice(known, _CHECKED_ROWS)
                beside = chance.choice(np.array([-np.inf, np.inf], np.float32), _CHECKED_ROWS)
                moved = np.nextafter(chosen, beside)
                rows[:, column] = np.where(chance.random(_CHECKED_ROWS) < 0.5, chosen, moved)  # noqa: PLR2004
        return bool(np.max(np.abs(predict(rows) - self.predict_rows(rows))) <= _TOLERANCE)


def read(graph: bytes, inputs: int, predict: Callable[[Float32s], Float32s]) -> TreeEnsemble | None:
    """Return the trees of a graph; None where it is none, or *predict* gives other scores."""
    try:
        trees = TreeEnsemble(graph, inputs)
    except (KeyError, ValueError, IndexError):
        return None
    return trees if trees.agrees(predict) else None


def _places(found: Attributes, starts: Int64s, offsets: Int64s) -> tuple[Int64s, Int64s]:
    """Return the place of each node, and of the first of the two that it goes on to.

    Those two lie side by side, in the order of the nodes that lead to them.
    """
    leaves: Bools = found["nodes_modes"]
    inner = np.flatnonzero(~leaves)
    true, false = (
        found[name][inner] + offsets[inner] for name in ("nodes_truenodeids", "nodes_falsenodeids")
    )
    # How many inner nodes of its tree come before each.
    before: Int64s = np.cumsum(~leaves) - ~leaves
    first = offsets + 1 + 2 * (before - before[offsets])
    places = np.where(offsets == np.arange(len(offsets)), offsets, -1)
    places[true], places[false] = first[inner], first[inner] + 1
    targets = found["target_nodeids"] + starts[found["target_treeids"]]
    _check(
        np.array_equal(np.sort(places), np.arange(len(places))),
        bool((true > inner).all() and (false > inner).all()),
        np.array_equal(offsets[true], offsets[inner]),
        np.array_equal(offsets[false], offsets[inner]),
        np.array_equal(targets, np.flatnonzero(leaves)),
    )
    return places, first


def _check(*facts: bool) -> None:
    if not all(facts):
        raise ValueError("the graph has no trees of the form that the kernel runs")


def _attributes(graph: bytes) -> Attributes:
    """Return the attributes of the only node of a graph; ValueError where it is no such."""
    raw = graph_table.node_attributes(graph, "TreeEnsembleRegressor")
    _check(raw.keys() == {*_FORM, *_INTS, *_FLOATS, "nodes_modes"})
    _check(all(raw[name] == text for name, text in _FORM.items()))
    found: dict[str, Any] = {name: _ints(raw[name]) for name in _INTS}
    found |= {name: _floats(raw[name]) for name in _FLOATS}
    modes: Sequence[bytes] = raw["nodes_modes"].split(_MARK)[1:]
    _check({*modes} <= {b"\x04LEAF", b"\x0aBRANCH_LEQ"})
    found["nodes_modes"] = np.array([mode == b"\x04LEAF" for mode in modes], np.bool_)
    for kind in ("nodes_", "target_"):
        _check(len({len(found[name]) for name in found if name.startswith(kind)}) == 1)
    return found


def _floats(raw: bytes) -> Float32s:
    """Read a list of numbers, each after its tag."""
    table = np.frombuffer(raw, np.dtype([("tag", np.uint8), ("number", "<f4")]))
    _check(bool((table["tag"] == _FLOATS_TAG).all()))
    return table["number"].copy()


def _ints(raw: bytes) -> Int64s:
    """Read a list of varints of up to three bytes, each after its tag."""
    data = np.frombuffer(raw, np.uint8).astype(np.int64)
    ends = np.flatnonzero(data < 0x80)  # noqa: PLR2004 - the highest bit says that more follow
    sizes = np.diff(ends, prepend=-1)
    tags, numbers = ends[::2], ends[1::2]
    _check(len(tags) == len(numbers), bool((data[tags] == _INTS_TAG).all()))
    _check(bool((sizes[::2] == 1).all()), bool((sizes[1::2] <= 3).all()))  # noqa: PLR2004
    found = np.zeros(len(numbers), np.int64)
    for back in range(3):
        within = sizes[1::2] > back
        found[within] = found[within] << 7 | data[numbers[within] - back] & 0x7F
    return found
