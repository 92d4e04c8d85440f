"""Writes the ONNX graph of the text model, with an 8-bit table.

The table is scaled to int8 per column and the scales go into the first layer, so quantising
costs no operation. onnxruntime has no embedding bag: of the ways to build one, taking the rows of
chunks of equal length, summing each and scattering the sums to their texts was the fastest (2.7 µs
a text against 5.3 for one row of ids per text, padded to the longest; table of 16 columns, batch
256). Numpy takes the rows (1.4 µs a text, all told), so the table is also an output.
Where a text has more than one chunk, the largest sum of each column counts besides the mean of
all: a harmless frame around a fraud does not thin it out.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from classifiers.onnx_model import CONSTANT
from classifiers.text.sender_classes import SenderClass
from classifiers.training.link.calibration import Calibration
from classifiers.training.text.data import CLASSES
from classifiers.training.text.scores import HEADS
from fanzha.fraud import FraudType
from fanzha.tables import Bools, Float32s, Int64s

SENDER_WIDTH = 4
_INT8_MAX = 127

Tensor: TypeAlias = Float32s | Int64s | npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What a network has learned, and the numbers that scale its bags."""

    table: Float32s
    """[buckets, width]"""
    scale: float
    root_scale: float
    """Scales the sums over the square root of the number of n-grams."""
    peak_scale: float
    """Scales the largest sums of a chunk."""
    hidden: Float32s
    """[three times the width, hidden]: for the mean, the sums over the root, and the largest"""
    hidden_bias: Float32s
    out: Float32s
    """[hidden, classes, languages and kinds of fraud]"""
    out_bias: Float32s
    wide: Float32s
    """[width, classes]: from the sums over the root straight to the logits of the classes"""


