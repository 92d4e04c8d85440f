"""Draws how a model did on a labelled file: what `fanzha eval --plots` writes.

Needs matplotlib, the extra `plots`; draws to files only.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from classifiers.evaluation import metrics, plots, report
from classifiers.evaluation.labels import LabelKind
from fanzha import tables

_BINS = 40


def draw(rows: report.ScoredRows, threshold: float, folder: Path) -> Iterator[Path]:
    """Write the plots of *rows* into *folder*; spam and unknown labels are left out."""
    kinds = rows.kinds
    chosen = (kinds == LabelKind.LEGITIMATE) | (kinds == LabelKind.FRAUD)
    scores = np.nan_to_num(rows.scores[chosen])
    frauds = kinds[chosen] == LabelKind.FRAUD
    folder.mkdir(parents=True, exist_ok=True)
    if frauds.any() and not frauds.all():
        for name, paint in _plots(scores, frauds, threshold).items():
            yield plots.save(folder / f"{name}.png", paint)


def _plots(
    scores: tables.Float32s, frauds: tables.Bools, threshold: float
) -> dict[str, plots.Paint]:
    parts = {"legitimate": scores[~frauds], "fraud": scores[frauds]}
    return {
        "reliability": plots.reliability(metrics.reliability(scores, frauds)),
        "roc": plots.roc(
            *metrics.roc_near_zero(scores, frauds),
            metrics.rates_at(scores, frauds, threshold),
        ),
        "scores": plots.scores(
            {
                name: np.histogram(part, bins=_BINS, range=(0, 1))[0].tolist()
                for name, part in parts.items()
            },
            threshold,
        ),
    }
