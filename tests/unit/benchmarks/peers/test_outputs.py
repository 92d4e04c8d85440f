"""What is read from the generators' own words."""

import pytest

from benchmarks.peers import outputs

WRK = """
Running 4s test @ http://127.0.0.1:11333/checkv2
  1 threads and 16 connections
  4988 requests in 4.00s, 1.34MB read
Requests/sec:   1247.08
Transfer/sec:    450.11KB
"""
DNSPERF = """
Statistics:

  Queries sent:         40100
  Queries completed:    40000 (99.75%)
  Queries lost:         100 (0.25%)

  Response codes:       NOERROR 38800 (97.00%), NXDOMAIN 1200 (3.00%)
  Run time (s):         4.000000
  Queries per second:   10000.500000
"""
SIPP_STATISTICS = (
    "StartTime;LastResetTime;CurrentTime;SuccessfulCall(C);FailedCall(C);\n"
    "2026-11-24\t09:00:00.0\t1000.000;-;2026-11-24\t09:00:01.0\t1001.000;2000;0;\n"
    "2026-11-24\t09:00:00.0\t1000.000;-;2026-11-24\t09:00:04.0\t1004.000;8000;1;\n"
)
SIPP_COUNTS = (
    "CurrentTime;ElapsedTime;0_INVITE_Sent;1_302_Recv;1_302_Unexp;2_603_Recv;3_ACK_Sent;\n"
    "x;00:00:04:0;8000;7760;0;240;8000;\n"
)


def test_wrk_without_complaints_has_no_failures() -> None:
    load = outputs.wrk(WRK)

    assert (load.per_second, load.done, load.failed) == (1247.08, 4988, 0)


def test_wrk_answers_other_than_success_and_lost_connections_are_failures() -> None:
    load = outputs.wrk(
        WRK
        + "  Socket errors: connect 1, read 2, write 0, timeout 4\n"
        + "  Non-2xx or 3xx responses: 10\n"
    )

    assert load.failed == 17


def test_dnsperf_reports_what_was_answered() -> None:
    load = outputs.dnsperf(DNSPERF)

    assert (load.per_second, load.done, load.failed) == (10000.5, 40000, 100)
    assert load.answers == {"NOERROR": 38800, "NXDOMAIN": 1200}


def test_redis_benchmark_is_read_by_its_last_figure() -> None:
    text = "SISMEMBER: rps=1.0 (overall: 2.0)\rSISMEMBER listed: 64102.56 requests per second, p50"

    assert outputs.redis_benchmark(text).per_second == 64102.56


def test_sipp_counts_from_its_start_and_reports_the_answers() -> None:
    load = outputs.sipp(SIPP_STATISTICS, SIPP_COUNTS)

    assert (load.per_second, load.done, load.failed) == (2000.0, 8000, 1)
    assert load.answers == {"302": 7760, "603": 240}


def test_sipp_that_measured_no_time_is_unreadable() -> None:
    header, first, _ = SIPP_STATISTICS.splitlines()

    with pytest.raises(outputs.Unreadable):
        outputs.sipp(f"{header}\n{first.replace('1001.000', '1000.000')}\n", SIPP_COUNTS)


@pytest.mark.parametrize("read", [outputs.wrk, outputs.dnsperf, outputs.redis_benchmark])
def test_unexpected_output_of_a_generator_is_unreadable(read: object) -> None:
    assert callable(read)

    with pytest.raises(outputs.Unreadable):
        read("cannot connect")
