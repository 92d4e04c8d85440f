"""Describe model bundles by their cards, broken ones by what is wrong with them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from classifiers import bundles, card
from classifiers.card import CASCADE_HEAD, GRAPH, Card
from services.decision.model_kinds import ModelKind


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleSummary:
    """A bundle, as its card describes it."""

    version: str
    error: str = ""
    """Why it cannot be used; all below is empty then."""
    date: str = ""
    threshold: float = 0.0
    size_bytes: int = 0
    training_rows: int = 0
    site_rows: int = 0
    """Training rows of this site: such a bundle must not be passed on."""
    has_score_histogram: bool = False
    feature_histograms: Sequence[str] = ()
    figures: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Figures by test."""


def summaries(root: Path | None, kind: ModelKind) -> list[BundleSummary]:
    """Return the bundles of *kind* below *root* (None: the shipped ones), oldest version first."""
    return [_summary(root, kind, name) for name in bundles.versions(root, kind.folder)]


def figures(found: Card) -> dict[str, dict[str, float]]:
    """Return the plain figures a card gives of its test rows, by test; sources are added up."""
    tests: dict[str, dict[str, float]] = {}
    for name, value in found.metrics.items():
        if name == "test" and isinstance(value, list):
            tests[name] = _added_up(value)
        elif name.startswith("test") and isinstance(value, Mapping):
            tests[name] = _numbers(value)
    return tests


def _summary(root: Path | None, kind: ModelKind, version: str) -> BundleSummary:
    try:
        bundle = bundles.folder(root, kind.folder, version)
        found = card.read(bundle)
        graphs = [bundle / GRAPH, *bundle.glob(CASCADE_HEAD)]
        size = sum(graph.stat().st_size for graph in graphs)
    except (OSError, ValueError) as error:
        return BundleSummary(version=version, error=str(error) or type(error).__name__)
    return BundleSummary(
        version=version,
        date=str(found.date),
        threshold=found.threshold,
        size_bytes=size,
        training_rows=sum(source.rows for source in found.data),
        site_rows=sum(one.rows for one in found.data if one.licence == card.SITE_LICENCE),
        has_score_histogram=found.score_histogram is not None,
        feature_histograms=sorted(found.feature_histograms),
        figures=figures(found),
    )


def _added_up(rows: Sequence[Any]) -> dict[str, float]:
    total: dict[str, float] = {}
    for row in rows:
        for name, number in (_numbers(row) if isinstance(row, Mapping) else {}).items():
            total[name] = total.get(name, 0) + number
    return total


def _numbers(table: Mapping[str, Any]) -> dict[str, float]:
    return {name: value for name, value in table.items() if isinstance(value, int | float)}
