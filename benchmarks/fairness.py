"""What a modest login gets while a greedy one offers several times what a worker can do.

    python -m benchmarks.fairness --server-cores 0 --generator-cores 1

A service with identities and two tokens. The modest login offers a tenth of the capacity, in an
open loop: first alone, then beside a greedy login that offers five times the capacity, then beside
the same load under its own name, as if there were no logins. Each login has generators and
connections of its own; all share the generators' core, so some of what the modest login waits is
the generators' own lateness, told beside. In rounds; of each way all rounds count together.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import results, scenarios, service
from benchmarks.load import options as common
from benchmarks.load.generator_pool import Crew
from benchmarks.load.overload import SHED
from benchmarks.load.plan import Outcome, Plan, Step, in_flight
from services.auth.identity import Role
from services.auth.local_authority import AUDIENCE, ISSUER, AuthorityFolder

MODEST_SHARE, GREEDY_TIMES = 0.1, 5.0
"""Of the capacity."""
ROWS = (256, 16)
WAYS = ("alone", "beside a greedy login", "beside the same load without logins")
_CAPACITY_TIMEOUT = 5.0
_WARM_UP_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Logins:
    """Tokens of two gateways."""

    modest: str
    greedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What is sent to one server."""

    running: service.Service
    plan: Plan
    seconds: float
    capacity: float = 0.0
    """Rows a second."""


def main() -> int:
    """Run the measurement; return the exit status."""
    options = _options()
    cores = common.read_cores(options.server_cores)
    generator_cores = common.read_cores(options.generator_cores)
    plan = Plan(
        target="", mix={"call": 1.0}, seed=scenarios.SEED, timeout=options.timeout_ms / 1000,
        cores=generator_cores,
    )  # fmt: skip
    try:
        with (
            _identities() as (folder, logins),
            service.running(
                workers=1, cores=cores, FANZHA_JWKS_FILE=str(folder.keys),
                FANZHA_TOKEN_ISSUER=ISSUER, FANZHA_TOKEN_AUDIENCE=AUDIENCE,
            ) as running,
        ):  # fmt: skip
            points = [
                _point(
                    Offer(
                        running=running, plan=replace(plan, target=running.target, rows=rows),
                        seconds=options.seconds, capacity=options.capacity,
                    ),
                    logins, options.repeats,
                )
                for rows in options.rows
            ]  # fmt: skip
    except RuntimeError as error:
        common.wrong(str(error))
    report = {
        "workers": 1, "timeout_ms": options.timeout_ms, "modest_share": MODEST_SHARE,
        "greedy_times": GREEDY_TIMES, "seconds": options.seconds, "repeats": options.repeats,
        "seed": scenarios.SEED, "server_pinned_to": cores, "generator_pinned_to": generator_cores,
        "points": points,
    }  # fmt: skip
    results.write("fairness", report, save=options.save)
    return 0


def _point(offer: Offer, logins: Logins, repeats: int) -> dict[str, Any]:
    """Measure requests of one size."""
    offer = replace(offer, capacity=offer.capacity or _capacity(offer, logins))
    return {
        "rows": offer.plan.rows,
        "capacity_rows_per_second": round(offer.capacity, 1),
        "ways": _rounds(offer, logins, repeats),
    }


@contextmanager
def _identities() -> Iterator[tuple[AuthorityFolder, Logins]]:
    """Yield what a service knows tokens by, and two tokens."""
    with TemporaryDirectory(prefix="fanzha-identity-") as name:
        folder, now = AuthorityFolder(Path(name) / "identity"), datetime.now(UTC)
        folder.make([], now=now, days=1)

        def token(login: str) -> str:
            return folder.token(login, [Role.CARRIER], regions=[], sources=[], now=now, days=1)

        yield folder, Logins(modest=token("gateway-1"), greedy=token("gateway-2"))


def _capacity(offer: Offer, logins: Logins) -> float:
    plan = replace(offer.plan, token=logins.greedy, timeout=_CAPACITY_TIMEOUT)
    closed = Step(seconds=offer.seconds, in_flight=in_flight(plan.rows))
    with Crew(plan, offer.running.cpu_seconds) as crew:
        crew.run(replace(closed, seconds=_WARM_UP_SECONDS))
        found = crew.run(closed).per_second
    if not found:
        raise RuntimeError("the server decided nothing")
    sys.stderr.write(f"capacity: {found:,.0f} rows/s\n")
    return found


