"""How long requests take inside a worker that has half of what it can do.

    python -m benchmarks.load.half_load --listed 1000000 --server-cores 0 --generator-cores 1

First h2load finds what the server can do, then our generator offers half of it in an open loop,
with requests that come as those of independent subscribers do. What counts is the server's own
`fanzha_request_seconds`, from when a request was read to its answer: how late a generator that
shares the machine sends and reads is not in it. The times that the generator saw are told beside
it. In rounds, the channels in turn; of each channel all rounds count together.
"""

import argparse
import re
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.request import urlopen

from benchmarks import h2load, results, scenarios, service
from benchmarks.load import options as common
from benchmarks.load import progress_display, traffic
from benchmarks.load.generator_pool import Crew
from benchmarks.load.plan import Outcome, Plan, Step, in_flight
from services.cli._common import channel_words
from services.telemetry.request_families import REQUEST_SECONDS

SHARE = 0.5
AIM_SECONDS = 0.002
"""Of which 99 in 100 requests should take no more; a bound of the server's histogram."""
_WARM_UP_SECONDS = 1.0
_CLIENTS = 4
_BUCKET = re.compile(REQUEST_SECONDS.name + r"_bucket\{([^}]*)\} ([0-9.e+]+)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')


@dataclass(slots=True)
class ServerTimes:
    """Requests by how long they took in the server: a count for each upper bound, in seconds."""

    counts: "Counter[float]" = field(default_factory=Counter)

    @classmethod
    def on(cls, page: str, channel: str) -> "ServerTimes":
        """Read a page of metrics."""
        upto = Counter[float]()
        for labels, value in _BUCKET.findall(page):
            named = dict(_LABEL.findall(labels))
            if named["channel"] == channel:
                upto[float(named["le"])] += round(float(value))
        bounds = sorted(upto)
        below = [0, *(upto[bound] for bound in bounds)]
        return cls(Counter({bound: upto[bound] - below[i] for i, bound in enumerate(bounds)}))

    def since(self, before: "ServerTimes") -> "ServerTimes":
        """Return what came after *before*."""
        return ServerTimes(self.counts - before.counts)

    def share_within(self, seconds: float) -> float:
        """Return the share of requests that took no more than *seconds*, one of the bounds."""
        within = sum(count for bound, count in self.counts.items() if bound <= seconds)
        return within / self.counts.total() if self.counts else 0.0

    def quantile(self, share: float) -> float:
        """Return a quantile in seconds; within a bucket as if its requests were spread evenly."""
        wanted, lower = share * self.counts.total(), 0.0
        for bound in REQUEST_SECONDS.bounds:
            count = self.counts[bound]
            if count and wanted <= count:
                return lower + (bound - lower) * wanted / count
            wanted, lower = wanted - count, bound
        return lower if self.counts else 0.0


def main() -> int:
    """Run the measurement; return the exit status."""
    options = _options()
    server_cores = common.read_cores(options.server_cores)
    try:
        with service.running(workers=1, listed=options.listed, cores=server_cores) as running:
            points = _points(options, running)
    except RuntimeError as error:
        common.wrong(str(error))
    report = {
        "workers": 1, "listed": options.listed, "rows": options.rows, "share": SHARE,
        "seconds": options.seconds, "repeats": options.repeats, "seed": scenarios.SEED,
        "arrivals": "poisson", "server_pinned_to": server_cores,
        "generator_pinned_to": common.read_cores(options.generator_cores), "points": points,
    }  # fmt: skip
    results.write("half-load", report, save=options.save)
    return int(any(point["server_p99_ms"] > AIM_SECONDS * 1000 for point in points))


def _points(options: argparse.Namespace, running: service.Service) -> list[dict[str, Any]]:
    capacity = {channel: _capacity(options, running, channel) for channel in options.channels}
    times = {channel: ServerTimes() for channel in options.channels}
    outcomes: dict[str, list[Outcome]] = {channel: [] for channel in options.channels}
    for _ in range(options.repeats):
        for channel in options.channels:
            taken, outcome = _round(options, running, channel, capacity[channel] * SHARE)
            times[channel].counts += taken.counts
            outcomes[channel].append(outcome)
    return [
        _point(channel, capacity[channel], times[channel], outcomes[channel])
        for channel in options.channels
    ]


def _capacity(options: argparse.Namespace, running: service.Service, channel: str) -> float:
    """Return the rows a second of a closed loop."""
    bodies = traffic.several(channel, options.rows, options.listed, scenarios.SEED, _CLIENTS)
    messages = [body.data[h2load.PREFIX_BYTES :] for body in bodies]
    found = 0.0
    for seconds in (1, options.seconds):
        found, _ = h2load.measure(
            running.target, bodies[0].path, messages, seconds=seconds, clients=_CLIENTS,
            streams=in_flight(options.rows), core=options.generator_cores,
        )  # fmt: skip
    return found * float(options.rows)


def _round(
    options: argparse.Namespace, running: service.Service, channel: str, rate: float
) -> tuple[ServerTimes, Outcome]:
    plan = Plan(
        target=running.target, mix={channel: 1.0}, rows=options.rows, listed=options.listed,
        seed=scenarios.SEED, connections=_CLIENTS,
        cores=common.read_cores(options.generator_cores),
    )  # fmt: skip
    step = Step(seconds=options.seconds, rate=rate, arrivals="poisson")
    with Crew(plan, running.cpu_seconds) as crew:
        crew.run(Step(seconds=_WARM_UP_SECONDS, rate=rate, arrivals="poisson"))
        before = ServerTimes.on(_page(running), channel)
        outcome = progress_display.run(crew, step, f"{channel}s, half load")
        return ServerTimes.on(_page(running), channel).since(before), outcome


def _page(running: service.Service) -> str:
    with urlopen(running.metrics, timeout=10) as page:  # noqa: S310  our own, on loopback
        text: str = page.read().decode()
    return text


def _point(
    channel: str, capacity: float, times: ServerTimes, outcomes: Sequence[Outcome]
) -> dict[str, Any]:
    whole = Outcome(rows=outcomes[0].rows)
    seconds = used = 0.0
    for outcome in outcomes:
        whole.add(outcome)
        seconds, used = seconds + outcome.seconds, used + outcome.server_cpu
    point = {
        "channel": channel,
        "capacity_rows_per_second": round(capacity, 1),
        "offered_rows_per_second": round(capacity * SHARE, 1),
        "requests": times.counts.total(),
        "server_p50_ms": round(times.quantile(0.5) * 1000, 3),
        "server_p99_ms": round(times.quantile(0.99) * 1000, 3),
        "share_within_aim": round(times.share_within(AIM_SECONDS), 6),
        "buckets_seconds": {f"{bound:g}": count for bound, count in sorted(times.counts.items())},
        "failed_share": round(whole.failed_share, 6),
        "client_p99_ms": round(whole.latencies.milliseconds(0.99), 3),
        "generator_lag_p99_ms": round(whole.lags.milliseconds(0.99), 3),
        "server_cores": round(used / seconds, 3),
        "runs": [{"machine_stood_still": one.stood_still.words()} for one in outcomes],
    }
    sys.stderr.write(_line(point))
    return point


def _line(point: Mapping[str, Any]) -> str:
    return (
        f"{point['channel']}s: {point['offered_rows_per_second']:,.0f} rows/s offered; in the "
        f"server p50 {point['server_p50_ms']:.2f}, p99 {point['server_p99_ms']:.2f} ms, "
        f"{point['share_within_aim']:.2%} within {AIM_SECONDS * 1000:g} ms; seen from outside p99 "
        f"{point['client_p99_ms']:.2f} ms; {point['failed_share']:.2%} failed\n"
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    channels, word = traffic.CHANNELS, channel_words.canonical
    parser.add_argument("--channels", nargs="+", type=word, choices=channels, default=channels)
    parser.add_argument("--rows", type=common.whole(1, 4096), default=16, help="of a request")
    parser.add_argument("--listed", type=common.whole(0), default=0, help="listed numbers")
    parser.add_argument("--seconds", type=common.whole(1), default=4, help="of each round")
    parser.add_argument("--repeats", type=common.whole(1), default=3, help="rounds")
    parser.add_argument("--server-cores", default="", help="cores of the worker; empty: any")
    parser.add_argument("--generator-cores", default="", help="cores of the generators")
    parser.add_argument("--save", action="store_true", help="keep JSON in benchmarks/results")
    return parser.parse_args()


if __name__ == "__main__":
    common.run(main)
