"""Scores texts without onnxruntime, by `kernels/texts.c`: from characters to probabilities.

The weights are read from the graph, whose initialisers have the names that our training gives them
(`classifiers.training.text.graph`), and the kernel is held against the graph itself on texts that
are made here, each time a model is loaded. A graph of another form, or that gives other scores, is
run by onnxruntime.
"""

import ctypes
import random
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from classifiers.dense_network import LayerTable, LayerTables
from classifiers.text.embeddings import ROW_BYTES
from classifiers.text.features import CAUTION, GramsTable
from classifiers.text.sender_classes import SenderClass
from fanzha import kernels
from fanzha.phone import FIRST_SENDER
from fanzha.tables import Float32s, Int64s

CLASSES = 3
_MOST_LANGUAGES = 32
_CHECKED_TEXTS, _SEED = 64, 7
_TOLERANCE = 1e-5
_OF_LOGITS = 1e-3
"""Tolerance of the logits of kinds, which are some tens."""

_score_texts = kernels.declare(
    "score_texts",
    *(kernels.POINTER, kernels.TEXT, kernels.POINTER, kernels.POINTER, kernels.INTEGER),
    *(kernels.POINTER, kernels.POINTER, kernels.POINTER),
)


class TextNetworkTable(ctypes.Structure):
    """`TextNetwork` in the kernel."""

    _fields_ = (
        ("grams", GramsTable),
        ("table", kernels.POINTER),
        ("senders", kernels.POINTER),
        ("hidden", ctypes.POINTER(LayerTable)),
        ("last", ctypes.POINTER(LayerTable)),
        ("caution", kernels.POINTER),
        ("review", kernels.POINTER),
        ("sender_width", kernels.INTEGER),
        ("languages", kernels.INTEGER),
        ("kinds", kernels.INTEGER),
        ("neutral", kernels.INTEGER),
        ("bend", ctypes.c_float),
        ("slope", ctypes.c_float),
        ("offset", ctypes.c_float),
    )


class CompiledTextNetwork:
    """A model of texts, and the arrays that its table points to."""

    def __init__(
        self,
        tensors: Mapping[str, Float32s],
        embeddings: npt.NDArray[np.int8],
        bits: int,
        *,
        drops_runs: bool,
    ) -> None:
        """Take it from the initialisers of a graph; KeyError or ValueError where it is none."""
        if embeddings.shape != (2**bits, ROW_BYTES):
            raise ValueError(f"a table of {embeddings.shape} embeddings")
        self._senders = _aligned(tensors["sender_table"])
        hidden, last = tensors["hidden_weights"], tensors["out_weights"]
        # The roots go straight to the last layer, beside what the hidden one gives.
        last = np.concatenate([last, tensors["wide_weights"]])
        classes, width = self._senders.shape
        self._hidden = _layer(3 * ROW_BYTES + width, hidden, tensors["hidden_bias"])
        self._last = _layer(self._hidden.outputs + ROW_BYTES, last, tensors["out_bias"])
        self._caution = _aligned(tensors["caution"])
        languages, logits = self._caution.shape
        self._kinds = self._last.outputs - CLASSES - languages
        if (classes, logits) != (len(SenderClass), CLASSES) or self._kinds < 1:
            raise ValueError("what the network reads or gives has another width")
        review = tensors.get("review_languages")
        self._review = None if review is None else _aligned(review)
        if languages > _MOST_LANGUAGES or (review is not None and review.shape != (languages, 1)):
            raise ValueError("languages do not fit together")
        self._embeddings = embeddings
        self._table = TextNetworkTable(
            *(GramsTable.of(bits, drops_runs=drops_runs), kernels.address(embeddings)),
            *(kernels.address(self._senders), self._hidden.tables, self._last.tables),
            kernels.address(self._caution),
            None if self._review is None else kernels.address(self._review),
            *(width, languages, self._kinds, CAUTION),
            *(float(tensors[name].item()) for name in ("bend", "slope", "offset")),
        )
        self._at = ctypes.byref(self._table)

    def run(self, normal: Sequence[str], senders: Int64s) -> list[Float32s]:
        """Return what the graph gives for normalised texts and the number keys of their senders."""
        rows = len(normal)
        classes, kinds = (
            np.empty((rows, CLASSES), np.float32),
            np.empty((rows, self._kinds), np.float32),
        )
        review = np.empty((rows, 1), np.float32)
        if rows:
            codes = "".join(normal).encode("utf-32-le", "surrogatepass")
            lengths = np.fromiter(map(len, normal), np.int64, rows)
            keys = np.ascontiguousarray(senders)
            _score_texts(
                *(self._at, codes, kernels.address(lengths), kernels.address(keys), rows),
                *(kernels.address(classes), kernels.address(kinds), kernels.address(review)),
            )
        return [classes, kinds] if self._review is None else [classes, kinds, review]

    def agrees(self, run: Callable[[Sequence[str], Int64s], list[Float32s]]) -> bool:
        """Say whether *run* gives the same of texts of all kinds."""
        texts, senders = _made_texts()
        expected, found = run(texts, senders), self.run(texts, senders)
        tolerances = (_TOLERANCE, _OF_LOGITS, _TOLERANCE)
        return len(expected) == len(found) and all(
            one.shape == other.shape and np.max(np.abs(one - other)) <= tolerance
            for one, other, tolerance in zip(expected, found, tolerances, strict=False)
        )


def read(
    tensors: Mapping[str, Float32s],
    embeddings: npt.NDArray[np.int8],
    bits: int,
    *,
    drops_runs: bool,
    run: Callable[[Sequence[str], Int64s], list[Float32s]],
) -> CompiledTextNetwork | None:
    """Return the network of a graph; None where it is none, or *run* by the graph gives another."""
    try:
        network = CompiledTextNetwork(tensors, embeddings, bits, drops_runs=drops_runs)
    except (KeyError, ValueError):
        return None
    return network if network.agrees(run) else None


def _layer(inputs: int, weights: Float32s, biases: Float32s) -> LayerTables:
    return LayerTables(inputs, [(weights.T[np.newaxis], biases[np.newaxis])])


def _aligned(array: Float32s) -> Float32s:
    return np.require(array, np.float32, ["C", "A"])


def _made_texts() -> tuple[list[str], Int64s]:
    chance = random.Random(_SEED)  # noqa: S311 - for a check
    letters = "的一是在不了有和您款包裹银行账户点击领取abcdeiorst 1$\ue000\ue005"
    texts = [
        "".join(chance.choice(letters) for _ in range(chance.randrange(most)))
        for most in (2, 40, 120, 700)
        for _ in range(_CHECKED_TEXTS // 4)
    ]
    senders = (0, 8617000000000, 861012345, 12025550123, -1069012345, -95588, -10086, -110, -777)
    return texts, np.array([chance.choice((*senders, FIRST_SENDER)) for _ in texts], np.int64)
