"""Trains the network of the text model on labelled texts, and on what a teacher makes of them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from classifiers.text.features import BUCKET_BITS, PADDING, NGrams, ngrams
from classifiers.training.text import augmentation
from classifiers.training.text.data import CLASSES, HAM, LANGUAGES, OWN, LabelledText
from classifiers.training.text.network import WIDTH, TextNetwork
from classifiers.training.text.objectives import contrastive
from classifiers.training.text.objectives.group_robust import GroupWeights
from classifiers.training.text.objectives.options import PLAIN, TrainingOptions
from classifiers.training.text.objectives.source_head import SourceHead
from classifiers.training.text.sampler import Sampler
from classifiers.training.text.scores import HEADS
from fanzha.tables import Float32s
from fanzha.text import normalise_all

_BATCH = 768
_LEARNING_RATE = 5e-3
_HAM_WEIGHT = 2.0
"""A legitimate text that is blocked costs more than a fraud that is not."""
_LANGUAGE_WEIGHT = 0.3
_KIND_WEIGHT = 0.3
_KIND_SHARE_OF_OTHERS = 0.1
"""Only our own templates know all kinds of fraud."""
_UNKNOWN_SHARE = 0.05
_SOFT_SHARE = 0.2
_PASSES = 2
"""Epochs over texts drawn once, each disturbed anew: to draw and normalise takes a fifth of it."""
_TEMPERATURE = 1.5


@dataclass(frozen=True, slots=True)
class SoftLabels:
    """Texts, and the logits of their classes as a teacher sees them."""

    texts: Sequence[str]
    logits: Float32s


@dataclass(frozen=True, slots=True)
class EncodedTexts:
    """Texts without labels, and their embeddings by the sentence encoder."""

    texts: Sequence[str]
    embeddings: Float32s


@dataclass(frozen=True, slots=True, kw_only=True)
class _Objective:
    """What is minimised besides the labels."""

    soft: SoftLabels | None
    """Normalised."""
    groups: GroupWeights | None
    sources: SourceHead | None

    def parameters(self) -> Iterator[nn.Parameter]:
        """Return what is fitted besides the network."""
        return iter(()) if self.sources is None else self.sources.parameters()


def train(
    rows: Sequence[LabelledText],
    *,
    epochs: int,
    seed: int,
    progress: Callable[[int, float], None],
    soft: SoftLabels | None = None,
    encoded: EncodedTexts | None = None,
    options: TrainingOptions = PLAIN,
) -> TextNetwork:
    """Train on *rows*; *progress* is called with the number of epochs done and the mean loss.

    *encoded* is for the pretraining that `options.aligned` asks for.
    """
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    chance = Random(seed)  # noqa: S311  seeded on purpose
    network, sampler = TextNetwork(), Sampler(rows, chance)
    objective = _objective(rows, soft, options)
    _pretrain(network, sampler, encoded, options, chance)
    heads = list(objective.parameters())
    optimiser = torch.optim.Adam([*network.parameters(), *heads], lr=_LEARNING_RATE, fused=True)
    schedule = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.05, total_iters=epochs)
    network.train()
    drawn: list[tuple[str, LabelledText]] = []
    for epoch in range(epochs):
        losses = []
        if epoch % _PASSES == 0:
            drawn = _normalised(sampler.epoch())
        chance.shuffle(drawn)
        batches = _batches(drawn)
        for number, batch in enumerate(batches):
            done = (epoch + number / len(batches)) / epochs
            losses.append(_step(optimiser, _loss(network, batch, objective, chance, done)))
        schedule.step()
        progress(epoch + 1, float(np.mean(losses)))
    network.eval()
    return network


def _step(optimiser: torch.optim.Optimizer, loss: Tensor) -> float:
    optimiser.zero_grad()
    torch.autograd.backward(loss)
    optimiser.step()
    return float(loss.detach())


def _objective(
    rows: Sequence[LabelledText], soft: SoftLabels | None, options: TrainingOptions
) -> _Objective:
    weight = options.reversed_sources
    return _Objective(
        soft=SoftLabels(normalise_all(soft.texts), soft.logits) if soft and soft.texts else None,
        groups=GroupWeights(rows, options.robust) if options.robust else None,
        sources=SourceHead(rows, 3 * WIDTH, weight) if weight else None,
    )


def _pretrain(
    network: TextNetwork,
    sampler: Sampler,
    encoded: EncodedTexts | None,
    options: TrainingOptions,
    chance: Random,
) -> None:
    if options.aligned and encoded is not None:
        normal = normalise_all(encoded.texts)
        contrastive.by_encoder(
            network, normal, encoded.embeddings, epochs=options.aligned, chance=chance
        )
    if options.contrastive:
        normal = normalise_all([text for text, _ in sampler.epoch()])
        contrastive.by_versions(network, normal, epochs=options.contrastive, chance=chance)


def _normalised(drawn: list[tuple[str, LabelledText]]) -> list[tuple[str, LabelledText]]:
    normal = normalise_all([text for text, _ in drawn])
    return list(zip(normal, [row for _, row in drawn], strict=True))


def _batches(drawn: list[tuple[str, LabelledText]]) -> list[list[tuple[str, LabelledText]]]:
    return [drawn[start : start + _BATCH] for start in range(0, len(drawn), _BATCH)]


def _loss(
    network: TextNetwork,
    batch: list[tuple[str, LabelledText]],
    objective: _Objective,
    chance: Random,
    done: float,
) -> Tensor:
    soft = objective.soft
    count = int(_SOFT_SHARE * len(batch)) if soft else 0
    taught = chance.choices(range(len(soft.texts)), k=count) if soft else []
    texts = [text for text, _ in batch] + [soft.texts[row] for row in taught if soft]
    grams, strange = _with_unknown_words(
        ngrams([augmentation.disturb(text, chance) for text in texts]), len(batch)
    )
    rows = [row for _, row in batch]
    pools = network.pooled(grams)
    found = network.classified(pools)
    loss = _hard_loss(found[: len(batch)], rows, strange, objective.groups)
    if objective.sources is not None:
        known = [
            row for row, is_strange in zip(rows, strange.tolist(), strict=True) if not is_strange
        ]
        pooled = pools.described[: len(batch)][~strange]
        loss = loss + objective.sources.loss(pooled, known, done)
    if soft is not None:
        targets = torch.softmax(torch.from_numpy(soft.logits[taught]) / _TEMPERATURE, dim=1)
        guessed = found[len(batch) :, : len(CLASSES)] / _TEMPERATURE
        loss = loss + _SOFT_SHARE * _TEMPERATURE**2 * cross_entropy(guessed, targets)
    return loss


def _hard_loss(
    found: Tensor, rows: Sequence[LabelledText], strange: Tensor, groups: GroupWeights | None
) -> Tensor:
    allowed = torch.tensor([row.allowed for row in rows])
    languages = torch.tensor([row.language for row in rows])
    allowed[strange] = torch.tensor([True, False, False])
    languages[strange] = LANGUAGES.index("other")
    sizes = [*HEADS, found.shape[1] - sum(HEADS)]
    classes, language_logits, kinds = torch.split(found, sizes, dim=1)
    log_p = torch.log_softmax(classes, dim=1)
    # The label leaves a set of classes open; any of them will do.
    losses = -torch.logsumexp(log_p.masked_fill(~allowed, -torch.inf), dim=1)
    weighed = torch.where(allowed[:, HAM], _HAM_WEIGHT * losses, losses)
    loss = weighed.mean() if groups is None else groups.loss(weighed, rows)
    loss = loss + _LANGUAGE_WEIGHT * cross_entropy(language_logits, languages)
    return loss + _KIND_WEIGHT * _kind_loss(kinds, rows, strange)


def _kind_loss(kinds: Tensor, rows: Sequence[LabelledText], strange: Tensor) -> Tensor:
    true = torch.tensor([int(row.fraud_type) for row in rows])
    known = (true > 0) & ~strange
    shares = torch.tensor([1.0 if row.source == OWN else _KIND_SHARE_OF_OTHERS for row in rows])
    each = cross_entropy(kinds[known], true[known], label_smoothing=0.05, reduction="none")
    return (each * shares[known]).sum() / shares[known].sum().clamp(min=1)


def _with_unknown_words(grams: NGrams, count: int) -> tuple[NGrams, Tensor]:
    # Texts whose n-grams are random buckets represent languages never seen: legitimate.
    # Only the first *count*: those after are a teacher's.
    strange = torch.rand(len(grams.weights)) < _UNKNOWN_SHARE
    strange[count:] = False
    chunks = strange[torch.from_numpy(grams.rows)].numpy()
    ids = grams.ids.copy()
    random_ids = torch.randint(1, 2**BUCKET_BITS, ids[chunks].shape).numpy().astype(ids.dtype)
    ids[chunks] = np.where(ids[chunks] == PADDING, PADDING, random_ids)
    return NGrams(ids=ids, rows=grams.rows, weights=grams.weights), strange[:count]
