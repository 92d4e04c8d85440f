from services.warning.channels.rate_limiter import RateLimiter


class Clock:
    """Stands until somebody moves it."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_rate_is_limited_per_second() -> None:
    pace = RateLimiter(10, clock=Clock())

    delays = [pace.delay() for _ in range(11)]

    assert delays[0] == 0
    assert round(delays[-1], 6) == 1.0


def test_after_a_pause_a_burst_may_go() -> None:
    clock = Clock()
    pace = RateLimiter(10, burst=5, clock=clock)
    clock.now += 60

    delays = [pace.delay() for _ in range(6)]

    assert delays[:5] == [0] * 5
    assert delays[5] > 0


def test_throttling_lowers_the_rate_and_success_restores_it() -> None:
    clock = Clock()
    pace = RateLimiter(100, clock=clock)

    pace.slow_down(2)

    assert pace.rate == 50
    assert pace.delay() == 2
    clock.now += 60
    pace.delay()
    assert pace.rate == 100
