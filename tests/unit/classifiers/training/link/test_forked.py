"""Parts of a training at the same time."""

import os
from functools import partial

import pytest

from classifiers.training.link import forked


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_come_in_the_order_of_the_work(jobs: int) -> None:
    assert forked.run_all([partial(pow, 2, power) for power in range(5)], jobs) == [1, 2, 4, 8, 16]


def test_several_jobs_have_processes_of_their_own_and_one_has_none() -> None:
    assert forked.run_all([os.getpid], 1) == [os.getpid()]
    assert os.getpid() not in forked.run_all([os.getpid, os.getpid], 2)


def test_work_may_be_split_again() -> None:
    def some() -> list[int]:
        return forked.run_all([partial(pow, 3, power) for power in range(3)], 2)

    assert forked.run_all([some, some], 2) == [[1, 3, 9]] * 2


def test_an_error_of_a_part_is_an_error_of_the_whole() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        forked.run_all([partial(int, "no number"), partial(int, "1")], 2)
