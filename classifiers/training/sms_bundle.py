"""Writes the bundle of a text model, measured through the graph that is served."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

import numpy as np
import onnxruntime as ort

from classifiers import text_features
from classifiers.card import BINS
from classifiers.embeddings import Embeddings
from classifiers.evaluation import calibration_error
from classifiers.onnx_model import OnnxModel
from classifiers.sms import TextClassifier
from classifiers.training import card_plots, feature_histograms, sms_graph, sms_report
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
from classifiers.training.sms_report import Figures
from classifiers.training.sms_round import Round
from classifiers.training.sms_scores import careful, probabilities
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

Served: TypeAlias = Callable[[Sequence[str]], tuple[Float32s, Float32s]]
"""Returns the probability of fraud and the logits of its kinds."""


def write(
    out: Path,
    rows: Sequence[Row],
    trained: Trained,
    *,
    rounds: Sequence[tuple[Round, Figures]],
    seed: int,
) -> None:
    """Write the graph and its card, and load both again."""
    model = sms_graph.build(trained.network.weights(), trained.caution, trained.calibration)
    graph = model.SerializeToString(deterministic=True)
    served = _served(graph)
    ham = [row.text for row in rows if row.split == VALIDATION and row.label == "ham"]
    table = {
        "version": out.name,
        "channel": "sms",
        "threshold": round(trained.threshold, 6),
        "date": datetime.now(UTC).date().isoformat(),
        "seed": seed,
        "classes": list(CLASSES),
        "languages": list(LANGUAGES),
        "caution": [round(float(value), 3) for value in trained.caution],
        "calibration": [round(value, 5) for value in trained.calibration],
        "inputs": {**text_features.SETTINGS, "spam_threshold": round(trained.spam_threshold, 6)},
        # Ordinary traffic is legitimate. Public texts hold more chat than a network carries.
        "score_histogram": _histogram(served(ham)[0]),
        "feature_histograms": feature_histograms.of_texts(ham),
        "data": _sources(rows),
        **_measured(served, rows, trained, rounds, seed),
        "golden": [
            {"text": text, "score": round(float(score), 5)}
            for text, score in zip(EXAMPLES, served(EXAMPLES)[0], strict=True)
        ],
    }
    write_bundle(out, graph, table)
    TextClassifier(OnnxModel(out))


def _measured(
    served: Served,
    rows: Sequence[Row],
    trained: Trained,
    rounds: Sequence[tuple[Round, Figures]],
    seed: int,
) -> dict[str, object]:
    splits = {name: [row for row in rows if row.split == name] for name in _SPLITS}
    found: dict[str, object] = {f"{name}_rows": len(part) for name, part in splits.items()}
    by_source: dict[str, Figures] = {}
    for name in (VALIDATION, TEST):
        p_fraud, kinds = served([row.text for row in splits[name]])
        figures = sms_report.by_source(splits[name], p_fraud, trained.threshold)
        by_source[name] = found[name] = figures
        found[f"{name}_kinds"] = sms_report.kinds(splits[name], kinds)
        clear = np.array([sum(row.allowed) == 1 for row in splits[name]])
        frauds = np.array([row.label == "fraud" for row in splits[name]])
        error = calibration_error(p_fraud[clear], frauds[clear])
        found[f"{name}_calibration_error"] = round(error, 4)
    tested = [row.source for row in splits[TEST]]
    plots = card_plots.figures(
        p_fraud[clear],
        frauds[clear],
        trained.threshold,
        [source for source, is_clear in zip(tested, clear.tolist(), strict=True) if is_clear],
    )
    if learning := sms_report.learning(rounds, by_source[VALIDATION], len(splits[TRAIN])):
        plots["learning"] = learning
    found["quantising_error"] = _quantising_error(served, splits[VALIDATION], trained)
    found["evasions"] = sms_report.under_evasions(
        splits[TEST], lambda texts: served(texts)[0], trained.threshold, seed
    )
    found["left_out"] = sms_report.left_out(rounds)
    return {"metrics": found, "plots": plots}


def _quantising_error(served: Served, rows: Sequence[Row], trained: Trained) -> float:
    some = [row.text for row in rows[:: max(len(rows) // 2000, 1)]]
    classes = careful(logits(trained.network, some), trained.caution)
    exact = probabilities(classes, trained.calibration)[:, FRAUD]
    return round(float(np.abs(exact - served(some)[0]).max()), 4)


def _histogram(p_fraud: Float32s) -> list[int]:
    counts, _ = np.histogram(p_fraud, bins=BINS, range=(0, 1))
    return [int(count) for count in counts]


_SPLITS = (TRAIN, VALIDATION, TEST)


def _sources(rows: Sequence[Row]) -> list[dict[str, object]]:
    return [
        {"source": source, "licence": licence, "rows": sum(row.source == source for row in rows)}
        for source, licence in LICENCES.items()
    ]


def _served(graph: bytes) -> Served:
    # The card is not written yet, so the service's classes cannot load the graph.
    session = ort.InferenceSession(graph, providers=["CPUExecutionProvider"])
    embeddings = Embeddings(sms_graph.table(graph))

    def score(texts: Sequence[str]) -> tuple[Float32s, Float32s]:
        classes, kinds = [], []
        for start in range(0, len(texts), _BATCH):
            grams = text_features.ngrams(normalise_all(texts[start : start + _BATCH]))
            inputs = {
                "ngrams": embeddings.rows(grams.ids),
                "rows": grams.rows,
                "weights": grams.weights,
                "senders": np.zeros(len(grams.weights), np.int64),
            }
            found = session.run(["probabilities", "kinds"], inputs)
            classes.append(found[0][:, FRAUD])
            kinds.append(found[1])
        return np.concatenate(classes), np.concatenate(kinds)

    return score
