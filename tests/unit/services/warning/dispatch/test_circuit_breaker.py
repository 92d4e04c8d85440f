from services.warning.dispatch.circuit_breaker import FAILURES, CircuitBreaker


class Clock:
    """Stands until somebody moves it."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def fail(breaker: CircuitBreaker, times: int = FAILURES) -> None:
    for _ in range(times):
        breaker.record_failure()


def test_some_failures_in_a_row_open_it_for_longer_each_time() -> None:
    clock = Clock()
    breaker = CircuitBreaker(clock=clock)
    pauses = []
    for _ in range(7):
        fail(breaker)
        pauses.append(breaker.open_for)
        clock.now += breaker.open_for

    assert pauses == [2, 4, 8, 16, 32, 60, 60]


def test_one_success_forgets_all_failures() -> None:
    breaker = CircuitBreaker(clock=Clock())
    fail(breaker, FAILURES - 1)
    breaker.record_success()
    fail(breaker, FAILURES - 1)

    assert breaker.open_for == 0


def test_failures_of_what_was_under_way_do_not_lengthen_the_pause() -> None:
    breaker = CircuitBreaker(clock=Clock())
    fail(breaker, 3 * FAILURES)

    assert breaker.open_for == 2
