"""Golden rows of the text model: messages of our own, and what both stages make of them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from classifiers.text import sentence_encoder
from classifiers.training.text.cascade import Second, Stages
from classifiers.training.text.data import OWN, LabelledText
from classifiers.training.text.second_stage.link_facts import link_model
from fanzha.tables import Bools, Float32s

EXAMPLES = (
    "【招商银行】您尾号1234的账户于11月24日12:30消费支出人民币200.50元，余额3500.00元。",
    "【微信】验证码480213，5分钟内有效，请勿告诉任何人。",
    "尊敬的客户，您的积分已满10000分，可兑换现金500元，请登录 http://icbc.example/a 兑换，"
    "逾期失效【工商银行】",
    "手机兼职刷单，日赚500元，佣金秒到，加微信abk123",
    "晚上一起吃饭吗？七点老地方",
    "Your parcel is on hold because of an unpaid fee. Pay now: http://parcel.example/pay",
    "123456 is your verification code. Don't share it with anyone.",
    "See you at the station at seven",
)
_OF_EACH = 3
_BESIDE_EDGES = 0.02
"""So near to an edge, rounding may take a row to its other side."""


class FastScores(NamedTuple):
    """What the graph makes of texts."""

    p_fraud: Float32s
    kinds: Float32s
    """Logits of the kinds of fraud."""
    review_only: Bools
    """Whether each is in a language that is at most put up for review."""


def rows(
    stages: Stages, examples: FastScores, held_out: Sequence[LabelledText], found: FastScores
) -> list[dict[str, object]]:
    """Return texts and their final scores; some of them are escalated.

    *examples* are the fast scores of the `EXAMPLES`, *found* those of the rows *held_out*.
    """
    texts, scores, capped = list(EXAMPLES), examples.p_fraud, examples.review_only
    fast = np.where(found.review_only, np.float32(0), found.p_fraud)
    if stages.second is not None:
        lowest, highest = stages.second.from_score + _BESIDE_EDGES, stages.threshold - _BESIDE_EDGES
        picked = [
            n for n, row in enumerate(held_out) if row.source == OWN and lowest <= fast[n] < highest
        ][::12]
        judged = stages.judge([held_out[n].text for n in picked], fast[picked], reads_links=False)
        far = np.abs(judged.scores - stages.threshold) > _BESIDE_EDGES
        blocked = np.flatnonzero(far & judged.blocked)[:_OF_EACH].tolist()
        passed = np.flatnonzero(far & ~judged.blocked)[:_OF_EACH].tolist()
        chosen = [picked[n] for n in (*blocked, *passed)]
        texts += [held_out[n].text for n in chosen]
        scores = np.concatenate([scores, fast[chosen]])
        capped = np.concatenate([capped, found.review_only[chosen]])
    # As the service checks them when it loads: by their words alone.
    final = stages.judge(texts, scores, capped, reads_links=False).scores
    return [
        {"text": text, "score": round(float(score), 5)}
        for text, score in zip(texts, final, strict=True)
    ]


def about(second: Second) -> dict[str, object]:
    """Return the table of a card about the second stage."""
    return {
        "from_score": second.from_score,
        "to_score": second.to_score,
        "slope": second.slope,
        "offset": second.offset,
        "threshold": second.threshold,
        "link_model": link_model().version,
        "facts": {"link": second.facts.link, "history": second.facts.history},
        "encoder": sentence_encoder.PACKAGE,
        "encoder_version": sentence_encoder.encoder_version(),
    }
