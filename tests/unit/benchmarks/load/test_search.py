from hypothesis import given
from hypothesis import strategies as st

from benchmarks.load.search import MOST_TRIES, highest


@given(st.floats(100, 100_000), st.floats(0.2, 3))
def test_the_rate_found_holds_and_is_close_to_the_limit(limit: float, guess: float) -> None:
    tried = []

    def holds(rate: float) -> bool:
        tried.append(rate)
        return rate <= limit

    found = highest(holds, limit * guess)

    assert found <= limit <= found * 1.06
    assert found in tried
    assert len(tried) <= MOST_TRIES


def test_no_rate_is_found_where_none_holds() -> None:
    assert highest(lambda _: False, 1000) == 0


def test_the_search_ends_where_every_rate_holds() -> None:
    tried = []

    def holds(rate: float) -> bool:
        tried.append(rate)
        return True

    assert highest(holds, 1) == max(tried)
    assert len(tried) == MOST_TRIES
