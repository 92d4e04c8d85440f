"""Scoring callers with the model that ships."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.caller.activity import DAY_MS, ActivityTable
from classifiers.caller.classifier import (
    MINIMUM_CALLS,
    TABLE_COLUMNS,
    CallerClassifier,
    activity_from_table,
    features,
    scale_scores,
)
from classifiers.hashing import spread
from classifiers.onnx_model import OnnxModel
from fanzha.phone import HomePlan
from fanzha.tables import CallerActivity, Calls, Float32s
from tests.support.builders import NINE_O_CLOCK_MS, some_calls, some_texts
from tests.support.checkout import CHECKOUT

BUNDLE = CHECKOUT / "classifiers" / "models" / "caller" / "3"
BEFORE = BUNDLE.parent / "2"
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


def test_friends_who_call_each_other_every_day_are_not_blocked() -> None:
    table = ActivityTable(slots=2**10)
    highest = []
    for day in range(60):
        at_ms = NINE_O_CLOCK_MS + day * 86_400_000
        calls = some_calls(*[CALLER, FRIEND] * 5, callees=[FRIEND, CALLER] * 5, at_ms=at_ms)
        highest.append(float(SHIPPED.score(table.observe(calls)).max()))

    assert max(highest) < SHIPPED.threshold
    # On the first days little is known of them.
    assert max(highest[7:]) < SHIPPED.threshold / 2


@pytest.mark.parametrize("numbers", [1, 5, 20, 60])
def test_a_courier_back_from_a_holiday_is_not_blocked(numbers: int) -> None:
    # Two weeks leave a quarter of the calls, but only the hours and numbers of today.
    score = SHIPPED.score(
        some_activity(
            outgoing_calls=75 + 1.2 * numbers,
            incoming_calls=30,
            counterparts=numbers + 23,
            active_days=3.25,
            active_hours=min(numbers, 4),
        )
    )

    assert score[0] < SHIPPED.threshold


def test_an_unknown_caller_has_no_score() -> None:
    assert SHIPPED.score(some_activity()).tolist() == [0]


amounts = st.floats(0, 2**20, width=32)


@given(st.fixed_dictionaries({field.name: amounts for field in fields(CallerActivity)}))
def test_few_calls_never_reach_the_threshold(columns: dict[str, float]) -> None:
    score = SHIPPED.score(some_activity(**columns))[0]

    assert 0 <= score <= 1
    if columns["outgoing_calls"] < MINIMUM_CALLS:
        assert score < SHIPPED.threshold


@given(st.lists(st.integers(0, 1000), min_size=2, max_size=9), st.sampled_from([0.03, 0.5, 1.0]))
def test_few_calls_keep_the_order_of_their_scores(scores: list[int], threshold: float) -> None:
    before = (np.array(scores) / 1000).astype(np.float32)

    after = scale_scores(before, np.full(len(scores), MINIMUM_CALLS - 1, np.float32), threshold)

    assert np.argsort(after, kind="stable").tolist() == np.argsort(before, kind="stable").tolist()
    assert after.max() < threshold


def test_a_bundle_made_before_keeps_its_cap() -> None:
    activity = some_activity(outgoing_calls=8, counterparts=8, active_days=1, active_hours=1)
    capped = CallerClassifier(OnnxModel(BEFORE))

    score = capped.score(activity)[0]

    assert score <= capped.threshold * 8 / MINIMUM_CALLS


@pytest.mark.parametrize("threshold", [0.05, 0.5, 0.999])
def test_few_calls_stay_below_a_threshold_that_is_set(threshold: float) -> None:
    model = CallerClassifier(OnnxModel(BUNDLE), threshold)
    table = ActivityTable(slots=2**10)
    few = MINIMUM_CALLS - 1
    calls = [some_calls(CALLER, callees=[callee]) for callee in strangers(400)]

    scores = np.concatenate([model.score(table.observe(call)) for call in calls])

    assert scores[:few].max() < min(threshold, SHIPPED.threshold)
    assert scores[-1] >= SHIPPED.threshold
    assert model.threshold == SHIPPED.threshold


@given(st.lists(amounts, min_size=28, max_size=28))
def test_rows_are_scored_one_by_one(values: list[float]) -> None:
    pair = np.array(values, np.float32).reshape(2, 14)
    names = [field.name for field in fields(CallerActivity)]

    together = SHIPPED.score(CallerActivity(**dict(zip(names, pair.T, strict=True))))
    alone = [SHIPPED.score(some_activity(**dict(zip(names, row, strict=True))))[0] for row in pair]

    assert together == pytest.approx(alone, abs=1e-6)


def unlike(numbers: list[str]) -> list[str]:
    """Return those whose bits differ: estimates are then near for a few, too."""
    bits = spread(HomePlan().number_keys(numbers)) >> np.uint64(32) & np.uint64(63)
    return [numbers[row] for row in np.unique(bits, return_index=True)[1].tolist()]


CONTACTS = unlike(strangers(40))[:12]


@dataclass(frozen=True)
class Event:
    """A call, which ends at once, or a text, between a caller and one of its contacts."""

    is_call: bool
    outgoing: bool
    contact: int
    minute: int
    seconds: int
    handset: int = 0


day = st.lists(
    st.builds(
        Event,
        is_call=st.booleans(),
        outgoing=st.booleans(),
        contact=st.integers(0, 11),
        minute=st.integers(0, 14 * 60),
        seconds=st.integers(1, 600),
        handset=st.integers(0, 2),
    ),
    max_size=60,
)


@given(day)
def test_a_table_and_the_service_describe_a_caller_alike(happened: list[Event]) -> None:
    events = [Event(True, True, 0, 0, 60), *sorted(happened, key=lambda event: event.minute)]
    # One more call shows the counters; the row of the table has it, too, but no end of it.
    last = Event(True, True, 0, 14 * 60, 60)
    table = ActivityTable(slots=2**10)
    for event in events:
        _feed(table, event)
    online = features(table.observe(_call(last)))

    offline = features(activity_from_table(_totals([*events, last])))

    assert online.keys() == offline.keys()
    for name, column in offline.items():
        # Within a day counters fade by 6 %, and estimates are off by one in ten.
        near = 0.5 if name == "log_seconds_per_call" else 0.2
        assert online[name] == pytest.approx(column, abs=near, nan_ok=True), name


def _feed(table: ActivityTable, event: Event) -> None:
    one, other = _parties(event)
    if not event.is_call:
        text = some_texts("好", sender=one, receiver=other, at_ms=_at_ms(event))
        table.observe_texts(text)
        return
    table.observe(_call(event))
    keys = HomePlan().number_keys
    table.record_ends(
        keys([one]),
        keys([other]),
        np.array([True]),
        np.array([event.seconds * 1000]),
        np.array([_at_ms(event)]),
    )


def _call(event: Event) -> Calls:
    one, other = _parties(event)
    calls = some_calls(one, callee=other, at_ms=_at_ms(event))
    # Handsets and areas that share no bit, as contacts do.
    handset = np.array([event.handset + 1], np.uint32)
    return replace(calls, handsets=handset, location_areas=handset[:] * 10)


def _parties(event: Event) -> tuple[str, str]:
    contact = CONTACTS[event.contact]
    return (CALLER, contact) if event.outgoing else (contact, CALLER)


def _at_ms(event: Event) -> int:
    return NINE_O_CLOCK_MS + event.minute * 60_000


def _totals(events: Sequence[Event]) -> dict[str, Float32s]:
    calls = [event for event in events if event.is_call]
    texts = [event for event in events if not event.is_call]
    return a_subscriber(
        opposite_count=len(calls),
        opposite_unique=len({event.contact for event in calls}),
        voccalltype1=sum(event.outgoing for event in calls),
        voc_day_nunique=len({_at_ms(event) // DAY_MS for event in calls}),
        call_dur_mean=float(np.mean([event.seconds for event in calls])),
        sms_count=len(texts),
        calltype_2=sum(not event.outgoing for event in texts),
        voc_hour_nunique=len({_at_ms(event) // 3_600_000 % 24 for event in calls}),
        sms_nunique=len({event.contact for event in texts}),
        imeis=len({event.handset for event in calls if event.outgoing}),
        county_name_call=len({event.handset for event in calls if event.outgoing}),
    )


def test_features_do_not_depend_on_how_long_a_steady_caller_was_watched() -> None:
    week = some_activity(outgoing_calls=70, incoming_calls=70, active_days=7, counterparts=14)
    month = some_activity(outgoing_calls=280, incoming_calls=280, active_days=28, counterparts=56)

    short, long = features(week), features(month)

    for name in set(short) - {"log_calls"}:
        assert short[name] == pytest.approx(long[name], abs=0.13, nan_ok=True), name


def test_missing_cells_are_unknown_and_not_zero() -> None:
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
    nothing = SHIPPED.score_table(a_subscriber())

    assert only_calls.tolist() == without_columns.tolist()
    assert only_calls[0] > 0.9
    assert 0 < no_calls[0] < SHIPPED.threshold
    assert nothing.tolist() == [0]


def test_an_empty_number_of_calls_made_is_none_and_a_missing_column_is_unknown() -> None:
    cells = {"opposite_count": 40.0, "opposite_unique": 30, "voc_day_nunique": 4, "sms_count": 9}
    table = a_subscriber(**cells)

    got_only = activity_from_table(table)
    unknown = activity_from_table(
        {name: column for name, column in table.items() if name != "voccalltype1"}
    )

    assert (got_only.outgoing_calls.tolist(), got_only.incoming_calls.tolist()) == ([0], [40])
    assert (unknown.incoming_calls.tolist(), unknown.counterparts.tolist()) == ([0], [0])
    assert unknown.texts_sent.tolist() == [9]


def test_a_card_with_other_golden_scores_does_not_load(tmp_path: Path) -> None:
    bundle = copytree(BUNDLE, tmp_path / "3")
    text = (bundle / "card.toml").read_text()
    (bundle / "card.toml").write_text(text.replace("score = 0.9", "score = 0.1"))

    with pytest.raises(ValueError, match="golden row 0"):
        CallerClassifier(OnnxModel(bundle))
