"""Figures of a trained model at the false-positive rates a carrier can afford, for card and page.

The same as `fanzha eval` prints (`classifiers.evaluation.operating_points`), as numbers that a
card can hold: what the rows are too few to show is left out, and the page says so.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from classifiers.evaluation.operating_points import (
    PREVALENCE,
    RATES,
    at_threshold,
    legitimate_rows_needed,
    operating_points,
)
from classifiers.training.bundle_writer import markdown_table
from fanzha.tables import Bools, Float32s, Int64s

Lines: TypeAlias = list[dict[str, object]]
ALL = "all"
_FEWEST_FRAUDS = 20
"""Of a source, to be shown apart."""
_MEANING = (
    "Recall at a rate lets that share of all legitimate rows of the part be blocked; a source is "
    "measured at the same thresholds. Intervals hold 95 %, with near-duplicates weighed by how "
    "alike they are. Where the legitimate rows are too few to show a rate, their number is given "
    "and how many it takes, near-duplicates once."
)
_KEYS = {percent: f"at_{percent.replace('.', '_')}_percent" for percent in RATES}
_RECALL = ("recall", "low", "high")
_PRECISION = ("precision", "precision_low", "precision_high")


def figures(
    part: str,
    scores: Float32s,
    frauds: Bools,
    threshold: float,
    *,
    clusters: Int64s | None = None,
    sources: npt.NDArray[np.str_] | None = None,
) -> Lines:
    """Return the lines of a *part* of the data, of rows of both kinds: all, then each source.

    *clusters* numbers near-duplicates. Frauds of a source are measured at the thresholds of all
    rows. Empty where either kind is missing.
    """
    if frauds.all() or not frauds.any():
        return []
    numbers = np.arange(len(scores)) if clusters is None else clusters
    points: Sequence[Mapping[str, Any]] = operating_points(scores, frauds, numbers)
    thresholds = {
        str(point["percent"]): float(point["threshold"] or 2)
        for point in points
        if "needed" not in point
    }
    whole = at_threshold(scores, frauds, numbers, threshold)
    line = _line(part, ALL, frauds, numbers) | _rounded("precision", whole, _PRECISION)
    for point in points:
        line |= _rounded(_KEYS[str(point["percent"])], point, _RECALL)
    lines: Lines = [line]
    names = np.zeros(0, np.str_) if sources is None else sources
    for source in np.unique(names[frauds] if len(names) else names).tolist():
        chosen = names == source
        if (chosen & frauds).sum() < _FEWEST_FRAUDS:
            continue
        line = _line(part, source, frauds[chosen], numbers[chosen])
        for percent, limit in thresholds.items():
            found = at_threshold(scores[chosen], frauds[chosen], numbers[chosen], limit)
            line |= _rounded(_KEYS[percent], found, _RECALL)
        lines.append(line)
    return lines


def section(lines: Iterable[Mapping[str, Any]]) -> str:
    """Render the lines of a card, with what they mean; empty without any."""
    rows = [
        [
            line["part"],
            line["source"],
            line["legitimate"],
            line["fraud"],
            *(_cell(line, percent) for percent in RATES),
            _interval(line["precision"]) if "precision" in line else "",
        ]
        for line in lines
    ]
    titles = (
        "rows",
        "source",
        "legitimate",
        "fraud",
        *(f"recall at {percent} %" for percent in RATES),
        f"precision at the threshold, {PREVALENCE:.2%} fraud",
    )
    return f"{_MEANING}\n\n{markdown_table(titles, rows)}" if rows else ""


def _line(part: str, source: str, frauds: Bools, clusters: Int64s) -> dict[str, object]:
    return {
        "part": part,
        "source": source,
        "legitimate": int((~frauds).sum()),
        "legitimate_clusters": len(np.unique(clusters[~frauds])),
        "fraud": int(frauds.sum()),
    }


def _rounded(name: str, found: Mapping[str, Any], keys: tuple[str, str, str]) -> dict[str, object]:
    values = [found.get(key) for key in keys]
    # A card holds no None: without a blocked row there is no precision.
    return {} if None in values else {name: [round(float(value or 0), 4) for value in values]}


def _cell(line: Mapping[str, Any], percent: str) -> str:
    if _KEYS[percent] in line:
        return _interval(line[_KEYS[percent]])
    if line["source"] != ALL:
        return ""
    needed = legitimate_rows_needed(RATES[percent])
    return f"{line['legitimate_clusters']:,} legitimate of {needed:,} needed"


def _interval(values: Sequence[float]) -> str:
    share, low, high = values
    return f"{share:.3f} ({low:.3f} to {high:.3f})"
