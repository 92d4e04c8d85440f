import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from blocklists.indexes.unique_values import compact, sorted_unique

WHOLE = st.integers(-(2**63), 2**63 - 1)


@given(st.lists(st.one_of(WHOLE, st.integers(-2, 2))))
def test_distinct_keys_are_in_order_each_once(keys: list[int]) -> None:
    assert sorted_unique(np.array(keys, np.int64)).tolist() == sorted(set(keys))


@given(st.lists(st.integers(0, 9), max_size=30), st.integers(10, 40))
def test_used_positions_are_returned_in_order_and_found(places: list[int], room: int) -> None:
    which, renumbered = compact(np.array(places, np.uint8), room)

    assert which.tolist() == sorted(set(places))
    assert which[renumbered].tolist() == places
