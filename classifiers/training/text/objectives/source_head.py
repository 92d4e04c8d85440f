"""A reversed source head (domain-adversarial training, Ganin et al. 2016).

A small network guesses from the pooled n-grams which source a text is from; its gradient reaches
the embeddings with the sign turned, so they unlearn what gives a source away. Many sources hold one
label only, where to hide the source would be to hide the label: the guess is among the sources of
the text's own label.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from classifiers.training.text.data import LabelledText

_HIDDEN = 64
_WARM_UP = 0.3
"""Of all steps: the weight of the reversed gradient grows from 0 over these."""


class SourceHead(nn.Module):
    """Logits of the sources of texts, from their pooled n-grams."""

    def __init__(self, rows: Sequence[LabelledText], width: int, weight: float) -> None:
        super().__init__()
        sources = sorted({row.source for row in rows})
        labels = sorted({row.label for row in rows})
        self._sources = {source: number for number, source in enumerate(sources)}
        self._labels = {label: number for number, label in enumerate(labels)}
        possible = torch.zeros(len(labels), len(sources), dtype=torch.bool)
        for source, label in {(row.source, row.label) for row in rows}:
            possible[self._labels[label], self._sources[source]] = True
        self._possible = possible
        self._weight = weight
        self._layers = nn.Sequential(
            nn.Linear(width, _HIDDEN), nn.ReLU(), nn.Linear(_HIDDEN, len(sources))
        )

    def loss(self, pooled: Tensor, rows: Sequence[LabelledText], done: float) -> Tensor:
        """Return the head's loss; *done* is the share of the training, from 0 to 1."""
        if not rows:
            return pooled.sum()  # Zero: all texts of a small last batch may be made-up ones.
        weight = self._weight * min(done / _WARM_UP, 1.0)
        turned: Tensor = _Reversed.apply(pooled, weight)  # type: ignore[no-untyped-call]
        logits = self._layers(turned)
        labels = torch.tensor([self._labels[row.label] for row in rows])
        sources = torch.tensor([self._sources[row.source] for row in rows])
        among = logits.masked_fill(~self._possible[labels], -1e4)
        return cross_entropy(among, sources)


class _Reversed(torch.autograd.Function):
    """Itself forwards; backwards the gradient times minus a weight."""

    @staticmethod
    def forward(context: Any, values: Tensor, weight: float) -> Tensor:
        context.weight = weight
        return values.view_as(values)

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return -context.weight * gradients[0], None
