from hypothesis import given
from hypothesis import strategies as st

from fanzha.client._concurrency import AdaptiveConcurrency


def room(pace: AdaptiveConcurrency) -> int:
    """Count how many requests may begin now."""
    begun = 0
    while not pace.full:
        pace.begin()
        begun += 1
    for _ in range(begun):
        pace.end()
    return begun


def test_missed_deadlines_lower_the_limit_and_answers_raise_it() -> None:
    pace = AdaptiveConcurrency(8)
    rooms = [room(pace)]
    for _ in range(5):
        pace.missed()
    rooms.append(room(pace))
    for _ in range(1000):
        pace.answered()
    rooms.append(room(pace))

    assert rooms == [8, 2, 8]


@given(most=st.integers(1, 64), events=st.lists(st.booleans(), max_size=200))
def test_the_limit_stays_between_one_and_its_maximum(most: int, events: list[bool]) -> None:
    pace = AdaptiveConcurrency(most)
    for answered in events:
        if answered:
            pace.answered()
        else:
            pace.missed()

    assert 1 <= room(pace) <= most
