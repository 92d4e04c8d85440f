"""Recall of both stages at small false-positive rates, with 95 % intervals.

Links of one registrable domain are alike, so the bootstrap draws domains, not links. A rate that
the legitimate rows are too few for has no figure.
"""

from collections.abc import Mapping

import numpy as np

from classifiers.evaluation.metrics import auc, recall_at
from classifiers.evaluation.operating_points import legitimate_rows_needed
from classifiers.training.bundle_writer import markdown_table
from fanzha.tables import Bools, Float32s, Int64s

RATES = (0.0001, 0.001, 0.005, 0.01)
DRAWS = 100
_PLACES = 4
_AT_THRESHOLD = ("blocked", "legitimate blocked")


def measure(
    scores: Mapping[str, Float32s], malicious: Bools, domains: Int64s, seed: int
) -> list[dict[str, object]]:
    """Return a row of figures for each stage in *scores*."""
    independent = len(np.unique(domains[~malicious]))
    found: list[dict[str, object]] = []
    for stage, values in scores.items():
        row: dict[str, object] = {
            "stage": stage, "auc": round(auc(values, malicious), _PLACES)
        }  # fmt: skip
        for rate in RATES:
            if independent < legitimate_rows_needed(rate):
                continue
            low, high = _interval(values, malicious, domains, rate, seed)
            recall = round(recall_at(values, malicious, rate), _PLACES)
            row[name_of(rate)] = [recall, round(low, _PLACES), round(high, _PLACES)]
        found.append(row)
    return found


def name_of(rate: float) -> str:
    """Return the key of a rate: ``at_0_01_percent``."""
    return f"at_{100 * rate:g}_percent".replace(".", "_")


def table(parts: Mapping[str, list[dict[str, object]]], titles: Mapping[str, str]) -> str:
    """Render the figures of several parts; *titles* has a title for each."""
    head = ["rows", "stage", "AUC", *(f"at {100 * rate:g} %" for rate in RATES), *_AT_THRESHOLD]
    lines = [
        [
            titles[part],
            row["stage"],
            row["auc"],
            *(_cell(row.get(name_of(r))) for r in RATES),
            *_shares(row),
        ]
        for part, rows in parts.items()
        for row in rows
    ]
    return markdown_table(head, lines)


def _shares(row: Mapping[str, object]) -> list[str]:
    return [
        f"{100 * float(str(row[name])):.{places}f} %"
        for name, places in (("blocked", 1), ("legitimate_blocked", 3))
    ]


def _cell(found: object) -> str:
    if not isinstance(found, list):
        return "too few rows"
    recall, low, high = found
    return f"{recall:.3f} ({low:.3f} to {high:.3f})"


def _interval(
    scores: Float32s, malicious: Bools, domains: Int64s, rate: float, seed: int
) -> tuple[float, float]:
    chance = np.random.default_rng(seed)
    _names, places = np.unique(domains, return_inverse=True)
    number = int(places.max()) + 1
    order = np.argsort(-scores[~malicious], kind="stable")
    highest = np.sort(scores[~malicious])[::-1]
    recalls = []
    for _ in range(DRAWS):
        drawn = np.bincount(chance.integers(0, number, number), minlength=number)
        above = np.cumsum(drawn[places[~malicious]][order])
        weights = drawn[places[malicious]]
        if not above[-1] or not weights.sum():  # a draw without rows of one side shows nothing
            continue
        edge = highest[np.searchsorted(above, above[-1] * rate, side="right")]
        recalls.append(weights[scores[malicious] > edge].sum() / weights.sum())
    low, high = np.quantile(recalls, (0.025, 0.975))
    return float(low), float(high)
