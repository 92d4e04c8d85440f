"""The network of the text model in torch: mean of n-gram embeddings, then a small perceptron.

The graph that is served is written by hand in `sms_graph`; a test of each export compares the two.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from classifiers.text_features import BUCKET_BITS, PADDING, NGrams, ngrams
from classifiers.training import sms_mutations
from classifiers.training.sms_data import CLASSES, HAM, LANGUAGES, OWN, Row
from classifiers.training.sms_graph import Weights
from fanzha.tables import Float32s
from fanzha.text import normalise_all

WIDTH = 16
HIDDEN = 64
BATCH = 512
_SCALE = 8.0
"""A mean of many embeddings is small; this keeps it in the range where the network learns."""


_PER_ROOT = 60
_MOST_REPEATS = 4
_HAM_WEIGHT = 2.0
"""A legitimate text that is blocked costs more than a fraud that is not."""
_LANGUAGE_WEIGHT = 0.3
_UNKNOWN_SHARE = 0.05
_DROPPED_GRAMS = 0.4


class Network(nn.Module):
    """Logits of ham, spam and fraud, and of the languages."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.EmbeddingBag(2**BUCKET_BITS, WIDTH, mode="sum", padding_idx=PADDING)
        nn.init.normal_(self.table.weight, std=0.1)
        with torch.no_grad():
            self.table.weight[PADDING] = 0
        self.dropout = nn.Dropout(0.2)
        self.hidden = nn.Linear(WIDTH, HIDDEN)
        self.out = nn.Linear(HIDDEN, len(CLASSES) + len(LANGUAGES))

    def forward(self, grams: NGrams) -> Tensor:
        """Return logits of the texts of *grams*."""
        ids = torch.from_numpy(grams.ids)
        if self.training:
            # Whole n-grams go missing, so that no single one decides.
            ids = ids * (torch.rand(ids.shape) > _DROPPED_GRAMS)
        weights = torch.from_numpy(grams.weights)
        bags = torch.zeros(len(weights), WIDTH)
        bags = bags.index_add(0, torch.from_numpy(grams.rows), self.table(ids))
        means = self.dropout(bags * weights[:, None] * _SCALE)
        logits: Tensor = self.out(torch.relu(self.hidden(means)))
        return logits

    def weights(self) -> Weights:
        """Return what was learned, without torch."""
        return Weights(
            table=_array(self.table.weight),
            scale=_SCALE,
            hidden=_array(self.hidden.weight).T,
            hidden_bias=_array(self.hidden.bias),
            out=_array(self.out.weight).T,
            out_bias=_array(self.out.bias),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A network, and what keeps it within the budget."""

    network: Network
    caution: Float32s
    """Taken off the logit of fraud, language by language."""
    threshold: float
    spam_threshold: float


class Sampler:
    """Draws training texts: square roots of sizes, so that no source drowns the others."""

    def __init__(self, rows: Sequence[Row], chance: Random) -> None:
        self._chance = chance
        self._cells: dict[tuple[int, str, str], list[Row]] = {}
        for row in rows:
            self._cells.setdefault((row.language, row.source, row.label), []).append(row)

    def epoch(self) -> list[tuple[str, Row]]:
        """Return the mutated texts of one epoch, shuffled, with the rows they come from."""
        drawn = []
        for cell, count in self._quotas():
            drawn += [(self._raw(row, cell), row) for row in self._chance.choices(cell, k=count)]
        self._chance.shuffle(drawn)
        return drawn

    def _quotas(self) -> list[tuple[list[Row], int]]:
        roots = {key: int(_PER_ROOT * len(cell) ** 0.5) for key, cell in self._cells.items()}
        # In a language with little ham, ham is drawn more often: to be written in that
        # language must not be evidence.
        for language in {language for language, _, _ in roots}:
            ham = sum(
                n for (lang, _, label), n in roots.items() if (lang, label) == (language, "ham")
            )
            bad = sum(n for (lang, _, label), n in roots.items() if lang == language) - ham
            if 0 < ham < bad:
                for key, count in roots.items():
                    if key[0] == language and key[2] == "ham":
                        roots[key] = int(count * min(bad / ham, _MOST_REPEATS))
        return [(self._cells[key], count) for key, count in roots.items()]

    def _raw(self, row: Row, cell: Sequence[Row]) -> str:
        text = row.text
        if row.source == OWN and row.label == "ham":
            text = sms_mutations.recombined(text, self._chance.choice(cell).text, self._chance)
            text = sms_mutations.with_link(text, self._chance)
        if row.source != OWN:
            text = sms_mutations.join(text, self._chance.choice(cell).text, self._chance)
        return sms_mutations.unmask(text, self._chance)


def train(
    rows: Sequence[Row], *, epochs: int, seed: int, progress: Callable[[int, float], None]
) -> Network:
    """Train on *rows*; *progress* is told the number of epochs done and the mean loss."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    chance = Random(seed)  # noqa: S311  seeded on purpose
    network, sampler = Network(), Sampler(rows, chance)
    optimiser = torch.optim.Adam(network.parameters(), lr=4e-3)
    schedule = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.05, total_iters=epochs)
    network.train()
    for epoch in range(epochs):
        losses = [_step(network, optimiser, batch, chance) for batch in _batches(sampler.epoch())]
        schedule.step()
        progress(epoch + 1, float(np.mean(losses)))
    network.eval()
    return network


def logits(network: Network, texts: Sequence[str]) -> Float32s:
    """Return the logits of classes and languages of each text."""
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


def _batches(drawn: list[tuple[str, Row]]) -> list[list[tuple[str, Row]]]:
    return [drawn[start : start + BATCH] for start in range(0, len(drawn), BATCH)]


def _step(
    network: Network,
    optimiser: torch.optim.Optimizer,
    batch: list[tuple[str, Row]],
    chance: Random,
) -> float:
    normal = normalise_all([text for text, _ in batch])
    grams = ngrams([sms_mutations.disturb(text, chance) for text in normal])
    allowed = torch.tensor([row.allowed for _, row in batch])
    languages = torch.tensor([row.language for _, row in batch])
    grams, strange = _with_unknown_words(grams)
    allowed[strange] = torch.tensor([True, False, False])
    languages[strange] = LANGUAGES.index("other")
    logits = network(grams)
    log_p = torch.log_softmax(logits[:, : len(CLASSES)], dim=1)
    # The label leaves a set of classes open; any of them will do.
    losses = -torch.logsumexp(log_p.masked_fill(~allowed, -torch.inf), dim=1)
    loss = torch.where(allowed[:, HAM], _HAM_WEIGHT * losses, losses).mean()
    loss = loss + _LANGUAGE_WEIGHT * cross_entropy(logits[:, len(CLASSES) :], languages)
    optimiser.zero_grad()
    torch.autograd.backward(loss)
    optimiser.step()
    return float(loss.detach())


def _with_unknown_words(grams: NGrams) -> tuple[NGrams, Tensor]:
    # Texts whose n-grams are random buckets stand for languages never seen: let them through.
    strange = torch.rand(len(grams.weights)) < _UNKNOWN_SHARE
    chunks = strange[torch.from_numpy(grams.rows)].numpy()
    ids = grams.ids.copy()
    random_ids = torch.randint(1, 2**BUCKET_BITS, ids[chunks].shape).numpy().astype(ids.dtype)
    ids[chunks] = np.where(ids[chunks] == PADDING, PADDING, random_ids)
    return NGrams(ids=ids, rows=grams.rows, weights=grams.weights), strange
