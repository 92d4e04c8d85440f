"""Figures of the link cascade: both stages side by side, and how fast they are."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np

from classifiers.card import GOLDEN_TOLERANCE
from classifiers.cascade import Cascade, ScoreCombiner
from classifiers.cascade_card import CascadeCard
from classifiers.link.classifier import BATCH, LinkClassifier
from classifiers.link.url_trees import PACE, UrlTrees
from classifiers.onnx_model import OnnxModel
from classifiers.training.link import forked, recall_intervals, report, stages
from classifiers.training.link.cascade_fit import CascadeTraining
from classifiers.training.link.data import LabelledLinks
from classifiers.training.link.fits import LinkFits
from classifiers.training.link.stages import LinkStages
from fanzha.tables import Bools, Float32s, Int64s

_MOST_APART = 0.005
"""Share of links whose log-odds cross a split of a tree by the last bit of a float."""


def both_stages(training: CascadeTraining, found: LinkFits) -> dict[str, Any]:
    """Return the figures of the fast model alone and of the cascade, side by side."""
    links, splits = training.setup.links, training.setup.splits
    rows = found.chosen_on
    alone = stages.control(links, rows, found.fast[rows]).threshold or 1.0
    limits = (alone, found.stages.threshold)
    benign = splits.test[~links.malicious[splits.test]]
    parts = {
        "validation": splits.validation,
        "test": splits.test,
        "later": np.concatenate([benign, splits.later]),
        "unseen": splits.unseen[~np.isnan(found.scores[splits.unseen])],
    }
    rows_of = {
        f"{part}_{table}": rows[links.host_only[rows] == host_only]
        for part, rows in parts.items()
        for table, host_only in (("links", False), ("hosts", True))
    }
    both = {name: rows for name, rows in rows_of.items() if _both_labels(links, rows)}
    work = [
        partial(_side_by_side, training, (found.fast[rows], found.scores[rows]), rows, limits)
        for rows in both.values()
    ]
    return dict(zip(both, forked.run_all(work, training.jobs), strict=True))


def _both_labels(links: LabelledLinks, rows: Int64s) -> bool:
    return 0 < links.malicious[rows].sum() < len(rows)


def _side_by_side(
    training: CascadeTraining,
    scores: tuple[Float32s, Float32s],
    rows: Int64s,
    limits: tuple[float, float],
) -> list[dict[str, object]]:
    links = training.setup.links
    malicious = links.malicious[rows]
    pair = dict(zip(("fast", "cascade"), scores, strict=True))
    found = recall_intervals.measure(pair, malicious, links.domains[rows], training.setup.seed)
    for row, one, threshold in zip(found, scores, limits, strict=True):
        row["blocked"] = round(float((one[malicious] >= threshold).mean()), 4)
        row["legitimate_blocked"] = round(float((one[~malicious] >= threshold).mean()), 6)
    return found


def thresholds(chosen: LinkStages, scores: Float32s, malicious: Bools) -> list[dict[str, object]]:
    """Return what the threshold would be by each rule, and what it blocks of the rows it is from.

    *scores* are those of the rows that chose it.
    """
    return [
        {
            "rule": rule,
            "threshold": round(threshold, 6),
            "recall": round(float((scores[malicious] >= threshold).mean()), 4),
            "legitimate": int((~malicious).sum()),
            "blocked": int((scores[~malicious] >= threshold).sum()),
        }
        for rule, threshold in chosen.by_rule.items()
    ]


def served(bundle: Path, head: bytes, about: CascadeCard, threshold: float) -> LinkClassifier:
    """Return both stages as a service runs them, before there is a card of them."""
    model = OnnxModel(bundle)
    model.card = replace(model.card, golden=(), threshold=threshold, cascade=None)
    combiner = ScoreCombiner(about=about, threshold=threshold)
    return LinkClassifier(model, Cascade(UrlTrees(head), combiner, PACE))


def as_served(
    classifier: LinkClassifier, urls: Sequence[str], expected: Float32s, popular: Sequence[str]
) -> dict[str, object]:
    """Compare with the *expected* scores of *urls*; return speed, and how known hosts fare."""
    taken: dict[str, list[float]] = {"fast": [], "cascade": []}
    escalated = apart = 0
    for at in range(0, len(urls), BATCH):
        part = urls[at : at + BATCH]
        start = process_time()
        fast = classifier.fast_scores(part)
        middle = process_time()
        found = classifier.score(part)
        taken["fast"].append((middle - start) / len(part) * 1e6)
        taken["cascade"].append((process_time() - middle) / len(part) * 1e6)
        escalated += int(classifier.uncertain(fast).sum())
        apart += int((np.abs(found - expected[at : at + BATCH]) > GOLDEN_TOLERANCE).sum())
    if apart > _MOST_APART * len(urls):
        raise ValueError("the written bundle does not score as what it was written from")
    return {
        "microseconds_per_link": round(float(np.median(taken["fast"])), 1),
        "microseconds_per_link_with_second": round(float(np.median(taken["cascade"])), 1),
        "escalated_share": round(escalated / len(urls), 4),
        "popular": report.popular(popular, classifier.score, classifier.threshold),
    }
