"""Trials with sources left out: what is counted, and that test rows are in none of it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra train is not installed")

from classifiers.training.checkpoints import Checkpoints
from classifiers.training.text.data import (
    TEST,
    TRAIN,
    VALIDATION,
    LabelledText,
)
from classifiers.training.text.fit import SoftLabels
from classifiers.training.text.objectives import encoder_trial, trials
from classifiers.training.text.objectives.options import PLAIN, TrainingOptions
from classifiers.training.text.rounds.conditions import conditions
from classifiers.training.text.rounds.training_rounds import (
    TextTrainingSetup,
    run_all,
    run_rounds,
)
from classifiers.training.text.row_selection import RowSelection
from classifiers.training.text.second_stage.encoder_head import EncoderHead
from classifiers.training.text.teacher import Teacher
from fanzha.tables import Float32s

WORDS = ("claim", "prize", "seven", "station", "later", "winner", "call", "home")
SPLITS = (TRAIN, TRAIN, TRAIN, VALIDATION, TEST)


def rows_of(source: str, label: str, words: Sequence[str], count: int) -> list[LabelledText]:
    allowed = (label == "ham", False, label == "fraud")
    row = LabelledText(
        source=source, label=label, split=TRAIN, text="", language=1, allowed=allowed
    )
    return [
        replace(
            row,
            text=f"{words[n % len(words)]} {words[(n * 3 + 1) % len(words)]} {n}",
            split=SPLITS[n % len(SPLITS)],
            group=f"{source} {label} {n}",
            place=n % 100,
        )
        for n in range(count)
    ]


@pytest.fixture(scope="module")
def rows() -> list[LabelledText]:
    return [
        *rows_of("nus", "ham", WORDS[2:5], 200),
        *rows_of("uci", "ham", WORDS[2:], 100),
        *rows_of("fbs", "fraud", WORDS[:2], 200),
        *rows_of("mendeley", "fraud", WORDS[:2], 100),
    ]


def bag_of_words(normal: Sequence[str]) -> Float32s:
    return np.array([[word in text for word in WORDS] for text in normal], np.float32)


def test_an_encoder_is_measured_on_sources_that_it_did_not_learn(rows: list[LabelledText]) -> None:
    lines, milliseconds = encoder_trial.compared(rows, ["mendeley"], 50, 1, bag_of_words)

    ((source, frauds, learned, ham, *recalls),) = lines
    assert (source, frauds) == ("mendeley", 80)
    assert (learned, ham) == (150, 60)
    assert recalls == ["100.0%", "100.0%"]
    assert milliseconds > 0


def test_at_most_so_many_rows_of_a_source_and_label_are_taken(rows: list[LabelledText]) -> None:
    taken = encoder_trial.sampled(rows, 30, Random(1))

    counts = {name: sum(row.source == name for row in taken) for name in ("nus", "uci", "fbs")}
    assert counts == {"nus": 30, "uci": 30, "fbs": 30}


def test_a_trial_counts_rows_left_out_that_are_no_test_rows(rows: list[LabelledText]) -> None:
    setup = TextTrainingSetup(
        rows=rows,
        teacher=Teacher(rows, 1, lambda _: None),
        seed=1,
        options=TrainingOptions(reversed_sources=0.3, contrastive=1),
    )
    one = RowSelection(left_out=("mendeley",), epochs=2)

    (line,) = trials.tried(setup, one)

    assert (line.source, line.label, line.rows) == ("mendeley", "fraud", 80)
    assert all(0 <= share <= 1 for share in (line.both, line.alone, *line.at_rates))
    report = trials.report([("plain", 1, line)])
    assert "| plain | 1 | mendeley | fraud | 80 |" in report


class NoTeacher(Teacher):
    """Nothing can be learned from it."""

    def __init__(self) -> None:
        """Encode nothing."""

    def distil(
        self, knows: Callable[[LabelledText], bool], seed: int
    ) -> tuple[SoftLabels, EncoderHead]:
        """Fail: a round that has ended is not trained again."""
        del knows, seed
        raise AssertionError


@pytest.mark.parametrize("processes", [1, 2])
def test_a_killed_run_goes_on_after_the_rounds_that_had_ended(
    processes: int, rows: list[LabelledText], tmp_path: Path
) -> None:
    checkpoints = Checkpoints(tmp_path, conditions(rows, 1, PLAIN, ()))
    setup = TextTrainingSetup(
        rows=rows, teacher=Teacher(rows, 1, lambda _: None), seed=1, checkpoints=checkpoints
    )
    one, other = (RowSelection(left_out=(name,), epochs=1) for name in ("mendeley", "uci"))
    told: list[RowSelection] = []

    (before,) = run_rounds(setup, [one], processes=processes, done=told.append)
    without = replace(setup, teacher=NoTeacher())
    (after,) = run_rounds(without, [one], processes=processes, done=told.append)

    assert after == before
    assert told == [one, one]
    (figure,) = after
    assert figure["fraud"] == 100
    blocked, reviewed, capped = (
        int(str(figure[f"fraud_{name}"])) for name in ("blocked", "reviewed", "capped")
    )
    assert 0 <= blocked <= reviewed <= 100
    # After one epoch the network takes texts for no language that it knows.
    assert blocked + capped == 100
    with pytest.raises(AssertionError):
        run_rounds(without, [other], processes=processes, done=told.append)


def test_rounds_in_one_process_are_those_of_several(rows: list[LabelledText]) -> None:
    setup = TextTrainingSetup(rows=rows, teacher=Teacher(rows, 1, lambda _: None), seed=1)
    one, other = RowSelection(epochs=1), RowSelection(left_out=("mendeley",), epochs=1)
    done: list[RowSelection] = []

    found = [
        run_all(setup, one, [other], processes=processes, done=done.append) for processes in (1, 2)
    ]

    (trained, figures), (again, same) = found
    assert figures == same
    assert len(done) == 4
    weights, others = trained.network.weights(), again.network.weights()
    assert np.array_equal(weights.table, others.table)
    assert np.array_equal(weights.out, others.out)
    assert trained.stages.threshold == again.stages.threshold
