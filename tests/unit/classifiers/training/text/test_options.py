"""What trainings can do besides fitting labels; needs torch, which CI does not install."""

from dataclasses import replace
from random import Random

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra train is not installed")

from classifiers.text.features import ngrams  # noqa: E402 - without torch nothing below imports
from classifiers.training.text import fit  # noqa: E402
from classifiers.training.text.data import TRAIN, LabelledText  # noqa: E402
from classifiers.training.text.fit import EncodedTexts  # noqa: E402
from classifiers.training.text.network import TextNetwork  # noqa: E402
from classifiers.training.text.objectives import contrastive  # noqa: E402
from classifiers.training.text.objectives.group_robust import GroupWeights  # noqa: E402
from classifiers.training.text.objectives.options import TrainingOptions  # noqa: E402
from classifiers.training.text.objectives.source_head import SourceHead  # noqa: E402

HAM = LabelledText(
    source="nus",
    label="ham",
    split=TRAIN,
    text="see you at seven",
    language=1,
    allowed=(True, False, False),
)
FRAUD = replace(
    HAM, source="mendeley", label="fraud", text="claim now", allowed=(False, False, True)
)
OTHER_HAM = replace(HAM, source="uci", text="call me later")


def some_rows(count: int) -> list[LabelledText]:
    kinds = (HAM, FRAUD, OTHER_HAM)
    return [
        replace(kind, text=f"{kind.text} {'abcdefghij'[n % 10]} {n}")
        for n in range(count)
        for kind in kinds
    ]


def test_the_group_that_loses_most_gains_weight() -> None:
    rows = [HAM, FRAUD, OTHER_HAM]
    weights = GroupWeights(rows, step=0.5)

    before = weights.weights.clone()
    loss = weights.loss(torch.tensor([0.1, 2.0, 0.1]), rows)

    worst = int(weights.weights.argmax())
    assert weights.weights[worst] > before[worst]
    assert float(weights.weights.sum()) == pytest.approx(1)
    assert float(loss) > (0.1 + 2.0 + 0.1) / 3


def test_a_group_that_is_not_in_a_batch_counts_for_nothing_in_it() -> None:
    weights = GroupWeights([HAM, FRAUD, OTHER_HAM], step=0.5)

    loss = weights.loss(torch.tensor([1.0, 1.0]), [HAM, HAM])

    assert float(loss) == pytest.approx(1)


def test_a_batch_without_rows_costs_the_source_head_nothing() -> None:
    head = SourceHead([HAM, OTHER_HAM, FRAUD], width=4, weight=1.0)
    pooled = torch.zeros((0, 4), requires_grad=True)

    loss = head.loss(pooled, [], done=1.0)
    torch.autograd.backward(loss)

    assert float(loss.detach()) == 0


def test_the_source_head_turns_the_gradient_of_what_it_reads() -> None:
    torch.manual_seed(1)
    rows = [HAM, OTHER_HAM, FRAUD]
    head = SourceHead(rows, width=4, weight=1.0)
    pooled = torch.randn(3, 4, requires_grad=True)

    head.loss(pooled, rows, done=1.0).backward()  # type: ignore[no-untyped-call]
    turned = pooled.grad.clone()
    plain = torch.autograd.functional.jacobian(
        lambda one: SourceHead.loss(_straight(head), one, rows, 1.0), pooled
    )

    assert torch.allclose(turned, -plain, atol=1e-6)
    assert float(turned[:2].abs().sum()) > 0


def test_a_label_of_one_source_gives_nothing_away() -> None:
    torch.manual_seed(1)
    head = SourceHead([HAM, OTHER_HAM, FRAUD], width=4, weight=1.0)
    pooled = torch.randn(1, 4, requires_grad=True)

    loss = head.loss(pooled, [FRAUD], done=1.0)
    loss.backward()  # type: ignore[no-untyped-call]

    assert float(loss.detach()) == pytest.approx(0, abs=1e-6)
    assert float(pooled.grad.abs().sum()) == pytest.approx(0, abs=1e-6)


def test_the_reversed_gradient_begins_at_zero() -> None:
    torch.manual_seed(1)
    head = SourceHead([HAM, OTHER_HAM], width=4, weight=1.0)
    pooled = torch.randn(2, 4, requires_grad=True)

    head.loss(pooled, [HAM, OTHER_HAM], done=0.0).backward()  # type: ignore[no-untyped-call]

    assert float(pooled.grad.abs().sum()) == 0


def test_pretraining_brings_versions_of_a_text_together() -> None:
    torch.manual_seed(1)
    network = TextNetwork()
    texts = [row.text for row in some_rows(60)]

    losses = contrastive.by_versions(network, texts, epochs=4, chance=Random(1))

    assert losses[-1] < losses[0]


def test_pretraining_moves_texts_towards_their_embeddings() -> None:
    torch.manual_seed(1)
    network = TextNetwork()
    texts = [row.text for row in some_rows(60)]
    embeddings = np.random.default_rng(1).normal(size=(len(texts), 32)).astype(np.float32)

    losses = contrastive.by_encoder(network, texts, embeddings, epochs=6, chance=Random(1))

    assert losses[-1] < losses[0]


OPTIONS = (
    TrainingOptions(),
    TrainingOptions(robust=0.1),
    TrainingOptions(reversed_sources=0.5),
    TrainingOptions(contrastive=1),
    TrainingOptions(aligned=1),
    TrainingOptions(robust=0.1, reversed_sources=0.5, contrastive=1, aligned=1),
)


@pytest.mark.parametrize("options", OPTIONS)
def test_a_seed_gives_the_same_network_with_each_option(options: TrainingOptions) -> None:
    rows = some_rows(20)
    encoded = EncodedTexts([row.text for row in rows], np.eye(60, 32, dtype=np.float32))

    one, other = (
        fit.train(
            rows, epochs=1, seed=3, progress=lambda *_: None, encoded=encoded, options=options
        )
        for _ in range(2)
    )

    grams = ngrams(["claim now", "see you at seven"])
    with torch.no_grad():
        assert torch.equal(one(grams), other(grams))


def test_each_option_changes_the_network() -> None:
    rows = some_rows(20)
    encoded = EncodedTexts([row.text for row in rows], np.eye(60, 32, dtype=np.float32))

    found = []
    for options in OPTIONS:
        network = fit.train(
            rows, epochs=1, seed=3, progress=lambda *_: None, encoded=encoded, options=options
        )
        with torch.no_grad():
            found.append(network(ngrams(["claim now"])).numpy().tobytes())

    assert len(set(found)) == len(OPTIONS)


def _straight(head: SourceHead) -> SourceHead:
    """Return *head* with a gradient that is not turned."""
    straight = SourceHead([HAM, OTHER_HAM, FRAUD], width=4, weight=-1.0)
    straight.load_state_dict(head.state_dict())
    return straight
