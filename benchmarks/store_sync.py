"""What it costs that the store synchronises its file on every write, and not every second.

    python -m benchmarks.store_sync --rounds 6 --rate 400 --save

One service as `fanzha up` starts it, its data on the disk of the temporary folder. ``appendfsync``
of its store is changed while it runs, `always` and `everysec` in turn, so that both meet the same
processes and the same other work of the machine. Meanwhile carriers ask for decisions at a fixed
rate, one person changes lists and another confirms hits, each one after the other, and a probe
appends a short row to a stream as often as hits and told calls do (`append`). Reported are the
times of each, all rounds of a setting together, and what the store and the workers dropped.
"""

import argparse
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import Any
from urllib.request import urlopen

import grpc
import numpy as np
import redis

from benchmarks import results, scenarios, service
from benchmarks.load import options as common
from benchmarks.load.generator_pool import Crew
from benchmarks.load.histogram import Histogram
from benchmarks.load.plan import Plan, Step
from benchmarks.service import Service
from benchmarks.soak.churn import list_changes
from fanzha.client import Call, Client, Options, RequestFailed
from fanzha.v1 import feedback_pb2
from infra.data_paths import VALKEY

SETTINGS = ("always", "everysec")
WORKERS, LISTED = 2, 20_000
_MIX = {"call": 0.7, "text": 0.2, "link": 0.1}
_WARM_UP_SECONDS = 5.0
_APPEND_SECONDS = 0.05
_PEOPLE_SECONDS = 0.1
"""From an answer to the next request of a person."""
_CALL_SECONDS = 30.0
_CALLEE = "+8619900000001"
_MOST_HITS = 1000
"""That one person confirms under one setting, at most."""
_STORED_SECONDS = 1.0
"""Workers hand hits to the store five times a second."""
_PROBE = "fanzha:probe"
_DROPPED = ("fanzha_hits_dropped", "fanzha_entry_hits_dropped", "fanzha_decision_log_dropped")


@dataclass(kw_only=True)
class SettingTimes:
    """What was measured under one setting."""

    decisions: Histogram = field(default_factory=Histogram)
    """Of answered requests."""
    failed: int = 0
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """By what was asked of the store."""
    not_synced: int = 0
    """Confirmations that the disk did not have in time."""
    errors: int = 0

    def words(self) -> dict[str, Any]:
        """Write it, for JSON; times in milliseconds."""
        return {
            "decisions": self.decisions.words() | {"failed": self.failed},
            "not_synced": self.not_synced,
            "errors": self.errors,
        } | {name: _quantiles(seconds) for name, seconds in sorted(self.seconds.items())}


def main() -> int:
    """Measure, and print or keep it."""
    options = _options()
    with service.running(
        workers=WORKERS, listed=LISTED, FANZHA_WARNING_ENABLED="true", FANZHA_CONSOLE="true"
    ) as running:
        found = _alternating(running, options)
        with urlopen(running.metrics, timeout=10) as answer:  # noqa: S310  our own, on loopback
            page = answer.read().decode()
    report = {
        "rows_per_second": options.rate, "rows": options.rows, "workers": WORKERS,
        "listed": LISTED, "rounds": options.rounds, "seconds": options.seconds,
        "settings": {name: one.words() for name, one in found.items()},
        "dropped": {name: _counted(page, name) for name in _DROPPED},
        "seed": scenarios.SEED,
    }  # fmt: skip
    results.write("store-sync", report, save=options.save)
    return 0


