"""Plots of a card: small SVG files next to the page of a model, and the lines that show them.

For a training, in three steps:

1. ``figures`` turns the scores of rows the model has not seen, of one split, into plain
   numbers; put them into the card as its table ``plots`` (a few kB). A learning curve is
   made by training: ``plots["learning"] = [{"rows": 1000, "AUC": 0.9}, {"rows": 2000, …}]``,
   one line for every name but ``rows``, at least two points.
2. ``draw(card, page)`` writes ``plots/<channel>-<name>.svg`` beside the page, from the card
   alone, and returns Markdown to put into the page.
3. Commit the SVG files with the page. The same card and matplotlib give the same bytes.

Needs matplotlib, the extra `plots`, for ``draw`` only.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from classifiers.card import BINS
from classifiers.evaluation import metrics
from classifiers.evaluation.metrics import Bin
from fanzha.tables import Bools, Float32s

Plots: TypeAlias = dict[str, Any]
"""The table ``plots`` of a card: plain numbers, lists and tables."""

_ROC_POINTS = 80
_LOWEST_RATE, _HIGHEST_RATE = 1e-4, 0.5
_TITLES = {
    "reliability": "What scores said, and what was true",
    "roc": "Recall over the share of legitimate rows blocked",
    "scores": "Rows by score, and the threshold",
    "sources": "Recall at the threshold by source, with 95 % intervals",
    "learning": "What more rows to learn from bring",
}


def figures(
    scores: Float32s,
    frauds: Bools,
    threshold: float,
    sources: Sequence[str] | npt.NDArray[np.str_] | None = None,
) -> Plots:
    """Return what `draw` needs of scored rows, *sources* with one name for each row."""
    # Fewer legitimate rows than one in a rate cannot show it.
    lowest = max(_LOWEST_RATE, 1 / max(int((~frauds).sum()), 4))
    rates = np.geomspace(lowest, _HIGHEST_RATE, _ROC_POINTS).tolist()
    false_positives, recall = metrics.rates_at(scores, frauds, threshold)
    plots: Plots = {
        "reliability": [
            {"rows": one.rows, "believed": round(one.believed, 4), "true": round(one.true, 4)}
            for one in metrics.reliability(scores, frauds)
        ],
        "roc": {
            "rates": [round(rate, 6) for rate in rates],
            "recalls": _rounded(metrics.recalls_at(scores, frauds, rates)),
            "threshold": [round(false_positives, 6), round(recall, 4)],
        },
        "scores": {"legitimate": _counts(scores[~frauds]), "fraud": _counts(scores[frauds])},
    }
    if sources is not None:
        blocked = scores >= np.float32(threshold)
        plots["sources"] = _by_source(np.asarray(sources)[frauds], blocked[frauds])
    return plots


def draw(card: Mapping[str, Any], page: Path) -> str:
    """Write the plots of *card*, a parsed ``card.toml``, beside *page*; return Markdown."""
    from classifiers.evaluation import plots  # noqa: PLC0415  matplotlib is in an extra

    for name, paint in _paints(card["plots"], card["threshold"]).items():
        file = page.parent / "plots" / f"{card['channel']}-{name}.svg"
        bars = len(card["plots"].get("sources", ())) if name == "sources" else 0
        plots.save(file, paint, height=max(4, 1 + bars / 4))
    return markdown(card)


def markdown(card: Mapping[str, Any]) -> str:
    """Return the Markdown that shows the plots of *card*, drawn or not."""
    names = [name for name in _TITLES if name in card["plots"]]
    return "\n\n".join(f"![{_TITLES[name]}](plots/{card['channel']}-{name}.svg)" for name in names)


def _paints(drawn: Plots, threshold: float) -> dict[str, Any]:
    from classifiers.evaluation import plots  # noqa: PLC0415

    roc = drawn["roc"]
    # The axis has no place for nothing at all.
    at = (max(roc["threshold"][0], roc["rates"][0]), roc["threshold"][1])
    found = {
        "reliability": plots.reliability([Bin(**one) for one in drawn["reliability"]]),
        "roc": plots.roc(roc["rates"], roc["recalls"], at, logarithmic=True),
        "scores": plots.scores(drawn["scores"], threshold),
    }
    if "sources" in drawn:
        shares = {one["source"]: _share(one) for one in drawn["sources"]}
        found["sources"] = plots.recalls(shares)
    if "learning" in drawn:
        points = drawn["learning"]
        names = [name for name in points[0] if name != "rows"]
        found["learning"] = plots.learning(
            [point["rows"] for point in points],
            {name: [point[name] for point in points] for name in names},
        )
    return found


def _by_source(sources: npt.NDArray[np.str_], blocked: Bools) -> list[dict[str, object]]:
    return [
        {
            "source": source,
            "fraud": int((sources == source).sum()),
            "blocked": int(blocked[sources == source].sum()),
        }
        for source in np.unique(sources).tolist()
    ]


def _share(one: Mapping[str, int]) -> tuple[float, float, float]:
    low, high = metrics.share_interval(one["blocked"], one["fraud"])
    return one["blocked"] / one["fraud"], low, high


def _counts(scores: Float32s) -> list[int]:
    counts: list[int] = np.histogram(scores, bins=BINS, range=(0, 1))[0].tolist()
    return counts


def _rounded(values: Sequence[float]) -> list[float]:
    return [round(value, 4) for value in values]
