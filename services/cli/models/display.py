"""Shows model bundles, what is wanted of them and what workers run."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from classifiers import bundles, card
from classifiers.card import GRAPH, SECOND, Card
from services.decision.model_kinds import ModelKind
from services.models.desired_models import DesiredModel
from services.models.store import ModelReport

_SHOWN = (
    *("fraud", "fraud_blocked", "ham", "ham_blocked", "frauds", "blocked_frauds"),
    *("ordinary", "blocked_ordinary", "auc", "recall", "false_positive_rate"),
)
"""The figures of a card that fit on a line."""


def bundle_rows(root: Path | None, kind: ModelKind) -> list[dict[str, Any]]:
    """Return what the cards of the bundles of a kind say, a broken one with its error."""
    return [_bundle_row(root, kind, name) for name in bundles.versions(root, kind.folder)]


def figures(found: Card) -> dict[str, dict[str, float]]:
    """Return the plain figures a card gives of its test rows, by test; sources are added up."""
    tests: dict[str, dict[str, float]] = {}
    for name, value in found.metrics.items():
        if name == "test" and isinstance(value, list):
            tests[name] = _added_up(value)
        elif name.startswith("test") and isinstance(value, Mapping):
            tests[name] = _numbers(value)
    return tests


def kind_lines(
    kind: ModelKind,
    rows: Sequence[Mapping[str, Any]],
    wanted: DesiredModel | None,
    reports: Sequence[ModelReport],
) -> Iterator[str]:
    """Write what is known about a kind, a line for each bundle, wish and worker."""
    yield kind.value
    for row in rows:
        yield f"  bundle {row['version']}: {_bundle_words(kind, row)}"
    if not rows:
        yield "  no bundle here"
    yield f"  wanted: {wish_words(wanted)}"
    for report in reports:
        status = report.channels.get(kind.value, {})
        yield f"  {report.worker}: {_status_words(kind, status)}"
        for version, why in status.get("refused", {}).items():
            yield f"    refuses {version}: {why}"
        if status.get("second_look_fault"):
            yield f"    looks once only: {status['second_look_fault']}"


def kind_json(
    kind: ModelKind,
    rows: Sequence[Mapping[str, Any]],
    wanted: DesiredModel | None,
    reports: Sequence[ModelReport],
) -> dict[str, Any]:
    """Return the same for programs."""
    return {
        "bundles": rows,
        "wanted": asdict(wanted) if wanted else None,
        "workers": {report.worker: report.channels.get(kind.value) for report in reports},
    }


def wish_words(wanted: DesiredModel | None) -> str:
    """Say what is wanted."""
    if wanted is None:
        return "the newest at start"
    before = f", {wanted.previous} before" if wanted.previous else ""
    watching = f", {wanted.shadow} in shadow ({wanted.share:.0%})" if wanted.shadow else ""
    at = datetime.fromtimestamp(wanted.at_ms / 1000, UTC)
    by = f" by {wanted.by}" if wanted.by else ""
    return f"{wanted.active or 'the newest at start'}{before}{watching}{by}, {at:%Y-%m-%d %H:%M}Z"


def _bundle_row(root: Path | None, kind: ModelKind, version: str) -> dict[str, Any]:
    try:
        bundle = bundles.folder(root, kind.folder, version)
        found = card.read(bundle)
        graphs = [bundle / GRAPH, *bundle.glob(SECOND)]
        size = sum(graph.stat().st_size for graph in graphs)
    except (OSError, ValueError) as error:
        return {"version": version, "error": str(error)}
    return {
        "version": version,
        "date": found.date,
        "threshold": found.threshold,
        "bytes": size,
        "training_rows": sum(source.rows for source in found.data),
        "site_rows": sum(one.rows for one in found.data if one.licence == card.SITE_LICENCE),
        "score_histogram": found.score_histogram is not None,
        "feature_histograms": sorted(found.feature_histograms),
        "figures": figures(found),
    }


def _bundle_words(kind: ModelKind, row: Mapping[str, Any]) -> str:
    if "error" in row:
        return f"unusable: {row['error']}"
    words = [
        f"of {row['date']}, {_verb(kind)} from {row['threshold']:.4f}, {row['bytes'] / 1e6:.1f} MB",
        f"{row['training_rows']} training rows",
    ]
    if row["site_rows"]:
        words.append(f"{row['site_rows']} of them this site's own: not to be passed on")
    if not row["score_histogram"]:
        words.append("no score histogram, so drift is not measured")
    if not row["feature_histograms"]:
        words.append("no feature histograms, so drift of features is not measured")
    for test, found in row["figures"].items():
        shown = [f"{name} {found[name]:g}" for name in _SHOWN if name in found]
        words += [f"{test}: {', '.join(shown)}"] if shown else []
    return "; ".join(words)


def _status_words(kind: ModelKind, status: Mapping[str, Any]) -> str:
    if not status:
        return "holds no such model"
    before = f", {status['previous']} kept for a rollback" if status["previous"] else ""
    shadow = f", {status['shadow']} in shadow" if status["shadow"] else ""
    return f"runs {status['active']}, {_verb(kind)} from {status['threshold']:.4f}{before}{shadow}"


def _verb(kind: ModelKind) -> str:
    # What becomes of a call that is suspicious is a setting.
    return "suspects" if kind is ModelKind.VELOCITY else "blocks"


def _added_up(rows: Sequence[Any]) -> dict[str, float]:
    total: dict[str, float] = {}
    for row in rows:
        for name, number in (_numbers(row) if isinstance(row, Mapping) else {}).items():
            total[name] = total.get(name, 0) + number
    return total


def _numbers(table: Mapping[str, Any]) -> dict[str, float]:
    return {name: value for name, value in table.items() if isinstance(value, int | float)}
