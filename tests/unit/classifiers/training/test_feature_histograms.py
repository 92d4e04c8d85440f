"""What a card says of the columns that are watched."""

from pathlib import Path

import numpy as np

from classifiers import card, feature_histogram
from classifiers.training import feature_histograms
from classifiers.training.bundle_writer import write_bundle


def test_bins_have_about_as_many_rows_each() -> None:
    values = np.random.default_rng(7).exponential(size=5000).astype(np.float32)

    table = feature_histograms.of_columns({"seconds": values})["seconds"]

    assert len(table["edges"]) == feature_histograms.BINS - 1
    assert all(450 < rows < 550 for rows in table["rows"][:-1])
    assert table["rows"][-1] == 0


def test_rows_without_a_value_are_counted_apart() -> None:
    values = np.array([1, 2, np.nan, 3, np.nan], np.float32)

    table = feature_histograms.of_columns({"seconds": values})["seconds"]

    assert table["rows"][-1] == 2
    assert sum(table["rows"]) == 5


def test_a_column_of_few_values_has_few_bins_and_an_empty_one_none() -> None:
    links = np.repeat([0, 1], [80, 20]).astype(np.float32)

    tables = feature_histograms.of_columns({"links": links, "none": np.full(3, np.nan, np.float32)})

    assert tables == {"links": {"edges": [0.0, 1.0], "rows": [80.0, 20.0, 0.0, 0.0]}}


def test_a_card_keeps_what_was_counted(tmp_path: Path) -> None:
    table = feature_histograms.of_texts(["See you at eight", "好的，晚上见", "http://a.example"])
    about = {"feature_histograms": table, **_about()}

    write_bundle(tmp_path, b"graph", about)

    assert card.read(tmp_path).feature_histograms == feature_histogram.parse(table)
    assert set(table) == {"characters", "wide_share", "digit_share", "links"}


def _about() -> dict[str, object]:
    return {
        "version": "test",
        "channel": "sms",
        "threshold": 0.5,
        "date": "2026-01-05",
        "seed": 7,
        "inputs": {"bits": 17},
        "data": [{"source": "ours", "licence": "Apache-2.0", "rows": 3}],
        "metrics": {"auc": 0.9},
        "golden": [{"text": "See you at eight", "score": 0.25}],
    }
