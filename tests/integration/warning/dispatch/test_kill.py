"""Small runs of the kill test: real processes, killed; a real store, killed."""

import asyncio
from argparse import Namespace
from typing import Any

from benchmarks.warning import kill, loss_check
from tests.support.external_servers import skip_or_fail
from tests.support.smsc import NoMessageCentre

WANTED: dict[str, Any] = {
    "hits": 500,
    "processes": 1,
    "sinks": 2,
    "kills": 3,
    "store_kills": 1,
    "first_kill": 3.0,
    "every": 2.0,
    "seconds": 240.0,
    "smpp": False,
    "hang_ups": 0,
    "receipts": False,
}


def test_killed_processes_and_a_killed_store_lose_and_duplicate_no_message() -> None:
    report = asyncio.run(kill.run(Namespace(**WANTED)))

    assert loss_check.wrong(report) == []
    # A tier that was raised has a warning of its own.
    assert report["warnings_queued"] >= report["cases_expected"] > 0
    killed = report["processes_killed"] + report["sinks_killed"]
    assert (killed, report["store_killed"]) == (3, 1)


def test_a_message_centre_gets_each_warning_once_despite_kills_and_disconnects() -> None:
    more = {"smpp": True, "processes": 2, "kills": 2, "hang_ups": 2, "receipts": True}

    try:
        report = asyncio.run(kill.run(Namespace(**WANTED | more)))
    except NoMessageCentre as error:
        skip_or_fail(str(error))

    assert loss_check.wrong(report) == []
    assert (report["processes_killed"], report["connections_dropped"]) == (2, 2)
    there = report["warnings_at_the_centre"] - report["in_doubt_and_at_the_centre"]
    assert there == report["warnings_on_record_as_sent"] > 0
