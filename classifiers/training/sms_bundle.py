"""Writes the bundle of a text model, measured through the graph that is served."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import onnxruntime as ort

from classifiers import text_features
from classifiers.card import BINS
from classifiers.onnx_model import OnnxModel
from classifiers.sms import TextClassifier
from classifiers.training import sms_graph, sms_report
from classifiers.training.common import write_bundle
from classifiers.training.sms_data import (
    CLASSES,
    FRAUD,
    LANGUAGES,
    LICENCES,
    TEST,
    TRAIN,
    VALIDATION,
    Row,
)
from classifiers.training.sms_network import Trained, logits
from classifiers.training.sms_scores import probabilities
from fanzha.tables import Float32s
from fanzha.text import normalise_all

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
"""Golden rows: messages of our own."""

_BATCH = 512


def write(
    out: Path, rows: Sequence[Row], trained: Trained, *, left_out: sms_report.Figures, seed: int
) -> None:
    """Write the graph and its card, and load both again."""
    model = sms_graph.build(trained.network.weights(), trained.caution)
    graph = model.SerializeToString(deterministic=True)
    table = {
        "version": out.name,
        "channel": "sms",
        "threshold": round(trained.threshold, 6),
        "date": datetime.now(UTC).date().isoformat(),
        "seed": seed,
        "classes": list(CLASSES),
        "languages": list(LANGUAGES),
        "caution": [round(float(value), 3) for value in trained.caution],
        "inputs": {**text_features.SETTINGS, "spam_threshold": round(trained.spam_threshold, 6)},
        "score_histogram": _histogram(graph, rows),
        "data": _sources(rows),
        "metrics": {
            **_metrics(graph, rows, trained),
            "evasions": _under_evasions(graph, rows, trained.threshold, seed),
            "left_out": left_out,
            "megabytes": round(len(graph) / 1e6, 2),
        },
        "golden": [
            {"text": text, "score": round(float(score), 5)}
            for text, score in zip(EXAMPLES, _p_fraud(graph, EXAMPLES), strict=True)
        ],
    }
    write_bundle(out, graph, table)
    TextClassifier(OnnxModel(out))


def _metrics(graph: bytes, rows: Sequence[Row], trained: Trained) -> dict[str, object]:
    splits = {name: [row for row in rows if row.split == name] for name in _SPLITS}
    found: dict[str, object] = {f"{name}_rows": len(part) for name, part in splits.items()}
    for name in (TEST, VALIDATION):
        p_fraud = _p_fraud(graph, [row.text for row in splits[name]])
        found[name] = sms_report.by_source(splits[name], p_fraud, trained.threshold)
    some = [row.text for row in splits[VALIDATION][:: max(len(splits[VALIDATION]) // 2000, 1)]]
    exact = probabilities(logits(trained.network, some), trained.caution)[:, FRAUD]
    found["quantising_error"] = round(float(np.abs(exact - _p_fraud(graph, some)).max()), 4)
    return found


def _histogram(graph: bytes, rows: Sequence[Row]) -> list[int]:
    # Ordinary traffic is legitimate. Public texts hold more chat than a network carries.
    ham = [row.text for row in rows if row.split == VALIDATION and row.label == "ham"]
    counts, _ = np.histogram(_p_fraud(graph, ham), bins=BINS, range=(0, 1))
    return [int(count) for count in counts]


def _under_evasions(
    graph: bytes, rows: Sequence[Row], threshold: float, seed: int
) -> sms_report.Figures:
    tested = [row for row in rows if row.split == TEST]
    return sms_report.under_evasions(tested, lambda texts: _p_fraud(graph, texts), threshold, seed)


_SPLITS = (TRAIN, VALIDATION, TEST)


def _sources(rows: Sequence[Row]) -> list[dict[str, object]]:
    return [
        {"source": source, "licence": licence, "rows": sum(row.source == source for row in rows)}
        for source, licence in LICENCES.items()
    ]


def _p_fraud(graph: bytes, texts: Sequence[str]) -> Float32s:
    # The card is not written yet, so the service's classes cannot load the graph.
    session = ort.InferenceSession(graph, providers=["CPUExecutionProvider"])
    parts = []
    for start in range(0, len(texts), _BATCH):
        grams = text_features.ngrams(normalise_all(texts[start : start + _BATCH]))
        inputs = {"ids": grams.ids, "rows": grams.rows, "weights": grams.weights}
        inputs["senders"] = np.zeros(len(grams.weights), np.int64)
        parts.append(session.run(None, inputs)[0][:, FRAUD])
    found: Float32s = np.concatenate(parts)
    return found
