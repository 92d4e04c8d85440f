"""The caller network: a few small perceptrons whose log-odds are averaged, as one ONNX graph."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from classifiers.caller.classifier import FEATURES, features
from classifiers.training.caller.data import Generator, Subscribers, after_calls, without
from fanzha.tables import CallerActivity, Float32s

MEMBERS = 5
HIDDEN = (32, 16)
OBSERVATIONS = 120
"""Observations of each subscriber, drawn once; an epoch trains on one of them."""
EPOCHS = 1200
LEARNING_RATE = 3e-3
WEIGHT_DECAY = 1e-2
FEWEST_CALLS = 12
"""The shortest observations to learn from; somewhat below what the service scores."""
COMPLETE_SHARE = 0.5
"""Share of subscribers observed with all their calls, in each epoch."""
HIDDEN_SHARE = 0.25
"""Share of observations without ends of calls, and as many without texts."""
UNSENT_SHARE = 0.4
"""Share of observations without handsets, and as many without areas: few switches send them."""
_RARE = (1, 99)
"""Percentiles of the training set beyond which a feature is cut off."""


def train(subscribers: Subscribers, seed: int) -> onnx.ModelProto:
    """Fit all members and return their common graph."""
    chance = np.random.default_rng(seed)
    observations = [rows(_observe(subscribers, chance)) for _ in range(OBSERVATIONS)]
    scaling = Scaling(np.concatenate(observations))
    scaled = [torch.from_numpy(scaling(one)) for one in observations]
    targets = torch.from_numpy(subscribers.frauds.astype(np.float32))
    return export(scaling, _fit(scaled, targets, seed))


class Scaling:
    """Standardises and clips features, and tells which are unknown."""

    def __init__(self, sample: Float32s) -> None:
        self.mean: Float32s = np.nanmean(sample, axis=0)
        self.scale: Float32s = np.nanstd(sample, axis=0)
        scaled = (sample - self.mean) / self.scale
        self.low, self.high = np.nanpercentile(scaled, _RARE, axis=0).astype(np.float32)

    def __call__(self, rows: Float32s) -> Float32s:
        """Return scaled *rows*, float32, NaN replaced by the mean; after them 1 for each NaN."""
        missing = np.isnan(rows)
        scaled = (np.where(missing, self.mean, rows) - self.mean) / self.scale
        clipped = np.clip(scaled, self.low, self.high)
        return np.hstack([clipped, missing]).astype(np.float32)


def rows(activity: CallerActivity) -> Float32s:
    """Return the features as the graph takes them."""
    columns = features(activity)
    return np.column_stack([columns[name] for name in FEATURES])


def _observe(subscribers: Subscribers, chance: Generator) -> CallerActivity:
    """Inspect each subscriber after some of its calls, or all, with some things unreported."""
    count = len(subscribers)
    most = np.maximum(subscribers.activity.outgoing_calls, FEWEST_CALLS)
    calls = FEWEST_CALLS * (most / FEWEST_CALLS) ** chance.random(count)
    calls = np.where(chance.random(count) < COMPLETE_SHARE, most, calls)
    return without(
        after_calls(subscribers.activity, calls.astype(np.float32), chance),
        ends=chance.random(count) < HIDDEN_SHARE,
        texts=chance.random(count) < HIDDEN_SHARE,
        handsets=chance.random(count) < UNSENT_SHARE,
        areas=chance.random(count) < UNSENT_SHARE,
    )


class Perceptrons:
    """Several perceptrons of one shape, trained side by side; nothing is shared between them."""

    def __init__(self, inputs: int, seed: int) -> None:
        draws = torch.Generator().manual_seed(seed)
        shapes = list(pairwise((inputs, *HIDDEN, 1)))
        self.weights = [_drawn((MEMBERS, *shape), shape[0], draws) for shape in shapes]
        self.biases = [_drawn((MEMBERS, 1, shape[1]), shape[0], draws) for shape in shapes]

    def __call__(self, rows: torch.Tensor) -> torch.Tensor:
        """Return log-odds, members by rows, of *rows*, members by rows by inputs."""
        for weights, biases in zip(self.weights[:-1], self.biases[:-1], strict=True):
            rows = torch.relu(torch.baddbmm(biases, rows, weights))
        return torch.baddbmm(self.biases[-1], rows, self.weights[-1])[:, :, 0]


def _drawn(shape: tuple[int, ...], inputs: int, draws: torch.Generator) -> torch.Tensor:
    """Draw weights, or biases, of a layer of so many *inputs*, as torch does."""
    values = (2 * torch.rand(shape, generator=draws) - 1) / float(np.sqrt(inputs))
    return values.requires_grad_()


def _fit(observations: Sequence[torch.Tensor], targets: torch.Tensor, seed: int) -> Perceptrons:
    chance = np.random.default_rng(seed)
    networks = Perceptrons(observations[0].shape[1], seed)
    optimiser = torch.optim.AdamW(
        [*networks.weights, *networks.biases], lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, EPOCHS)
    goals = targets.expand(MEMBERS, -1)
    for drawn in chance.integers(len(observations), size=(EPOCHS, MEMBERS)).tolist():
        found = networks(torch.stack([observations[one] for one in drawn]))
        # The mean of each member: one's size of step does not depend on how many there are.
        loss = MEMBERS * torch.nn.functional.binary_cross_entropy_with_logits(found, goals)
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        schedule.step()
    return networks


def export(scaling: Scaling, networks: Perceptrons) -> onnx.ModelProto:
    """Return the graph that fills, scales and cuts off features and averages the log-odds."""
    tensors = {
        "mean": scaling.mean,
        "scale": scaling.scale,
        "low": scaling.low,
        "high": scaling.high,
    } | _weights(networks)
    return graph(tensors, MEMBERS)


def graph(tensors: Mapping[str, Float32s], members: int) -> onnx.ModelProto:
    """Make the graph; all members share its first and last layer, and are apart in between."""
    last = len(HIDDEN)
    nodes = [
        helper.make_node("IsNaN", ["features"], ["missing"]),
        helper.make_node("Where", ["missing", "mean", "features"], ["filled"]),
        helper.make_node("Sub", ["filled", "mean"], ["centred"]),
        helper.make_node("Div", ["centred", "scale"], ["scaled"]),
        helper.make_node("Max", ["scaled", "low"], ["raised"]),
        helper.make_node("Min", ["raised", "high"], ["scaled_and_cut"]),
        helper.make_node("Cast", ["missing"], ["unknown"], to=TensorProto.FLOAT),
        helper.make_node("Concat", ["scaled_and_cut", "unknown"], ["described"], axis=1),
        *_layer("described", "0", "all_1"),
        helper.make_node("Split", ["all_1"], [f"x1_{one}" for one in range(members)], axis=1),
    ]
    for one in range(members):
        for layer in range(1, last):
            nodes += _layer(f"x{layer}_{one}", f"{layer}_{one}", f"x{layer + 1}_{one}")
    nodes += [
        helper.make_node("Concat", [f"x{last}_{one}" for one in range(members)], ["ends"], axis=1),
        helper.make_node("Gemm", ["ends", f"w{last}", f"b{last}"], ["log_odds"]),
        helper.make_node("Sigmoid", ["log_odds"], ["p_fraud"]),
    ]
    made = helper.make_graph(
        nodes,
        "caller",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, [None, len(FEATURES)])],
        [helper.make_tensor_value_info("p_fraud", TensorProto.FLOAT, [None, 1])],
        [
            numpy_helper.from_array(value.astype(np.float32), name)
            for name, value in tensors.items()
        ],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model


def _layer(before: str, weights: str, after: str) -> list[onnx.NodeProto]:
    return [
        helper.make_node("Gemm", [before, f"w{weights}", f"b{weights}"], [f"y{weights}"]),
        helper.make_node("Relu", [f"y{weights}"], [after]),
    ]


def _weights(networks: Perceptrons) -> dict[str, Float32s]:
    """Lay the first layers side by side and the last below each other, with the mean at the end."""
    tensors: dict[str, Float32s] = {}
    for number, pair in enumerate(zip(networks.weights, networks.biases, strict=True)):
        weights, biases = (tensor.detach().numpy() for tensor in pair)
        if number == 0:
            tensors |= {"w0": np.hstack(list(weights)), "b0": biases.reshape(-1)}
        elif number < len(HIDDEN):
            tensors |= {f"w{number}_{one}": weight for one, weight in enumerate(weights)}
            tensors |= {f"b{number}_{one}": bias[0] for one, bias in enumerate(biases)}
        else:
            tensors |= {
                f"w{number}": (np.vstack(list(weights)) / MEMBERS).astype(np.float32),
                f"b{number}": biases.mean(axis=0)[0],
            }
    return tensors
