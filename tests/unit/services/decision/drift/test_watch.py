"""The drift of a channel as workers look at it: scores, features and alarms together."""

import numpy as np

from classifiers.card import BINS
from fanzha.decisions import Decisions
from fanzha.tables import Channel
from services.decision.drift.alarms import LOOKS, DriftAlarms
from services.decision.drift.watch import DriftWatch
from tests.support.builders import some_links

ORDINARY = (1000.0, *[1.0] * (BINS - 1))


def decided(score: float, rows: int = 2000) -> Decisions:
    return Decisions(
        first_id=1,
        actions=np.ones(rows, np.uint8),
        reasons=np.ones(rows, np.uint8),
        scores=np.full(rows, score, np.float32),
        threshold=0.9,
        entries=np.full(rows, -1, np.int64),
        details={},
        list_version=1,
        model_version="1",
    )


def watched(score: float) -> DriftWatch:
    watch = DriftWatch(DriftAlarms(score=0.25))
    watch.decided(Channel.LINK, some_links("http://a.example/"), decided(score))
    return watch


def test_scores_like_those_of_the_card_raise_nothing() -> None:
    watch = watched(0.01)

    for _ in range(LOOKS):
        found = watch.look(Channel.LINK, "1", ORDINARY, {})

    assert found.score < 0.1
    assert found.alarms == ()


def test_scores_unlike_those_of_the_card_raise_an_alarm_that_is_kept_for_reports() -> None:
    watch = watched(0.7)

    for _ in range(LOOKS):
        found = watch.look(Channel.LINK, "1", ORDINARY, {})

    assert found.alarms == ("score",)
    assert watch.latest[Channel.LINK] is found
    assert found.known() == {"score": round(found.score, 3)}


def test_without_a_histogram_nothing_is_known_and_nothing_is_raised() -> None:
    watch = watched(0.7)

    found = [watch.look(Channel.LINK, "1", None, {}) for _ in range(LOOKS)][-1]

    assert (found.known(), found.alarms) == ({}, ())
