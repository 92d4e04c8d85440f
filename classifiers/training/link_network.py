"""The network of the link model: its shape, and its training in torch.

Embeddings of hashed n-grams are added up per host and per path; two small layers judge
both sums and the shape. Half of the n-grams are hidden at random in training, so that
no single one can carry a verdict.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from classifiers import link_features
from classifiers.link_features import SHAPE_WIDTH, LinkFeatures, Settings
from classifiers.training.link_calibration import Calibration
from fanzha.tables import Bools, Float32s, Int64s

WIDTH = 32
HIDDEN = (128, 32)
DROPOUT = 0.3
HIDDEN_NGRAMS = 0.5
LABEL_DOUBT = 0.02
"""Labels count as wrong so often: else a few odd rows end near 1, above nearly all fraud."""
EPOCHS = 5
BATCH = 1024
LEARNING_RATE = 3e-3
WARM_UP_STEPS = 200
_CHUNK = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """Features of all links, laid end to end."""

    buckets: int
    """Ids are below."""
    ids: torch.Tensor
    counts: Int64s
    """N-grams of each part."""
    starts: Int64s
    """Where the n-grams of each part start, and where the last ones end."""
    shape: Float32s


class Network(nn.Module):
    """Judges a batch of links; returns log odds."""

    shape_mean: torch.Tensor
    shape_scale: torch.Tensor

    def __init__(self, buckets: int, shape_mean: Float32s, shape_scale: Float32s) -> None:
        super().__init__()
        self.calibration = Calibration()
        self.embeddings = nn.Embedding(buckets, WIDTH, sparse=True)
        nn.init.normal_(self.embeddings.weight, std=0.1)
        self.register_buffer("shape_mean", torch.from_numpy(shape_mean))
        self.register_buffer("shape_scale", torch.from_numpy(shape_scale))
        self.layers = nn.Sequential(
            nn.Dropout(DROPOUT),
            nn.Linear(2 * WIDTH + SHAPE_WIDTH, HIDDEN[0]),
            nn.ReLU(),
            nn.Dropout(DROPOUT),
            nn.Linear(HIDDEN[0], HIDDEN[1]),
            nn.ReLU(),
            nn.Linear(HIDDEN[1], 1),
        )

    def forward(self, features: LinkFeatures) -> torch.Tensor:
        """Return the log odds of each link."""
        ids, parts, weights, shape = map(torch.from_numpy, features)
        sums = torch.zeros(len(weights), WIDTH).index_add_(0, parts[:, 0], self.embeddings(ids))
        bags = (sums * weights).reshape(len(shape), 2 * WIDTH)
        scaled = (shape - self.shape_mean) / self.shape_scale
        raw: torch.Tensor = self.layers(torch.cat([bags, scaled], 1))[:, 0]
        bend, slope, offset = self.calibration
        return bend * raw**3 + slope * raw + offset


def describe(urls: Sequence[str], settings: Settings) -> Described:
    """Compute the features of all links."""
    chunks = [
        link_features.of_links(urls[at : at + _CHUNK], settings)
        for at in range(0, len(urls), _CHUNK)
    ]
    counts = np.concatenate(
        [np.bincount(chunk.parts[:, 0], minlength=len(chunk.weights)) for chunk in chunks]
    )
    return Described(
        buckets=2**settings.bits,
        ids=torch.from_numpy(np.concatenate([chunk.ids.astype(np.int32) for chunk in chunks])),
        counts=counts,
        starts=np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)]),
        shape=np.concatenate([chunk.shape for chunk in chunks]),
    )


def fit(
    described: Described,
    malicious: Bools,
    rows: Int64s,
    weights: Float32s,
    *,
    seed: int,
    advance: Callable[[int], None],
) -> Network:
    """Train on *rows*; *advance* hears of each batch how many rows it had."""
    torch.manual_seed(seed)
    chance = np.random.default_rng(seed)
    shape = described.shape[rows]
    network = Network(described.buckets, shape.mean(axis=0), shape.std(axis=0) + np.float32(1e-6))
    optimisers: tuple[torch.optim.Optimizer, ...] = (
        torch.optim.SparseAdam(list(network.embeddings.parameters())),
        torch.optim.AdamW(network.layers.parameters(), weight_decay=1e-4),
    )
    doubted = np.where(malicious, 1 - LABEL_DOUBT, LABEL_DOUBT).astype(np.float32)
    labels, row_weights = torch.from_numpy(doubted), torch.from_numpy(weights)
    steps = EPOCHS * (len(rows) // BATCH)
    order = np.concatenate(
        [chance.permutation(rows)[: len(rows) // BATCH * BATCH] for _ in range(EPOCHS)]
    )
    for step, batch in enumerate(order.reshape(steps, BATCH)):
        features = _batch(described, batch, kept=1 - HIDDEN_NGRAMS, chance=chance)
        losses = nn.functional.binary_cross_entropy_with_logits(
            network(features), labels[batch], reduction="none"
        )
        for optimiser in optimisers:
            optimiser.param_groups[0]["lr"] = _learning_rate(step, steps)
            optimiser.zero_grad()
        (losses * row_weights[batch]).mean().backward()  # type: ignore[no-untyped-call]
        for optimiser in optimisers:
            optimiser.step()
        advance(BATCH)
    # As the graph will have them, so that all figures are of what is shipped.
    network.embeddings.weight.data = network.embeddings.weight.data.half().float()
    return network.eval()


@torch.no_grad()
def log_odds(network: Network, described: Described, rows: Int64s) -> Float32s:
    """Return the log odds of *rows*."""
    found = [
        network(_batch(described, rows[at : at + _CHUNK])).numpy()
        for at in range(0, len(rows), _CHUNK)
    ]
    return np.concatenate([np.zeros(0, np.float32), *found])


def scores(network: Network, described: Described, rows: Int64s) -> Float32s:
    """Return the probabilities of *rows*."""
    odds = torch.from_numpy(log_odds(network, described, rows))
    found: Float32s = torch.sigmoid(odds).numpy()
    return found


def _learning_rate(step: int, steps: int) -> float:
    return LEARNING_RATE * min(1, step / WARM_UP_STEPS) * (1 - step / steps) + 1e-6


def _batch(
    described: Described,
    rows: Int64s,
    *,
    kept: float = 1.0,
    chance: np.random.Generator | None = None,
) -> LinkFeatures:
    parts_of_rows = np.stack([2 * rows, 2 * rows + 1], axis=1).ravel()
    counts = described.counts[parts_of_rows]
    parts = np.repeat(np.arange(len(counts)), counts)
    places = np.arange(len(parts)) + np.repeat(
        described.starts[parts_of_rows] - np.cumsum(counts) + counts, counts
    )
    if chance is not None:
        visible = chance.random(len(parts)) < kept
        places, parts = places[visible], parts[visible]
        counts = np.bincount(parts, minlength=len(counts))
    return LinkFeatures(
        ids=described.ids[torch.from_numpy(places)].long().numpy(),
        parts=parts[:, np.newaxis],
        weights=link_features.part_weights(counts),
        shape=described.shape[rows],
    )
