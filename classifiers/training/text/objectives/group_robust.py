"""Group-robust loss (group DRO, Sagawa et al. 2020): the worst groups weigh most.

A group is a source and a label, so that a source is not learned at the cost of another. The weight
of each group grows by the exponential of its loss, as online gradient ascent does.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from classifiers.training.text.data import LabelledText

_LEAST_SHARE = 0.1
"""Of the weights, what stays equal for all groups: a group with wrong labels never takes all."""


class GroupWeights:
    """Weights of the groups of a training, which add up to one."""

    def __init__(self, rows: Sequence[LabelledText], step: float) -> None:
        names = sorted({(row.source, row.label) for row in rows})
        self._numbers = {name: number for number, name in enumerate(names)}
        self._step = step
        self.weights = torch.full((len(names),), 1 / len(names))

    def loss(self, losses: Tensor, rows: Sequence[LabelledText]) -> Tensor:
        """Return the weighted mean of the *losses* of *rows*, and move weight to the worst."""
        groups = torch.tensor([self._numbers[row.source, row.label] for row in rows])
        count = torch.bincount(groups, minlength=len(self.weights))
        means = torch.zeros(len(self.weights)).index_add(0, groups, losses) / count.clamp(min=1)
        present = count > 0
        with torch.no_grad():
            moved = self.weights * torch.exp(self._step * means.detach() * present)
            self.weights = moved / moved.sum()
        weights = (1 - _LEAST_SHARE) * self.weights + _LEAST_SHARE / len(self.weights)
        weights = weights * present
        return (weights * means).sum() / weights.sum()
