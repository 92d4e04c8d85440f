"""The table of n-gram embeddings of a model, read by numpy instead of by the graph.

A look-up takes numpy a fifth of the time, because a row of `ROW_BYTES` moves as one number.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from classifiers.onnx_model import OnnxModel, Tensor

ROW_BYTES = 16
"""Bytes of a row of the table: the embedding of one n-gram."""
NO_ROWS = np.zeros((0, 0, ROW_BYTES), np.int8)


class Embeddings:
    """Rows of 8-bit numbers, by the id of an n-gram."""

    def __init__(self, table: npt.NDArray[np.int8]) -> None:
        if table.shape[1] != ROW_BYTES:
            raise ValueError(f"rows of {table.shape[1]} bytes, where {ROW_BYTES} are wanted")
        self.table = np.ascontiguousarray(table)
        """[n-grams, `ROW_BYTES`]"""
        self._numbers = self.table.view(np.complex128)[:, 0]

    @classmethod
    def of(cls, model: OnnxModel, inputs: Mapping[str, Tensor]) -> "Embeddings":
        """Read the table of a model; of *inputs*, only the types matter."""
        return cls(model.constant(inputs))

    def rows(self, ids: npt.NDArray[np.int32]) -> npt.NDArray[np.int8]:
        """Return the row of each id, in one more dimension."""
        return self._numbers.take(ids).view(np.int8).reshape(*ids.shape, ROW_BYTES)
