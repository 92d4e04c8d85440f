"""From how many handsets and location areas callers are known to call."""

from collections.abc import Sequence
from dataclasses import astuple, replace
from zlib import crc32

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.caller.activity import DAY_MS, ActivityTable
from fanzha.tables import Calls, Uint32s
from tests.support.builders import NINE_O_CLOCK_MS, some_calls

CALLER = "+8617000000001"
OTHER = "+8617000000002"


def checksums(names: Sequence[str]) -> Uint32s:
    return np.array([crc32(name.encode()) for name in names], np.uint32)


def calls_from(
    *places: tuple[str, str], caller: str = CALLER, at_ms: int = NINE_O_CLOCK_MS
) -> Calls:
    """Make calls of one number, each from a handset and an area; empty: not sent."""
    return replace(
        some_calls(*[caller] * len(places), callee=OTHER, at_ms=at_ms),
        handsets=checksums([handset for handset, _ in places]),
        location_areas=checksums([area for _, area in places]),
    )


def imeis(count: int) -> list[str]:
    return [f"35{number * 7919:012d}" for number in range(count)]


def test_without_handsets_and_areas_nothing_is_known_of_either() -> None:
    activity = ActivityTable(2**8).observe(some_calls(CALLER, CALLER))

    assert activity.handsets.tolist() == [0, 0]
    assert activity.location_areas.tolist() == [0, 0]


def test_each_handset_and_area_counts_once() -> None:
    places = [("one", "28.1"), ("two", "28.1"), ("one", "28.1"), ("one", "")]

    activity = ActivityTable(2**8).observe(calls_from(*places))

    assert activity.handsets == pytest.approx(2, rel=0.05)
    assert activity.location_areas == pytest.approx(1, rel=0.05)


@given(st.lists(st.tuples(st.sampled_from(imeis(5)), st.sampled_from(["", "a", "b"])), min_size=1))
def test_batches_count_what_single_calls_count(places: list[tuple[str, str]]) -> None:
    together, alone = ActivityTable(2**8), ActivityTable(2**8)

    in_one = together.observe(calls_from(*places))
    for place in places:
        last = alone.observe(calls_from(place))

    assert in_one.handsets[-1] == last.handsets[0]
    assert in_one.location_areas[-1] == last.location_areas[0]
    handsets, areas = ({*column} - {""} for column in zip(*places, strict=True))
    # Two may share a bit.
    assert last.handsets[0] == pytest.approx(len(handsets), abs=2.2)
    assert last.location_areas[0] == pytest.approx(len(areas), abs=1.1)


@pytest.mark.parametrize("count", [1, 5, 15, 25])
def test_handsets_are_estimated(count: int) -> None:
    places = [(imei, "") for imei in imeis(count)]

    activity = ActivityTable(2**8).observe(calls_from(*places))

    assert activity.handsets[0] == pytest.approx(count, rel=0.35, abs=0.5)


def test_handsets_and_areas_are_forgotten_in_turns() -> None:
    table = ActivityTable(2**8)
    table.observe(calls_from(*[(imei, imei) for imei in imeis(20)]))

    after = [
        table.observe(some_calls(CALLER, at_ms=NINE_O_CLOCK_MS + days * DAY_MS))
        for days in (1, 6, 11, 16, 21)
    ]

    handsets = [float(activity.handsets[0]) for activity in after]
    assert handsets == sorted(handsets, reverse=True)
    assert handsets[0] > 10
    assert handsets[-1] == after[-1].location_areas[0] == 0


def test_the_handset_of_a_caller_is_not_its_callees() -> None:
    table = ActivityTable(2**8)
    table.observe(some_calls(OTHER, callee=CALLER))
    table.observe(calls_from(("one", "a")))

    activity = table.observe(some_calls(OTHER))

    assert activity.incoming_calls.tolist() == [1]
    assert activity.handsets.tolist() == [0]


def test_the_next_owner_of_a_slot_starts_over() -> None:
    table = ActivityTable(2)
    for number in range(12):
        table.observe(calls_from((f"handset {number}", "a"), caller=f"+861700000{number:04d}"))

    later = NINE_O_CLOCK_MS + 2 * DAY_MS
    activity = table.observe(calls_from(("new", "b"), caller="+8617000009999", at_ms=later))

    assert activity.handsets == pytest.approx([1], rel=0.05)


@pytest.mark.parametrize("known", [False, True])
def test_a_look_at_calls_counts_nothing(known: bool) -> None:
    table = ActivityTable(2**8)
    table.observe(calls_from(("one", "a")) if known else some_calls(CALLER))

    seen = table.peek(calls_from(("two", "b")))
    after = table.observe(some_calls(CALLER))

    assert seen.handsets == pytest.approx([1 + int(known)], rel=0.05)
    assert after.handsets == pytest.approx([int(known)], rel=0.05)
    assert astuple(after)[0].tolist() == [2]
