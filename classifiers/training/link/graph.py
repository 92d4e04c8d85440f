"""Writes the network of the link model as an ONNX graph, with an 8-bit table.

Every bucket of n-grams has a row of the table, zeros where it is not known. The table is an output
of the graph, for numpy gathers its rows four times as fast as onnxruntime, and the rows are an
input. Chunks of equal length are added up each, and their sums scattered to the parts of links:
faster than one scattered addition per n-gram. The scales of the table go into the first layer, so
quantising costs no operation.
"""

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from classifiers.link.features import SHAPE_WIDTH
from classifiers.training.link.network import WIDTH, LinkNetwork


def graph(network: LinkNetwork) -> bytes:
    """Write the network as ONNX, the embeddings in eight bits."""
    inputs = [
        helper.make_tensor_value_info("rows", TensorProto.INT8, ["chunks", "ngrams", WIDTH]),
        helper.make_tensor_value_info("parts", TensorProto.INT64, ["chunks", 1]),
        helper.make_tensor_value_info("weights", TensorProto.FLOAT, ["parts", 1]),
        helper.make_tensor_value_info("shape", TensorProto.FLOAT, ["links", SHAPE_WIDTH]),
    ]
    outputs = [
        helper.make_tensor_value_info("p_malicious", TensorProto.FLOAT, ["links", 1]),
        helper.make_tensor_value_info(
            "embeddings", TensorProto.INT8, [len(network.vocabulary), WIDTH]
        ),
    ]
    made = helper.make_model(
        helper.make_graph(_nodes(), "links", inputs, outputs, _constants(network)),
        opset_imports=[helper.make_opsetid("", 18)],
        ir_version=9,
    )
    onnx.checker.check_model(made)
    content: bytes = made.SerializeToString(deterministic=True)
    return content


def _constants(network: LinkNetwork) -> list[onnx.TensorProto]:
    first, second, last = (layer for layer in network.layers if isinstance(layer, nn.Linear))
    # The scaling of the shape goes into the first layer.
    weight = first.weight.detach().clone()
    weight[:, 2 * WIDTH :] /= network.shape_scale
    bias = first.bias.detach() - weight[:, 2 * WIDTH :] @ network.shape_mean
    scales = network.embedding_scales
    weight[:, : 2 * WIDTH] *= torch.from_numpy(np.tile(scales, 2))
    table = network.embeddings.weight.detach().numpy() / scales
    constants: dict[str, npt.NDArray[np.float32 | np.int8 | np.int64]] = {
        "table": np.round(table).astype(np.int8)[network.vocabulary],
        "within_chunk": np.array([1], np.int64),
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
        helper.make_node("Identity", ["table"], ["embeddings"]),
        helper.make_node("Cast", ["rows"], ["singles"], to=TensorProto.FLOAT),
        helper.make_node("ReduceSum", ["singles", "within_chunk"], ["chunks"], keepdims=0),
        helper.make_node("Mul", ["weights", "zeros"], ["empty"]),
        helper.make_node("ScatterND", ["empty", "parts", "chunks"], ["sums"], reduction="add"),
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
