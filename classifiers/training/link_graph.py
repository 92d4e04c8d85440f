"""Writes the network of the link model as an ONNX graph.

A sum per part is a gather and one scattered addition: in onnxruntime on one core faster
than padding all links to the longest, and exact.
"""

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from classifiers.link_features import SHAPE_WIDTH
from classifiers.training.link_network import WIDTH, Network


def graph(network: Network) -> bytes:
    """Write the network as ONNX, the embeddings in half precision."""
    inputs = [
        helper.make_tensor_value_info("ids", TensorProto.INT64, ["ngrams"]),
        helper.make_tensor_value_info("parts", TensorProto.INT64, ["ngrams", 1]),
        helper.make_tensor_value_info("weights", TensorProto.FLOAT, ["parts", 1]),
        helper.make_tensor_value_info("shape", TensorProto.FLOAT, ["links", SHAPE_WIDTH]),
    ]
    output = helper.make_tensor_value_info("p_malicious", TensorProto.FLOAT, ["links", 1])
    made = helper.make_model(
        helper.make_graph(_nodes(), "links", inputs, [output], _constants(network)),
        opset_imports=[helper.make_opsetid("", 18)],
        ir_version=9,
    )
    onnx.checker.check_model(made)
    content: bytes = made.SerializeToString(deterministic=True)
    return content


def _constants(network: Network) -> list[onnx.TensorProto]:
    first, second, last = (layer for layer in network.layers if isinstance(layer, nn.Linear))
    # The scaling of the shape goes into the first layer.
    weight = first.weight.detach().clone()
    weight[:, 2 * WIDTH :] /= network.shape_scale
    bias = first.bias.detach() - weight[:, 2 * WIDTH :] @ network.shape_mean
    constants: dict[str, npt.NDArray[np.float32 | np.float16 | np.int64]] = {
        "embeddings": network.embeddings.weight.detach().numpy().astype(np.float16),
        "zeros": np.zeros((1, WIDTH), np.float32),
        "per_link": np.array([-1, 2 * WIDTH]),
        "weight_1": weight.numpy(),
        "bias_1": bias.numpy(),
        "weight_2": second.weight.detach().numpy(),
        "bias_2": second.bias.detach().numpy(),
        "weight_3": last.weight.detach().numpy(),
        "bias_3": last.bias.detach().numpy(),
        **{
            name: np.array([value], np.float32)
            for name, value in network.calibration._asdict().items()
        },
    }
    return [numpy_helper.from_array(value, name) for name, value in constants.items()]


def _nodes() -> list[onnx.NodeProto]:
    return [
        helper.make_node("Gather", ["embeddings", "ids"], ["halves"]),
        helper.make_node("Cast", ["halves"], ["singles"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["weights", "zeros"], ["empty"]),
        helper.make_node("ScatterND", ["empty", "parts", "singles"], ["sums"], reduction="add"),
        helper.make_node("Mul", ["sums", "weights"], ["means"]),
        helper.make_node("Reshape", ["means", "per_link"], ["bags"]),
        helper.make_node("Concat", ["bags", "shape"], ["all"], axis=1),
        helper.make_node("Gemm", ["all", "weight_1", "bias_1"], ["z_1"], transB=1),
        helper.make_node("Relu", ["z_1"], ["a_1"]),
        helper.make_node("Gemm", ["a_1", "weight_2", "bias_2"], ["z_2"], transB=1),
        helper.make_node("Relu", ["z_2"], ["a_2"]),
        helper.make_node("Gemm", ["a_2", "weight_3", "bias_3"], ["raw"], transB=1),
        # bend * raw**3 + slope * raw + offset, see link_calibration.
        helper.make_node("Mul", ["raw", "raw"], ["square"]),
        helper.make_node("Mul", ["square", "bend"], ["bent"]),
        helper.make_node("Add", ["bent", "slope"], ["factor"]),
        helper.make_node("Mul", ["raw", "factor"], ["product"]),
        helper.make_node("Add", ["product", "offset"], ["odds"]),
        helper.make_node("Sigmoid", ["odds"], ["p_malicious"]),
    ]
