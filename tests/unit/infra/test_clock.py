"""Deadlines lie where calendars reach."""

import pytest

from fanzha.errors import InvalidInput
from infra import clock


@pytest.mark.parametrize("at_ms", [0, 1, 4_102_444_800_000])
def test_none_and_times_of_this_century_are_deadlines(at_ms: int) -> None:
    assert clock.deadline("due_ms", at_ms) == at_ms


@pytest.mark.parametrize("at_ms", [-1, (2**32 - 1) * 1000, 606_587_000_000_000, 2**63 - 1])
def test_times_that_no_list_can_show_are_none(at_ms: int) -> None:
    with pytest.raises(InvalidInput, match="due_ms: a time before 2106"):
        clock.deadline("due_ms", at_ms)
