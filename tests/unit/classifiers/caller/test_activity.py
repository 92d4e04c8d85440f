"""What the service remembers about callers."""

from collections.abc import Sequence
from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from classifiers.caller.activity import DAY_MS, HALF_LIFE_MS, HOLD_HALF_LIFE_MS, ActivityTable
from fanzha.phone import HomePlan
from fanzha.tables import Calls, Int64s
from tests.support.builders import NINE_O_CLOCK_MS, some_calls, some_texts

CALLER = "+8617000000001"
OTHER = "+8617000000002"


def a_table(slots: int = 2**16) -> ActivityTable:
    return ActivityTable(slots=slots)


def callees(count: int) -> list[str]:
    return [f"+86139{number * 7919:08d}" for number in range(count)]


def record_ends(
    table: ActivityTable,
    answered: Sequence[bool],
    *,
    seconds: int = 30,
    at_ms: int = NINE_O_CLOCK_MS,
) -> None:
    rows = len(answered)
    table.record_ends(
        HomePlan().number_keys([CALLER] * rows),
        HomePlan().number_keys([OTHER] * rows),
        np.array(answered),
        np.full(rows, seconds * 1000, np.int64),
        np.full(rows, at_ms, np.int64),
    )


def test_rows_of_one_batch_see_each_other() -> None:
    activity = a_table().observe(some_calls(CALLER, CALLER, CALLER))

    assert activity.outgoing_calls.tolist() == [3, 3, 3]
    assert activity.counterparts == pytest.approx(1, rel=0.01)
    assert activity.active_days.tolist() == [1, 1, 1]


def test_a_large_batch_marks_what_its_calls_mark_one_by_one() -> None:
    others = callees(150)
    callers = [CALLER, OTHER, OTHER] * 50
    together, alone = a_table(), a_table()

    for _ in range(2):  # the second time, all is marked already
        in_one = together.observe(some_calls(*callers, callees=others))
        one_by_one = [
            alone.observe(some_calls(caller, callees=[other]))
            for caller, other in zip(callers, others, strict=True)
        ]

        # The last row of each caller has seen all of its calls either way.
        for row in (147, 149):
            last = one_by_one[row]
            assert in_one.counterparts[row] == last.counterparts[0] > 40
            assert in_one.active_days[row] == last.active_days[0] == 1
            assert in_one.active_hours[row] == last.active_hours[0] == 1


def test_calls_lose_half_their_weight_in_a_half_life() -> None:
    table = a_table()
    table.observe(some_calls(CALLER, CALLER))

    later = table.observe(some_calls(CALLER, at_ms=NINE_O_CLOCK_MS + HALF_LIFE_MS))

    assert later.outgoing_calls == pytest.approx([2])
    assert later.active_days == pytest.approx([1.5])


def test_a_call_counts_for_its_callee_once_that_number_has_called() -> None:
    table = a_table()
    table.observe(some_calls(CALLER, callee=OTHER))

    first = table.observe(some_calls(OTHER, callee=CALLER))
    back = table.observe(some_calls(CALLER, callee=OTHER))

    assert (first.outgoing_calls.tolist(), first.incoming_calls.tolist()) == ([1], [0])
    assert (back.outgoing_calls.tolist(), back.incoming_calls.tolist()) == ([2], [1])


@pytest.mark.parametrize("count", [1, 10, 60, 200, 500])
def test_counterparts_are_estimated(count: int) -> None:
    activity = a_table().observe(some_calls(*[CALLER] * count, callees=callees(count)))

    assert activity.counterparts[0] == pytest.approx(count, rel=0.2, abs=0.5)


def test_counterparts_are_forgotten_in_turns() -> None:
    table = a_table()
    table.observe(some_calls(*[CALLER] * 200, callees=callees(200)))

    after = [
        float(
            table.observe(some_calls(CALLER, at_ms=NINE_O_CLOCK_MS + days * DAY_MS)).counterparts[0]
        )
        for days in (1, 6, 11, 16, 21)
    ]

    assert after == sorted(after, reverse=True)
    assert after[0] == pytest.approx(201, rel=0.2)
    assert after[2] == pytest.approx(100, rel=0.4)
    assert after[-1] < 3


def test_days_are_counted_once_each() -> None:
    table = a_table()
    for day in (0, 0, 1, 40, 40, 41):
        activity = table.observe(some_calls(CALLER, at_ms=NINE_O_CLOCK_MS + day * DAY_MS))

    assert activity.active_days == pytest.approx([1 + 2 ** (-1 / 7)])


def test_hours_of_the_day_are_counted_once_each() -> None:
    table = a_table()
    for hour in (0, 0, 1, 5, 24, 29):
        activity = table.observe(some_calls(CALLER, at_ms=NINE_O_CLOCK_MS + hour * 3_600_000))

    assert activity.active_hours.tolist() == [3]


def test_hours_are_forgotten_in_turns() -> None:
    table = a_table()
    for hour in range(24):
        table.observe(some_calls(CALLER, at_ms=NINE_O_CLOCK_MS + hour * 3_600_000))

    hours = [
        table.observe(some_calls(CALLER, at_ms=NINE_O_CLOCK_MS + days * DAY_MS)).active_hours[0]
        for days in (2, 7, 12, 17, 22, 60)
    ]

    assert hours[0] >= 18
    assert hours == sorted(hours, reverse=True)
    assert hours[-1] == 1


