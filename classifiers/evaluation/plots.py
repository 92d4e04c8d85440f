"""Draws how a model did: calibration, the ROC curve near zero, scores, recalls, learning curves.

Needs matplotlib, the extra `plots`; draws to files only. An SVG file is the same, byte for
byte, for the same figures and the same matplotlib: it holds no date and no random id.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from classifiers.evaluation.metrics import Bin

Paint: TypeAlias = Callable[[Any], None]
"""Draws into the axes it is given."""

_SETTINGS: Any = {
    "svg.hashsalt": "fanzha",
    # Text stays text: small, and searchable.
    "svg.fonttype": "none",
    # Whole pixels are enough.
    "path.simplify_threshold": 0.5,
}


def save(path: Path, paint: Paint, *, height: float = 4) -> Path:
    """Write one plot in the format of the suffix of *path*."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context(_SETTINGS):
        figure = Figure(figsize=(5, height), layout="constrained")
        FigureCanvasAgg(figure)
        paint(figure.subplots())
        undated = {"Date": None} if path.suffix == ".svg" else {}
        figure.savefig(path, dpi=120, metadata=undated)
    return path


def reliability(bins: Sequence[Bin]) -> Paint:
    """Draw a reliability diagram."""

    def paint(axes: Any) -> None:
        axes.plot([0, 1], [0, 1], color="grey", linewidth=1)
        axes.plot([one.believed for one in bins], [one.true for one in bins], marker="o")
        axes.set(xlabel="believed", ylabel="true share of fraud", title="Calibration")

    return paint


def roc(
    rates: Sequence[float],
    recalls: Sequence[float],
    threshold: tuple[float, float],
    *,
    logarithmic: bool = False,
) -> Paint:
    """Draw recall over the false-positive rate; *threshold* is the point that blocks."""

    def paint(axes: Any) -> None:
        axes.plot([rate * 100 for rate in rates], recalls, drawstyle="steps-post")
        axes.plot(threshold[0] * 100, threshold[1], "o", label="threshold", clip_on=False)
        axes.set(xlabel="false positives, %", ylabel="recall", title="ROC near zero", ylim=(0, 1))
        if logarithmic:
            lowest, highest = rates[0] * 100, rates[-1] * 100
            axes.set(xscale="log", xlim=(lowest, highest), title="ROC")
        axes.legend(loc="lower right")

    return paint


def scores(parts: Mapping[str, Sequence[float]], threshold: float) -> Paint:
    """Draw counts of rows by score; each part has a name and as many bins of equal width."""

    def paint(axes: Any) -> None:
        for name, counts in parts.items():
            edges = [place / len(counts) for place in range(len(counts) + 1)]
            axes.stairs(counts, edges, label=name, fill=True, alpha=0.5)
        axes.axvline(threshold, color="grey", linewidth=1)
        axes.set(xlabel="score", ylabel="rows", title="Scores", yscale="log")
        axes.legend()

    return paint


def recalls(sources: Mapping[str, tuple[float, float, float]]) -> Paint:
    """Draw a bar per source: its recall, and its 95 % confidence interval."""

    def paint(axes: Any) -> None:
        names, values = list(sources), list(sources.values())
        found = [recall for recall, _low, _high in values]
        below = [recall - low for recall, low, _high in values]
        above = [high - recall for recall, _low, high in values]
        axes.barh(names, found, xerr=[below, above], color="tab:blue", ecolor="black")
        axes.invert_yaxis()
        axes.set(xlabel="recall at the threshold", title="Recall by source", xlim=(0, 1))

    return paint


def learning(rows: Sequence[float], figures: Mapping[str, Sequence[float]]) -> Paint:
    """Draw how each figure grows with the rows trained on."""

    def paint(axes: Any) -> None:
        for name, values in figures.items():
            axes.plot(rows, values, marker="o", label=name)
        axes.set(xlabel="rows trained on", title="Learning curve", xlim=(0, None))
        axes.legend()

    return paint
