"""A small run of the kill test: real processes, killed; a real store, killed."""

import asyncio
from argparse import Namespace

from benchmarks.warning import counting, kill


def test_killed_processes_and_a_killed_store_lose_and_double_nothing() -> None:
    wanted = Namespace(
        hits=500,
        processes=1,
        sinks=2,
        kills=3,
        store_kills=1,
        first_kill=3.0,
        every=2.0,
        seconds=100.0,
    )

    report = asyncio.run(kill.run(wanted))

    assert {name: report[name] for name in counting.WRONG if report[name]} == {}
    # A tier that was raised has a warning of its own.
    assert report["warnings_queued"] >= report["cases_expected"] > 0
    killed = report["processes_killed"] + report["sinks_killed"]
    assert (killed, report["store_killed"]) == (3, 1)