def build(
    weights: Weights,
    caution: Float32s,
    calibration: Calibration,
    review_only: Bools | None = None,
) -> onnx.ModelProto:
    """Return the graph: n-grams, rows, weights and senders in; classes and kinds of fraud out.

    *caution* has one number per language, which is added to the logit of ham. Output
    ``review_only`` is the share of a text that is in one of the languages *review_only*.
    """
    graph = helper.make_graph(
        _nodes(),
        "texts",
        [
            helper.make_tensor_value_info(
                "ngrams", TensorProto.INT8, ["chunks", "grams", weights.table.shape[1]]
            ),
            helper.make_tensor_value_info("rows", TensorProto.INT64, ["chunks"]),
            helper.make_tensor_value_info("weights", TensorProto.FLOAT, ["texts"]),
            helper.make_tensor_value_info("senders", TensorProto.INT64, ["texts"]),
        ],
        [
            helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["texts", 3]),
            helper.make_tensor_value_info("kinds", TensorProto.FLOAT, ["texts", len(FraudType)]),
            helper.make_tensor_value_info("review_only", TensorProto.FLOAT, ["texts", 1]),
            helper.make_tensor_value_info(CONSTANT, TensorProto.INT8, weights.table.shape),
        ],
        [
            numpy_helper.from_array(array, name)
            for name, array in _constants(weights, caution, calibration, review_only)
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    onnx.checker.check_model(model)
    return model


def table(graph: bytes) -> npt.NDArray[np.int8]:
    """Return the table of embeddings of a graph."""
    model = onnx.load_from_string(graph)
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    return numpy_helper.to_array(tensors["table"])


def _nodes() -> list[onnx.NodeProto]:
    return [*_bags(), *_network(), *_calibration()]


def _bags() -> list[onnx.NodeProto]:
    node = helper.make_node
    lowest = numpy_helper.from_array(np.array([np.finfo(np.float32).min], np.float32))
    return [
        node("Identity", ["table"], [CONSTANT]),
        node("Cast", ["ngrams"], ["embedded"], to=TensorProto.FLOAT),
        node("ReduceSum", ["embedded", "axis_1"], ["sums"], keepdims=0),
        node("Shape", ["weights"], ["texts"]),
        node("Concat", ["texts", "width"], ["bag_shape"], axis=0),
        node("ConstantOfShape", ["bag_shape"], ["empty"]),
        node("ConstantOfShape", ["bag_shape"], ["lowest"], value=lowest),
        node("Unsqueeze", ["rows", "axis_1"], ["targets"]),
        node("ScatterND", ["empty", "targets", "sums"], ["bags"], reduction="add"),
        node("ScatterND", ["lowest", "targets", "sums"], ["peaks"], reduction="max"),
        node("Unsqueeze", ["weights", "axis_1"], ["weight_column"]),
        node("Mul", ["bags", "weight_column"], ["means"]),
        node("Sqrt", ["weight_column"], ["root_column"]),
        node("Mul", ["bags", "root_column"], ["roots"]),
        node("Gather", ["sender_table", "senders"], ["sender"]),
        node("Concat", ["means", "roots", "peaks", "sender"], ["described"], axis=1),
    ]


def _network() -> list[onnx.NodeProto]:
    node = helper.make_node
    return [
        node("Gemm", ["described", "hidden_weights", "hidden_bias"], ["hidden"]),
        node("Relu", ["hidden"], ["active"]),
        node("Gemm", ["active", "out_weights", "out_bias"], ["deep_logits"]),
        node("Gemm", ["roots", "wide_weights", "deep_logits"], ["logits"]),
        node("Split", ["logits", "heads"], ["class_logits", "language_logits", "kinds"], axis=1),
        node("Softmax", ["language_logits"], ["languages"], axis=1),
        node("MatMul", ["languages", "caution"], ["added"]),
        node("Add", ["class_logits", "added"], ["careful_logits"]),
        node("MatMul", ["languages", "review_languages"], ["review_only"]),
    ]


def _calibration() -> list[onnx.NodeProto]:
    node = helper.make_node
    return [
        node("Split", ["careful_logits", "fraud_last"], ["others", "fraud"], axis=1),
        node("ReduceLogSumExp", ["others", "axis_1"], ["against"], keepdims=1),
        node("Sub", ["fraud", "against"], ["odds"]),
        node("Mul", ["odds", "odds"], ["square"]),
        node("Mul", ["square", "bend"], ["bent"]),
        node("Add", ["bent", "slope"], ["steep"]),
        node("Mul", ["steep", "odds"], ["sloped"]),
        node("Add", ["sloped", "offset"], ["calibrated"]),
        node("Add", ["calibrated", "against"], ["calibrated_fraud"]),
        node("Concat", ["others", "calibrated_fraud"], ["final_logits"], axis=1),
        node("Softmax", ["final_logits"], ["probabilities"], axis=1),
    ]


def _constants(
    weights: Weights, caution: Float32s, calibration: Calibration, review_only: Bools | None
) -> list[tuple[str, Tensor]]:
    scales = np.abs(weights.table).max(axis=0) / _INT8_MAX
    of_pools = (weights.scale, weights.root_scale, weights.peak_scale)
    of_inputs = np.concatenate([scales * scale for scale in of_pools])
    hidden = weights.hidden * of_inputs[:, np.newaxis]
    # No labelled source names its senders, so their weights are zero: they cannot hurt.
    of_sender = np.zeros((SENDER_WIDTH, hidden.shape[1]), np.float32)
    # Only the classes have a wide part; languages and kinds of fraud have weights of zero.
    wide = np.zeros((len(scales), weights.out.shape[1]), np.float32)
    wide[:, : weights.wide.shape[1]] = weights.wide * scales[:, np.newaxis]
    return [
        ("table", np.round(weights.table / scales).astype(np.int8)),
        ("sender_table", np.zeros((len(SenderClass), SENDER_WIDTH), np.float32)),
        ("hidden_weights", np.concatenate([hidden, of_sender]).astype(np.float32)),
        ("hidden_bias", weights.hidden_bias),
        ("out_weights", np.ascontiguousarray(weights.out)),
        ("out_bias", weights.out_bias),
        ("wide_weights", wide),
        ("review_languages", _column(review_only, len(caution))),
        ("caution", np.outer(caution, [1, 0, 0]).astype(np.float32)),
        ("heads", np.array([*HEADS, len(FraudType)], np.int64)),
        ("fraud_last", np.array([len(CLASSES) - 1, 1], np.int64)),
        *((name, np.array([value], np.float32)) for name, value in calibration._asdict().items()),
        ("axis_1", np.array([1], np.int64)),
        ("width", np.array([weights.table.shape[1]], np.int64)),
    ]


def _column(review_only: Bools | None, languages: int) -> Float32s:
    chosen = np.zeros(languages, np.bool_) if review_only is None else review_only
    column: Float32s = chosen.astype(np.float32)[:, np.newaxis]
    return column
