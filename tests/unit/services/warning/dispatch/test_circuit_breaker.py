from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from services.warning.dispatch.circuit_breaker import FAILURES, CircuitBreaker


class Clock:
    """Stands until somebody moves it."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def fail(breaker: CircuitBreaker, times: int = FAILURES) -> None:
    for _ in range(times):
        breaker.failed()


def test_some_failures_in_a_row_open_it_for_longer_each_time() -> None:
    clock = Clock()
    breaker = CircuitBreaker(clock=clock)
    pauses = []
    for _ in range(7):
        fail(breaker)
        pauses.append(breaker.closed_in)
        clock.now += breaker.closed_in

    assert pauses == [2, 4, 8, 16, 32, 60, 60]


def test_one_success_forgets_all_failures() -> None:
    breaker = CircuitBreaker(clock=Clock())
    fail(breaker, FAILURES - 1)
    breaker.worked()
    fail(breaker, FAILURES - 1)

    assert breaker.closed_in == 0


def test_failures_of_what_was_under_way_do_not_open_it_again_after_the_pause() -> None:
    clock = Clock()
    breaker = CircuitBreaker(clock=clock)
    fail(breaker, 3 * FAILURES)
    clock.now += breaker.closed_in
    fail(breaker, 1)

    assert breaker.closed_in == 0


def test_failures_of_what_was_under_way_do_not_lengthen_the_pause() -> None:
    breaker = CircuitBreaker(clock=Clock())
    fail(breaker, 3 * FAILURES)

    assert breaker.closed_in == 2


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
        self.breaker.worked()
        self.in_a_row = 0

    @rule(times=st.integers(1, 2 * FAILURES))
    def fail(self, times: int) -> None:
        for _ in range(times):
            was_open = self.breaker.closed_in > 0
            self.breaker.failed()
            self.in_a_row += not was_open
            opened = self.breaker.closed_in > 0 and not was_open
            assert not opened or self.in_a_row >= FAILURES
            if opened:
                self.in_a_row = 0
                self.was_open_until = self.clock.now + self.breaker.closed_in

    @rule(seconds=st.floats(0.1, 90))
    def wait(self, seconds: float) -> None:
        self.clock.now += seconds

    @invariant()
    def it_is_open_until_it_said_and_for_a_minute_at_most(self) -> None:
        left = max(0.0, self.was_open_until - self.clock.now)
        assert self.breaker.closed_in == left <= 60

    @invariant()
    def many_failures_in_a_row_leave_it_open(self) -> None:
        assert self.in_a_row < FAILURES or self.breaker.closed_in > 0


TestBreakerMachine = BreakerMachine.TestCase
