"""Kinds of error: rows sorted by rules of ours, and how many of each kind are misjudged.

A rule is a description in plain words, never a row of the data, and a mask of the rows it holds
for. A row is of the first kind that holds, so kinds add up to all rows; the last kind of a label
holds for what is left. Used with rows that no choice of the model was fitted to, or said so.

On a card: ``[[metrics.error_kinds]]`` with label, kind, rows, wrong, and ``review`` where a person
is asked: of missed frauds those put up for review, of legitimate rows those put up and not blocked.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import numpy as np

from classifiers.training.bundle_writer import markdown_table
from fanzha.tables import Bools, Float32s

FRAUD, LEGITIMATE = "fraud", "legitimate"
REST = "none of these"
"""The kind of rows that no rule holds for."""

Rules: TypeAlias = Mapping[str, Bools]
"""A mask of all rows by the description of a kind, the one that counts first first."""
Lines: TypeAlias = list[dict[str, object]]

_TITLES = {
    FRAUD: ("Frauds that are missed, the most first:", "missed"),
    LEGITIMATE: ("Legitimate rows that are blocked, the most first:", "blocked"),
}
_MEANING = (
    "Rows are sorted by rules of ours (`{rules}`), each into the first kind that holds; *for "
    "review* are those that a person is asked about: of frauds, missed ones; of legitimate rows, "
    "ones that are not blocked."
)


def count(
    rules: Mapping[str, Rules],
    frauds: Bools,
    scores: Float32s,
    threshold: float,
    review: float | None = None,
) -> Lines:
    """Count the errors of each kind; *rules* has those of `FRAUD` and those of `LEGITIMATE`.

    NaN scores block nothing. Kinds without a row are left out.
    """
    known = np.nan_to_num(scores)
    blocked = known >= np.float32(threshold)
    asked = ~blocked & (known >= np.float32(threshold if review is None else review))
    found: Lines = []
    for label, of_label, wrong in ((FRAUD, frauds, ~blocked), (LEGITIMATE, ~frauds, blocked)):
        left = of_label.copy()
        for kind, holds in {**rules[label], REST: np.ones(len(frauds), np.bool_)}.items():
            rows = left & holds
            left &= ~holds
            if not rows.any():
                continue
            line = {"label": label, "kind": kind, "rows": int(rows.sum())}
            line |= {"wrong": int((rows & wrong).sum())}
            found.append(line | ({} if review is None else {"review": int((rows & asked).sum())}))
    return found


def section(lines: Iterable[Mapping[str, Any]], rules: str) -> str:
    """Render the lines of a card; *rules* names the module with the rules. Empty without lines."""
    lines = list(lines)
    parts = [
        f"{title}\n\n{_table(of_label, wrong)}"
        for label, (title, wrong) in _TITLES.items()
        if (of_label := [line for line in lines if line["label"] == label])
    ]
    return "\n\n".join([_MEANING.format(rules=rules), *parts]) if parts else ""


def _table(lines: list[Mapping[str, Any]], wrong: str) -> str:
    has_review = any("review" in line for line in lines)
    titles = ("kind", "rows", wrong, "share", *(["for review"] if has_review else []))
    ordered = sorted(lines, key=lambda line: (-line["wrong"], -line.get("review", 0), line["kind"]))
    return markdown_table(titles, (_cells(line, has_review=has_review) for line in ordered))


def _cells(line: Mapping[str, Any], *, has_review: bool) -> list[object]:
    cells = [line["kind"], line["rows"], line["wrong"], f"{line['wrong'] / line['rows']:.1%}"]
    return [*cells, line.get("review", "")] if has_review else cells
