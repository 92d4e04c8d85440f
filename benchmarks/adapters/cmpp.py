"""CMPP with and without the relay: ``python -m benchmarks.adapters.cmpp``.

Sends messages of a client to a gateway, both of `tests.support.cmpp_peers`, first directly, then
through the relay, which asks a service of its own, in turns. The ledgers of both ends are compared:
exit status 1 when an acknowledged message is lost, one arrives twice or out of order, fraud
arrives, or what is honest does not. Client and gateway are Python, in the process that measures, so
the rate without the relay is theirs. Everything is on loopback.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import processes
from tests.support import smpp_pair
from tests.support.adapters import adapter_up
from tests.support.cmpp_peers import client, gateway
from tests.support.processes import LEAN, fanzha_up
from tests.support.smpp_pair import SETTINGS, pdus_of
from tests.support.sms_traffic import CMPP_KINDS, REFUSED, compare, traffic

_BLOCKED = 9
VERSIONS = (0x20, 0x30)


def main() -> None:
    """Measure, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--fraud", type=float, default=0.03, help="share of fraud")
    parser.add_argument("--window", type=int, default=200, help="unanswered PDUs of the client")
    parser.add_argument("--rounds", type=int, default=3)
    sys.exit(asyncio.run(_run(parser.parse_args())))


async def _run(options: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory(prefix="fanzha-cmpp-") as name:
        folder = Path(name)
        (folder / "service").mkdir()
        with fanzha_up(folder / "service", workers=1, **LEAN) as service:
            smpp_pair.list_fraud(service)
            faults = [
                await _measure(version, service.interception, folder / f"{version:x}", options)
                for version in VERSIONS
            ]
    return 1 if any(faults) else 0


async def _measure(version: int, target: str, folder: Path, options: argparse.Namespace) -> int:
    """Measure one version of the protocol; return how many kinds of fault were found."""
    messages = list(traffic(options.messages, options.fraud, kinds=CMPP_KINDS))
    pdus, faults = pdus_of(messages), 0
    rates: list[tuple[float, float]] = []
    async with gateway(version=version) as ismg:
        settings = SETTINGS | {"timeout_ms": 5000, "targets": target}
        settings |= {"upstream": f"127.0.0.1:{ismg.port}"}
        with adapter_up("cmpp", folder, **settings) as relay:
            for _ in range(options.rounds):
                plain, _ = await _send(ismg.port, version, pdus, options.window)
                before = len(ismg.submitted)
                rate, answers = await _send(relay.port("cmpp"), version, pdus, options.window)
                known = [(at, REFUSED if one == _BLOCKED else one) for at, one in answers]
                wrong = compare(messages, known, ismg.submitted[before:]).faults()
                _say(f"CMPP {version:x}: {wrong or 'nothing wrong'}")
                faults += len(wrong)
                rates.append((plain, rate))
            cost = processes.cpu_seconds(relay.process.pid) / len(pdus) / options.rounds
    _print(version, len(pdus), rates, cost)
    return faults


async def _send(
    port: int, version: int, pdus: Sequence[dict[str, Any]], window: int
) -> tuple[float, list[tuple[int, int]]]:
    """Send all of *pdus*; return PDUs a second, and index and result of each answer."""
    async with client(port, version) as sp:
        await sp.connect()
        began = time.perf_counter()
        await sp.send(pdus, window=window)
        return len(pdus) / (time.perf_counter() - began), sp.answers


def _print(version: int, pdus: int, rates: Sequence[tuple[float, float]], cost: float) -> None:
    plain, relayed = (statistics.median(column) for column in zip(*rates, strict=True))
    ratio = statistics.median(one / other for other, one in rates)
    _say(
        f"CMPP {version:x}: {pdus:,} SUBMIT a round; direct {plain:,.0f}/s, relayed "
        f"{relayed:,.0f}/s ({ratio:.2f} of it), {cost * 1e6:.0f} µs of a core for each in the relay"
    )


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
