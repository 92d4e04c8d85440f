"""Which columns of the traffic are watched."""

from dataclasses import fields

import numpy as np

from classifiers import drift_features
from classifiers.feature_histogram import NAMES
from fanzha.tables import CallerActivity, Channel


def test_a_text_is_described_by_length_script_digits_and_links() -> None:
    found = drift_features.of_texts(["见面吧 12", "", "see http://shop.example/a"])

    assert found["characters"].tolist() == [6, 0, 25]
    assert found["wide_share"].tolist() == [0.5, 0, 0]
    np.testing.assert_allclose(found["digit_share"], [2 / 6, 0, 0], rtol=1e-6)
    assert found["links"].tolist() == [0, 0, 1]


def test_a_link_has_features_of_its_parts_and_an_unreadable_one_has_none() -> None:
    found = drift_features.of_links(["http://a.shop.example/p1?q", ""])

    assert [column[0] for column in found.values()][:3] == [14, 3, 5]
    assert all(np.isnan(column[1]) for column in found.values())


def test_every_channel_has_the_columns_that_metrics_are_laid_out_by() -> None:
    nothing = np.zeros(1, np.float32)
    unknown = CallerActivity(**{field.name: nothing for field in fields(CallerActivity)})

    assert tuple(drift_features.of_callers(unknown)) == NAMES[Channel.CALL]
    assert tuple(drift_features.of_texts(["a"])) == NAMES[Channel.TEXT]
    assert tuple(drift_features.of_links(["http://a.example/"])) == NAMES[Channel.LINK]


def test_a_lone_surrogate_is_counted_like_any_character() -> None:
    assert drift_features.of_texts(["a\ud83d"])["characters"].tolist() == [2]
