"""A card that keeps silent about what matters does not load."""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from classifiers import card


def a_table() -> dict[str, object]:
    return {
        "version": "test-1",
        "channel": "url",
        "threshold": 0.9,
        "sha256": sha256(b"graph").hexdigest(),
        "date": "2026-01-05",
        "seed": 7,
        "inputs": {"bits": 17, "features": ["log_calls"]},
        "data": [{"source": "ours", "licence": "Apache-2.0", "rows": 3}],
        "metrics": {"auc": 0.9},
        "golden": [{"url": "http://bank.example/", "score": 0.25}],
    }


def test_a_whole_card_is_read() -> None:
    read = card.parse(a_table())

    assert (read.version, read.channel, read.threshold) == ("test-1", "url", 0.9)
    assert read.data == (card.TrainingSource(source="ours", licence="Apache-2.0", rows=3),)
    assert read.setting("bits", int) == 17
    assert read.features == ("log_calls",)
    assert card.golden_texts(read, "url") == ["http://bank.example/"]


@pytest.mark.parametrize("name", sorted(a_table()))
def test_a_card_without_one_of_its_fields_does_not_load(name: str) -> None:
    table = a_table()
    del table[name]

    with pytest.raises(ValueError, match=f"{name} is missing"):
        card.parse(table)


@pytest.mark.parametrize("name", ["data", "metrics", "golden", "inputs", "version"])
def test_an_empty_field_is_as_bad_as_a_missing_one(name: str) -> None:
    table = a_table()
    table[name] = type(table[name])()

    with pytest.raises(ValueError, match=f"{name} is empty"):
        card.parse(table)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"threshold": 0.0}, "threshold 0.0 is not within"),
        ({"threshold": 1.5}, "threshold 1.5 is not within"),
        ({"threshold": float("nan")}, "threshold nan is not within"),
        ({"threshold": "0.9"}, "threshold is '0.9'"),
        ({"review_threshold": 0.9}, "review_threshold 0.9 is not under the threshold 0.9"),
        ({"review_threshold": 0.0}, "review_threshold 0.0 is not within"),
        ({"review_threshold": "low"}, "review_threshold is 'low'"),
        ({"channel": "fax"}, "channel 'fax' is none of"),
        ({"data": [{"source": "ours", "rows": 3}]}, "licence is missing"),
        ({"data": ["ours"]}, "'ours' is not a table"),
        ({"golden": [{"url": "http://bank.example/"}]}, "score is missing"),
        ({"score_histogram": [1] * (card.BINS - 1)}, "score_histogram is not 20 counts"),
        ({"score_histogram": [0] * card.BINS}, "score_histogram is not 20 counts"),
        ({"score_histogram": [1] * card.BINS + [-1]}, "score_histogram is not 20 counts"),
        ({"score_histogram": [float("nan")] * card.BINS}, "score_histogram is not 20 counts"),
        ({"score_histogram": "1"}, "score_histogram is not 20 counts"),
        ({"feature_histograms": 3}, "feature_histograms is 3"),
        ({"feature_histograms": {"links": 3}}, "links: edges are not ascending"),
        ({"feature_histograms": {"links": {"edges": [2, 1], "rows": [1] * 4}}}, "not ascending"),
        ({"feature_histograms": {"links": {"edges": [1, 2], "rows": [1] * 3}}}, "not 4 counts"),
        ({"feature_histograms": {"links": {"edges": [1], "rows": [0] * 3}}}, "not 3 counts"),
    ],
)
def test_an_odd_field_is_named(changes: Mapping[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        card.parse({**a_table(), **changes})


def test_a_card_can_name_from_which_score_a_person_judges() -> None:
    assert card.parse(a_table()).review_threshold is None
    assert card.parse(a_table() | {"review_threshold": 0.4}).review_threshold == 0.4


def test_a_card_can_say_how_much_fraud_it_was_calibrated_on() -> None:
    assert card.parse(a_table()).calibration_prevalence is None
    assert card.parse(a_table() | {"calibration_prevalence": 0.3}).calibration_prevalence == 0.3
    with pytest.raises(ValueError, match=r"calibration_prevalence 1\.0 is not within"):
        card.parse(a_table() | {"calibration_prevalence": 1.0})


def test_a_card_can_have_a_histogram_of_scores() -> None:
    rows = [900, 50, *[0] * (card.BINS - 3), 12]

    assert card.parse(a_table()).score_histogram is None
    assert card.parse(a_table() | {"score_histogram": rows}).score_histogram == tuple(rows)


def test_a_card_can_have_histograms_of_features() -> None:
    table = {"links": {"edges": [1, 2.5], "rows": [90, 8, 2, 0]}}

    read = card.parse(a_table() | {"feature_histograms": table})

    assert card.parse(a_table()).feature_histograms == {}
    assert read.feature_histograms["links"].edges == (1.0, 2.5)
    assert read.feature_histograms["links"].rows == (90.0, 8.0, 2.0, 0.0)


def test_a_graph_other_than_the_cards_is_refused(tmp_path: Path) -> None:
    (tmp_path / card.GRAPH).write_bytes(b"another graph")

    with pytest.raises(ValueError, match="sha256 is"):
        card.read_graph(tmp_path, card.parse(a_table()))


def test_the_cards_own_graph_is_read(tmp_path: Path) -> None:
    (tmp_path / card.GRAPH).write_bytes(b"graph")

    assert card.read_graph(tmp_path, card.parse(a_table())) == b"graph"


@pytest.mark.parametrize("content", [None, b"version = ", b"\xff\xfe"])
def test_a_file_that_is_no_card_is_named(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / card.CARD).write_bytes(content)

    with pytest.raises(ValueError, match=card.CARD):
        card.read(tmp_path)


@pytest.mark.parametrize("score", [0.2, 0.3, float("nan")])
def test_scores_that_are_not_the_golden_ones_are_refused(score: float) -> None:
    with pytest.raises(ValueError, match="golden row 0"):
        card.check_golden(card.parse(a_table()), np.array([score], np.float32))


def test_golden_scores_may_differ_by_rounding() -> None:
    card.check_golden(card.parse(a_table()), np.array([0.2501], np.float32))


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [("bits", str, "bits is 17"), ("nothing", int, "nothing is missing")],
)
def test_a_setting_must_be_there_and_of_its_kind(name: str, kind: type, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        card.parse(a_table()).setting(name, kind)
