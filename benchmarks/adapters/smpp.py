"""SMPP with and without the relay: ``python -m benchmarks.adapters.smpp``.

Sends messages of npm smpp to a message centre of npm smpp, first directly, then through the relay,
which asks a service of its own; then again, while the relay is killed (SIGKILL) in the middle. The
ledgers of both ends are compared: exit status 1 when an acknowledged message is lost, one arrives
twice or out of order, fraud arrives, or what is honest does not. Everything is on loopback.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import asdict
from pathlib import Path

from benchmarks import processes
from tests.support import smpp_pair
from tests.support.jasmin import jasmin_centre, jasmin_send
from tests.support.processes import LEAN, Running, fanzha_up
from tests.support.smpp_pair import EsmeLedger, SmppPair, pdus_of
from tests.support.sms_traffic import TEXT_KINDS, LedgerComparison, TrafficMessage, compare, traffic

_JASMIN_WINDOW = 100
"""Jasmin fails when a reference of 8 bits is used again while it is open."""
_TIMED = 'fanzha_adapter_decision_seconds_{}{{adapter="smpp",channel="text"}}'


def main() -> None:
    """Measure, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--fraud", type=float, default=0.03, help="share of fraud")
    parser.add_argument("--window", type=int, default=200, help="unanswered PDUs of the client")
    parser.add_argument("--latency", type=float, default=2.0, help="most ms of the message centre")
    parser.add_argument(
        "--jasmin", choices=("client", "centre"), help="jasmin on one side, in another run"
    )
    parser.add_argument("--kill", action="store_true", help="kill the relay in the middle, too")
    sys.exit(asyncio.run(_run(parser.parse_args())))


async def _run(options: argparse.Namespace) -> int:
    messages = list(traffic(options.messages, options.fraud))
    honest = [message for message in messages if not message.fraud]
    parts = sum(len(message.pdus) for message in messages)
    _say(
        f"{len(messages):,} messages in {parts:,} submit_sm, "
        f"{1 - len(honest) / len(messages):.1%} fraud"
    )
    faults: dict[str, int] = {}
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fanzha-smpp-")))
        (folder / "service").mkdir()
        service = stack.enter_context(fanzha_up(folder / "service", workers=1, **LEAN))
        smpp_pair.list_fraud(service)
        centre = {"latency": options.latency}
        async with smpp_pair.direct(folder, **centre) as pair:
            ledger = await _send(pair, messages, options.window)
            _print("direct", len(ledger.answers), ledger.seconds)
        async with _relay(service, folder, centre) as pair:
            ledger = await _send(pair, messages, options.window)
            _print("relayed", len(ledger.answers), ledger.seconds)
            _print_decisions(pair)
            _print_processor(pair, service, len(messages))
            found = compare(messages, ledger.answers, await pair.arrived())
            faults |= _show("relayed", found, found.faults())
        if options.jasmin:
            found = await _jasmin(service, folder, options)
            faults |= _show(f"jasmin as {options.jasmin}", found, found.faults())
        if options.kill:
            async with _relay(service, folder, centre) as pair:
                found = await _killed(pair, messages, options.window)
            faults |= _show("killed", found, found.faults(killed=True))
    return 1 if faults else 0


async def _jasmin(service: Running, folder: Path, options: argparse.Namespace) -> LedgerComparison:
    """Send through the relay with jasmin on one side, and npm smpp on the other."""
    started = time.perf_counter()
    if options.jasmin == "client":
        messages = list(traffic(options.messages, options.fraud, kinds=TEXT_KINDS))
        async with _relay(service, folder, {"latency": options.latency}) as pair:
            answers = await jasmin_send(pair.port, messages, folder, window=_JASMIN_WINDOW)
            arrived = await pair.arrived()
    else:
        messages = list(traffic(options.messages, options.fraud))
        async with (
            jasmin_centre() as centre,
            smpp_pair.relay_before(centre, service.interception, folder, timeout_ms=5000) as pair,
        ):
            answers = (await _send(pair, messages, options.window)).answers
            arrived = await pair.arrived()
    _print("jasmin", len(answers), time.perf_counter() - started)
    return compare(messages, answers, arrived)


def _relay(
    service: Running, folder: Path, centre: dict[str, object]
) -> AbstractAsyncContextManager[SmppPair]:
    return smpp_pair.relayed(service.interception, folder, centre, timeout_ms=5000)


async def _send(pair: SmppPair, messages: list[TrafficMessage], window: int) -> EsmeLedger:
    async with pair.sending(pdus_of(messages), window=window) as esme:
        await esme.wait_for("done", seconds=3600)
    return pair.esme_ledger()


async def _killed(pair: SmppPair, messages: list[TrafficMessage], window: int) -> LedgerComparison:
    assert pair.adapter is not None
    half = sum(len(message.pdus) for message in messages) // 2000
    async with pair.sending(pdus_of(messages), window=window) as esme:
        await esme.wait_for("progress", half, seconds=3600)
        pair.adapter.process.kill()
        await esme.wait_for("done")
    return compare(messages, pair.esme_ledger().answers, await pair.arrived())


def _print(name: str, answers: int, seconds: float) -> None:
    _say(f"{name:8} {answers:9,} answers in {seconds:7.1f} s  {answers / seconds:9,.0f}/s")


def _print_decisions(pair: SmppPair) -> None:
    assert pair.adapter is not None
    count = pair.adapter.counted(_TIMED.format("count"))
    seconds = pair.adapter.counted(_TIMED.format("sum"))
    _say(f"         {count:9,.0f} decisions, {seconds / max(count, 1) * 1000:.1f} ms each")


def _print_processor(pair: SmppPair, service: Running, count: int) -> None:
    """Print what a message costs, which other work on the machine changes less than rates."""
    assert pair.adapter is not None
    relay = processes.cpu_seconds(pair.adapter.process.pid)
    whole = processes.cpu_seconds(service.process.pid)
    _say(
        f"         {relay / count * 1e6:9.0f} µs of a core for each message in the relay, "
        f"{whole / count * 1e6:.0f} µs in the service"
    )


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _show(name: str, found: LedgerComparison, faults: dict[str, int]) -> dict[str, int]:
    counts = ", ".join(f"{key} {value:,}" for key, value in asdict(found).items())
    _say(f"{name}: {counts}: {faults or 'nothing wrong'}")
    return faults


if __name__ == "__main__":
    main()
