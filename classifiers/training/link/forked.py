"""Runs parts of a training at the same time, each in a forked process of its own.

Forked, so that what all parts read is there at once: only results are passed, pickled here, for
torch would pass tensors by descriptors of a process that may have ended.
"""

import multiprocessing
import pickle
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

_Result = TypeVar("_Result")


def run_all(work: Sequence[Callable[[], _Result]], jobs: int) -> list[_Result]:
    """Return what each of *work* returns, *jobs* of them at a time; one job forks nothing."""
    if jobs == 1:
        return [one() for one in work]
    _waiting[:] = work
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("fork")) as pool:
        return [pickle.loads(found) for found in pool.map(_run, range(len(work)))]  # noqa: S301


_waiting: list[Callable[[], object]] = []
"""What forked processes run, set before they start."""


def _run(place: int) -> bytes:
    return pickle.dumps(_waiting[place]())
