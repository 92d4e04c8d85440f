"""What all trainings share: figures at a false-positive rate, and writing a bundle."""

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path

import numpy as np
import numpy.typing as npt

from classifiers import card
from fanzha.tables import Bools, Float32s

BUDGET = 0.001
"""Of the legitimate rows of each source, at most this share may be blocked."""
SMALL_SOURCE = 1000
"""Fewer rows cannot show a rate of one in a thousand."""


def auc(scores: Float32s, positive: Bools) -> float:
    """Return the area under the ROC curve; ties count half."""
    values, places, counts = np.unique(scores, return_inverse=True, return_counts=True)
    middle_ranks = np.cumsum(counts) - (counts - 1) / 2
    positives = int(positive.sum())
    negatives = len(positive) - positives
    above = middle_ranks[places][positive].sum() - positives * (positives + 1) / 2
    return float(above / (positives * negatives)) if len(values) else float("nan")


def recall_at(scores: Float32s, positive: Bools, rate: float) -> float:
    """Return the recall at the lowest threshold that at most *rate* of the negatives reach."""
    return float((scores[positive] >= threshold_for(scores[~positive], rate)).mean())


def threshold_for(negatives: Float32s, rate: float, at_least: int = 0) -> float:
    """Return the lowest threshold that *rate* of the negatives, or *at_least* rows, may reach."""
    allowed = max(int(len(negatives) * rate), at_least)
    if len(negatives) <= allowed:
        return 0.0
    return _just_above(np.sort(negatives)[-1 - allowed])


def budget_threshold(
    scores: Float32s, positive: Bools, sources: npt.NDArray[np.str_]
) -> tuple[float, str]:
    """Return the threshold that keeps the budget in every source, and the source that set it.

    A source below `SMALL_SOURCE` rows may have one row blocked, for the rate of so few says
    nothing; all small sources together keep the budget as one.
    """
    wanted = {"all small sources": 0.0}
    small = np.zeros(len(scores), np.bool_)
    for source in np.unique(sources[~positive]).tolist():
        rows = ~positive & (sources == source)
        wanted[source] = threshold_for(scores[rows], BUDGET, at_least=1)
        if rows.sum() < SMALL_SOURCE:
            small |= rows
    wanted["all small sources"] = threshold_for(scores[small], BUDGET)
    decisive = max(wanted, key=lambda source: wanted[source])
    return wanted[decisive], decisive


def calibration_error(scores: Float32s, positive: Bools, bins: int = 15) -> float:
    """Return the expected calibration error over *bins* of equal width."""
    placed = np.minimum((scores * bins).astype(np.int64), bins - 1)
    gaps = [
        abs(float(scores[placed == one].mean()) - float(positive[placed == one].mean()))
        * float((placed == one).mean())
        for one in np.unique(placed)
    ]
    return sum(gaps)


def write_bundle(bundle: Path, graph: bytes, table: Mapping[str, object]) -> None:
    """Write the graph, and *table* with the graph's checksum as the card."""
    bundle.mkdir(parents=True, exist_ok=True)
    (bundle / card.GRAPH).write_bytes(graph)
    whole = {**table, "sha256": sha256(graph).hexdigest()}
    (bundle / card.CARD).write_text("\n".join(_toml(whole)) + "\n", encoding="utf-8")


def markdown_table(titles: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Render a table; numbers to the right."""
    titles = list(titles)
    lines = [titles, ["---", *["--:"] * (len(titles) - 1)]]
    lines += [[str(cell) for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _just_above(score: np.float32) -> float:
    # Six places are what a card shows; rounding must not let the score in.
    return float(np.floor(float(score) * 1e6) + 1) / 1e6


def _toml(table: Mapping[str, object], name: str = "") -> list[str]:
    lines = [
        f"{_key(key)} = {_value(value)}" for key, value in table.items() if not _is_nested(value)
    ]
    for key, value in table.items():
        path = f"{name}.{_key(key)}".lstrip(".")
        if isinstance(value, dict):
            lines += ["", f"[{path}]", *_toml(value, path)]
        elif isinstance(value, list) and _is_nested(value):
            for item in value:
                lines += ["", f"[[{path}]]", *_toml(item, path)]
    return lines


def _is_nested(value: object) -> bool:
    if isinstance(value, list):
        return bool(value) and isinstance(value[0], dict)
    return isinstance(value, dict)


def _key(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() and key.isascii() else _value(key)


def _value(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
