"""The network of the text model in torch: pooled n-gram embeddings, wide and deep.

The deep part is a small perceptron. The wide one is linear in the n-grams, as a logistic model is:
evidence adds up with the length of a text, where a mean thins it out. Both share the embeddings.

The graph that is served is written by hand in `sms_graph`; every bundle compares the two.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from classifiers.text.features import BUCKET_BITS, CHUNK, IDS_PER_CHARACTER, PADDING, NGrams, ngrams
from classifiers.training.link.calibration import Calibration
from classifiers.training.text.cascade import Stages
from classifiers.training.text.graph import Weights
from classifiers.training.text.scores import HEADS
from fanzha.fraud import FraudType
from fanzha.tables import Bools, Float32s
from fanzha.text import normalise_all

WIDTH = 16
HIDDEN = 64
BATCH = 512
_SCALE = 8.0
"""A mean of many embeddings is small; this keeps it in the range where the network learns."""
_PEAK_SCALE = _SCALE / 1.5 / (CHUNK * IDS_PER_CHARACTER)
_ROOT_SCALE = 0.5
_DROPPED_GRAMS = 0.2


class Pools(NamedTuple):
    """What the n-grams of texts are pooled to."""

    roots: Tensor
    """[texts, `WIDTH`]: sums over the root of their number"""
    described: Tensor
    """[texts, 3 * `WIDTH`]: means, roots and peaks, scaled: what the deep part reads"""


class TextNetwork(nn.Module):
    """Logits of ham, spam and fraud, of the languages, and of the kinds of fraud."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.EmbeddingBag(2**BUCKET_BITS, WIDTH, mode="sum", padding_idx=PADDING)
        nn.init.normal_(self.table.weight, std=0.05)
        with torch.no_grad():
            self.table.weight[PADDING] = 0
        self.dropout = nn.Dropout(0.2)
        self.hidden = nn.Linear(3 * WIDTH, HIDDEN)
        self.out = nn.Linear(HIDDEN, sum(HEADS) + len(FraudType))
        self.wide = nn.Linear(WIDTH, HEADS[0], bias=False)

    def forward(self, grams: NGrams) -> Tensor:
        """Return logits of the texts of *grams*."""
        return self.classified(self.pooled(grams))

    def pooled(self, grams: NGrams) -> Pools:
        """Pool the n-grams of each text."""
        ids = torch.from_numpy(grams.ids)
        if self.training:
            # Whole n-grams go missing, so that no single one decides.
            ids = ids * (torch.rand(ids.shape) > _DROPPED_GRAMS)
        sums = self.table(ids)
        rows, weights = torch.from_numpy(grams.rows), torch.from_numpy(grams.weights)
        bags = torch.zeros(len(weights), WIDTH).index_add(0, rows, sums)
        lowest = torch.full_like(bags, torch.finfo(bags.dtype).min)
        peaks = lowest.scatter_reduce(0, rows[:, None].expand(-1, WIDTH), sums, "amax")
        means, roots = bags * weights[:, None], bags * weights[:, None].sqrt()
        scaled = [means * _SCALE, roots * _ROOT_SCALE, peaks * _PEAK_SCALE]
        return Pools(roots, torch.cat(scaled, dim=1))

    def classified(self, pools: Pools) -> Tensor:
        """Return logits of the texts of *pools*."""
        deep: Tensor = self.out(torch.relu(self.hidden(self.dropout(pools.described))))
        classes, others = deep[:, : HEADS[0]], deep[:, HEADS[0] :]
        return torch.cat([classes + self.wide(pools.roots), others], dim=1)

    def weights(self) -> Weights:
        """Return the weights as arrays."""
        return Weights(
            table=_array(self.table.weight),
            scale=_SCALE,
            root_scale=_ROOT_SCALE,
            peak_scale=_PEAK_SCALE,
            hidden=_array(self.hidden.weight).T,
            hidden_bias=_array(self.hidden.bias),
            out=_array(self.out.weight).T,
            out_bias=_array(self.out.bias),
            wide=_array(self.wide.weight).T,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A network, and what keeps it within the budget."""

    network: TextNetwork
    caution: Float32s
    """Added to the logit of ham, language by language."""
    calibration: Calibration
    calibration_prevalence: float
    """Share of fraud among the rows of the calibration."""
    stages: Stages
    spam_threshold: float
    review_only: Bools
    """Languages, by number, in which a text is at most put up for review."""


def logits(network: TextNetwork, texts: Sequence[str]) -> Float32s:
    """Return the logits of classes, languages and kinds of each text."""
    parts = []
    with torch.no_grad():
        for start in range(0, len(texts), BATCH):
            grams = ngrams(normalise_all(texts[start : start + BATCH]))
            parts.append(network(grams).numpy())
    found: Float32s = np.concatenate(parts)
    return found


def _array(parameter: Tensor) -> Float32s:
    values: Float32s = parameter.detach().numpy().astype(np.float32)
    return values
