"""Rows to learn velocity from, and figures by kind of caller."""

import numpy as np
import pytest

from classifiers.training.call_simulator import worlds
from classifiers.training.velocity import data
from classifiers.training.velocity.data import ROWS_A_CALLER, Observed
from fanzha.tables import Float32s

KINDS = [behaviour.name for behaviour in worlds.TRAINING.behaviours]
PERSON, COURIER, SIM_BOX = (KINDS.index(name) for name in ("person", "courier", "SIM box"))


def observed(who: list[int], kinds: list[int], enough: list[bool] | None = None) -> Observed:
    """Make calls of callers *who*; the one feature is the row."""
    return Observed(
        world=worlds.TRAINING,
        names=("row",),
        rows=np.arange(len(who), dtype=np.float32)[:, None],
        enough=np.array(enough or [True] * len(who)),
        who=np.array(who, np.int64),
        times=np.arange(len(who)) * 60_000,
        kinds=np.array(kinds, np.int64),
    )


def scores(*values: float) -> Float32s:
    return np.array(values, np.float32)


def test_of_a_busy_caller_only_so_many_calls_are_learnt_from() -> None:
    world = observed([0] * 500 + [1] * 3, [SIM_BOX, PERSON])

    rows, frauds, _ = data.learnable(world, "", np.random.default_rng(1))

    assert (int(frauds.sum()), int((~frauds).sum())) == (ROWS_A_CALLER, 3)
    assert len(np.unique(rows)) == len(rows)


def test_frauds_and_others_weigh_the_same_and_so_do_kinds_and_callers() -> None:
    world = observed([0, 0, 0, 1, 2, 2, 3], [SIM_BOX, PERSON, COURIER, COURIER])

    rows, frauds, weights = data.learnable(world, "", np.random.default_rng(1))

    by_row = dict(zip(rows[:, 0].tolist(), weights.tolist(), strict=True))
    assert weights[frauds].sum() == pytest.approx(weights[~frauds].sum())
    assert by_row[3] == pytest.approx(by_row[4] + by_row[5] + by_row[6])
    assert by_row[4] + by_row[5] == pytest.approx(by_row[6])


def test_a_kind_left_out_and_calls_too_few_are_not_learnt_from() -> None:
    world = observed([0, 1, 2, 2], [SIM_BOX, COURIER, PERSON], [True, True, False, True])

    rows, frauds, _ = data.learnable(world, "courier", np.random.default_rng(1))

    assert sorted(rows[:, 0].tolist()) == [0, 3]
    assert frauds.sum() == 1


def test_callers_are_counted_once_however_often_they_are_marked() -> None:
    world = observed([0, 0, 0, 1, 1], [SIM_BOX, PERSON], [False, True, True, True, True])

    figures = data.by_kind(world, scores(0.99, 0.2, 0.9, 0.8, 0.1), 0.9)

    (sim_box,) = (figure for figure in figures if figure["kind"] == "SIM box")
    (person,) = (figure for figure in figures if figure["kind"] == "person")
    assert (sim_box["marked"], sim_box["marked_calls"]) == (1, 1)
    assert sim_box["calls_until_marked"] == 3
    assert (person["callers"], person["marked"]) == (1, 0)


def test_the_highest_score_with_enough_calls_is_a_callers() -> None:
    world = observed([0, 0, 1], [SIM_BOX, PERSON], [False, True, False])

    assert data.highest(world, scores(0.9, 0.4, 0.8)).tolist() == pytest.approx([0.4, 0])


def test_at_most_one_in_a_thousand_of_each_ordinary_kind_reaches_the_threshold() -> None:
    chance = np.random.default_rng(1)
    kinds = [PERSON] * 4000 + [COURIER] * 1000 + [SIM_BOX] * 100
    world = observed(list(range(len(kinds))), kinds)
    found = chance.random(len(kinds)).astype(np.float32)

    threshold, _ = data.choose_threshold(world, found)

    for kind, most in ((PERSON, 4), (COURIER, 1)):
        assert (found[world.kinds == kind] >= threshold).sum() <= most
    assert (found[world.kinds == COURIER] >= threshold * 0.99).sum() >= 1


def test_callers_are_ranked_by_their_highest_scores() -> None:
    world = observed([0, 0, 1, 2], [SIM_BOX, PERSON, COURIER])

    assert data.ranking(world, scores(0.1, 0.9, 0.5, 0.2)) == 1
