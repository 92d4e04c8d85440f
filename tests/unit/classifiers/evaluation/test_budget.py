"""Which threshold keeps a false-positive budget."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from classifiers.evaluation import budget

PROBABILITIES = st.floats(0, 1, width=32)
ROWS = st.lists(st.tuples(PROBABILITIES, st.booleans(), st.sampled_from("abc")), min_size=4)


def test_the_group_that_needs_the_highest_threshold_decides() -> None:
    scores = np.concatenate([np.linspace(0, 0.5, 100), np.linspace(0, 0.9, 100), [0.7, 0.95]])
    frauds = np.repeat([False, True], [200, 2])
    groups = np.repeat(["calm", "loud", "fraud"], [100, 100, 2])

    every, together = budget.keeping(0.01, scores.astype(np.float32), frauds, groups)

    assert every["decided_by"] == "loud"
    assert every["recall"] == 0.5
    assert every["legitimate_blocked"] == 1
    assert together["legitimate_blocked"] == 2


def test_groups_without_one_row_to_spare_are_taken_together() -> None:
    scores = np.array([0.1, 0.6, 0.2, 0.9], np.float32)
    frauds = np.array([False, False, False, True])

    every, _ = budget.keeping(0.001, scores, frauds, np.array(["a", "b", "c", "c"]))

    assert every["decided_by"] == budget.TOGETHER
    assert every["threshold"] == 0.600001
    assert (every["recall"], every["legitimate_blocked"]) == (1.0, 0)


def test_where_legitimate_rows_score_one_there_is_no_threshold() -> None:
    scores = np.array([1.0, 1.0], np.float32)

    every, _ = budget.keeping(0.001, scores, np.array([False, True]), np.array(["a", "a"]))

    assert every["threshold"] is None
    assert every["legitimate_blocked"] == 0


@given(ROWS, st.sampled_from([0.001, 0.1, 0.4]))
def test_no_large_group_exceeds_the_budget(
    rows: list[tuple[float, bool, str]], rate: float
) -> None:
    scores = np.array([score for score, _, _ in rows] + [0.5, 0.5], np.float32)
    frauds = np.array([fraud for _, fraud, _ in rows] + [True, False])
    groups = np.array([group for _, _, group in rows] + ["a", "b"])

    every, _ = budget.keeping(rate, scores, frauds, groups)

    threshold = every["threshold"]
    blocked = scores >= np.float32(2 if threshold is None else float(str(threshold)))
    for group in "abc":
        legitimate = ~frauds & (groups == group)
        if legitimate.sum() * rate >= 1:
            assert blocked[legitimate].sum() <= legitimate.sum() * rate
