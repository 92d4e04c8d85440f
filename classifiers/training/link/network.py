"""The network of the link model: its shape, and its training in torch.

Embeddings of the known n-grams are added up per host and per path; two small layers judge
both sums and the shape. Half of the n-grams are hidden at random in training, so that
no single one can carry a verdict.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from classifiers.link.features import PADDING, SHAPE_WIDTH, Int32s, part_weights
from classifiers.training.link.calibration import Calibration
from classifiers.training.link.feature_matrix import LinkFeatureMatrix
from fanzha.tables import Bools, Float32s, Int64s

WIDTH = 16
HIDDEN = (128, 32)
DROPOUT = 0.3
HIDDEN_NGRAMS = 0.5
LABEL_DOUBT = 0.02
"""Label smoothing: without it a few mislabelled rows score near 1, above nearly all fraud."""
EPOCHS = 5
BATCH = 2048
LEARNING_RATE = 4e-3
WARM_UP_STEPS = 200
FEWEST_STEPS = 16
"""Of an epoch: few rows are cut into smaller batches."""
_CHUNK = 4096
_INT8_MAX = 127


class LinkBatch(NamedTuple):
    """Features of some links, as the network takes them."""

    ids: torch.Tensor
    """Numbers of known n-grams."""
    starts: torch.Tensor
    """Where those of each part start."""
    weights: torch.Tensor
    shape: torch.Tensor


class LinkNetwork(nn.Module):
    """Judges a batch of links; returns log odds."""

    shape_mean: torch.Tensor
    shape_scale: torch.Tensor

    def __init__(self, vocabulary: Int32s, shape_mean: Float32s, shape_scale: Float32s) -> None:
        super().__init__()
        self.vocabulary = vocabulary
        """The number of each bucket; `PADDING` where it is not known."""
        self.calibration = Calibration()
        self.embeddings = nn.EmbeddingBag(int(vocabulary.max()) + 1, WIDTH, mode="sum")
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

    def forward(self, batch: LinkBatch) -> torch.Tensor:
        """Return the log odds of each link."""
        bags = self.embeddings(batch.ids, batch.starts) * batch.weights
        scaled = (batch.shape - self.shape_mean) / self.shape_scale
        joined = torch.cat([bags.reshape(len(scaled), 2 * WIDTH), scaled], 1)
        raw: torch.Tensor = self.layers(joined)[:, 0]
        bend, slope, offset = self.calibration
        return bend * raw**3 + slope * raw + offset

    @property
    def embedding_scales(self) -> Float32s:
        """Return the quantisation step of the 8-bit embeddings, by column."""
        largest: Float32s = self.embeddings.weight.detach().abs().amax(0).numpy()
        return largest / np.float32(_INT8_MAX)

    @torch.no_grad()
    def round_embeddings(self) -> None:
        """Round the embeddings to eight bits; zero for unknown n-grams."""
        self.embeddings.weight[PADDING] = 0
        scales = torch.from_numpy(self.embedding_scales)
        self.embeddings.weight.copy_((self.embeddings.weight / scales).round() * scales)


def fit(
    described: LinkFeatureMatrix,
    vocabulary: Int32s,
    malicious: Bools,
    rows: Int64s,
    weights: Float32s,
    *,
    seed: int,
) -> LinkNetwork:
    """Train on *rows*."""
    torch.manual_seed(seed)
    chance = np.random.default_rng(seed)
    shape = described.shape[rows]
    network = LinkNetwork(vocabulary, shape.mean(axis=0), shape.std(axis=0) + np.float32(1e-6))
    optimisers: tuple[torch.optim.Optimizer, ...] = (
        torch.optim.Adam(network.embeddings.parameters(), fused=True),
        torch.optim.AdamW(network.layers.parameters(), weight_decay=1e-4),
    )
    doubted = np.where(malicious, 1 - LABEL_DOUBT, LABEL_DOUBT).astype(np.float32)
    labels, row_weights = torch.from_numpy(doubted), torch.from_numpy(weights)
    size = max(1, min(BATCH, len(rows) // FEWEST_STEPS))
    steps = EPOCHS * (len(rows) // size)
    order = np.concatenate(
        [chance.permutation(rows)[: len(rows) // size * size] for _ in range(EPOCHS)]
    )
    for step, batch in enumerate(order.reshape(steps, size)):
        features = _batch(described, vocabulary, batch, share=1 - HIDDEN_NGRAMS, chance=chance)
        losses = nn.functional.binary_cross_entropy_with_logits(
            network(features), labels[batch], reduction="none"
        )
        for optimiser in optimisers:
            optimiser.param_groups[0]["lr"] = _learning_rate(step, steps)
            optimiser.zero_grad()
        (losses * row_weights[batch]).mean().backward()  # type: ignore[no-untyped-call]
        for optimiser in optimisers:
            optimiser.step()
    # As in the graph, so that all figures are of the shipped model.
    network.round_embeddings()
    return network.eval()


@torch.no_grad()
def log_odds(network: LinkNetwork, described: LinkFeatureMatrix, rows: Int64s) -> Float32s:
    """Return the log odds of *rows*."""
    found = [
        network(_batch(described, network.vocabulary, rows[at : at + _CHUNK])).numpy()
        for at in range(0, len(rows), _CHUNK)
    ]
    return np.concatenate([np.zeros(0, np.float32), *found])


def scores(network: LinkNetwork, described: LinkFeatureMatrix, rows: Int64s) -> Float32s:
    """Return the probabilities of *rows*."""
    odds = torch.from_numpy(log_odds(network, described, rows))
    found: Float32s = torch.sigmoid(odds).numpy()
    return found


def _learning_rate(step: int, steps: int) -> float:
    warm_up = min(WARM_UP_STEPS, steps // 4)
    return LEARNING_RATE * min(1, step / warm_up) * (1 - step / steps) + 1e-6


def _batch(
    described: LinkFeatureMatrix,
    vocabulary: Int32s,
    rows: Int64s,
    *,
    share: float = 1.0,
    chance: np.random.Generator | None = None,
) -> LinkBatch:
    ids, counts = described.of_parts(np.stack([2 * rows, 2 * rows + 1], axis=1).ravel())
    numbers = vocabulary[ids]
    visible = numbers != PADDING
    if chance is not None:
        visible &= chance.random(len(visible), np.float32) < share
    seen = np.concatenate([np.zeros(1, np.int64), np.cumsum(visible)])
    ends = np.cumsum(counts)
    return LinkBatch(
        ids=torch.from_numpy(numbers[visible].astype(np.int64)),
        starts=torch.from_numpy(seen[ends - counts]),
        # Of all n-grams, known or not, as in service.
        weights=torch.from_numpy(part_weights(counts, share)),
        shape=torch.from_numpy(described.shape[rows]),
    )