@pytest.mark.parametrize("count", [1, 10, 60, 150])
def test_text_counterparts_are_estimated(count: int) -> None:
    table = a_table()
    table.observe(some_calls(CALLER))

    for number in callees(count):
        table.observe_texts(some_texts("好", "好", sender=CALLER, receiver=number))
    activity = table.observe(some_calls(CALLER))

    assert activity.text_counterparts[0] == pytest.approx(count, rel=0.3, abs=0.5)
    assert activity.counterparts[0] < 1.1


def test_ends_count_for_caller_and_callee() -> None:
    table = a_table()
    table.observe(some_calls(CALLER, OTHER, callees=[OTHER, CALLER]))

    record_ends(table, [False, True, True], seconds=45)
    activity = table.observe(some_calls(CALLER, OTHER))

    assert activity.ended_calls.tolist() == [3, 0]
    assert activity.answered_calls.tolist() == [2, 0]
    assert activity.connected_calls.tolist() == [2, 2]
    assert activity.connected_seconds.tolist() == [90, 90]


def test_ends_of_forgotten_callers_are_dropped() -> None:
    table = a_table()

    record_ends(table, [True])

    assert table.observe(some_calls(CALLER)).ended_calls.tolist() == [0]


def test_texts_count_for_those_who_call() -> None:
    table = a_table()
    table.observe(some_calls(CALLER))

    table.observe_texts(some_texts("在吗", "晚上见", sender=CALLER, receiver=OTHER))
    table.observe_texts(some_texts("好", sender=OTHER, receiver=CALLER))
    activity = table.observe(some_calls(CALLER, OTHER))

    assert activity.texts_sent.tolist() == [2, 0]
    assert activity.texts_received.tolist() == [1, 0]


@pytest.mark.parametrize("caller", ["110", "95588", "anonymous", "+0", ""])
def test_service_codes_and_sender_names_are_not_counted(caller: str) -> None:
    activity = a_table(2).observe(some_calls(caller, caller))

    assert all(not any(column) for column in astuple(activity))


def test_rows_that_cannot_be_read_are_not_counted() -> None:
    table = a_table()
    table.observe(some_calls(CALLER, callee="?"))
    table.observe(some_calls(CALLER, at_ms=0))

    assert table.observe(some_calls(CALLER)).outgoing_calls.tolist() == [1]


def test_a_number_is_never_charged_with_anothers_calls() -> None:
    table = a_table(2)
    callers = callees(100)

    one_by_one = [table.observe(some_calls(caller)).outgoing_calls.tolist() for caller in callers]
    together = a_table(2).observe(some_calls(*callers)).outgoing_calls.tolist()

    assert one_by_one == [[1]] * 100
    assert sorted(together) == [0] * 98 + [1, 1]


def test_a_flood_of_single_calls_does_not_flush_out_a_busy_caller() -> None:
    table = a_table(2)
    table.observe(some_calls(*[CALLER] * 50))

    table.observe(some_calls(*callees(500)))

    assert table.observe(some_calls(CALLER)).outgoing_calls.tolist() == [51]


def test_the_slot_of_an_idle_owner_is_reused() -> None:
    table = a_table(2)
    newcomers = callees(20)
    table.observe(some_calls(*[CALLER] * 50))
    soon, later = (NINE_O_CLOCK_MS + hours * HOLD_HALF_LIFE_MS for hours in (1, 7))

    refused = table.observe(some_calls(*newcomers, at_ms=soon)).outgoing_calls
    accepted = table.observe(some_calls(*newcomers, at_ms=later)).outgoing_calls

    assert np.count_nonzero(refused) == 1
    assert np.count_nonzero(accepted) == 2


anything = arrays.arrays(np.int64, 8, elements=st.integers(-(2**63), 2**63 - 1))


@given(anything, anything, anything, anything)
def test_no_input_makes_a_counter_infinite(
    callers: Int64s, others: Int64s, times: Int64s, durations: Int64s
) -> None:
    table = a_table(2)
    calls = Calls(
        callers=callers,
        callees=others,
        attempted_at_ms=times,
        ingress=np.ones(8, np.uint8),
        attestations=np.zeros(8, np.uint8),
        trunks=[""] * 8,
        names={},
        errors={},
    )

    for _ in range(2):
        activity = table.observe(calls)
        table.record_ends(callers, others, callers > 0, durations, times)

    assert np.isfinite(np.column_stack(astuple(activity))).all()
    assert np.column_stack(astuple(activity)).min() >= 0


def test_a_peek_sees_what_counting_would_and_counts_nothing() -> None:
    table = a_table()
    # The second call of a caller, a callee that is a caller itself, and a newcomer.
    before = some_calls(CALLER, OTHER)
    calls = some_calls(CALLER, OTHER, "+8617000000003", at_ms=NINE_O_CLOCK_MS + HALF_LIFE_MS)
    table.observe(before)

    peeked = [astuple(table.peek(calls)) for _ in range(2)]

    counted = astuple(table.observe(calls))
    for columns in peeked:
        for column, expected in zip(columns, counted, strict=True):
            assert column.tolist() == expected.tolist()


def test_the_number_of_slots_is_a_power_of_two() -> None:
    with pytest.raises(ValueError, match="power of two"):
        ActivityTable(slots=1000)
