"""Kamailio that asks Fanzha about each call beside the same Kamailio without it, in one run.

    python -m benchmarks.adapters.sip --rate 500 --seconds 10

SIPp (Debian: sip-tester) calls through Kamailio to another SIPp, over UDP on loopback; three of a
hundred callers are listed. Amid the calls the service is killed, then, amid others, the adapter.
"added" is the difference to Kamailio alone, measured before and after; "during" are calls that
began within a second of the kill. What must hold: while the service lives, listed callers get 603
and all others ring; afterwards all ring; and the 99th percentile of added call set-up stays below
10 ms. A killed adapter costs the calls on their way the patience of Kamailio (100 ms).
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import machine
from tests.support.adapters import RunningAdapter, adapter
from tests.support.processes import LEAN, Running, eventually, fanzha_up
from tests.support.sip_switch import (
    RunningSwitch,
    SippCall,
    callee,
    calls_of,
    dial,
    dialling,
    kill_service,
    switch,
)

CALLEE = "+8619900000001"
LISTED = frozenset({"+8617000000911", "+8617000000912", "+8617000000913"})
OTHERS = [f"+861700000{number:04}" for number in range(1, 98)]
PARTIES = [(caller, CALLEE) for caller in [*sorted(LISTED), *OTHERS]]
MOST_CALLS = 60_000
PROMISED_ADDED_MS = 10.0
_DURING_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CallNetwork:
    """Two switches with one next hop: one asks the adapter, the other nobody."""

    service: Running
    adapter: RunningAdapter
    asking: RunningSwitch
    plain: RunningSwitch


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPhase:
    """What happened to the calls of one part of the run."""

    name: str
    calls: int
    rang: int
    refused: int
    lost: int
    """Calls without any answer."""
    wrong: int
    """Listed callers that rang while the service lived, or others that were refused."""
    median_ms: float
    p99_ms: float
    added_median_ms: float
    added_p99_ms: float


def main() -> int:
    """Run all phases, print the table, and return 1 where a promise was broken."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rate", type=int, default=500, help="calls a second")
    parser.add_argument("--seconds", type=int, default=10, help="of each phase")
    parser.add_argument("--json", type=Path, help="write the figures to this file, too")
    options = parser.parse_args()
    if options.rate * options.seconds * 2 > MOST_CALLS:
        parser.error(f"at most {MOST_CALLS} calls in a phase")
    with TemporaryDirectory(prefix="fanzha-bench-") as folder, ExitStack() as stack:
        network = stack.enter_context(call_network(Path(folder)))
        phases = measure(network, Path(folder), options.rate, options.seconds)
    report = {
        "machine": machine.describe(),
        "rate": options.rate,
        "phases": [{name: getattr(one, name) for name in one.__slots__} for one in phases],
    }
    if options.json:
        options.json.write_text(json.dumps(report, indent=1))
    _print(phases)
    return int(any(one.wrong or one.lost for one in phases))


@contextmanager
def call_network(folder: Path) -> Iterator[CallNetwork]:
    """Start everything on loopback."""
    with ExitStack() as stack:
        service = stack.enter_context(fanzha_up(folder, workers=1, **LEAN))
        for number in LISTED:
            service.fanzha("blocklist", "add", number, "--source", "province", "--reason", "test")
            eventually(partial(_is_listed, service, number))
        asked = stack.enter_context(
            adapter(
                "sip",
                folder,
                FANZHA_SIP_LISTEN="127.0.0.1:0",
                FANZHA_SIP_TARGETS=service.interception,
                FANZHA_SIP_METRICS_LISTEN="127.0.0.1:0",
            )
        )
        next_hop = stack.enter_context(callee(folder))
        switches = {}
        for name, adapters in {"asking": [asked.port("sip")], "plain": []}.items():
            switches[name] = stack.enter_context(
                switch(folder / name, next_hop=next_hop, adapters=adapters)
            )
        yield CallNetwork(service=service, adapter=asked, **switches)


def _is_listed(service: Running, number: str) -> bool:
    check = ("check", "call", "--from", number, "--to", CALLEE)
    return "blocklisted" in service.fanzha(*check, check=False).stdout


