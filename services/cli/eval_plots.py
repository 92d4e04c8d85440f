"""Draws how a model did: calibration, the ROC curve near zero, and where scores lie.

Needs matplotlib, the extra `plots`; draws to files only.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from classifiers import evaluation
from classifiers.evaluation_report import ScoredRows
from classifiers.labels import Kind
from fanzha.tables import Bools, Float32s

_Paint = Callable[[Any, Float32s, Bools, float], None]


def draw(rows: ScoredRows, threshold: float, folder: Path) -> Iterator[Path]:
    """Write the plots of *rows* into *folder*; spam and unknown labels are left out."""
    kinds = rows.kinds
    chosen = (kinds == Kind.LEGITIMATE) | (kinds == Kind.FRAUD)
    scores = np.nan_to_num(rows.scores[chosen])
    frauds = kinds[chosen] == Kind.FRAUD
    folder.mkdir(parents=True, exist_ok=True)
    for name, paint in _PLOTS.items():
        if frauds.any() and not frauds.all():
            yield _saved(folder / f"{name}.png", paint, scores, frauds, threshold)


def _saved(path: Path, paint: _Paint, scores: Float32s, frauds: Bools, threshold: float) -> Path:
    figure = Figure(figsize=(5, 4), layout="constrained")
    FigureCanvasAgg(figure)
    paint(figure.subplots(), scores, frauds, threshold)
    figure.savefig(path, dpi=120)
    return path


def _reliability(axes: Any, scores: Float32s, frauds: Bools, _threshold: float) -> None:
    found = evaluation.reliability(scores, frauds)
    axes.plot([0, 1], [0, 1], color="grey", linewidth=1)
    axes.plot([one.believed for one in found], [one.true for one in found], marker="o")
    axes.set(xlabel="believed", ylabel="true share of fraud", title="Calibration")


def _roc(axes: Any, scores: Float32s, frauds: Bools, threshold: float) -> None:
    rates, caught = evaluation.roc_near_zero(scores, frauds)
    blocked = scores >= np.float32(threshold)
    axes.plot(np.array(rates) * 100, caught)
    axes.plot(blocked[~frauds].mean() * 100, blocked[frauds].mean(), "o", label="threshold")
    axes.set(xlabel="false positives, %", ylabel="recall", title="ROC near zero", ylim=(0, 1))
    axes.legend(loc="lower right")


def _histogram(axes: Any, scores: Float32s, frauds: Bools, threshold: float) -> None:
    parts = [scores[~frauds], scores[frauds]]
    axes.hist(parts, bins=40, range=(0, 1), log=True, label=["legitimate", "fraud"])
    axes.axvline(threshold, color="grey", linewidth=1)
    axes.set(xlabel="score", ylabel="rows", title="Scores")
    axes.legend()


_PLOTS: dict[str, _Paint] = {"reliability": _reliability, "roc": _roc, "scores": _histogram}
