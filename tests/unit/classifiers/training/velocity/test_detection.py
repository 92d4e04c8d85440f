"""How soon imagined frauds are noticed."""

from typing import Any

import numpy as np

from classifiers.training.call_simulator import worlds
from classifiers.training.velocity import detection
from classifiers.training.velocity.data import Observed
from fanzha.tables import Float32s

KINDS = [behaviour.name for behaviour in worlds.TRAINING.behaviours]
PERSON, COURIER, SIM_BOX = (KINDS.index(name) for name in ("person", "courier", "SIM box"))
MINUTE_MS = 60_000


def observed(who: list[int], minutes: list[float], kinds: list[int]) -> Observed:
    return Observed(
        world=worlds.TRAINING,
        names=("nothing",),
        rows=np.zeros((len(who), 1), np.float32),
        enough=np.ones(len(who), np.bool_),
        who=np.array(who, np.int64),
        times=(np.array(minutes) * MINUTE_MS).astype(np.int64),
        kinds=np.array(kinds, np.int64),
    )


def scores(*values: float) -> Float32s:
    return np.array(values, np.float32)


def test_the_first_mark_of_a_caller_is_timed_from_its_first_call() -> None:
    world = observed([0, 1, 0, 0, 1], [5, 6, 7, 65, 70], [SIM_BOX, PERSON])

    found = detection.first_marks(world, scores(0.1, 0.2, 0.95, 0.99, 0.3), 0.9)

    assert found.marked.tolist() == [True, False]
    assert found.minutes.tolist() == [2, np.inf]
    assert found.calls.tolist() == [2, 0]


def test_figures_of_several_worlds_are_put_together() -> None:
    early = observed([0, 0, 1], [0, 8, 3], [SIM_BOX, PERSON])
    late = observed([0, 0, 1, 1], [0, 50, 0, 9], [SIM_BOX, COURIER])
    lives = [
        (worlds.TRAINING, early, scores(0, 1, 0)),
        (worlds.TRAINING, late, scores(0, 1, 0, 1)),
    ]

    figures: Any = detection.measure(iter(lives), 0.5)

    (alarms,) = figures["alarms"]
    assert (alarms["callers"], alarms["marked"], alarms["rate"]) == (2, 1, 50_000)
    assert alarms["low"] < 50_000 < alarms["high"]
    (sim_box,) = (row for row in figures["frauds"] if row["kind"] == "SIM box")
    assert (sim_box["callers"], sim_box["marked"]) == (2, 2)
    assert (sim_box["soon"], sim_box["later"], sim_box["median_minutes"]) == (1, 2, 29)
    assert "| SIM box | 2 | 2 (100.0%) | 1 (50.0%) |" in detection.frauds(figures["frauds"])


def test_without_a_mark_there_is_no_time() -> None:
    lives = [(worlds.TEST, observed([0], [0], [SIM_BOX]), scores(0))]

    figures: Any = detection.measure(iter(lives), 0.5)

    (sim_box,) = (row for row in figures["frauds"] if row["kind"] == "SIM box")
    assert "median_minutes" not in sim_box


def test_worlds_of_detection_have_seeds_of_their_own() -> None:
    seeds: list[int] = []

    def observe(_world: object, seed: int) -> Observed:
        seeds.append(seed)
        return observed([0], [0], [PERSON])

    lives = list(detection.fresh(observe, lambda rows: rows[:, 0], 7))

    assert len(lives) == len(seeds) == 2 * detection.SEEDS
    # Training's own worlds have the first three.
    assert not {7, 8, 9} & {*seeds}
