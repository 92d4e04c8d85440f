"""The network of the velocity model: a small perceptron, and its graph."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import onnx
import onnxruntime as ort
import torch
from onnx import TensorProto, helper, numpy_helper

from fanzha.tables import Bools, Float32s

HIDDEN = (24, 12)
EPOCHS = 12
ROWS_AT_ONCE = 2048
LEARNING_RATE = 4e-3
WEIGHT_DECAY = 1e-3
THRESHOLD = 0.9
_SURE = 1e-7
_PERCENTILES = (0.5, 99.5)


def fit(
    rows: Float32s,
    frauds: Bools,
    weights: Float32s,
    seed: int,
    progress: Callable[[float], None] = lambda _share: None,
) -> onnx.ModelProto:
    """Train on *rows* of features, NaN for what is not known; return the graph."""
    scaling = _Scaling(rows)
    torch.manual_seed(seed)
    sizes = (rows.shape[1], *HIDDEN, 1)
    linears = [torch.nn.Linear(inputs, outputs) for inputs, outputs in pairwise(sizes)]
    layers = [layer for linear in linears for layer in (linear, torch.nn.ReLU())]
    network = torch.nn.Sequential(*layers[:-1])
    optimiser = torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, EPOCHS)
    inputs = torch.from_numpy(scaling(rows))
    targets = torch.from_numpy(frauds.astype(np.float32))
    weight = torch.from_numpy(weights / weights.mean())
    for epoch in range(EPOCHS):
        order = torch.randperm(len(rows))
        for start in range(0, len(rows), ROWS_AT_ONCE):
            part = order[start : start + ROWS_AT_ONCE]
            loss = torch.nn.functional.binary_cross_entropy_with_logits(
                network(inputs[part])[:, 0], targets[part], weight[part]
            )
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
        schedule.step()
        progress((epoch + 1) / EPOCHS)
    return _graph(scaling, linears)


def shifted(graph: onnx.ModelProto, threshold: float) -> onnx.ModelProto:
    """Return the graph with its log-odds moved so that *threshold* becomes `THRESHOLD`.

    No order changes. Scores at the threshold are then far from 1, where they all round alike.
    """
    moved = onnx.ModelProto()
    moved.CopyFrom(graph)
    bias = moved.graph.initializer[-1]
    by = _log_odds(THRESHOLD) - _log_odds(threshold)
    values = numpy_helper.to_array(bias) + np.float32(by)
    bias.CopyFrom(numpy_helper.from_array(values, bias.name))
    return moved


def _log_odds(share: float) -> float:
    sure = min(max(share, _SURE), 1 - _SURE)
    return float(np.log(sure / (1 - sure)))


def scorer(graph: onnx.ModelProto) -> Callable[[Float32s], Float32s]:
    """Return the scores of the graph for rows of features."""
    session = ort.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])

    def score(rows: Float32s) -> Float32s:
        found: Float32s = session.run(None, {"features": rows})[0]
        return found[:, 0]

    return score


class _Scaling:
    """Fills gaps by the mean, centres, scales and cuts off, as the graph does."""

    def __init__(self, rows: Float32s) -> None:
        self.mean = np.nanmean(rows, axis=0).astype(np.float32)
        deviation = np.nanstd(rows, axis=0).astype(np.float32)
        self.scale = np.where(deviation > 0, deviation, np.float32(1))
        low, high = np.nanpercentile(rows, _PERCENTILES, axis=0).astype(np.float32)
        # A flag that is rare must not be cut off altogether.
        high = np.where(low == high, np.nanmax(rows, axis=0), high)
        self.low, self.high = ((bound - self.mean) / self.scale for bound in (low, high))

    def __call__(self, rows: Float32s) -> Float32s:
        filled = np.where(np.isnan(rows), self.mean, rows)
        scaled: Float32s = np.clip((filled - self.mean) / self.scale, self.low, self.high)
        return scaled


def _graph(scaling: _Scaling, linears: list[torch.nn.Linear]) -> onnx.ModelProto:
    tensors = {name: getattr(scaling, name) for name in ("mean", "scale", "low", "high")}
    nodes = [
        helper.make_node("IsNaN", ["features"], ["missing"]),
        helper.make_node("Where", ["missing", "mean", "features"], ["filled"]),
        helper.make_node("Sub", ["filled", "mean"], ["centred"]),
        helper.make_node("Div", ["centred", "scale"], ["scaled"]),
        helper.make_node("Max", ["scaled", "low"], ["raised"]),
        helper.make_node("Min", ["raised", "high"], ["x0"]),
    ]
    for place, linear in enumerate(linears):
        tensors |= {
            f"w{place}": linear.weight.detach().numpy().T,
            f"b{place}": linear.bias.detach().numpy(),
        }
        ins = [f"x{place}", f"w{place}", f"b{place}"]
        nodes.append(helper.make_node("Gemm", ins, [f"y{place}"]))
        last = place == len(linears) - 1
        kind, result = ("Sigmoid", "p_fraud") if last else ("Relu", f"x{place + 1}")
        nodes.append(helper.make_node(kind, [f"y{place}"], [result]))
    constants = [
        numpy_helper.from_array(np.ascontiguousarray(value, np.float32), name)
        for name, value in tensors.items()
    ]
    taken = helper.make_tensor_value_info("features", TensorProto.FLOAT, [None, len(scaling.mean)])
    given = helper.make_tensor_value_info("p_fraud", TensorProto.FLOAT, [None, 1])
    model = helper.make_model(
        helper.make_graph(nodes, "moment", [taken], [given], constants),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    onnx.checker.check_model(model)
    return model
