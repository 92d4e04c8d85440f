"""A teacher for the text model: a small network on a pretrained sentence encoder.

The encoder (`classifiers.text.sentence_encoder`) knows words that no training text holds, but
encodes a few hundred texts a second, too few for every text of a service. So what the network
makes of training texts becomes their soft labels, and the network itself takes the second stage at
texts of which the fast model is not sure.
"""

from collections.abc import Callable, Sequence
from random import Random

import numpy as np
import torch
from torch import nn

from classifiers.training.text import augmentation
from classifiers.training.text.data import HAM, LANGUAGES, OWN, TRAIN, LabelledText
from classifiers.training.text.embeddings import ENCODED
from classifiers.training.text.fit import EncodedTexts, SoftLabels
from classifiers.training.text.second_stage.encoder_head import EncoderHead
from fanzha.tables import Float32s

_PER_CELL = 1500
"""Texts of a source, language and label that are encoded, at most."""
_MORE_OF_OWN = 2
_UNKNOWN = LANGUAGES.index("id")
"""The encoder does not know Indonesian."""
_TAUGHT = frozenset({LANGUAGES.index("zh")})
"""Languages in which the fast model learns from soft labels: in English they cost recall."""
_SCALE = 8.0
"""An embedding has length one; this is nearer to what a network likes."""
_HIDDEN, _DROPPED = 96, 0.2
_EPOCHS, _DRAWN, _BATCH = 8, 45_000, 256
_MOST_PASSES = 20
"""Over the rows in an epoch, where they are few."""
_LEARNING_RATE = 2e-3
_SMOOTHING = 0.02


class Teacher:
    """Encoded training texts."""

    def __init__(
        self, rows: Sequence[LabelledText], seed: int, progress: Callable[[float], None]
    ) -> None:
        """Encode a sample of the training rows; *progress* is called with the share done."""
        chance = Random(seed)  # noqa: S311  seeded on purpose
        known = [row for row in rows if row.split == TRAIN and row.language != _UNKNOWN]
        self._rows = _sample(known, chance)
        self._texts = [augmentation.unmask(row.text, chance) for row in self._rows]
        self._embeddings = ENCODED.of(self._texts, progress)

    def distil(
        self, knows: Callable[[LabelledText], bool], seed: int
    ) -> tuple[SoftLabels, EncoderHead]:
        """Fit the head on the rows that it may know, and judge the texts of those."""
        selected = [n for n, row in enumerate(self._rows) if knows(row)]
        rows = [self._rows[n] for n in selected]
        head = fitted_head(self._embeddings[selected], rows, seed)
        taught = [n for n in selected if self._rows[n].language in _TAUGHT]
        found = head.logits(self._embeddings[taught])
        return SoftLabels(texts=[self._texts[n] for n in taught], logits=found), head

    def encoded(self, knows: Callable[[LabelledText], bool]) -> EncodedTexts:
        """Return the texts that a round may know, with their embeddings."""
        selected = [n for n, row in enumerate(self._rows) if knows(row)]
        return EncodedTexts([self._texts[n] for n in selected], self._embeddings[selected])


def _sample(rows: Sequence[LabelledText], chance: Random) -> list[LabelledText]:
    selected: list[LabelledText] = []
    for cell in _cells(rows).values():
        most = _PER_CELL * (_MORE_OF_OWN if rows[cell[0]].source == OWN else 1)
        selected += [rows[n] for n in chance.sample(cell, min(len(cell), most))]
    return selected


def _cells(rows: Sequence[LabelledText]) -> dict[tuple[str, str, int], list[int]]:
    cells: dict[tuple[str, str, int], list[int]] = {}
    for number, row in enumerate(rows):
        cells.setdefault((row.source, row.label, row.language), []).append(number)
    return cells


def fitted_head(embeddings: Float32s, rows: Sequence[LabelledText], seed: int) -> EncoderHead:
    """Fit a head to the labels of *rows*, from their *embeddings*, [rows, width]."""
    torch.manual_seed(seed)
    inputs = torch.from_numpy(embeddings) * _SCALE
    allowed = torch.tensor([row.allowed for row in rows])
    weights = torch.zeros(len(rows))
    for cell in _cells(rows).values():
        weights[cell] = len(cell) ** -0.5
    hidden = nn.Linear(embeddings.shape[1], _HIDDEN)
    out = nn.Linear(_HIDDEN, allowed.shape[1])
    network = nn.Sequential(nn.Dropout(_DROPPED), hidden, nn.ReLU(), nn.Dropout(_DROPPED), out)
    optimiser = torch.optim.AdamW(network.parameters(), lr=_LEARNING_RATE, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.1, total_iters=_EPOCHS)
    for _ in range(_EPOCHS):
        drawn = torch.multinomial(weights, min(_DRAWN, _MOST_PASSES * len(rows)), replacement=True)
        for batch in torch.split(drawn, _BATCH):
            log_p = torch.log_softmax(network(inputs[batch]), dim=1)
            open_ = allowed[batch]
            losses = -torch.logsumexp(log_p.masked_fill(~open_, -torch.inf), dim=1)
            loss = torch.where(open_[:, HAM], 2 * losses, losses).mean()
            optimiser.zero_grad()
            torch.autograd.backward(loss - _SMOOTHING * log_p.mean())
            optimiser.step()
        schedule.step()
    return EncoderHead(
        hidden=_array(hidden.weight).T * np.float32(_SCALE),
        hidden_bias=_array(hidden.bias),
        out=_array(out.weight).T,
        out_bias=_array(out.bias),
    )


def _array(parameter: torch.Tensor) -> Float32s:
    values: Float32s = parameter.detach().numpy().astype(np.float32)
    return values
