"""What senders of blocked texts did is remembered as plain counters would remember it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.text.sender_history import SenderHistories, SenderRecord, reached

NOW_MS = 1_767_603_600_000
HOUR_MS = 3_600_000
BATCHES = st.lists(
    st.lists(st.tuples(st.integers(1, 4), st.integers(1, 5), st.booleans()), max_size=6),
    max_size=6,
)


@given(BATCHES)
@settings(max_examples=150)
def test_counts_are_those_of_plain_counters(batches: list[list[tuple[int, int, bool]]]) -> None:
    histories = SenderHistories(2**16)
    plain: dict[int, list[tuple[int, bool]]] = {}
    for batch in batches:
        for sender, _, blocked in batch:
            if blocked:
                plain.setdefault(sender, [])
        for sender, receiver, blocked in batch:
            if sender in plain:
                plain[sender].append((receiver, blocked))
        columns = np.array(batch, np.int64).reshape(-1, 3)
        histories.record(columns[:, 0].copy(), columns[:, 1].copy(), columns[:, 2] > 0, NOW_MS)

    senders = np.arange(1, 6)
    found = histories.in_question(senders, NOW_MS)

    for row, sender in enumerate(senders.tolist()):
        seen = plain.get(sender, [])
        count = sum(blocked for _, blocked in seen)
        receivers = len({receiver for receiver, _ in seen})
        expected = count >= 3 and count * 5 >= len(seen) and receivers >= 3
        assert (row in found) == expected
        if expected:
            assert found[row] == SenderRecord(len(seen), count, receivers)


def test_an_active_sender_keeps_its_slot_and_an_idle_one_loses_it() -> None:
    histories = SenderHistories(2)
    first, others = np.full(4, 1), np.arange(2, 40)
    histories.record(first, np.arange(4), np.ones(4, np.bool_), NOW_MS)
    histories.record(others, others, np.ones(len(others), np.bool_), NOW_MS + 1)
    kept = histories.in_question(first[:1], NOW_MS + 1)

    later = NOW_MS + 3 * HOUR_MS
    histories.record(others, others, np.ones(len(others), np.bool_), later)
    histories.record(first[:1], first[:1], np.ones(1, np.bool_), later)

    assert kept
    assert histories.in_question(first[:1], later) == {}


def test_no_sender_and_a_text_of_an_unknown_one_are_not_remembered() -> None:
    histories = SenderHistories(2**8)
    nobody, blocked = np.zeros(5, np.int64), np.ones(5, np.bool_)
    histories.record(nobody, np.arange(5), blocked, NOW_MS)
    histories.record(np.full(5, 7), np.arange(5), ~blocked, NOW_MS)

    assert histories.in_question(np.array([0, 7]), NOW_MS) == {}


def test_a_clock_that_goes_back_ages_nothing() -> None:
    histories = SenderHistories(2**8)
    histories.record(np.full(4, 7), np.arange(4), np.ones(4, np.bool_), NOW_MS)

    assert histories.in_question(np.array([7]), NOW_MS - HOUR_MS)


@pytest.mark.parametrize("words", [0.46, 0.44, float("nan")])
@pytest.mark.parametrize("near", [(), (0,)])
def test_words_reach_half_the_threshold_or_with_a_near_text_much_less(
    words: float, near: tuple[int, ...]
) -> None:
    scores = np.array([words], np.float32)

    rows = reached({0: SenderRecord(3, 3, 3)}, scores, 0.9, links={}, link_threshold=0.9, near=near)

    assert rows == ([0] if words >= 0.45 or (near and words >= 0.03) else [])


@pytest.mark.parametrize("slots", [0, 3, 1, 2**25])
def test_slots_are_a_power_of_two(slots: int) -> None:
    with pytest.raises(ValueError, match="power of two"):
        SenderHistories(slots)
