"""Whether memory, open files, files on disk or latency grow over hours of load with churn.

    fanzha bench soak --minutes 60 --save

`fanzha up` with two workers, the warning pipeline and the console decides calls, texts and links at
a fixed rate, while entries come and go every five seconds, the model of calls is swapped and a
worker is killed now and then. Every ten seconds it is noted what all processes hold. The first part
of the run is warming up; of the rest each figure gets a slope with its interval (`slopes`).

With --save: JSON in benchmarks/results, the page docs/reference/soak.md, and its plot.
"""

import argparse
import sys
import time
from collections import Counter
from typing import Any

from benchmarks import results, scenarios, service
from benchmarks.load import options as common
from benchmarks.load.generator_pool import Crew
from benchmarks.load.plan import Plan, Step
from benchmarks.service import Service
from benchmarks.soak import page
from benchmarks.soak.churn import churn
from benchmarks.soak.sampling import Sample, look
from benchmarks.soak.slopes import slope_of

WORKERS = 2
LOOK_SECONDS = 10.0
WARM_UP_SHARE = 0.25
_MIX = {"call": 0.7, "text": 0.2, "link": 0.1}


def main() -> int:
    """Load and look; return the exit status."""
    options = _options()
    with service.running(
        workers=WORKERS,
        listed=options.listed,
        FANZHA_WARNING_ENABLED="true",
        FANZHA_CONSOLE="true",
    ) as running:
        samples, done = _soaked(running, options)
    report = _report(samples, done, options)
    results.write("soak", report, save=options.save)
    if options.save:
        page.write(report, samples)
    return 0


def _soaked(running: Service, options: argparse.Namespace) -> "tuple[list[Sample], Counter[str]]":
    """Load the service for the time wanted, and look at it every `LOOK_SECONDS`."""
    plan = Plan(
        target=running.target, mix=_MIX, rows=options.rows, listed=options.listed,
        seed=scenarios.SEED, timeout=options.timeout, through="client", connections=4,
    )  # fmt: skip
    step = Step(seconds=LOOK_SECONDS, rate=options.rate)
    samples: list[Sample] = []
    with (
        churn(
            running, model_seconds=options.model_seconds, worker_seconds=options.worker_seconds
        ) as done,
        Crew(plan, running.cpu_seconds) as crew,
    ):
        began = time.monotonic()
        while time.monotonic() - began < options.minutes * 60:
            outcome = crew.run(step)
            sample = look(
                running,
                at=time.monotonic() - began,
                p99_ms=outcome.latencies.milliseconds(0.99) if outcome.answered else 0.0,
                answered=outcome.answered,
                failed=outcome.offered - outcome.answered,
            )
            samples.append(sample)
            sys.stderr.write(
                f"{sample.at:6.0f} s: {sum(sample.pss_mib.values()):,.0f} MiB, "
                f"{sum(sample.open_files.values())} open files, p99 {sample.p99_ms:.1f} ms\n"
            )
        return samples, Counter(done)


def _report(
    samples: list[Sample], done: "Counter[str]", options: argparse.Namespace
) -> dict[str, Any]:
    steady = [one for one in samples if one.at >= options.minutes * 60 * WARM_UP_SHARE]
    at = [one.at for one in steady]
    slopes = {
        name: vars_of(slope_of(at, [read(one) for one in steady]))
        for name, read in figures(steady[-1]).items()
    }
    return {
        "minutes": options.minutes,
        "rate": options.rate,
        "rows": options.rows,
        "listed": options.listed,
        "workers": WORKERS,
        "answered": sum(one.answered for one in samples),
        "failed": sum(one.failed for one in samples),
        "churn": dict(sorted(done.items())),
        "slopes": slopes,
        "first": samples[0].words(),
        "last": samples[-1].words(),
        "samples": len(samples),
        "seed": scenarios.SEED,
    }


def figures(like: Sample) -> dict[str, Any]:
    """Return how to read each figure that gets a slope, by its name."""
    found: dict[str, Any] = {
        "PSS of all, MiB": lambda one: sum(one.pss_mib.values()),
        "RSS of all, MiB": lambda one: sum(one.rss_mib.values()),
        "open files of all": lambda one: sum(one.open_files.values()),
        "p99, ms": lambda one: one.p99_ms,
    }
    for role in like.pss_mib:
        found[f"PSS of {role}, MiB"] = lambda one, role=role: one.pss_mib.get(role, 0.0)
    for folder in like.folder_mib:
        found[f"{folder}/ on disk, MiB"] = lambda one, name=folder: one.folder_mib.get(name, 0.0)
    return found


def vars_of(slope: Any) -> dict[str, float]:
    """Write a slope, for JSON."""
    return {
        "level": round(slope.level, 3),
        "per_hour": round(slope.per_hour, 3),
        "low": round(slope.low, 3),
        "high": round(slope.high, 3),
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="fanzha bench soak", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    parser.add_argument("--minutes", type=common.at_least(2), default=60.0)
    parser.add_argument(
        "--rate", type=common.at_least(1), default=4000, help="rows a second; half of what it can"
    )
    parser.add_argument("--rows", type=common.whole(1), default=16, help="of a request")
    parser.add_argument("--listed", type=common.whole(0), default=100_000, help="listed numbers")
    parser.add_argument("--timeout", type=common.at_least(0.05), default=1.0, help="of a request")
    parser.add_argument("--model-seconds", type=common.at_least(1), default=120.0)
    parser.add_argument("--worker-seconds", type=common.at_least(1), default=180.0)
    parser.add_argument("--save", action="store_true", help="keep JSON, and write the page")
    return parser.parse_args()


if __name__ == "__main__":
    common.run(main)
