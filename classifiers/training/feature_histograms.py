"""Writes into a card how the columns watched for drift were spread in training.

Writers of bundles add one key to the card's table, from rows as they come in service:
those of the validation split, legitimate ones where most traffic is legitimate::

    table["feature_histograms"] = feature_histograms.of_texts(bodies)      # sms, texts as they came
    table["feature_histograms"] = feature_histograms.of_links(urls)        # url, canonical URLs
    table["feature_histograms"] = feature_histograms.of_callers(activity)  # caller

`classifiers.training.bundle_writer.write_bundle` writes such a nested table as it is. A card
without one loads as before; then drift of features is not measured.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from classifiers import drift_features
from classifiers.feature_histogram import FeatureHistogram
from fanzha.tables import CallerActivity, Float32s

BINS = 10
"""At most; a column with few different values gets fewer."""


def of_texts(bodies: Sequence[str]) -> dict[str, dict[str, list[float]]]:
    """Return the table of texts as they came, not normalised."""
    return of_columns(drift_features.of_texts(bodies))


def of_links(urls: Sequence[str]) -> dict[str, dict[str, list[float]]]:
    """Return the table of canonical URLs."""
    return of_columns(drift_features.of_links(urls))


def of_callers(activity: CallerActivity) -> dict[str, dict[str, list[float]]]:
    """Return the table of callers, from the activity their model was trained on."""
    return of_columns(drift_features.of_callers(activity))


def of_columns(columns: Mapping[str, Float32s]) -> dict[str, dict[str, list[float]]]:
    """Return edges, so that each bin has about as many rows, and the rows of each bin."""
    tables = {}
    for name, values in columns.items():
        known = values[~np.isnan(values)]
        if not len(known):
            continue
        shares = np.arange(1, BINS) / BINS
        # Rounded for readers of cards; a value shared by many rows gives one edge only.
        edges = sorted(
            {float(f"{edge:.4g}") for edge in np.quantile(known, shares, method="lower").tolist()}
        )
        histogram = FeatureHistogram(edges=tuple(edges), rows=())
        tables[name] = {"edges": edges, "rows": histogram.counts(values).astype(float).tolist()}
    return tables
