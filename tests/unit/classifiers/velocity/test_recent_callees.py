"""Numbers that were called before, and their neighbours."""

import numpy as np
import pytest

from classifiers.velocity import recent_callees
from classifiers.velocity.recent_callees import HISTORY, NEAR


@pytest.mark.parametrize(
    ("apart", "known", "near"),
    [
        (0, True, False),
        (1, False, True),
        (-NEAR, False, True),
        (NEAR + 1, False, False),
        (2**15, False, False),
        (2**15 - 1, False, False),
    ],
)
def test_repeated_and_neighbouring_callees_are_found(apart: int, known: bool, near: bool) -> None:
    called = 8617000012345
    before = np.zeros((HISTORY, 1), np.uint16)
    before[3] = recent_callees.truncate(np.array([called]))

    found = recent_callees.match(before, recent_callees.truncate(np.array([called + apart])))

    assert (found[0].tolist(), found[1].tolist()) == ([known], [near])


def test_an_empty_history_matches_no_callee() -> None:
    unknown = np.zeros((HISTORY, 1), np.uint16)

    known, near = recent_callees.match(unknown, np.array([1], np.uint16))

    assert (known.tolist(), near.tolist()) == ([False], [False])
