"""The head on the sentence encoder: a perceptron of one layer, as numpy and as an ONNX graph.

While training it teaches the fast network; in the service it takes the second stage.
"""

from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from classifiers.training.text.data import CLASSES
from fanzha.tables import Float32s


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderHead:
    """Weights from an embedding to the logits of the classes."""

    hidden: Float32s
    """[width of an embedding, hidden]"""
    hidden_bias: Float32s
    out: Float32s
    """[hidden, classes]"""
    out_bias: Float32s

    def logits(self, embeddings: Float32s) -> Float32s:
        """Return the logits of the classes of each text."""
        active = np.maximum(embeddings @ self.hidden + self.hidden_bias, np.float32(0))
        found: Float32s = active @ self.out + self.out_bias
        return found

    def log_odds(self, embeddings: Float32s) -> Float32s:
        """Return the log odds of fraud of each text."""
        found = self.logits(embeddings)
        odds: Float32s = found[:, -1] - np.logaddexp.reduce(found[:, :-1], axis=1)
        return odds


def build(head: EncoderHead) -> onnx.ModelProto:
    """Return the graph: embeddings in, log odds of fraud out."""
    node, info = helper.make_node, helper.make_tensor_value_info
    constants = {
        "hidden_weights": head.hidden,
        "hidden_bias": head.hidden_bias,
        "out_weights": head.out,
        "out_bias": head.out_bias,
        "fraud_last": np.array([len(CLASSES) - 1, 1], np.int64),
        "axis_1": np.array([1], np.int64),
    }
    graph = helper.make_graph(
        [
            node("Gemm", ["embeddings", "hidden_weights", "hidden_bias"], ["hidden"]),
            node("Relu", ["hidden"], ["active"]),
            node("Gemm", ["active", "out_weights", "out_bias"], ["logits"]),
            node("Split", ["logits", "fraud_last"], ["others", "fraud"], axis=1),
            node("ReduceLogSumExp", ["others", "axis_1"], ["against"], keepdims=1),
            node("Sub", ["fraud", "against"], ["odds"]),
            node("Squeeze", ["odds", "axis_1"], ["log_odds"]),
        ],
        "second stage",
        [info("embeddings", TensorProto.FLOAT, ["texts", head.hidden.shape[0]])],
        [info("log_odds", TensorProto.FLOAT, ["texts"])],
        [numpy_helper.from_array(np.ascontiguousarray(v), k) for k, v in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    onnx.checker.check_model(model)
    return model
