"""Runs the small dense networks of callers and calls without onnxruntime, by `kernels/network.c`.

onnxruntime takes some 10 µs to run a graph for a single row, and the arithmetic less than one. So
the weights are read from the graph, whose initialisers have the names that our training gives them,
and the kernel is held against the graph itself on rows that are made here; a graph that has another
form or gives other scores is run by onnxruntime.
"""

import ctypes
import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from fanzha import kernels
from fanzha.tables import Float32s

_SCALES = ("mean", "scale", "low", "high")
_WEIGHT = re.compile(r"w(\d+)(?:_(\d+))?")
_WIDEST = 256
"""Of a layer that the kernel runs, all blocks together."""
_CHECKED_ROWS, _SEED = 128, 7
_TOLERANCE = 1e-5

_run_network = kernels.declare(
    "run_network", *(kernels.POINTER, kernels.POINTER, kernels.INTEGER, kernels.POINTER)
)


class LayerTable(ctypes.Structure):
    """`Layer` in the kernel."""

    _fields_ = (
        ("weights", kernels.POINTER),
        ("biases", kernels.POINTER),
        ("groups", kernels.INTEGER),
        ("inputs", kernels.INTEGER),
        ("outputs", kernels.INTEGER),
    )


class NetworkTable(ctypes.Structure):
    """`Network` in the kernel."""

    _fields_ = (
        *((name, kernels.POINTER) for name in _SCALES),
        ("features", kernels.INTEGER),
        ("with_unknown", kernels.INTEGER),
        ("layers", kernels.POINTER),
        ("layer_count", kernels.INTEGER),
    )


class LayerTables:
    """The layers of a network, and the arrays that their tables point to."""

    def __init__(self, inputs: int, layers: Sequence[tuple[Float32s, Float32s]]) -> None:
        """Take weights (groups, outputs, inputs) and biases (groups, outputs) of each layer.

        ValueError where they do not fit together, or are wider than the kernel runs.
        """
        self._blocks = [(_aligned(weights), _aligned(biases)) for weights, biases in layers]
        if any(biases.shape != weights.shape[:2] for weights, biases in self._blocks):
            raise ValueError("not one bias for each output")
        self.outputs = _last_width(inputs, [weights for weights, _ in self._blocks])
        self.tables = (LayerTable * len(self._blocks))(
            *(
                LayerTable(kernels.address(weights), kernels.address(biases), groups, takes, gives)
                for weights, biases in self._blocks
                for groups, gives, takes in (weights.shape,)
            )
        )


class DenseNetwork:
    """A network, and the arrays that its table points to."""

    def __init__(self, tensors: Mapping[str, Float32s]) -> None:
        """Read it from the initialisers of a graph; KeyError or ValueError where it is none."""
        self._scales = [_aligned(tensors[name]) for name in _SCALES]
        features = len(self._scales[0])
        layers = _layers(tensors)
        inputs = layers[0][0].shape[2]
        if inputs not in {features, 2 * features}:
            raise ValueError("the first layer takes something else than features")
        self._layers = LayerTables(inputs, layers)
        if self._layers.outputs != 1:
            raise ValueError("the last layer gives more than one number")
        self._table = NetworkTable(
            *map(kernels.address, self._scales),
            features,
            inputs > features,
            ctypes.addressof(self._layers.tables),
            len(layers),
        )
        self._at = ctypes.byref(self._table)
        self.features = features

    def predict_rows(self, features: Float32s) -> Float32s:
        """Return one probability per column of *features*, which has a row for each feature."""
        rows = np.ascontiguousarray(features, np.float32)
        scores = np.empty(rows.shape[1], np.float32)
        if len(scores):
            _run_network(self._at, kernels.address(rows), len(scores), kernels.address(scores))
        return scores

    def agrees(self, predict: Callable[[Float32s], Float32s]) -> bool:
        """Say whether *predict* gives the same scores on rows inside and outside the usual."""
        chance = np.random.default_rng(_SEED)
        mean, scale = (column[:, None] for column in self._scales[:2])
        deviations = chance.normal(size=(self.features, _CHECKED_ROWS)) * 3
        rows = (mean + scale * deviations).astype(np.float32)
        rows[chance.random(rows.shape) < 0.1] = np.nan  # noqa: PLR2004 - one in ten is unknown
        difference = np.abs(predict(rows) - self.predict_rows(rows))
        return bool(np.max(difference) <= _TOLERANCE)


def read(
    tensors: Mapping[str, Float32s], predict: Callable[[Float32s], Float32s]
) -> DenseNetwork | None:
    """Return the network of a graph; None where it is none, or *predict* gives other scores."""
    try:
        network = DenseNetwork(tensors)
    except (KeyError, ValueError):
        return None
    return network if network.agrees(predict) else None


def _layers(tensors: Mapping[str, Float32s]) -> list[tuple[Float32s, Float32s]]:
    """Return weights (groups, outputs, inputs) and biases (groups, outputs) of each layer."""
    blocks: dict[int, dict[int, tuple[Float32s, Float32s]]] = {}
    for name, weights in tensors.items():
        if match := _WEIGHT.fullmatch(name):
            layer, group = int(match[1]), int(match[2] or 0)
            blocks.setdefault(layer, {})[group] = weights, tensors["b" + name[1:]]
    if sorted(blocks) != list(range(len(blocks))) or not blocks:
        raise ValueError("layers are missing")
    return [
        (
            np.stack([groups[group][0].T for group in range(len(groups))]),
            np.stack([groups[group][1] for group in range(len(groups))]),
        )
        for _, groups in sorted(blocks.items())
    ]


def _last_width(inputs: int, layers: list[Float32s]) -> int:
    """Return how many numbers the last layer gives; ValueError where layers do not fit together."""
    width = inputs
    for weights in layers:
        groups, gives, takes = weights.shape
        if groups * takes != width or groups * gives > _WIDEST or width > _WIDEST:
            raise ValueError("layers do not fit together, or are too wide")
        width = groups * gives
    return width


def _aligned(array: Float32s) -> Float32s:
    return np.require(array, np.float32, ["C", "A"])
