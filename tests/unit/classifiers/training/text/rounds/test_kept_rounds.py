"""A round that has ended is not run again, and one that was made from something else is."""

from dataclasses import replace
from pathlib import Path

import pytest

from classifiers.training.text.data import TRAIN, LabelledText
from classifiers.training.text.objectives.options import PLAIN, SHIPPED, TrainingOptions
from classifiers.training.text.report import Figures
from classifiers.training.text.rounds import kept_rounds
from classifiers.training.text.rounds.kept_rounds import KeptRounds
from classifiers.training.text.row_selection import RowSelection

ROUND = RowSelection(left_out=("fbs", "inbox"), epochs=10)
FIGURES: Figures = [{"source": "fbs", "fraud": 3, "fraud_blocked": 2}]
ROW = LabelledText(
    source="fbs",
    label="fraud",
    split=TRAIN,
    text="积分兑换现金",
    language=0,
    allowed=(False, False, True),
)


def from_rows(
    folder: Path, *rows: LabelledText, seed: int = 1, options: TrainingOptions = SHIPPED
) -> KeptRounds:
    made_from = kept_rounds.made_from(rows, seed, options, ())
    return KeptRounds(folder, made_from)


def test_figures_that_were_kept_are_found_by_the_next_run(tmp_path: Path) -> None:
    before = from_rows(tmp_path / "rounds", ROW)
    assert before.find(ROUND) is None

    before.keep(ROUND, FIGURES)

    assert from_rows(tmp_path / "rounds", ROW).find(ROUND) == FIGURES


@pytest.mark.parametrize(
    "other",
    [
        RowSelection(left_out=("fbs",), epochs=10),
        RowSelection(left_out=("fbs", "inbox"), epochs=9),
        RowSelection(share=25, epochs=10),
    ],
)
def test_another_round_has_figures_of_its_own(other: RowSelection, tmp_path: Path) -> None:
    kept = from_rows(tmp_path, ROW)
    kept.keep(ROUND, FIGURES)

    assert kept.find(other) is None

    kept.keep(other, [])
    assert kept.find(ROUND) == FIGURES
    assert kept.find(other) == []


def test_figures_made_from_other_rows_or_otherwise_are_not_taken(tmp_path: Path) -> None:
    from_rows(tmp_path, ROW).keep(ROUND, FIGURES)
    other_text = replace(ROW, text="积分兑换礼品")
    other_label = replace(ROW, label="spam")

    assert from_rows(tmp_path, other_text).find(ROUND) is None
    assert from_rows(tmp_path, other_label).find(ROUND) is None
    assert from_rows(tmp_path, ROW, ROW).find(ROUND) is None
    assert from_rows(tmp_path, ROW, seed=2).find(ROUND) is None
    assert from_rows(tmp_path, ROW, options=PLAIN).find(ROUND) is None
    assert from_rows(tmp_path, ROW).find(ROUND) == FIGURES


def test_a_file_of_a_round_holds_no_text(tmp_path: Path) -> None:
    kept = from_rows(tmp_path, ROW)
    kept.keep(ROUND, FIGURES)

    content = kept.file(ROUND).read_text("utf-8")

    assert '"fraud_blocked": 2' in content
    assert ROW.text not in content
