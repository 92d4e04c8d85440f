"""A round that has ended is not run again, and one that was made from something else is."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from classifiers.training.checkpoints import Checkpoints
from classifiers.training.text.data import TRAIN, LabelledText
from classifiers.training.text.objectives.options import PLAIN, SHIPPED, TrainingOptions
from classifiers.training.text.report import Figures
from classifiers.training.text.rounds.conditions import conditions

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
    folder: Path,
    *rows: LabelledText,
    seed: int = 1,
    options: TrainingOptions = SHIPPED,
    train_only: tuple[str, ...] = (),
) -> Checkpoints:
    return Checkpoints(folder, conditions(rows, seed, options, train_only))


def found(kept: Checkpoints) -> Figures | None:
    nothing: Callable[[], Figures | None] = lambda: None  # noqa: E731 - typed
    return kept.figures("a round", nothing)


def test_figures_made_from_other_rows_or_otherwise_are_not_taken(tmp_path: Path) -> None:
    from_rows(tmp_path, ROW).figures("a round", lambda: FIGURES)
    other_text = replace(ROW, text="积分兑换礼品")
    other_label = replace(ROW, label="spam")

    assert found(from_rows(tmp_path, other_text)) is None
    assert found(from_rows(tmp_path, other_label)) is None
    assert found(from_rows(tmp_path, ROW, ROW)) is None
    assert found(from_rows(tmp_path, ROW, seed=2)) is None
    assert found(from_rows(tmp_path, ROW, options=PLAIN)) is None
    assert found(from_rows(tmp_path, ROW, train_only=("cases",))) is None
    assert found(from_rows(tmp_path, ROW)) == FIGURES


def test_a_file_of_a_round_holds_no_text(tmp_path: Path) -> None:
    from_rows(tmp_path, ROW).figures("a round", lambda: FIGURES)

    (file,) = tmp_path.iterdir()

    content = file.read_text("utf-8")
    assert '"fraud_blocked": 2' in content
    assert ROW.text not in content
    assert ROW.text.encode("unicode_escape").decode() not in content
