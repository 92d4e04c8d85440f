"""The second stage of the text model: its band, and the budget that both stages share."""

from dataclasses import replace

import numpy as np
import onnxruntime as ort
import pytest

from classifiers.training.text import cascade
from classifiers.training.text.cascade import HeadOdds
from classifiers.training.text.data import VALIDATION, LabelledText
from classifiers.training.text.second_stage import encoder_head
from classifiers.training.text.second_stage.encoder_head import EncoderHead
from fanzha.tables import Float32s


def head() -> EncoderHead:
    chance = np.random.default_rng(1)
    return EncoderHead(
        hidden=chance.normal(size=(512, 4)).astype(np.float32),
        hidden_bias=chance.normal(size=4).astype(np.float32),
        out=chance.normal(size=(4, 3)).astype(np.float32),
        out_bias=chance.normal(size=3).astype(np.float32),
    )


def rows(label: str, count: int, text: str) -> list[LabelledText]:
    allowed = (label == "ham", False, label == "fraud")
    row = LabelledText(
        source="nus" if label == "ham" else "fbs",
        label=label,
        split=VALIDATION,
        text=text,
        language=0,
        allowed=allowed,
    )
    return [replace(row, group=f"{label} {n}") for n in range(count)]


def scores(chance: np.random.Generator, middle: float, count: int) -> Float32s:
    return chance.normal(middle, 0.08, count).clip(0.001, 0.999).astype(np.float32)


def test_the_graph_of_the_head_equals_the_head() -> None:
    embeddings = np.random.default_rng(2).normal(size=(7, 512)).astype(np.float32)
    session = ort.InferenceSession(
        encoder_head.build(head()).SerializeToString(), providers=["CPUExecutionProvider"]
    )

    found = session.run(["log_odds"], {"embeddings": embeddings})[0]

    assert np.allclose(found, head().log_odds(embeddings), atol=1e-3)


def test_a_final_score_reaches_the_threshold_where_the_second_stage_blocks() -> None:
    found = np.linspace(0.001, 0.999, 999, dtype=np.float32)

    final = cascade.mapped(found, 0.731234, 0.843298)

    assert ((final >= np.float32(0.843298)) == (found >= np.float32(0.731234))).all()
    assert (np.diff(final) >= 0).all()
    assert (final < 1).all()


def test_both_stages_together_keep_the_budget() -> None:
    chance = np.random.default_rng(3)
    some = rows("ham", 3000, "See you at seven") + rows("fraud", 300, "客服 退款 加微信")
    fast = np.concatenate([scores(chance, 0.2, 3000), scores(chance, 0.6, 300)])

    stages, recall = cascade.choose(some, fast, HeadOdds(head()))

    judged = stages.judge([row.text for row in some], fast)
    assert judged.blocked[:3000].sum() <= 1
    assert judged.blocked[3000:].mean() >= judged.alone[3000:].mean()
    assert recall == pytest.approx(judged.blocked[3000:].mean())


def test_few_legitimate_rows_are_uncertain() -> None:
    chance = np.random.default_rng(4)
    some = rows("ham", 3000, "See you at seven") + rows("fraud", 300, "客服 退款 加微信")
    fast = np.concatenate([scores(chance, 0.3, 3000), scores(chance, 0.5, 300)])

    stages, _ = cascade.choose(some, fast, HeadOdds(head()))
    judged = stages.judge([row.text for row in some], fast)

    assert judged.escalated[:3000].mean() <= cascade.MOST_UNCERTAIN
