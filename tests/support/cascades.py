"""A small second stage for tests, and text bundles with it."""

from dataclasses import replace
from functools import cache
from hashlib import sha256
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from classifiers import bundles, card
from classifiers.card import CARD, CASCADE_HEAD, GRAPH
from classifiers.cascade import Cascade, ScoreCombiner
from classifiers.cascade_card import CascadeCard
from classifiers.onnx_model import OnnxModel
from classifiers.text import sentence_encoder, sentence_head
from classifiers.text.classifier import TextClassifier
from classifiers.text.facts import FactWeights
from classifiers.text.sentence_head import SentenceHead
from fanzha.text import normalise_all

FRAUD = "您好，您的包裹丢失可获双倍赔付，请点击链接填写银行卡号和验证码"
HAM = "妈我到学校了，晚上给你打电话"
UNCERTAIN = (
    "您好，我是某某商城的售后客服，您上周买的奶粉检测出质量问题，需要给您办理退款，"
    "麻烦您提供银行卡号和短信验证码。"
)
"""A text that the fast model alone lets through."""
STRENGTH = 200.0
"""A slope so large that the head outweighs the fast model."""


@cache
def a_head() -> bytes:
    """Return a graph whose score rises as a text is nearer to `FRAUD` than to `HAM`."""
    fraud, ham = sentence_encoder.encode(normalise_all([FRAUD, HAM]))
    weights = (STRENGTH * (fraud - ham)).astype(np.float32)
    width = sentence_encoder.WIDTH
    graph = helper.make_graph(
        [helper.make_node("MatMul", [sentence_head.INPUT, "weights"], [sentence_head.OUTPUT])],
        "second",
        [helper.make_tensor_value_info(sentence_head.INPUT, TensorProto.FLOAT, ["texts", width])],
        [helper.make_tensor_value_info(sentence_head.OUTPUT, TensorProto.FLOAT, ["texts"])],
        [numpy_helper.from_array(weights, "weights")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return bytes(model.SerializeToString())


@cache
def about() -> CascadeCard:
    """Return the card of our second stage."""
    return CascadeCard(
        sha256=sha256(a_head()).hexdigest(),
        from_score=1e-5,
        slope=1.0,
        offset=0.0,
        threshold=0.5,
        encoder=sentence_encoder.PACKAGE,
        encoder_version=sentence_encoder.encoder_version(),
    )


@cache
def fast() -> TextClassifier:
    """Return the shipped model without second stage; it scores `UNCERTAIN` below its threshold."""
    return TextClassifier(_model())


def with_facts(weights: FactWeights) -> TextClassifier:
    """Return the shipped model with our second stage, in which facts weigh as much as words."""
    card_of_second = replace(about(), slope=0.01, facts=weights)
    scale = ScoreCombiner(about=card_of_second, threshold=fast().threshold)
    return TextClassifier(_model(), Cascade(SentenceHead(a_head()), scale, sentence_head.PACE))


@cache
def _model() -> OnnxModel:
    model = OnnxModel(bundles.newest(bundles.SHIPPED, "sms"))
    # With another threshold the golden rows would not hold.
    model.card = replace(model.card, cascade=None, golden=())
    score = float(TextClassifier(model).score_bodies([UNCERTAIN]).p_fraud[0])
    model.card = replace(model.card, threshold=round((1 + score) / 2, 6))
    return model


def a_cascade() -> Cascade:
    """Return our second stage for all texts below the threshold of `fast`."""
    scale = ScoreCombiner(about=about(), threshold=fast().threshold)
    return Cascade(SentenceHead(a_head()), scale, sentence_head.PACE)


def a_text_bundle(root: Path, version: str, *, second: bool = True) -> Path:
    """Put the shipped text model below *root*, with our second stage or with none."""
    source = bundles.newest(bundles.SHIPPED, "sms")
    bundle = root / "sms" / version
    bundle.mkdir(parents=True)
    (bundle / GRAPH).write_bytes((source / GRAPH).read_bytes())
    (bundle / CASCADE_HEAD).write_bytes(a_head())
    fast_card = card.read(source)
    odds = fast().log_odds([UNCERTAIN], np.zeros(1, np.int64))
    score = float(a_cascade().score(normalise_all([UNCERTAIN]), odds)[0])
    table = _SECOND.format(second=about()) if second else ""
    (bundle / CARD).write_text(
        _CARD.format(
            version=version,
            threshold=fast().threshold,
            sha256=fast_card.sha256,
            inputs="\n".join(f"{name} = {value}" for name, value in fast_card.inputs.items()),
            second_sha256=about().sha256,
            second=table,
            text=UNCERTAIN,
            score=score if second else fast().score_bodies([UNCERTAIN]).p_fraud[0],
        ),
        "utf-8",
    )
    return bundle


_CARD = """
version = "{version}"
channel = "sms"
threshold = {threshold}
date = "2026-11-25"
seed = 1
sha256 = "{sha256}"
second_sha256 = "{second_sha256}"

[inputs]
{inputs}

[[data]]
source = "none"
licence = "none"
rows = 1

[metrics]
rows = 1

{second}
[[golden]]
text = "{text}"
score = {score}
"""
_SECOND = """
[second_look]
from_score = {second.from_score}
slope = {second.slope}
offset = {second.offset}
threshold = {second.threshold}
encoder = "{second.encoder}"
encoder_version = "{second.encoder_version}"
"""


class EscalationTally:
    """Counts escalations, as metrics do."""

    def __init__(self) -> None:
        self.outcomes = {"escalated": 0, "cached": 0, "skipped": 0}
        self.seconds = 0.0
        self.failures = 0

    def escalations(self, *, escalated: int, cached: int, skipped: int, seconds: float) -> None:
        self.outcomes["escalated"] += escalated
        self.outcomes["cached"] += cached
        self.outcomes["skipped"] += skipped
        self.seconds += seconds

    def escalation_failed(self, error: Exception) -> None:
        self.failures += 1
