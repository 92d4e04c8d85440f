"""Runs one model bundle: an ONNX graph and its card.

One thread per session, because there is one worker process per core already. Loading
checks the graph against the card's checksum before anything runs.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from classifiers import card, dense_network, graph_table
from fanzha.tables import Float32s

Tensor: TypeAlias = (
    npt.NDArray[np.float32] | npt.NDArray[np.int64] | npt.NDArray[np.int32] | npt.NDArray[np.int8]
)
"""What goes into a graph."""

CONSTANT = "embeddings"
"""An output that no input changes: a table that numpy reads instead of the graph."""

_ERRORS_ONLY = 3


def read_table(bundle: Path) -> None:
    """Read the table of *bundle* now, so that processes forked from here share it."""
    about = card.read(bundle)
    graph_table.split(card.read_graph(bundle, about), CONSTANT, about.sha256)


class OnnxModel:
    """A graph and its card."""

    def __init__(self, bundle: Path) -> None:
        self.card = card.read(bundle)
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = _ERRORS_ONLY
        graph = card.read_graph(bundle, self.card)
        split = graph_table.split(graph, CONSTANT, self.card.sha256)
        self._table = None if split is None else split.table
        rest = graph if split is None else split.graph
        self.tensors = _tensors(rest)
        """The 32-bit numbers in the graph, by name: for networks that a kernel runs."""
        self._session = ort.InferenceSession(
            rest,
            sess_options=options,
            providers=["CPUExecutionProvider"],
        )
        self._first_input: str = self._session.get_inputs()[0].name
        self._outputs = [one.name for one in self._session.get_outputs() if one.name != CONSTANT]
        self._network = dense_network.read(self.tensors, self._predict_by_graph)

    @property
    def version(self) -> str:
        """Version of the bundle."""
        return self.card.version

    @property
    def threshold(self) -> float:
        """Score from which the channel blocks, from the card."""
        return self.card.threshold

    def run(self, inputs: Mapping[str, Tensor]) -> list[Float32s]:
        """Run the graph once and return its outputs in the graph's order."""
        outputs: list[Float32s] = self._session.run(self._outputs, dict(inputs))
        return outputs

    def constant(self, inputs: Mapping[str, Tensor]) -> npt.NDArray[np.int8]:
        """Return the table `CONSTANT`; of *inputs*, only the types matter."""
        if self._table is not None:
            return self._table
        table: npt.NDArray[np.int8] = self._session.run([CONSTANT], dict(inputs))[0]
        return table

    def column_order(self, names: Sequence[str]) -> list[int] | None:
        """Return the indices in *names* of the card's features; None where the order is the same.

        ValueError when one is missing.
        """
        if tuple(self.card.features) == tuple(names):
            return None
        return [names.index(name) for name in self.card.features]

    def predict_rows(self, features: Float32s) -> Float32s:
        """Return one probability per column of *features*, whose rows are those the card names."""
        if self._network is not None:
            return self._network.predict_rows(features)
        return self._predict_by_graph(features)

    def _predict_by_graph(self, features: Float32s) -> Float32s:
        inputs = {self._first_input: np.ascontiguousarray(features.T)}
        scores: Float32s = self._session.run(self._outputs, inputs)[0]
        return scores.reshape(features.shape[1])

    def predict(self, columns: Mapping[str, Float32s]) -> Float32s:
        """Return one probability per row, from the features the card names, in its order."""
        names = self.card.features
        return self.predict_rows(np.array([columns[name] for name in names], np.float32))


def _tensors(graph: bytes) -> Mapping[str, Float32s]:
    try:
        return graph_table.float_tensors(graph)
    except (ValueError, IndexError):
        return {}
