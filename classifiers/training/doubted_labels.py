"""The audit of labels that look wrong, for card and page: counts by source, and no row.

What `fanzha eval --label-noise` prints (`classifiers.evaluation.label_noise`), as numbers that a
card can hold: ``[[metrics.label_noise]]``.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import numpy as np

from classifiers.evaluation import label_noise
from classifiers.evaluation.report import ScoredRows, Strings
from classifiers.training.bundle_writer import markdown_table
from fanzha.tables import Bools, Float32s, Int64s

Lines: TypeAlias = list[dict[str, object]]
ALL = "all"
_NAMES = {True: "fraud", False: "legitimate"}
_MEANING = (
    "A row is doubted where its score is at least as sure of the other label as rows of that label "
    "are on average ([confident learning](https://arxiv.org/abs/1911.00068)); *disputed* are those "
    "whose near-duplicates have both labels. A doubted row may also be one that the model gets "
    "wrong: the count says where to look."
)
_TITLES = (
    "source",
    "rows",
    "fraud that looks legitimate",
    "legitimate that looks like fraud",
    "share doubted",
    "95 % interval",
    "disputed",
)


def figures(
    scores: Float32s, frauds: Bools, sources: Strings, clusters: Int64s | None = None
) -> Lines:
    """Return the counts of all rows, then of each source, the worst first.

    Empty where a label is missing. *scores* are of models that did not learn from these rows.
    """
    heard = ~np.isnan(scores)
    if frauds[heard].all() or not frauds[heard].any():
        return []
    blank = np.full(len(scores), "")
    found = label_noise.audit(
        ScoredRows(
            groups={"source": sources},
            labels=np.where(frauds, _NAMES[True], _NAMES[False]),
            categories=blank,
            scores=scores,
            fraud_types=np.zeros(len(scores), np.uint8),
            clusters=clusters,
        )
    )
    whole = {"group": ALL} | found["all"]
    return [_line(one) for one in (whole, *found["groups"])]


def section(lines: Iterable[Mapping[str, Any]]) -> str:
    """Render the lines of a card, with what they mean; empty without any."""
    rows = [
        (
            line["source"],
            line["rows"],
            line["fraud_like_legitimate"],
            line["legitimate_like_fraud"],
            f"{line['share']:.1%}",
            f"{line['interval'][0]:.1%} to {line['interval'][1]:.1%}",
            line["disputed"],
        )
        for line in lines
    ]
    return f"{_MEANING}\n\n{markdown_table(_TITLES, rows)}" if rows else ""


def _line(found: Mapping[str, Any]) -> dict[str, object]:
    kept = ("rows", "fraud_like_legitimate", "legitimate_like_fraud", "disputed")
    return {
        "source": found["group"],
        **{name: found[name] for name in kept},
        "share": round(found["share"], 4),
        "interval": [round(found["low"], 4), round(found["high"], 4)],
    }
