"""Times an upheld appeal until every worker lets the calls through.

``fanzha bench appeals``: blocks a number, appeals, upholds, and tells two times of each lift: the
seconds that the appeal has on record, and what clients of all workers saw, from before the
request to decide until the last worker let a call through. Entries are removed and allow entries
added in turn. The block came up to 1.3 seconds before, so that some lifts wait for the next round
of the follower, which takes changes over once a second at most.
"""

import argparse
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import numpy as np

from benchmarks import results, scenarios, service
from benchmarks.sweep import watchers
from benchmarks.sweep.propagation import quantiles
from benchmarks.sweep.watchers import Watchers
from fanzha.v1 import appeal_pb2 as pb
from fanzha.v1 import appeal_pb2_grpc, blocklist_pb2, blocklist_pb2_grpc, decision_pb2

FIRST_NUMBER = 8617198000000
"""Numbers that are lifted: neither listed nor calling otherwise."""
OFFICER, DESK, EDITOR = "zhou", "desk", "li"
_MOST_SECONDS = 30.0
_LONGEST_PAUSE = 1.3


def main() -> None:
    """Measure, and print or keep the result."""
    parser = argparse.ArgumentParser(prog="fanzha bench appeals", description=__doc__)
    parser.add_argument("--lifts", type=int, default=40, help="appeals to uphold")
    parser.add_argument("--listed", type=int, default=1_000_000, help="numbers in the lists")
    parser.add_argument("--workers", type=int, default=2, help="worker processes")
    parser.add_argument("--save", action="store_true", help="keep it in benchmarks/results")
    options = parser.parse_args()
    with service.running(workers=options.workers, listed=options.listed) as running:
        measured = _measure(running.admin, running.target, options.lifts, options.workers)
    report = {"workers": options.workers, "listed": options.listed, "lifts": options.lifts}
    results.write("appeals", report | measured, save=options.save)


def _measure(admin: str, target: str, lifts: int, workers: int) -> dict[str, Any]:
    chance = np.random.default_rng(scenarios.SEED)
    recorded, observed = list[float](), list[float]()
    with (
        grpc.insecure_channel(admin) as channel,
        watchers.of_all(target, workers) as watching,
        ThreadPoolExecutor(1) as beside,
    ):
        office = _Office(channel, watching, beside, workers)
        for place in range(lifts):
            number = f"+{FIRST_NUMBER + 1000 * place}"
            office.block(number, in_range=bool(place % 2))
            time.sleep(float(chance.uniform(0, _LONGEST_PAUSE)))
            response, seen = office.lift(number)
            recorded.append(response)
            observed.append(seen)
            sys.stderr.write(f"\r{place + 1} of {lifts} lifted")
    sys.stderr.write("\n")
    return {"recorded_ms": quantiles(recorded), "observed_ms": quantiles(observed)}


class _Office:
    """Blocks and lifts."""

    def __init__(
        self,
        channel: grpc.Channel,
        watching: Watchers,
        beside: ThreadPoolExecutor,
        workers: int,
    ) -> None:
        self._lists: Any = blocklist_pb2_grpc.BlocklistServiceStub(channel)
        self._appeals: Any = appeal_pb2_grpc.AppealServiceStub(channel)
        self._watching = watching
        self._beside = beside
        self._workers = workers

    def block(self, number: str, *, in_range: bool) -> None:
        """Block a number, or a range that it lies in, and wait until it is blocked."""
        entry = blocklist_pb2.Entry(
            pattern=f"{number[:-2]}*" if in_range else number,
            action=decision_pb2.ACTION_BLOCK,
            source=decision_pb2.SOURCE_PROVINCE,
            reason="benchmark",
        )
        self._lists.UpdateEntries(
            blocklist_pb2.UpdateEntriesRequest(
                additions=[entry], author=EDITOR, reason="benchmark"
            ),
            timeout=_MOST_SECONDS,
        )
        self._watching.seen(number, time.monotonic() + _MOST_SECONDS)

    def lift(self, number: str) -> tuple[float, float]:
        """Appeal and uphold; return the seconds on record, and those that clients saw."""
        opened = self._appeals.OpenAppeal(
            pb.OpenAppealRequest(
                pattern=number, appellant=number, contact="-", grounds="benchmark", opened_by=DESK
            ),
            timeout=_MOST_SECONDS,
        )
        name = opened.appeal.appeal_id
        self._appeals.TakeAppeal(
            pb.TakeAppealRequest(appeal_id=name, by=OFFICER), timeout=_MOST_SECONDS
        )
        began = time.monotonic()
        seeing = self._beside.submit(
            self._watching.seen, number, began + _MOST_SECONDS, decision_pb2.ACTION_ALLOW
        )
        answer = self._appeals.DecideAppeal(
            pb.DecideAppealRequest(
                appeal_id=name, outcome=pb.APPEAL_STATE_UPHELD, reason="benchmark", by=OFFICER
            ),
            timeout=_MOST_SECONDS,
        )
        lift = answer.appeal.lift
        if not lift.HasField("seconds") or lift.workers != self._workers:
            raise RuntimeError(f"{number} was not lifted in every worker: {lift}")
        return lift.seconds, max(seeing.result()) - began


if __name__ == "__main__":
    main()
