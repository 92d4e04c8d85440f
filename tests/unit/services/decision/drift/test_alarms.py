"""When drift raises an alarm, and when the alarm ends."""

import logging

import pytest

from fanzha.tables import Channel
from services.decision.drift.alarms import LOOKS, DriftAlarms
from tests.support.log_records import logged_by

NAN = float("nan")


def looks(alarms: DriftAlarms, *indexes: float, name: str = "score") -> list[bool]:
    return [name in alarms.look(Channel.TEXT, {name: index}) for index in indexes]


def test_an_alarm_is_raised_only_after_some_looks_in_a_row() -> None:
    alarms = DriftAlarms(score=0.25)

    assert looks(alarms, 0.3, 0.3, 0.1, 0.3, 0.3, 0.25) == [False] * 5 + [True]
    assert LOOKS == 3


def raised() -> DriftAlarms:
    alarms = DriftAlarms(score=0.25)
    assert looks(alarms, *[0.3] * LOOKS)[-1]
    return alarms


def test_an_alarm_stays_just_below_the_limit_and_ends_well_below() -> None:
    assert looks(raised(), 0.24, 0.21, 0.19, 0.24) == [True, True, False, False]


def test_where_nothing_is_measured_any_more_no_alarm_stays() -> None:
    assert looks(raised(), NAN) == [False]
    assert raised().look(Channel.TEXT, {}) == []


def test_scores_and_features_have_limits_of_their_own_and_zero_means_none() -> None:
    alarms = DriftAlarms(score=0.0, feature=0.5)

    assert looks(alarms, *[9.0] * 4) == [False] * 4
    assert looks(alarms, *[0.4] * 4, name="links") == [False] * 4
    assert looks(alarms, *[0.6] * 3, name="links")[-1]


def test_channels_are_judged_apart() -> None:
    alarms = DriftAlarms(score=0.25)
    for _ in range(LOOKS):
        alarms.look(Channel.TEXT, {"score": 0.3})

    assert alarms.look(Channel.LINK, {"score": 0.3}) == []


def test_raising_and_ending_are_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    alarms = DriftAlarms(score=0.25)

    with caplog.at_level(logging.INFO):
        looks(alarms, *[0.3] * 9, *[0.1] * 9)

    levels = [record.levelname for record in logged_by(caplog, "services.decision")]
    assert levels == ["WARNING", "INFO"]
    assert "drift of score of text is 0.30, the limit is 0.25" in caplog.text