def _alternating(running: Service, options: argparse.Namespace) -> dict[str, SettingTimes]:
    plan = Plan(
        target=running.target, mix=_MIX, rows=options.rows, listed=LISTED, seed=scenarios.SEED,
        through="client",
    )  # fmt: skip
    found = {name: SettingTimes() for name in SETTINGS}
    numbers = cycle(range(scenarios.FIRST_LISTED, scenarios.FIRST_LISTED + LISTED))
    url = (running.folder / VALKEY / "url").read_text()
    with Crew(plan, running.cpu_seconds) as crew, redis.Redis.from_url(url) as owner:
        crew.run(Step(seconds=_WARM_UP_SECONDS, rate=options.rate))
        for turn in range(options.rounds):
            # Whoever is first in one round is second in the next.
            for name in SETTINGS if turn % 2 else reversed(SETTINGS):
                owner.config_set("appendfsync", name)
                with _people(running, owner, numbers, found[name]):
                    outcome = crew.run(Step(seconds=options.seconds, rate=options.rate))
                found[name].decisions.add(outcome.latencies)
                found[name].failed += outcome.offered - outcome.answered
                sys.stderr.write(
                    f"{turn + 1}/{options.rounds} {name}: p99 of decisions "
                    f"{outcome.latencies.milliseconds(0.99):.1f} ms\n"
                )
    return found


@contextmanager
def _people(
    running: Service, owner: Any, numbers: Iterator[int], found: SettingTimes
) -> Iterator[None]:
    """Let people and the probe work beside the load, until the context ends."""
    ending = threading.Event()
    with Client(running.target, Options(timeout=1.0)) as client:
        jobs: dict[str, tuple[float, Callable[[], object]]] = {
            "list change": (_PEOPLE_SECONDS, list_changes(running)),
            "confirmation": (_PEOPLE_SECONDS, _confirmations(client, numbers, found)),
            "append": (_APPEND_SECONDS, lambda: owner.xadd(_PROBE, {"row": b"x" * 512}, maxlen=99)),
        }
        threads = [
            threading.Thread(target=_repeat, args=(name, *job, found, ending))
            for name, job in jobs.items()
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            ending.set()
            for thread in threads:
                thread.join()


def _repeat(
    name: str, pause: float, work: Callable[[], object], found: SettingTimes,
    ending: threading.Event,
) -> None:  # fmt: skip
    while not ending.wait(pause):
        began = time.monotonic()
        try:
            work()
        except StopIteration:
            return
        except (grpc.RpcError, redis.RedisError, RequestFailed):
            found.errors += 1
        else:
            found.seconds[name].append(time.monotonic() - began)


def _confirmations(
    client: Client, numbers: Iterator[int], found: SettingTimes
) -> Callable[[], None]:
    """Return what confirms a hit on a listed caller; the hits are made here, and stored."""
    calls = [Call(caller=f"+{number}", callee=_CALLEE) for number in islice(numbers, _MOST_HITS)]
    hits = iter([one.decision_id for one in client.decide_calls(calls)])
    time.sleep(_STORED_SECONDS)

    def confirm() -> None:
        answer = client.confirm_hit(next(hits), confirmed_by="bench", timeout=_CALL_SECONDS)
        found.not_synced += answer.durability != feedback_pb2.DURABILITY_SYNCED

    return confirm


def _quantiles(seconds: list[float]) -> dict[str, float]:
    if not seconds:
        return {"count": 0}
    middle, late, most = (1000 * np.quantile(seconds, at) for at in (0.5, 0.99, 1.0))
    return {
        "count": len(seconds), "p50_ms": round(float(middle), 2),
        "p99_ms": round(float(late), 2), "most_ms": round(float(most), 2),
    }  # fmt: skip


def _counted(page: str, name: str) -> float:
    """Add up a counter of the page of metrics."""
    lines = (line for line in page.splitlines() if line.startswith(name))
    return sum(float(line.rpartition(" ")[2]) for line in lines)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=common.whole(1), default=6)
    parser.add_argument("--seconds", type=common.at_least(1), default=15.0, help="of a setting")
    parser.add_argument("--rate", type=common.at_least(1), default=400, help="rows a second")
    parser.add_argument("--rows", type=common.whole(1), default=16, help="of a request")
    parser.add_argument("--save", action="store_true", help="keep JSON in benchmarks/results")
    return parser.parse_args()


if __name__ == "__main__":
    common.run(main)
