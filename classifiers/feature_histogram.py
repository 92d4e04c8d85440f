"""Distribution of one feature in training, as stored on a card.

Bins have about equal numbers of rows, so their edges are quantiles of the training rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, isfinite

import numpy as np

from fanzha.tables import Channel, Float32s, Int64s

NAMES = {
    Channel.CALL: (
        *("log_calls", "log_calls_per_counterpart", "log_calls_per_day"),
        *("log_outgoing_per_incoming", "log_hours", "log_seconds_per_call", "log_texts"),
        *("log_texts_per_call", "log_texts_received_per_sent", "log_texts_per_counterpart"),
    ),
    Channel.TEXT: ("characters", "wide_share", "digit_share", "links"),
    Channel.LINK: ("host_characters", "host_labels", "path_characters", "digit_share"),
}
"""The columns that are watched, made by `classifiers.drift_features`; metrics are laid out by
them, so a card may know others, which are not compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureHistogram:
    """Edges of bins, and the rows in each."""

    edges: tuple[float, ...]
    """Between the bins, ascending; a value that is an edge belongs to the bin below it."""
    rows: tuple[float, ...]
    """Rows in each bin: one more than there are edges, and last the rows without a value."""

    def counts(self, values: Float32s) -> Int64s:
        """Return how many of *values* fall into each bin; NaN is no value."""
        edges = np.array(self.edges, np.float32)
        bins = np.searchsorted(edges, values, side="left")
        bins = np.where(np.isnan(values), len(edges) + 1, bins)
        return np.bincount(bins, minlength=len(edges) + 2)


def parse(value: object) -> Mapping[str, FeatureHistogram]:
    """Parse the histograms of a card; None: no columns. `ValueError` for invalid ones."""
    tables = {} if value is None else value
    if not isinstance(tables, dict):
        raise ValueError(f"feature_histograms is {value!r}")  # noqa: TRY004 - a wrong file
    return {name: _one(name, table) for name, table in tables.items()}


def _one(name: str, table: object) -> FeatureHistogram:
    fields = table if isinstance(table, dict) else {}
    edges, rows = _numbers(fields.get("edges")), _numbers(fields.get("rows"))
    if not edges or list(edges) != sorted(set(edges)) or not all(map(isfinite, edges)):
        raise ValueError(f"feature_histograms.{name}: edges are not ascending numbers")
    if len(rows) != len(edges) + 2 or min(rows) < 0 or not 0 < sum(rows) < inf:
        raise ValueError(f"feature_histograms.{name}: rows are not {len(edges) + 2} counts")
    return FeatureHistogram(edges=edges, rows=rows)


def _numbers(value: object) -> tuple[float, ...]:
    numbers = value if isinstance(value, list) else []
    return tuple(float(number) for number in numbers if isinstance(number, int | float))
