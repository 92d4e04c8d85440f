"""A small run of the kill test: real processes, killed; a real store, killed."""

import asyncio
from argparse import Namespace

from benchmarks.warning import kill


def test_killed_processes_and_a_killed_store_lose_and_double_nothing() -> None:
    wanted = Namespace(
        hits=1000, processes=2, kills=2, store_kills=1, first_kill=3.0, every=2.0, seconds=100.0
    )

    report = asyncio.run(kill.run(wanted))

    assert {name: report[name] for name in kill.WRONG if report[name]} == {}
    assert report["warnings_handed"] == report["cases_expected"]
    assert (report["processes_killed"], report["store_killed"]) == (2, 1)
