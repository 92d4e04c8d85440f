"""Shared by all trainings: the false-positive budget, and writing a bundle."""

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt

from classifiers import card
from classifiers.evaluation.metrics import threshold_for
from classifiers.training import reproducibility
from fanzha import toml_files
from fanzha.tables import Bools, Float32s

BUDGET = 0.001
"""Of the legitimate rows of each source, at most this share may be blocked."""
SMALL_SOURCE = 1000
"""Fewer rows cannot show a rate of one in a thousand."""


def budget_threshold(
    scores: Float32s, positive: Bools, sources: npt.NDArray[np.str_]
) -> tuple[float, str]:
    """Return the threshold that keeps the budget in every source, and the source that set it.

    A source below `SMALL_SOURCE` rows may have one row blocked, for the rate of so few says
    nothing; all small sources together keep the budget as one.
    """
    thresholds = {"all small sources": 0.0}
    small = np.zeros(len(scores), np.bool_)
    for source in np.unique(sources[~positive]).tolist():
        rows = ~positive & (sources == source)
        thresholds[source] = threshold_for(scores[rows], BUDGET, at_least=1)
        if rows.sum() < SMALL_SOURCE:
            small |= rows
    thresholds["all small sources"] = threshold_for(scores[small], BUDGET)
    decisive = max(thresholds, key=lambda source: thresholds[source])
    return thresholds[decisive], decisive


def percent_of(name: str) -> int:
    """Return a hash of a domain or group, 0 to 99: the side of a split that outlives all others."""
    return crc32(f"fanzha {name}".encode()) % 100


def write_bundle(bundle: Path, graph: bytes, table: Mapping[str, object]) -> None:
    """Write the graph, and as the card *table* with its checksum and what its bytes depend on."""
    bundle.mkdir(parents=True, exist_ok=True)
    (bundle / card.GRAPH).write_bytes(graph)
    digest = sha256(graph).hexdigest()
    whole = {**table, "sha256": digest, "reproducibility": reproducibility.about()}
    (bundle / card.CARD).write_text("\n".join(_toml(whole)) + "\n", encoding="utf-8")


def read_table(bundle: Path) -> dict[str, Any]:
    """Return the card of *bundle* as a table."""
    return toml_files.parse((bundle / card.CARD).read_text(encoding="utf-8"))


def add_metrics(bundle: Path, metrics: Mapping[str, object]) -> None:
    """Put *metrics* onto the card of a bundle; graph and the rest of the card stay as they are.

    For what can only be measured of a whole bundle, or was not counted when it was written.
    """
    _add(bundle, "metrics", metrics)


def add_plots(bundle: Path, plots: Mapping[str, object]) -> None:
    """Put numbers of *plots* onto the card of a bundle, as `add_metrics`."""
    _add(bundle, "plots", plots)


def _add(bundle: Path, name: str, more: Mapping[str, object]) -> None:
    table = read_table(bundle)
    table[name] = {**table.get(name, {}), **more}
    (bundle / card.CARD).write_text("\n".join(_toml(table)) + "\n", encoding="utf-8")


def markdown_table(titles: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Render a table; numbers to the right."""
    titles = list(titles)
    lines = [titles, ["---", *["--:"] * (len(titles) - 1)]]
    lines += [[str(cell) for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


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
