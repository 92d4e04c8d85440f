"""What a run of h2load counts for: requests that brought a message, not those answered at all."""

import pytest

from benchmarks import h2load
from benchmarks.h2load import Failed

SUMMARY = """
finished in 2.00s, 1000.00 req/s, 84.62KB/s
requests: 2000 total, 2064 started, 2000 done, 2000 succeeded, 0 failed, 0 errored, 0 timeout
status codes: 2000 2xx, 0 3xx, 0 4xx, 0 5xx
traffic: 165.00KB (169000) total, 37.00KB (38000) headers (space savings 81.85%), 74KB ({data}) data
                     min         max         mean         sd        +/- sd
time for request:     3.10ms     79.68ms     18.10ms      9.42ms    85.72%
"""
ANSWER = 33
"""Bytes; 38 with what gRPC puts before it."""


def test_a_summary_tells_rate_answers_and_times() -> None:
    run = h2load.read(SUMMARY.format(data=76_000))

    assert (run.per_second, run.done, run.data_bytes) == (1000.0, 2000, 76_000)
    assert run.times == ("3.10ms", "79.68ms", "18.10ms")


def test_all_requests_that_brought_a_message_count() -> None:
    run = h2load.read(SUMMARY.format(data=76_000))

    assert h2load.answered(run, ANSWER) == 1000.0


def test_answers_that_grow_do_not_count_for_more_than_one() -> None:
    run = h2load.read(SUMMARY.format(data=90_000))

    assert h2load.answered(run, ANSWER) == 1000.0


def test_a_few_refusals_do_not_count() -> None:
    run = h2load.read(SUMMARY.format(data=76_000 - 10 * 38))

    assert h2load.answered(run, ANSWER) == pytest.approx(995.0)


def test_a_run_with_many_refusals_is_no_measurement() -> None:
    run = h2load.read(SUMMARY.format(data=76_000 // 2))

    with pytest.raises(Failed, match=r"50\.0% of 2,000 requests were refused"):
        h2load.answered(run, ANSWER)


@pytest.mark.parametrize(
    "wrong", ["1 failed, 0 errored, 0 timeout", "0 failed, 1 errored, 0 timeout"]
)
def test_a_request_that_failed_fails_the_run(wrong: str) -> None:
    text = SUMMARY.format(data=76_000).replace("0 failed, 0 errored, 0 timeout", wrong)

    with pytest.raises(Failed, match=wrong):
        h2load.read(text)


def test_output_without_a_summary_fails() -> None:
    with pytest.raises(Failed, match="no figures"):
        h2load.read("cannot connect")
