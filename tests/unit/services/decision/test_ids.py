from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fanzha.errors import Unavailable
from services.decision import ids
from services.decision.ids import BLOCK_BITS, COUNTER_BITS, DecisionIds


def drawing(*prefixes: int) -> Callable[[int], int]:
    rest: Iterator[int] = iter(prefixes)
    return lambda _bits: next(rest)


class Taken:
    """A store in which some prefixes are another worker's."""

    def __init__(self, *prefixes: int) -> None:
        self._prefixes = prefixes
        self.claimed: list[int] = []

    async def claim(self, prefix: int) -> bool:
        if prefix in self._prefixes:
            return False
        self.claimed.append(prefix)
        return True


class Away:
    """A store that cannot be reached."""

    async def claim(self, prefix: int) -> bool:
        raise Unavailable("no route")


@given(st.lists(st.integers(1, 4096), min_size=1, max_size=50))
def test_no_id_is_given_twice(counts: list[int]) -> None:
    worker = DecisionIds(drawing(7))

    runs = [(worker.reserve(count), count) for count in counts]

    given_out = [first + place for first, count in runs for place in range(count)]
    assert len(set(given_out)) == len(given_out)
    assert {decision_id >> COUNTER_BITS for decision_id in given_out} == {7}


def test_no_id_is_zero_and_all_fit_64_bits() -> None:
    lowest = DecisionIds(drawing(0, 0, 1))
    highest = DecisionIds(drawing(2**24 - 1))

    assert lowest.reserve(1) > 0
    assert highest.reserve(4096) + 4095 < 2**64


def test_a_worker_that_used_its_prefix_up_goes_on_with_another() -> None:
    worker = DecisionIds(drawing(1, 2))
    worker.reserve(2**COUNTER_BITS - 10)

    first = worker.reserve(256)

    assert first == 2 << COUNTER_BITS


@given(st.lists(st.integers(1, 4096), max_size=5), st.integers(1, 4096))
def test_another_block_shares_no_id_with_the_ones_before(before: list[int], count: int) -> None:
    worker = DecisionIds(drawing(7))
    blocks = {(worker.reserve(rows) + rows - 1) >> BLOCK_BITS for rows in before}

    worker.next_block()

    assert worker.reserve(count) >> BLOCK_BITS not in blocks


async def test_a_prefix_of_another_worker_is_given_up() -> None:
    worker, store = DecisionIds(drawing(5, 6)), Taken(5)

    await ids.claim(worker, store)

    assert store.claimed == [6]
    assert worker.reserve(1) >> COUNTER_BITS == 6


async def test_ids_are_given_out_without_the_store() -> None:
    worker = DecisionIds(drawing(5))

    with pytest.raises(Unavailable):
        await ids.claim(worker, Away())

    assert worker.reserve(1) == 5 << COUNTER_BITS