def measure(network: CallNetwork, folder: Path, rate: int, seconds: int) -> list[CallPhase]:
    """Run the phases in order; the two of Kamailio alone stand around those that ask."""
    calls = rate * seconds
    ports = network.asking.port, network.plain.port
    for number, port in enumerate(ports):
        dial(folder / f"warm{number}", port, PARTIES, rate=rate // 5 or 1, calls=rate)
    alone = dial(folder / "alone", network.plain.port, PARTIES, rate=rate, calls=calls)
    with_kill, killed = _killing(
        network, folder / "service", partial(kill_service, network.service), rate, 2 * calls
    )
    adapter_kill, ended = _killing(
        network, folder / "adapter", network.adapter.process.kill, rate, calls
    )
    again = dial(folder / "again", network.plain.port, PARTIES, rate=rate, calls=calls)
    base = [*alone, *again]
    phase = _phases(base)
    return [
        phase("Kamailio alone", base, 2 * calls),
        phase("asking, service up", _between(with_kill, 0, killed - _DURING_SECONDS)),
        phase("service killed (during)", _around(with_kill, killed)),
        phase("asking, service down", _between(with_kill, killed + _DURING_SECONDS, 1e12)),
        phase("adapter killed (during)", _around(adapter_kill, ended)),
        phase("asking nobody", _between(adapter_kill, ended + _DURING_SECONDS, 1e12)),
        CallPhase(
            name="all that asked", calls=3 * calls, rang=0, refused=0,
            lost=3 * calls - len(with_kill) - len(adapter_kill), wrong=0,
            median_ms=0, p99_ms=0, added_median_ms=0, added_p99_ms=0,
        ),
    ]  # fmt: skip


def _killing(
    network: CallNetwork, folder: Path, kill: Callable[[], None], rate: int, calls: int
) -> tuple[list[SippCall], float]:
    """Make calls and kill something amid them; return the calls, and when it was killed."""
    with dialling(folder, network.asking.port, PARTIES, rate=rate, calls=calls) as caller:
        time.sleep(calls / rate / 2)
        killed = time.time()
        kill()
        try:
            caller.wait(calls / rate + 60)
        except subprocess.TimeoutExpired:
            sys.stderr.write("SIPp did not end in time\n")
    return calls_of(folder), killed


def _phases(base: Sequence[SippCall]) -> Callable[..., CallPhase]:
    alone = _quantiles(base)

    def phase(name: str, calls: Sequence[SippCall], expected: int = 0) -> CallPhase:
        rang = [call for call in calls if call.status < 300]
        refused = [call for call in calls if call.status >= 300]
        median, p99 = _quantiles(calls)
        wrong = [call for call in refused if call.caller not in LISTED]
        if name == "asking, service up":
            wrong += [call for call in rang if call.caller in LISTED]
        return CallPhase(
            name=name,
            calls=len(calls),
            rang=len(rang),
            refused=len(refused),
            lost=max(0, expected - len(calls)),
            wrong=len(wrong),
            median_ms=median,
            p99_ms=p99,
            added_median_ms=median - alone[0],
            added_p99_ms=p99 - alone[1],
        )

    return phase


def _quantiles(calls: Sequence[SippCall]) -> tuple[float, float]:
    values = [call.seconds * 1000 for call in calls]
    if len(values) < 2:
        return float("nan"), float("nan")
    return statistics.median(values), statistics.quantiles(values, n=100)[98]


def _between(calls: Sequence[SippCall], begin: float, end: float) -> list[SippCall]:
    return [call for call in calls if begin <= call.began_at < end]


def _around(calls: Sequence[SippCall], at: float) -> list[SippCall]:
    return _between(calls, at - _DURING_SECONDS, at + _DURING_SECONDS)


def _print(phases: Sequence[CallPhase]) -> None:
    lines = [
        "| phase | calls | rang | 603 | wrong | median ms | p99 ms | added median | added p99 |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {one.name} | {one.calls} | {one.rang} | {one.refused} | {one.wrong} | "
        f"{one.median_ms:.2f} | {one.p99_ms:.2f} | {one.added_median_ms:+.2f} | "
        f"{one.added_p99_ms:+.2f} |"
        for one in phases[:-1]
    ]
    lost = sum(one.lost for one in phases)
    lines.append(f"\nCalls without any answer: {lost}. Promised: added p99 of at most "
                 f"{PROMISED_ADDED_MS:g} ms while the adapter lives.")  # fmt: skip
    sys.stdout.write("\n".join([*lines, ""]))


if __name__ == "__main__":
    sys.exit(main())
