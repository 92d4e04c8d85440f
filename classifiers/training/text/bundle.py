"""Writes the bundle of a text model, measured through the graph that is served."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TypeAlias

import numpy as np
import onnxruntime as ort

from classifiers.card import BINS
from classifiers.evaluation.metrics import calibration_error
from classifiers.onnx_model import OnnxModel
from classifiers.text import features
from classifiers.text.classifier import REVIEW_ONLY_SHARE, TextClassifier
from classifiers.text.embeddings import Embeddings
from classifiers.training import (
    bundle_cost,
    card_plots,
    carrier_rates,
    doubted_labels,
    feature_histograms,
)
from classifiers.training.bundle_writer import write_bundle
from classifiers.training.error_kinds import text_rules
from classifiers.training.examples_card import NO_EXAMPLES, SiteExamples
from classifiers.training.text import (
    golden,
    latency,
    logit_adjustment,
    report,
)
from classifiers.training.text import graph as sms_graph
from classifiers.training.text.cascade import CascadeResult, Second
from classifiers.training.text.data import (
    CLASSES,
    FRAUD,
    LANGUAGES,
    LICENCES,
    TEST,
    TRAIN,
    VALIDATION,
    LabelledText,
)
from classifiers.training.text.golden import FastScores
from classifiers.training.text.network import Trained, logits
from classifiers.training.text.report import Figures
from classifiers.training.text.row_selection import RowSelection
from classifiers.training.text.scores import adjusted_classes, probabilities
from classifiers.training.text.second_stage import encoder_head, facts_report
from fanzha.tables import Bools, Float32s
from fanzha.text import normalise_all

SECOND_GRAPH = "second.onnx"

_BATCH = 512

Served: TypeAlias = Callable[[Sequence[str]], FastScores]


def write(
    out: Path,
    rows: Sequence[LabelledText],
    trained: Trained,
    *,
    rounds: Sequence[tuple[RowSelection, Figures]],
    seed: int,
    site: SiteExamples = NO_EXAMPLES,
    options: Mapping[str, float] | None = None,
) -> None:
    """Write the graphs and their card, then load the bundle as the service does."""
    model = sms_graph.build(
        trained.network.weights(), trained.caution, trained.calibration, trained.review_only
    )
    graph = model.SerializeToString(deterministic=True)
    served = _served(graph)
    review = _review(served, rows, trained)
    table = {
        "version": out.name,
        "channel": "sms",
        "threshold": trained.stages.threshold,
        **review,
        "calibration_prevalence": round(trained.calibration_prevalence, 6),
        "date": datetime.now(UTC).date().isoformat(),
        "seed": seed,
        **({"options": dict(options)} if options else {}),
        **_parameters(trained),
        **_histograms(served, rows),
        "data": [*_sources(rows), *site.data([row.source for row in rows])],
        **({"examples": site.about} if site.about else {}),
        **_measured(served, rows, trained, rounds, (seed, site.sources, review)),
        "golden": _golden(served, rows, trained),
        **_second_stage(out, trained.stages.second),
    }
    write_bundle(out, graph, table)
    TextClassifier(OnnxModel(out))
    bundle_cost.keep(out)


def _second_stage(out: Path, second: Second | None) -> dict[str, object]:
    """Write the graph of the second stage, and return what the card says of it."""
    if second is None:
        return {}
    head = encoder_head.build(second.head).SerializeToString(deterministic=True)
    out.mkdir(parents=True, exist_ok=True)
    (out / SECOND_GRAPH).write_bytes(head)
    return {"second_sha256": sha256(head).hexdigest(), "second_look": golden.about(second)}


def _parameters(trained: Trained) -> dict[str, object]:
    return {
        "classes": list(CLASSES),
        "languages": list(LANGUAGES),
        "caution": [round(float(value), 3) for value in trained.caution],
        "review_only": [
            LANGUAGES[number] for number in np.flatnonzero(trained.review_only).tolist()
        ],
        "calibration": [round(value, 5) for value in trained.calibration],
        "inputs": {
            "bucket_bits": features.BUCKET_BITS,
            "drops_runs": 1,
            **features.SETTINGS,
            "spam_threshold": round(trained.spam_threshold, 6),
        },
    }


def _review(served: Served, rows: Sequence[LabelledText], trained: Trained) -> dict[str, float]:
    """Return the score from which a text is put up for review, if that is under the threshold."""
    ham = [row.text for row in rows if row.split == VALIDATION and report.is_ordinary(row)]
    scores = _judged(served, ham, trained).scores
    review = report.review_threshold(scores, trained.stages.threshold)
    return {} if review is None else {"review_threshold": review}


def _histograms(served: Served, rows: Sequence[LabelledText]) -> dict[str, object]:
    """Return the histograms of ordinary traffic, for drift: legitimate validation rows."""
    # Public texts hold more chat than a network carries.
    ham = [row.text for row in rows if row.split == VALIDATION and row.label == "ham"]
    return {
        "score_histogram": _histogram(served(ham)[0]),
        "feature_histograms": feature_histograms.of_texts(ham),
    }


def _golden(
    served: Served, rows: Sequence[LabelledText], trained: Trained
) -> list[dict[str, object]]:
    validation = [row for row in rows if row.split == VALIDATION]
    texts = [row.text for row in validation]
    return golden.rows(trained.stages, served(golden.EXAMPLES), validation, served(texts))


def _measured(
    served: Served,
    rows: Sequence[LabelledText],
    trained: Trained,
    rounds: Sequence[tuple[RowSelection, Figures]],
    how: tuple[int, Sequence[str], Mapping[str, float]],
) -> dict[str, object]:
    """Measure on validation and test rows; *how* is a seed, sources that are no sample, reviews."""
    seed, no_sample, review = how
    splits = {name: [row for row in rows if row.split == name] for name in _SPLITS}
    found: dict[str, object] = {f"{name}_rows": len(part) for name, part in splits.items()}
    found |= {"threshold_alone": trained.stages.alone, "left_out": report.left_out(rounds)}
    by_source: dict[str, Figures] = {}
    rates: carrier_rates.Lines = []
    for name in (VALIDATION, TEST):
        texts = [row.text for row in splits[name]]
        p_fraud, kinds, capped = served(texts)
        judged = trained.stages.judge(texts, p_fraud, capped)
        by_source[name] = found[name] = report.by_source(splits[name], judged)
        found[f"{name}_facts"] = facts_report.figures(splits[name], trained.stages, p_fraud, capped)
        found[f"{name}_kinds"] = report.kinds(splits[name], kinds)
        clear, frauds = _clear_labels(splits[name], no_sample)
        error = calibration_error(p_fraud[clear], frauds[clear])
        found[f"{name}_calibration_error"] = round(error, 4)
        found[f"{name}_reviewed"] = report.reviewed(splits[name], judged.scores, review)
        traffic = clear & _of_traffic(splits[name])
        rates += _carrier_rates(name, splits[name], judged.scores, traffic, trained)
        found |= _wrong(name, splits[name], judged.scores, traffic, (trained, review))
        found[f"{name}_ham"] = report.ham_by_language(splits[name], judged.blocked)
        found[f"{name}_risk"] = _risk(splits[name], judged.scores)
    plots = _plots(splits[TEST], judged.scores, clear, trained)
    if learning := report.learning(rounds, by_source[VALIDATION], len(splits[TRAIN])):
        plots["learning"] = learning
    found["quantising_error"] = _quantising_error(served, splits[VALIDATION], trained)
    found["evasions"] = report.under_evasions(
        splits[TEST], lambda some: _judged(served, some, trained).blocked, seed
    )
    found["carrier_rates"] = rates
    found["speed"] = latency.measured(lambda some: served(some)[0], texts, judged.escalated)
    return {"metrics": found, "plots": plots}


def _judged(served: Served, texts: Sequence[str], trained: Trained) -> CascadeResult:
    fast = served(texts)
    return trained.stages.judge(texts, fast.p_fraud, fast.review_only)


def _plots(
    rows: Sequence[LabelledText], scores: Float32s, clear: Bools, trained: Trained
) -> card_plots.Plots:
    frauds = np.array([row.label == "fraud" for row in rows])
    sources = np.array([row.source for row in rows])
    threshold = trained.stages.threshold
    return card_plots.figures(scores[clear], frauds[clear], threshold, sources[clear])


def _carrier_rates(
    part: str, rows: Sequence[LabelledText], scores: Float32s, clear: Bools, trained: Trained
) -> carrier_rates.Lines:
    _, groups = np.unique([row.group for row in rows], return_inverse=True)
    return carrier_rates.figures(
        part,
        scores[clear],
        np.array([row.label == "fraud" for row in rows])[clear],
        trained.stages.threshold,
        clusters=groups[clear],
        sources=np.array([row.source for row in rows])[clear],
    )


def _wrong(
    part: str,
    rows: Sequence[LabelledText],
    scores: Float32s,
    clear: Bools,
    limits: tuple[Trained, Mapping[str, float]],
) -> dict[str, object]:
    """Return kinds of error, and labels that look wrong, of validation rows; of others nothing.

    *limits* are the model with its threshold, and what a person is to judge.
    """
    if part != VALIDATION:
        return {}
    trained, review = limits
    chosen = [rows[row] for row in np.flatnonzero(clear).tolist()]
    _, groups = np.unique([row.group for row in chosen], return_inverse=True)
    return {
        "error_kinds": text_rules.count(
            chosen, scores[clear], trained.stages.threshold, review.get("review_threshold")
        ),
        "label_noise": doubted_labels.figures(
            scores[clear],
            np.array([row.label == "fraud" for row in chosen]),
            np.array([row.source for row in chosen]),
            groups,
        ),
    }


def _of_traffic(rows: Sequence[LabelledText]) -> Bools:
    """Return a mask of frauds, and of legitimate texts that are a sample of traffic.

    Adverts are neither; our own look-alikes and synthetic calls are no sample.
    """
    return np.array([row.label == "fraud" or report.is_ordinary(row) for row in rows])


def _risk(rows: Sequence[LabelledText], scores: Float32s) -> dict[str, object]:
    found = logit_adjustment.risk(rows, scores)
    return {} if found is None else found.figures()


def _clear_labels(rows: Sequence[LabelledText], no_sample: Sequence[str]) -> tuple[Bools, Bools]:
    """Return masks: rows with one possible label that are a sample of traffic, and frauds."""
    clear = [sum(row.allowed) == 1 and row.source not in no_sample for row in rows]
    return np.array(clear), np.array([row.label == "fraud" for row in rows])


def _quantising_error(served: Served, rows: Sequence[LabelledText], trained: Trained) -> float:
    some = [row.text for row in rows[:: max(len(rows) // 2000, 1)]]
    classes = adjusted_classes(logits(trained.network, some), trained.caution)
    exact = probabilities(classes, trained.calibration)[:, FRAUD]
    return round(float(np.abs(exact - served(some)[0]).max()), 4)


def _histogram(p_fraud: Float32s) -> list[int]:
    counts, _ = np.histogram(p_fraud, bins=BINS, range=(0, 1))
    return [int(count) for count in counts]


_SPLITS = (TRAIN, VALIDATION, TEST)


def _sources(rows: Sequence[LabelledText]) -> list[dict[str, object]]:
    return [
        {"source": source, "licence": licence, "rows": sum(row.source == source for row in rows)}
        for source, licence in LICENCES.items()
    ]


def _served(graph: bytes) -> Served:
    # The card is not written yet, so the service's classes cannot load the graph.
    session = ort.InferenceSession(graph, providers=["CPUExecutionProvider"])
    embeddings = Embeddings(sms_graph.table(graph))

    def score(texts: Sequence[str]) -> FastScores:
        classes, kinds, shares = [], [], []
        for start in range(0, len(texts), _BATCH):
            grams = features.ngrams(normalise_all(texts[start : start + _BATCH]))
            inputs = {
                "ngrams": embeddings.rows(grams.ids),
                "rows": grams.rows,
                "weights": grams.weights,
                "senders": np.zeros(len(grams.weights), np.int64),
            }
            found = session.run(["probabilities", "kinds", "review_only"], inputs)
            classes.append(found[0][:, FRAUD])
            kinds.append(found[1])
            shares.append(found[2][:, 0])
        capped = np.concatenate(shares) > REVIEW_ONLY_SHARE
        return FastScores(np.concatenate(classes), np.concatenate(kinds), capped)

    return score
