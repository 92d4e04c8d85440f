from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocklists.indexes.slot_index import SlotIndex, key_of, keys_of, slots_of
from fanzha.tables import Uint64s

int64s = st.integers(-(2**63), 2**63 - 1)
uint64s = st.integers(0, 2**64 - 1)


def pairs(slots: list[int], wanted: Uint64s) -> list[tuple[int, int]]:
    """Scan for what an index finds."""
    return [
        (query, position)
        for query, slot in enumerate(wanted.tolist())
        for position, there in enumerate(slots)
        if slot == there
    ]


def found(slots: list[int], wanted: Uint64s) -> list[tuple[int, int]]:
    """Ask for few and for many at once, which goes another way, and insist on one answer."""
    index = SlotIndex.build(np.array(slots, np.uint64))
    few = answers(index, wanted)
    times = 200
    many = answers(index, np.tile(wanted, times))
    assert many == [
        (query + len(wanted) * time, position) for time in range(times) for query, position in few
    ]
    return few


def answers(index: SlotIndex, wanted: Uint64s) -> list[tuple[int, int]]:
    queries, positions = index.find(wanted)
    return sorted(zip(queries.tolist(), positions.tolist(), strict=True))


@given(st.lists(int64s))
def test_the_key_of_a_slot_can_be_read(keys: list[int]) -> None:
    column = np.array(keys, np.int64)

    assert keys_of(slots_of(column)).tolist() == keys


@given(st.lists(uint64s, min_size=1, max_size=200).map(sorted), st.lists(uint64s, max_size=20))
def test_it_finds_what_a_linear_scan_finds(slots: list[int], others: list[int]) -> None:
    queried = np.array([*slots[::3], *others], np.uint64)

    assert found(slots, queried) == pairs(slots, queried)


@given(st.integers(1, 60), st.integers(0, 2**64 - 1))
def test_one_slot_may_stand_any_number_of_times(times: int, slot: int) -> None:
    queried = np.array([slot], np.uint64)

    assert found([slot] * times, queried) == [(0, at) for at in range(times)]


@given(st.sets(st.integers(0, 500), min_size=1, max_size=300), st.integers(0, 2**52 - 1))
def test_slots_that_crowd_together_are_found(near: set[int], first: int) -> None:
    slots = [first * 4096 + at for at in sorted(near)]
    queried = np.uint64(first * 4096) + np.arange(501, dtype=np.uint64)

    assert found(slots, queried) == pairs(slots, queried)


def test_the_last_slot_is_found_once() -> None:
    slots = [1, 2**64 - 1]

    assert found(slots, np.array([2**64 - 1], np.uint64)) == [(0, 1)]


def test_an_empty_query_has_an_empty_answer() -> None:
    assert found([1, 2, 3], np.zeros(0, np.uint64)) == []


@given(st.lists(uint64s, min_size=1, max_size=200).map(sorted), st.lists(uint64s, max_size=20))
def test_an_index_of_an_earlier_version_finds_the_same(slots: list[int], others: list[int]) -> None:
    queried = np.tile(np.array([*slots[::3], *others], np.uint64), 200)
    index = SlotIndex.build(np.array(slots, np.uint64))

    found = replace(index, marks=None).find(queried)

    assert [column.tolist() for column in found] == [c.tolist() for c in index.find(queried)]


@pytest.mark.parametrize("rows", [2**17 - 1, 2**17, 100_000])
def test_directory_and_marks_cost_three_bytes_a_slot_at_most(rows: int) -> None:
    index = SlotIndex.build(np.sort(slots_of(np.arange(1, rows + 1))))

    assert index.marks is not None
    assert (index.directory.nbytes + index.marks.nbytes) / rows <= 3.01


@given(int64s)
def test_the_key_of_one_slot_is_that_of_many(key: int) -> None:
    slots = slots_of(np.array([key], np.int64))

    assert key_of(int(slots[0])) == key == keys_of(slots)[0]
