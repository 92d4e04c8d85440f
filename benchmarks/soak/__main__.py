"""Whether memory, open files, files on disk or latency grow over hours of load with churn.

    fanzha bench soak --minutes 60 --save

`fanzha up` with two workers, the warning pipeline and the console decides calls, texts and links
at half of what it can do, which is measured first (`half_load`), or at a given rate. Requests are
as subscribers make them (`benchmarks.load.subscribers`). Meanwhile entries come and go every five
seconds, the model of calls is swapped, a worker is killed now and then, and connections are left
for new ones. Every ten seconds it is noted what all processes hold. The first part
of the run is warming up; of the rest each figure gets a slope with its interval (`slopes`), and
memory a verdict by its kinds (`memory`): what grows until something is full is no leak.

With --save: JSON in benchmarks/results, the page docs/reference/soak.md, and its plot. With --page
only the page, of the newest JSON and of what ``remarks.md`` says of it.
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
from benchmarks.load.subscribers import FRAUD_SHARE, SUBSCRIBERS
from benchmarks.service import Service
from benchmarks.soak import decided, page
from benchmarks.soak import report as soak_report
from benchmarks.soak.churn import churn
from benchmarks.soak.half_load import LoadSearch
from benchmarks.soak.report import SoakRun
from benchmarks.soak.sampling import Sample, look
from benchmarks.soak.store_keys import KeyKind, StoreKeys

WORKERS = 2
LOOK_SECONDS = 10.0
_STANDSTILL_SECONDS = 600.0
"""The longest that other programs may keep the machine to themselves: hours are lost otherwise."""
_MIX = {"call": 0.7, "text": 0.2, "link": 0.1}
_CONNECTIONS, _RENEW_SECONDS = 32, 120.0
"""So many that the kernel spreads them over the workers about evenly."""


def main() -> int:
    """Load and look; return the exit status."""
    options = _options()
    if options.page:
        page.write_again()
        return 0
    with service.running(
        workers=WORKERS,
        listed=options.listed,
        FANZHA_WARNING_ENABLED="true",
        FANZHA_CONSOLE="true",
    ) as running:
        run = _soaked(running, options)
    report = soak_report.words(run, _set_up(options))
    results.write("soak", report, save=options.save)
    if options.save:
        page.write(report, run.samples)
    return 0


def _soaked(running: Service, options: argparse.Namespace) -> SoakRun:
    """Find the load unless it is given; then load for the time wanted, and look at it."""
    plan = Plan(
        target=running.target, mix=_MIX, rows=options.rows, listed=options.listed,
        fraud_share=options.fraud_share, seed=scenarios.SEED, timeout=options.timeout,
        connections=_CONNECTIONS, renew_seconds=_RENEW_SECONDS,
    )  # fmt: skip
    store = StoreKeys(running.folder)
    with Crew(plan, running.cpu_seconds, grace_seconds=_STANDSTILL_SECONDS) as crew:
        load = LoadSearch(crew.run, options.rows, _CONNECTIONS)
        rate = options.rate or load.run()
        before = decided.look(running.metrics)
        samples, warm = list[Sample](), dict[str, KeyKind]()
        with churn(
            running, model_seconds=options.model_seconds, worker_seconds=options.worker_seconds
        ) as done:
            began = time.monotonic()
            while time.monotonic() - began < options.minutes * 60:
                outcome = crew.run(Step(seconds=LOOK_SECONDS, rate=rate))
                at = time.monotonic() - began
                sample = look(running, at=at, store_mib=store.used_mib(), outcome=outcome)
                samples.append(sample)
                if not warm and at >= options.minutes * 60 * soak_report.WARM_UP_SHARE:
                    warm = store.kinds()
                _say(sample)
        return SoakRun(
            rate=rate,
            load=load,
            samples=samples,
            warm=warm,
            last=store.kinds(),
            churn=Counter(done),
            decided=decided.words(before, decided.look(running.metrics)),
        )


def _say(sample: Sample) -> None:
    whole = sample.whole
    sys.stderr.write(
        f"{sample.at:6.0f} s: {whole.pss:,.0f} MiB of {whole.asked_for:,.0f} asked for, "
        f"{sum(sample.open_files.values())} open files, p99 {sample.p99_ms:.1f} ms "
        f"({sample.late_p99_ms:.1f} sent late), {sample.failed} failed, "
        f"{sample.server_cores:.2f} cores and {sample.generator_cores:.2f} of the generator\n"
    )


def _set_up(options: argparse.Namespace) -> dict[str, Any]:
    return {
        "minutes": options.minutes,
        "rows": options.rows,
        "listed": options.listed,
        "fraud_share": options.fraud_share,
        "subscribers": SUBSCRIBERS,
        "workers": WORKERS,
        "connections": _CONNECTIONS,
        "renew_seconds": _RENEW_SECONDS,
        "timeout": options.timeout,
        "seed": scenarios.SEED,
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="fanzha bench soak", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    parser.add_argument("--minutes", type=common.at_least(5), default=60.0)
    parser.add_argument(
        "--rate", type=common.at_least(1), default=0.0,
        help="rows a second; without it, half of what the service can do is found first",
    )  # fmt: skip
    parser.add_argument(
        "--fraud-share", type=common.at_least(0), default=FRAUD_SHARE, help="of rows"
    )
    parser.add_argument("--rows", type=common.whole(1), default=16, help="of a request")
    parser.add_argument("--listed", type=common.whole(0), default=100_000, help="listed numbers")
    parser.add_argument("--timeout", type=common.at_least(0.05), default=1.0, help="of a request")
    parser.add_argument("--model-seconds", type=common.at_least(1), default=120.0)
    parser.add_argument("--worker-seconds", type=common.at_least(1), default=180.0)
    parser.add_argument("--save", action="store_true", help="keep JSON, and write the page")
    parser.add_argument("--page", action="store_true", help="only write the page again")
    return parser.parse_args()


if __name__ == "__main__":
    common.run(main)