def _rounds(offer: Offer, logins: Logins, repeats: int) -> list[dict[str, Any]]:
    """Offer each way in turn; return the figures of each."""
    others = dict(zip(WAYS, ("", logins.greedy, logins.modest), strict=True))
    modest = {way: Outcome(rows=offer.plan.rows) for way in WAYS}
    greedy = {way: Outcome(rows=offer.plan.rows) for way in WAYS}
    seconds, server = dict.fromkeys(WAYS, 0.0), dict.fromkeys(WAYS, 0.0)
    for _ in range(repeats):
        for way, token in others.items():
            one, other = _together(offer, logins.modest, token)
            modest[way].add(one)
            greedy[way].add(other)
            seconds[way] += one.seconds
            server[way] += one.server_cpu
    made = [
        {
            "way": way,
            "offered_rows_per_second": round(offer.capacity * MODEST_SHARE, 1),
            "modest": _words(modest[way], seconds[way]),
            "greedy": _words(greedy[way], seconds[way]) if others[way] else None,
            "server_cores": round(server[way] / seconds[way], 3),
        }
        for way in WAYS
    ]
    sys.stderr.writelines(map(_line, made))
    return made


def _together(offer: Offer, modest: str, other: str) -> tuple[Outcome, Outcome]:
    """Offer the modest load, and the greedy one where the *other* login has a token."""
    few = Step(seconds=offer.seconds, rate=offer.capacity * MODEST_SHARE, arrivals="poisson")
    many = Step(seconds=offer.seconds + 2 * _WARM_UP_SECONDS, rate=offer.capacity * GREEDY_TIMES)
    with Crew(replace(offer.plan, token=modest), offer.running.cpu_seconds) as crew:
        crew.run(replace(few, seconds=_WARM_UP_SECONDS))
        if not other:
            return crew.run(few), Outcome(rows=offer.plan.rows)
        with Crew(replace(offer.plan, token=other)) as rival, ThreadPoolExecutor(1) as pool:
            rival.run(replace(many, rate=offer.capacity * MODEST_SHARE, seconds=_WARM_UP_SECONDS))
            storm = pool.submit(rival.run, many)
            crew.run(replace(few, seconds=_WARM_UP_SECONDS))  # until the storm is there
            return crew.run(few), storm.result()


def _words(outcome: Outcome, seconds: float) -> dict[str, Any]:
    shed = sum(outcome.statuses[name] for name in SHED)
    return {
        "requests": outcome.offered,
        "decided_rows_per_second": round(outcome.answered * outcome.rows / seconds, 1),
        "decided_share": round(1 - outcome.failed_share, 6),
        "refused_share": round(shed / outcome.offered, 6) if outcome.offered else 0.0,
        "statuses": dict(outcome.statuses),
        **outcome.latencies.words(),
        "generator_lag_p99_ms": outcome.lags.words()["p99_ms"],
    }


def _line(one: Mapping[str, Any]) -> str:
    modest, greedy = one["modest"], one["greedy"]
    beside = f"; the other: {greedy['decided_share']:.1%} decided" if greedy else ""
    return (
        f"{one['way']}: {one['offered_rows_per_second']:,.0f} rows/s offered, "
        f"{modest['decided_share']:.2%} decided, p50 {modest['p50_ms']:.1f}, p99 "
        f"{modest['p99_ms']:.1f} ms (lag {modest['generator_lag_p99_ms']:.1f}){beside}\n"
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument(
        "--rows", nargs="+", type=common.whole(1, 4096), default=ROWS, help="of a request"
    )
    parser.add_argument("--seconds", type=common.whole(1), default=4, help="of each way")
    parser.add_argument("--repeats", type=common.whole(1), default=3, help="rounds")
    parser.add_argument("--timeout-ms", type=common.whole(1), default=200, help="deadline")
    parser.add_argument(
        "--capacity", type=common.whole(0), default=0, help="rows a second; 0: measured first"
    )
    parser.add_argument("--server-cores", default="", help="cores of the worker; empty: any")
    parser.add_argument("--generator-cores", default="", help="cores of the generators")
    parser.add_argument("--save", action="store_true", help="keep JSON in benchmarks/results")
    return parser.parse_args()


if __name__ == "__main__":
    common.run(main)
