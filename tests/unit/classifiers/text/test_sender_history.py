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
    histories = SenderHistories()
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


def test_of_too_many_senders_the_one_seen_longest_ago_is_forgotten() -> None:
    histories = SenderHistories(2)
    for sender in (1, 2):
        histories.record(np.full(3, sender), np.arange(3), np.ones(3, np.bool_), NOW_MS)
    histories.record(np.array([1]), np.array([9]), np.array([False]), NOW_MS)

    histories.record(np.full(3, 3), np.arange(3), np.ones(3, np.bool_), NOW_MS)

    assert len(histories) == 2
    assert set(histories.in_question(np.array([1, 2, 3]), NOW_MS)) == {0, 2}


def test_a_sender_that_has_faded_starts_over() -> None:
    histories, later = SenderHistories(), NOW_MS + 3 * HOUR_MS
    histories.record(np.full(5, 1), np.arange(5), np.ones(5, np.bool_), NOW_MS)
    histories.record(np.full(3, 1), np.arange(5, 8), np.ones(3, np.bool_), later)

    assert histories.in_question(np.array([1]), later) == {0: SenderRecord(3, 3, 3)}


def test_no_sender_and_a_text_of_an_unknown_one_are_not_remembered() -> None:
    histories = SenderHistories()
    unknown, blocked = np.zeros(5, np.int64), np.ones(5, np.bool_)
    histories.record(unknown, np.arange(5), blocked, NOW_MS)
    histories.record(np.full(5, 7), np.arange(5), ~blocked, NOW_MS)

    assert histories.in_question(np.array([0, 7]), NOW_MS) == {}


def test_a_clock_that_goes_back_ages_nothing() -> None:
    histories = SenderHistories()
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
