"""Figures of rounds go onto the card of a bundle that is there, and nothing else of it changes."""

from pathlib import Path
from typing import Any

import pytest

from classifiers import card
from classifiers.training import bundle_writer
from classifiers.training.text import page
from classifiers.training.text.data import TEST, TRAIN, VALIDATION, LabelledText
from classifiers.training.text.report import Figures
from classifiers.training.text.rounds import card_rounds
from classifiers.training.text.rounds.card_rounds import OtherTrainingError
from classifiers.training.text.row_selection import RowSelection
from fanzha import toml_files

SEED = 20261124
OPTIONS = {"robust": 0.0, "contrastive": 2}
ROWS = [
    LabelledText(
        source="fbs",
        label="fraud",
        split=split,
        text=f"text {n}",
        language=1,
        allowed=(False, False, True),
    )
    for n, split in enumerate((TRAIN, TRAIN, TRAIN, TRAIN, VALIDATION, TEST, TEST))
]
WHOLE: Figures = [{"source": "fbs", "fraud": 10, "fraud_blocked": 9}]
TABLE: dict[str, object] = {
    "version": "7",
    "threshold": 0.913144,
    "seed": SEED,
    "options": OPTIONS,
    "metrics": {
        "train_rows": 4,
        "validation_rows": 1,
        "test_rows": 2,
        "left_out": [],
        "validation": WHOLE,
    },
    "plots": {"calibration": [{"rows": 3, "share": 0.5}]},
}
LEFT_OUT: dict[str, object] = {
    "source": "fbs",
    "fraud": 20,
    "fraud_blocked": 12,
    "fraud_alone": 11,
    "fraud_looked": 4,
    "fraud_reviewed": 15,
    "fraud_capped": 1,
    "test_fraud": 2,
    "test_fraud_blocked": 1,
    "test_fraud_alone": 1,
    "test_fraud_looked": 0,
    "test_fraud_reviewed": 2,
    "test_fraud_capped": 0,
}
FEWER: Figures = [{"source": "fbs", "fraud": 10, "fraud_blocked": 6}]
ROUNDS = [
    (RowSelection(left_out=("fbs",), epochs=10), [LEFT_OUT]),
    (RowSelection(share=25, epochs=10), FEWER),
]


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    folder = tmp_path / "7"
    bundle_writer.write_bundle(folder, b"a graph", TABLE)
    (folder / "second.onnx").write_bytes(b"another")
    return folder


def about(bundle: Path) -> dict[str, Any]:
    return toml_files.parse((bundle / card.CARD).read_text("utf-8"))


def test_rounds_go_onto_the_card_and_the_rest_stays(bundle: Path) -> None:
    before = about(bundle)

    card_rounds.put(bundle, ROWS, ROUNDS, SEED, OPTIONS)

    after = about(bundle)
    assert after["metrics"].pop("left_out") == [LEFT_OUT]
    assert after["plots"].pop("learning") == [{"rows": 1, "fbs": 0.6}, {"rows": 4, "fbs": 0.9}]
    before["metrics"].pop("left_out")
    assert after == before
    assert (bundle / card.GRAPH).read_bytes() == b"a graph"
    assert (bundle / "second.onnx").read_bytes() == b"another"


def test_rounds_put_twice_are_on_the_card_once(bundle: Path) -> None:
    card_rounds.put(bundle, ROWS, ROUNDS, SEED, OPTIONS)
    once = (bundle / card.CARD).read_bytes()

    card_rounds.put(bundle, ROWS, ROUNDS, SEED, OPTIONS)

    assert (bundle / card.CARD).read_bytes() == once


def test_a_round_alone_leaves_the_figures_of_the_others(bundle: Path) -> None:
    other = {**LEFT_OUT, "source": "nus", "fraud_blocked": 1}
    card_rounds.put(bundle, ROWS, ROUNDS, SEED, OPTIONS)

    one = (RowSelection(left_out=("nus",), epochs=10), [other])
    card_rounds.put(bundle, ROWS, [one], SEED, OPTIONS)

    after = about(bundle)
    assert after["metrics"]["left_out"] == [LEFT_OUT, other]
    assert [point["rows"] for point in after["plots"]["learning"]] == [1, 4]


@pytest.mark.parametrize(
    ("rows", "seed", "options", "told"),
    [
        (ROWS, 1, OPTIONS, "seed is 20261124 on the card, 1 here"),
        (ROWS, SEED, {**OPTIONS, "contrastive": 0}, "options is"),
        (ROWS[1:], SEED, OPTIONS, "train_rows is 4 on the card, 3 here"),
        (ROWS[:-1], SEED, OPTIONS, "test_rows is 2 on the card, 1 here"),
    ],
)
def test_rounds_of_another_training_are_refused(
    bundle: Path,
    rows: list[LabelledText],
    seed: int,
    options: dict[str, float],
    told: str,
) -> None:
    before = (bundle / card.CARD).read_bytes()

    with pytest.raises(OtherTrainingError, match=told):
        card_rounds.put(bundle, rows, ROUNDS, seed, options)

    assert (bundle / card.CARD).read_bytes() == before


def test_a_folder_without_a_card_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OtherTrainingError, match="no bundle with a card"):
        card_rounds.put(tmp_path / "none", ROWS, ROUNDS, SEED, OPTIONS)


def test_the_page_tells_what_is_put_up_of_sources_left_out() -> None:
    table = page.left_out([LEFT_OUT])

    assert (
        "| fbs fraud | 20 | 60.0% (12) | 75.0% (15) | 5.0% (1) | 50.0% (1) | 100.0% (2) |" in table
    )


def test_the_page_of_a_card_without_reviews_has_no_table_of_them() -> None:
    old = {name: value for name, value in LEFT_OUT.items() if not name.endswith("_reviewed")}

    table = page.left_out([old])

    assert "| fbs |" in table
    assert "put up" not in table
