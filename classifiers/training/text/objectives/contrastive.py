"""Contrastive pretraining of the embeddings: labels are not read.

Two ways, both by the InfoNCE loss (van den Oord et al. 2018), which finds the other half of each
pair in its batch: a text in two disturbed versions, as evaders would change it; or a text and its
embedding by the sentence encoder, which knows words that no training text holds.
"""

from collections.abc import Callable, Sequence
from random import Random

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize

from classifiers.text.features import NGrams, ngrams
from classifiers.training.text import augmentation
from classifiers.training.text.network import WIDTH, TextNetwork
from fanzha.tables import Float32s

_PROJECTED = 64
_TEMPERATURE = 0.1
_BATCH = 768
_LEARNING_RATE = 5e-3


def by_versions(
    network: TextNetwork, normal: Sequence[str], *, epochs: int, chance: Random
) -> list[float]:
    """Pretrain on pairs of versions of *normal* texts; return the mean loss of each epoch."""
    project = nn.Linear(3 * WIDTH, _PROJECTED)

    def losses(places: Sequence[int]) -> Tensor:
        ones, others = (
            project(network.pooled(_disturbed(normal, places, chance)).described) for _ in range(2)
        )
        return _info_nce(ones, others)

    return _trained(network, project, len(normal), losses, epochs=epochs, chance=chance)


def by_encoder(
    network: TextNetwork,
    normal: Sequence[str],
    embeddings: Float32s,
    *,
    epochs: int,
    chance: Random,
) -> list[float]:
    """Pretrain on pairs of a text and its embedding; return the mean loss of each epoch."""
    project = nn.Linear(3 * WIDTH, embeddings.shape[1])

    def losses(places: Sequence[int]) -> Tensor:
        own = project(network.pooled(_disturbed(normal, places, chance)).described)
        return _info_nce(own, torch.from_numpy(embeddings[np.asarray(places)]))

    return _trained(network, project, len(normal), losses, epochs=epochs, chance=chance)


def _trained(
    network: TextNetwork,
    project: nn.Linear,
    texts: int,
    losses: Callable[[Sequence[int]], Tensor],
    *,
    epochs: int,
    chance: Random,
) -> list[float]:
    parameters = [*network.table.parameters(), *project.parameters()]
    optimiser = torch.optim.Adam(parameters, lr=_LEARNING_RATE, fused=True)
    network.train()
    places, means = list(range(texts)), []
    for _ in range(epochs):
        chance.shuffle(places)
        found = []
        for start in range(0, texts, _BATCH):
            loss = losses(places[start : start + _BATCH])
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
            found.append(float(loss.detach()))
        means.append(float(np.mean(found)))
    return means


def _disturbed(normal: Sequence[str], places: Sequence[int], chance: Random) -> NGrams:
    return ngrams([augmentation.disturb(normal[place], chance) for place in places])


def _info_nce(ones: Tensor, others: Tensor) -> Tensor:
    alike = normalize(ones) @ normalize(others).T / _TEMPERATURE
    pairs = torch.arange(len(alike))
    return (cross_entropy(alike, pairs) + cross_entropy(alike.T, pairs)) / 2
