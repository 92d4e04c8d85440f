"""Scoring callers with the model that ships."""

from dataclasses import fields
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.activity import ActivityTable
from classifiers.call import (
    MINIMUM_CALLS,
    TABLE_COLUMNS,
    CallerClassifier,
    activity_from_table,
    features,
)
from classifiers.onnx_model import OnnxModel
from fanzha.phone import HomePlan
from fanzha.tables import CallerActivity, Float32s
from tests.builders import NINE_O_CLOCK_MS, some_calls

BUNDLE = Path(__file__).parents[3] / "classifiers" / "models" / "caller" / "1"
CALLER = "+8617000000001"
FRIEND = "+8617000000002"

SHIPPED = CallerClassifier(OnnxModel(BUNDLE))


def some_activity(**columns: float) -> CallerActivity:
    return CallerActivity(
        **{
            field.name: np.array([columns.get(field.name, 0)], np.float32)
            for field in fields(CallerActivity)
        }
    )


def a_subscriber(**cells: float) -> dict[str, Float32s]:
    return {name: np.array([cells.get(name, np.nan)], np.float32) for name in TABLE_COLUMNS}


def strangers(count: int) -> list[str]:
    return [f"+86139{number * 7919:08d}" for number in range(count)]


def test_a_dialler_is_blocked_after_a_few_hundred_strangers() -> None:
    table = ActivityTable(slots=2**10)

    scores = SHIPPED.score(table.observe(some_calls(*[CALLER] * 400, callees=strangers(400))))

    assert scores[-1] >= SHIPPED.threshold


def test_friends_who_call_each_other_every_day_are_not() -> None:
    table = ActivityTable(slots=2**10)
    highest = np.float32(0)
    for day in range(60):
        at_ms = NINE_O_CLOCK_MS + day * 86_400_000
        calls = some_calls(*[CALLER, FRIEND] * 5, callees=[FRIEND, CALLER] * 5, at_ms=at_ms)
        highest = max(highest, SHIPPED.score(table.observe(calls)).max())

    assert highest < SHIPPED.threshold / 2


def test_nothing_known_scores_nothing() -> None:
    assert SHIPPED.score(some_activity()).tolist() == [0]


amounts = st.floats(0, 2**20, width=32)


@given(st.fixed_dictionaries({field.name: amounts for field in fields(CallerActivity)}))
def test_few_calls_never_reach_the_threshold(columns: dict[str, float]) -> None:
    score = SHIPPED.score(some_activity(**columns))[0]

    assert 0 <= score <= 1
    if columns["outgoing_calls"] < MINIMUM_CALLS:
        assert score < SHIPPED.threshold


@given(st.lists(amounts, min_size=20, max_size=20))
def test_rows_are_scored_one_by_one(values: list[float]) -> None:
    pair = np.array(values, np.float32).reshape(2, 10)
    names = [field.name for field in fields(CallerActivity)]

    together = SHIPPED.score(CallerActivity(**dict(zip(names, pair.T, strict=True))))
    alone = [SHIPPED.score(some_activity(**dict(zip(names, row, strict=True))))[0] for row in pair]

    assert together == pytest.approx(alone, abs=1e-6)


def test_a_table_and_the_service_describe_a_caller_alike() -> None:
    table = ActivityTable(slots=2**10)
    friends = strangers(20)
    keys = HomePlan().number_keys
    table.observe(some_calls(*[CALLER] * 40, callees=friends * 2))
    table.observe(some_calls(*friends[:10], callee=CALLER))
    table.record_ends(
        np.repeat(keys([CALLER]), 50),
        np.repeat(keys([FRIEND]), 50),
        np.ones(50, np.bool_),
        np.full(50, 80_000, np.int64),
        np.full(50, NINE_O_CLOCK_MS, np.int64),
    )
    # One more call shows the counters; the row of the table has it, too.
    online = features(table.observe(some_calls(CALLER, callee=friends[0])))

    offline = features(
        activity_from_table(
            a_subscriber(
                opposite_count=51,
                opposite_unique=20,
                voccalltype1=41,
                voc_day_nunique=1,
                call_dur_mean=80,
            )
        )
    )

    for name, column in offline.items():
        assert online[name] == pytest.approx(column, abs=0.1, nan_ok=True), name


def test_features_do_not_depend_on_how_long_a_steady_caller_was_watched() -> None:
    week = some_activity(outgoing_calls=70, incoming_calls=70, active_days=7, counterparts=14)
    month = some_activity(outgoing_calls=280, incoming_calls=280, active_days=28, counterparts=56)

    short, long = features(week), features(month)

    for name in set(short) - {"log_calls"}:
        assert short[name] == pytest.approx(long[name], abs=0.13, nan_ok=True), name


def test_missing_cells_are_unknown_rather_than_nought() -> None:
    calls = {
        "opposite_count": 900.0,
        "opposite_unique": 850,
        "voccalltype1": 890,
        "voc_day_nunique": 4,
    }

    only_calls = SHIPPED.score_table(a_subscriber(**calls))
    without_columns = SHIPPED.score_table(
        {name: np.array([cell], np.float32) for name, cell in calls.items()}
    )
    no_calls = SHIPPED.score_table(a_subscriber(sms_count=50, calltype_2=49))

    assert only_calls.tolist() == without_columns.tolist()
    assert only_calls[0] > 0.9
    assert no_calls.tolist() == [0]


def test_a_card_that_promises_other_scores_does_not_load(tmp_path: Path) -> None:
    bundle = copytree(BUNDLE, tmp_path / "1")
    text = (bundle / "card.toml").read_text()
    (bundle / "card.toml").write_text(text.replace("score = 0.9", "score = 0.1"))

    with pytest.raises(ValueError, match="golden row 0"):
        CallerClassifier(OnnxModel(bundle))
