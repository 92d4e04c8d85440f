"""Whether memory, open files, files on disk or latency grow over hours of load with churn.

    fanzha bench soak --minutes 60 --save

`fanzha up` with two workers, the warning pipeline and the console decides calls, texts and links at
a fixed rate, while entries come and go every five seconds, the model of calls is swapped and a
worker is killed now and then. Every ten seconds it is noted what all processes hold. The first part
of the run is warming up; of the rest each figure gets a slope with its interval (`slopes`), and
memory a verdict by its kinds (`memory`): what grows until something is full is no leak.

With --save: JSON in benchmarks/results, the page docs/reference/soak.md, and its plot.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

from benchmarks import results, scenarios, service
from benchmarks.load import options as common
from benchmarks.load.generator_pool import Crew
from benchmarks.load.plan import Plan, Step
from benchmarks.service import Service
from benchmarks.soak import figures, page
from benchmarks.soak.churn import churn
from benchmarks.soak.sampling import Sample, look
from benchmarks.soak.store_keys import KeyKind, StoreKeys

WORKERS = 2
LOOK_SECONDS = 10.0
WARM_UP_SHARE = 0.25
_STANDSTILL_SECONDS = 600.0
"""The longest that other programs may keep the machine to themselves: hours are lost otherwise."""
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
        samples, kinds, done = _soaked(running, options)
    report = _report(samples, kinds, done, options)
    results.write("soak", report, save=options.save)
    if options.save:
        page.write(report, samples)
    return 0


def _soaked(
    running: Service, options: argparse.Namespace
) -> "tuple[list[Sample], tuple[dict[str, KeyKind], dict[str, KeyKind]], Counter[str]]":
    """Load the service for the time wanted, and look at it every `LOOK_SECONDS`.

    Return the looks, the keys of the store when it was warm and at the end, and the churn.
    """
    plan = Plan(
        target=running.target, mix=_MIX, rows=options.rows, listed=options.listed,
        seed=scenarios.SEED, timeout=options.timeout, through="client", connections=4,
    )  # fmt: skip
    step = Step(seconds=LOOK_SECONDS, rate=options.rate)
    samples: list[Sample] = []
    store, warm = StoreKeys(running.folder), dict[str, KeyKind]()
    with (
        churn(
            running, model_seconds=options.model_seconds, worker_seconds=options.worker_seconds
        ) as done,
        Crew(plan, running.cpu_seconds, grace_seconds=_STANDSTILL_SECONDS) as crew,
    ):
        began = time.monotonic()
        while time.monotonic() - began < options.minutes * 60:
            outcome = crew.run(step)
            sample = look(
                running,
                at=time.monotonic() - began,
                store_mib=store.used_mib(),
                p99_ms=outcome.latencies.milliseconds(0.99) if outcome.answered else 0.0,
                answered=outcome.answered,
                failed=outcome.offered - outcome.answered,
            )
            samples.append(sample)
            if not warm and sample.at >= options.minutes * 60 * WARM_UP_SHARE:
                warm = store.kinds()
            whole = sample.whole
            sys.stderr.write(
                f"{sample.at:6.0f} s: {whole.pss:,.0f} MiB of {whole.asked_for:,.0f} asked for, "
                f"{sum(sample.open_files.values())} open files, p99 {sample.p99_ms:.1f} ms\n"
            )
        return samples, (warm, store.kinds()), Counter(done)


def _report(
    samples: list[Sample],
    kinds: "tuple[Mapping[str, KeyKind], Mapping[str, KeyKind]]",
    done: "Counter[str]",
    options: argparse.Namespace,
) -> dict[str, Any]:
    steady = [one for one in samples if one.at >= options.minutes * 60 * WARM_UP_SHARE]
    memory = figures.memory_growth(steady)
    return {
        "minutes": options.minutes,
        "rate": options.rate,
        "rows": options.rows,
        "listed": options.listed,
        "workers": WORKERS,
        "answered": sum(one.answered for one in samples),
        "failed": sum(one.failed for one in samples),
        "churn": dict(sorted(done.items())),
        "memory": {
            role: {kind: one.words() for kind, one in growth.items()}
            | {"verdict": figures.verdict(growth, figures.memory_of_role(steady[-1], role))}
            for role, growth in memory.items()
        },
        "others": {name: one.words() for name, one in figures.other_growth(steady).items()},
        "store": {name: [_words(one.get(name)) for one in kinds] for name in kinds[1]},
        "first": samples[0].words(),
        "steady": steady[0].words(),
        "last": samples[-1].words(),
        "samples": len(samples),
        "seed": scenarios.SEED,
    }


def _words(kind: KeyKind | None) -> dict[str, float]:
    one = kind or KeyKind()
    return {"keys": one.keys, "mib": round(one.mib, 3), "expiring": one.expiring}


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
