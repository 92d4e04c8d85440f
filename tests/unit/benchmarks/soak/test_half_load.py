"""The load of a soak is half of what a service holds."""

import numpy as np
import pytest

from benchmarks.load.connection import LATE, OK
from benchmarks.load.histogram import Histogram
from benchmarks.load.plan import Outcome, Step
from benchmarks.soak.half_load import LoadSearch

ROWS = 16


def service(capacity: float, *, failed: float = 0.0) -> LoadSearch:
    """Search on a service that decides so many rows a second; beyond, requests are late."""

    def load(step: Step) -> Outcome:
        rate = min(step.rate, capacity) if step.rate else capacity
        answered = round(rate * (1 - failed) * step.seconds / ROWS)
        offered = round((step.rate or capacity) * step.seconds / ROWS)
        outcome = Outcome(rows=ROWS, seconds=step.seconds)
        outcome.latencies.add(Histogram.of(np.full(answered, 0.01)))
        outcome.statuses.update({OK: answered, LATE: offered - answered})
        return outcome

    return LoadSearch(load, ROWS, connections=32)


@pytest.mark.parametrize("capacity", [3_000.0, 40_000.0, 250_000.0])
def test_half_of_the_highest_rate_that_is_held_is_the_load(capacity: float) -> None:
    search = service(capacity)

    rate = search.run()

    assert 0.94 * capacity <= search.capacity <= 1.001 * capacity
    assert rate == round(search.capacity / 2)


def test_what_was_tried_is_told() -> None:
    search = service(40_000.0)
    search.run()

    told = search.words()
    closed, *steps = told["steps"]
    held = [one["rate"] for one in steps if one["failed_share"] < told["most_failed"]]
    assert closed["rate"] == 0
    assert max(held) == pytest.approx(told["rows_per_second"])


def test_a_service_that_loses_some_at_any_rate_holds_none() -> None:
    with pytest.raises(RuntimeError, match="holds no rate"):
        service(40_000.0, failed=1.0).run()


def test_nothing_is_told_of_a_search_that_was_not_made() -> None:
    assert service(40_000.0).words() == {}
