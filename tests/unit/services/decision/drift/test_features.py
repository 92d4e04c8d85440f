"""How drift of the traffic's own columns is measured."""

from collections.abc import Sequence
from dataclasses import fields

import numpy as np
import pytest

from classifiers import feature_histogram
from classifiers.feature_histogram import FeatureHistogram
from classifiers.training import feature_histograms
from fanzha.tables import CallerActivity, Channel
from services.decision.drift.features import FeatureDrift
from tests.support.builders import some_links, some_texts

SHORT = [f"{'a' * (row % 40)} at {row}" for row in range(400)]
LONG = [f"{'b' * 300} http://shop.example/{row}" for row in range(400)]


def card_of(bodies: Sequence[str]) -> dict[str, FeatureHistogram]:
    return dict(feature_histogram.parse(feature_histograms.of_texts(bodies)))


def a_watcher(**settings: int) -> FeatureDrift:
    watcher = FeatureDrift(**{"stride": 1, "least_rows": 100} | settings)
    watcher.expect(Channel.TEXT, card_of(SHORT))
    return watcher


def callers(calls: float, rows: int = 400) -> CallerActivity:
    columns = {
        field.name: np.linspace(0, calls, rows, dtype=np.float32)
        for field in fields(CallerActivity)
    }
    return CallerActivity(**columns)


def test_the_same_traffic_has_not_drifted() -> None:
    watcher = a_watcher()

    watcher.observe(Channel.TEXT, some_texts(*SHORT))

    found = watcher.indexes(Channel.TEXT)
    assert set(found) == {"characters", "wide_share", "digit_share", "links"}
    assert all(index == pytest.approx(0.0) for index in found.values())


def test_each_column_drifts_on_its_own() -> None:
    watcher = a_watcher()

    watcher.observe(Channel.TEXT, some_texts(*LONG))

    found = watcher.indexes(Channel.TEXT)
    assert found["characters"] > 1
    assert found["links"] > 1
    assert found["wide_share"] == pytest.approx(0.0)


def test_one_row_in_n_is_sampled_whatever_the_batch_sizes() -> None:
    together, alone = a_watcher(stride=7, least_rows=1), a_watcher(stride=7, least_rows=1)
    mixed = [*SHORT[:150], *LONG[:150]]

    together.observe(Channel.TEXT, some_texts(*mixed))
    for start in range(0, 300, 5):
        alone.observe(Channel.TEXT, some_texts(*mixed[start : start + 5]))

    assert together.indexes(Channel.TEXT) == alone.indexes(Channel.TEXT)
    assert together.indexes(Channel.TEXT)["characters"] > 0


def test_with_few_rows_or_without_a_card_drift_is_unknown() -> None:
    watcher = a_watcher()
    watcher.observe(Channel.TEXT, some_texts(*SHORT[:99]))
    few = watcher.indexes(Channel.TEXT)
    watcher.observe(Channel.TEXT, some_texts(SHORT[99]))
    watcher.observe(Channel.LINK, some_links(*["http://shop.example/"] * 200))

    assert few == {}
    assert watcher.indexes(Channel.TEXT) != {}
    assert watcher.indexes(Channel.LINK) == {}


def test_another_card_resets_the_counts_and_the_same_card_does_not() -> None:
    watcher = a_watcher()
    watcher.observe(Channel.TEXT, some_texts(*LONG))
    watcher.expect(Channel.TEXT, card_of(SHORT))
    after = watcher.indexes(Channel.TEXT)

    watcher.expect(Channel.TEXT, card_of(LONG))

    assert after["characters"] > 1
    assert watcher.indexes(Channel.TEXT) == {}


def test_old_rows_are_forgotten() -> None:
    watcher = a_watcher(window_rows=800)
    watcher.observe(Channel.TEXT, some_texts(*LONG))

    for _ in range(2):
        watcher.observe(Channel.TEXT, some_texts(*SHORT))

    assert watcher.indexes(Channel.TEXT)["characters"] == pytest.approx(0.0)


def test_callers_are_compared_by_what_their_model_reads() -> None:
    watcher = FeatureDrift(stride=1, least_rows=100)
    tables = feature_histograms.of_callers(callers(20))
    watcher.expect(Channel.CALL, feature_histogram.parse(tables))

    watcher.observe_callers(callers(20))
    same = watcher.indexes(Channel.CALL)
    for _ in range(3):
        watcher.observe_callers(callers(5000))

    assert same["log_calls"] == pytest.approx(0.0)
    assert watcher.indexes(Channel.CALL)["log_calls"] > 0.25


def test_links_are_compared_and_unknown_columns_are_ignored() -> None:
    urls = [f"http://{'a' * (row % 20 + 1)}.example/{row}" for row in range(300)]
    expected = dict(feature_histogram.parse(feature_histograms.of_links(urls)))
    watcher = FeatureDrift(stride=1, least_rows=100)
    watcher.expect(Channel.LINK, expected | {"colour": expected["host_labels"]})

    watcher.observe(Channel.LINK, some_links(*urls, ""))

    found = watcher.indexes(Channel.LINK)
    assert set(found) == set(expected)
    assert found["path_characters"] < 0.1
