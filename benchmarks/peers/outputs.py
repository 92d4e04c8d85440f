"""Parses the output of load generators: number of requests, and failures."""

import csv
import re
from dataclasses import dataclass

_NUMBER = r"([0-9.]+)"
_WRK_RATE = re.compile(rf"Requests/sec: +{_NUMBER}")
_WRK_DONE = re.compile(r"(\d+) requests in")
_WRK_BAD = re.compile(r"Non-2xx or 3xx responses: (\d+)")
_WRK_SOCKETS = re.compile(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)")
_DNSPERF_RATE = re.compile(rf"Queries per second: +{_NUMBER}")
_DNSPERF_DONE = re.compile(r"Queries completed: +(\d+)")
_DNSPERF_LOST = re.compile(r"Queries lost: +(\d+)")
_DNSPERF_CODES = re.compile(r"([A-Z]+) (\d+) \(")
_REDIS_RATE = re.compile(rf"{_NUMBER} requests per second")


class Unreadable(Exception):
    """The output of a generator lacks an expected figure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """The result of one run of a generator."""

    per_second: float
    done: int
    failed: int
    answers: dict[str, int]
    """Number of answers of each kind, if the generator reports it."""


def wrk(text: str) -> Load:
    """Read wrk's summary; an answer other than 2xx is a failure."""
    bad, sockets = _WRK_BAD.search(text), _WRK_SOCKETS.search(text)
    return Load(
        per_second=float(_found(_WRK_RATE, text)[1]),
        done=int(_found(_WRK_DONE, text)[1]),
        failed=(int(bad[1]) if bad else 0) + (sum(map(int, sockets.groups())) if sockets else 0),
        answers={},
    )


def dnsperf(text: str) -> Load:
    """Read dnsperf's statistics, with the response codes."""
    line = next((line for line in text.splitlines() if "Response codes:" in line), "")
    return Load(
        per_second=float(_found(_DNSPERF_RATE, text)[1]),
        done=int(_found(_DNSPERF_DONE, text)[1]),
        failed=int(_found(_DNSPERF_LOST, text)[1]),
        answers={code: int(count) for code, count in _DNSPERF_CODES.findall(line)},
    )


def redis_benchmark(text: str) -> Load:
    """Read the last figure of redis-benchmark or valkey-benchmark; they fail as a whole."""
    rates = _REDIS_RATE.findall(text)
    if not rates:
        raise Unreadable(f"no rate in {text[-200:]!r}")
    return Load(per_second=float(rates[-1]), done=0, failed=0, answers={})


def sipp(statistics: str, counts: str) -> Load:
    """Read the files that SIPp writes with -trace_stat and -trace_counts."""
    last = _last_row(statistics)
    done = int(last["SuccessfulCall(C)"])
    seconds = _epoch(last["CurrentTime"]) - _epoch(last["StartTime"])
    if seconds <= 0:
        raise Unreadable("SIPp measured no time")
    messages = {
        name.split("_")[1]: int(value)
        for name, value in _last_row(counts).items()
        if name.endswith("_Recv") and value
    }
    return Load(
        per_second=done / seconds,
        done=done,
        failed=int(last["FailedCall(C)"]),
        answers=messages,
    )


def _last_row(text: str) -> dict[str, str]:
    rows = list(csv.DictReader(text.splitlines(), delimiter=";"))
    if not rows:
        raise Unreadable("SIPp wrote no row")
    return {name: value for name, value in rows[-1].items() if isinstance(name, str) and value}


def _epoch(written: str) -> float:
    # Date, time and seconds since 1970, with tabs between.
    return float(written.split("\t")[2])


def _found(pattern: re.Pattern[str], text: str) -> re.Match[str]:
    match = pattern.search(text)
    if match is None:
        raise Unreadable(f"no {pattern.pattern!r} in {text[-200:]!r}")
    return match
