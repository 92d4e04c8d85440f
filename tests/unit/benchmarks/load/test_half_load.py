"""What a server's own histogram says of the requests of a measurement."""

import pytest

from benchmarks.load.half_load import ServerTimes

PAGE = """# TYPE fanzha_request_seconds histogram
fanzha_request_seconds_bucket{channel="call",le="0.001"} 10.0
fanzha_request_seconds_bucket{channel="call",le="0.0015"} 60.0
fanzha_request_seconds_bucket{channel="call",le="0.002"} 99.0
fanzha_request_seconds_bucket{channel="call",le="0.003"} 100.0
fanzha_request_seconds_bucket{channel="call",le="+Inf"} 100.0
fanzha_request_seconds_bucket{channel="text",le="0.001"} 7.0
fanzha_request_seconds_bucket{channel="text",le="+Inf"} 8.0
"""


def test_a_page_of_metrics_is_read_for_one_channel() -> None:
    calls = ServerTimes.on(PAGE, "call")

    assert +calls.counts == {0.001: 10, 0.0015: 50, 0.002: 39, 0.003: 1}
    assert calls.share_within(0.002) == 0.99
    assert ServerTimes.on(PAGE, "text").share_within(1.0) == 0.875


def test_only_what_came_since_counts() -> None:
    before = ServerTimes.on(PAGE.replace("10.0", "9.0"), "call")

    assert ServerTimes.on(PAGE, "call").since(before).counts == {0.001: 1}


@pytest.mark.parametrize(
    ("share", "seconds"), [(0.1, 0.001), (0.35, 0.00125), (0.99, 0.002), (1.0, 0.003)]
)
def test_a_quantile_lies_in_its_bucket(share: float, seconds: float) -> None:
    assert ServerTimes.on(PAGE, "call").quantile(share) == pytest.approx(seconds)


def test_without_requests_there_are_no_times() -> None:
    assert ServerTimes().quantile(0.99) == 0.0
    assert ServerTimes().share_within(0.002) == 0.0
