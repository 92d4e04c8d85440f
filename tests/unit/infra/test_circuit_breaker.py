from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from infra.circuit_breaker import FAILURES, CircuitBreaker


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


def test_one_success_resets_the_failures() -> None:
    breaker = CircuitBreaker(clock=Clock())
    fail(breaker, FAILURES - 1)
    breaker.record_success()
    fail(breaker, FAILURES - 1)

    assert breaker.open_for == 0


def test_failures_of_requests_in_flight_do_not_reopen_it_after_the_pause() -> None:
    clock = Clock()
    breaker = CircuitBreaker(clock=clock)
    fail(breaker, 3 * FAILURES)
    clock.now += breaker.open_for
    fail(breaker, 1)

    assert breaker.open_for == 0


def test_failures_of_requests_in_flight_do_not_lengthen_the_pause() -> None:
    breaker = CircuitBreaker(clock=Clock())
    fail(breaker, 3 * FAILURES)

    assert breaker.open_for == 2


def test_it_can_be_tripped_and_pauses_longer_each_time() -> None:
    clock = Clock()
    breaker = CircuitBreaker(clock=clock)
    fail(breaker)
    clock.now += breaker.open_for
    breaker.trip()

    assert breaker.open_for == 4


# Whole eighths, of which sums and differences are exact.
moments = st.integers(1, 8 * 90).map(lambda eighths: eighths / 8)


class BreakerMachine(RuleBasedStateMachine):
    """Against what its docstring says: only failures in a row open it, and for a minute at most."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.breaker = CircuitBreaker(clock=self.clock)
        self.in_a_row = 0
        self.was_open_until = 0.0

    @rule()
    def work(self) -> None:
        self.breaker.record_success()
        self.in_a_row = 0

    @rule(times=st.integers(1, 2 * FAILURES))
    def fail(self, times: int) -> None:
        for _ in range(times):
            was_open = self.breaker.open_for > 0
            self.breaker.record_failure()
            self.in_a_row += not was_open
            opened = self.breaker.open_for > 0 and not was_open
            assert not opened or self.in_a_row >= FAILURES
            if opened:
                self.in_a_row = 0
                self.was_open_until = self.clock.now + self.breaker.open_for

    @rule(seconds=moments)
    def wait(self, seconds: float) -> None:
        self.clock.now += seconds

    @invariant()
    def it_is_open_until_it_said_and_for_a_minute_at_most(self) -> None:
        left = max(0.0, self.was_open_until - self.clock.now)
        assert self.breaker.open_for == left <= 60

    @invariant()
    def many_failures_in_a_row_leave_it_open(self) -> None:
        assert self.in_a_row < FAILURES or self.breaker.open_for > 0


TestBreakerMachine = BreakerMachine.TestCase
