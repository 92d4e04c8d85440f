"""Damaged SIP messages against a running adapter: ``python -m tests.support.sip_fuzz``.

Sends *count* messages, nine of ten by UDP and the tenth by TCP, to an adapter on loopback that it
starts, with no service behind it. After each part, the adapter must answer a well-formed OPTIONS;
at the end it must still serve, without a fault of its own in its metrics or its log. Its memory is
compared over the tenths of the run.
"""

import argparse
import asyncio
import random
import socket
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.adapters import RunningAdapter, adapter
from tests.support.damaged_messages import damaged_message, resident_kib
from tests.support.shaken import X5U, ShakenAuthority, ShakenProvider, write_trust_list
from tests.support.sip_messages import CALLEE, CALLER, sip_answer, sip_request

MAX_TRANSACTIONS = 1000
_PART = 40
_TCP_OF = 10
_PIECES = (b"\r\n", b"\r\n ", b"\x00", b"\xff" * 9, b"A" * 9000, b": ", b",", b";", b'"', b"<",
           b"\\", b"Content-Length: 99999\r\n", b"=", b" SIP/2.0", b";rport", b"..")  # fmt: skip


def seeds_of(provider: ShakenProvider) -> list[bytes]:
    """Return well-formed messages; a provider signs one."""
    identity = provider.identity(orig=CALLER[1:], dest=CALLEE[1:])
    return [
        sip_request(),
        sip_request("OPTIONS"),
        sip_request("CANCEL"),
        sip_request("ACK", to_tag="a"),
        sip_request("BYE", to_tag="a"),
        sip_request(headers=("P-Asserted-Identity: <sip:1@a.test>, <tel:+8617000000123>",)),
        sip_request(headers=(f"Identity: {identity}",)),
        sip_request(
            without=("Via", "From", "To"),
            headers=(
                "v: SIP/2.0/UDP [::1]:9;branch=z9hG4bK7;rport, SIP/2.0/TCP b.test",
                'f: "A \\" B" <sip:+8617000000123;verstat=No-TN-Validation@a.test>;tag=1',
                "t: <tel:+8619900000001>\r\n ;x=y",
            ),
            body=b"v=0\r\n",
        ),
    ]


async def fuzz(
    running: RunningAdapter, provider: ShakenProvider, count: int, seed: int
) -> tuple[Counter[str], list[int]]:
    """Send *count* messages; return how many got which answer, and memory in KiB at each tenth."""
    chance, seeds = random.Random(seed), seeds_of(provider)
    port, pid = running.port("sip"), running.process.pid
    answers: Counter[str] = Counter()
    memory: list[int] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.setblocking(False)
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        udp.bind(("127.0.0.1", 0))
        for number in range(0, count, _PART):
            messages = [_damaged(chance, seeds) for _ in range(min(_PART, count - number))]
            split = len(messages) - len(messages) // _TCP_OF
            answers.update(await _by_udp(udp, port, messages[:split], number))
            answers.update(await _by_tcp(port, messages[split:]))
            if (number + _PART) * 10 // count > len(memory):
                memory.append(resident_kib(pid))
    return answers, memory


def _damaged(chance: random.Random, seeds: Sequence[bytes]) -> bytes:
    # Half of them begin transactions of their own.
    branch = b"z9hG4bK%d" % chance.choice((1, chance.randrange(10**9)))
    return damaged_message(chance, seeds, _PIECES).replace(b"z9hG4bK1", branch)


async def _by_udp(udp: socket.socket, port: int, messages: list[bytes], number: int) -> list[str]:
    loop = asyncio.get_running_loop()
    for message in messages:
        with suppress(OSError):
            await loop.sock_sendto(udp, message[:60_000], ("127.0.0.1", port))
    ping = sip_request("OPTIONS", number=number + 10**9, port=udp.getsockname()[1])
    found: list[str] = []
    async with asyncio.timeout(60):
        await loop.sock_sendto(udp, ping, ("127.0.0.1", port))
        while True:
            answer = sip_answer(await loop.sock_recv(udp, 65_535))
            if answer["call-id"] == f"{number + 10**9}@carrier.test":
                return found
            found.append(f"udp {answer.status}")


async def _by_tcp(port: int, messages: list[bytes]) -> list[str]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    data = b""
    with suppress(ConnectionError):
        writer.write(b"".join(messages))
        writer.write_eof()
        data = await asyncio.wait_for(reader.read(), 60)
    writer.close()
    return [
        f"tcp {line.split()[1].decode()}" for line in data.splitlines() if line[:8] == b"SIP/2.0 "
    ]


def faults_of(port: int) -> list[str]:
    """Return the metrics of the adapter that count faults of its own, where they are not 0."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
        lines = answer.read().decode().splitlines()
    return [line for line in lines if 'kind="internal"' in line and not line.endswith(" 0.0")]


@contextmanager
def fuzzed_adapter(folder: Path) -> Iterator[tuple[RunningAdapter, ShakenProvider]]:
    """Run an adapter that checks signatures, and asks nobody; with a provider that it trusts."""
    authority = ShakenAuthority()
    provider = authority.issue()
    settings = {
        "FANZHA_SIP_LISTEN": "127.0.0.1:0",
        "FANZHA_SIP_TARGETS": "127.0.0.1:1",
        "FANZHA_SIP_METRICS_LISTEN": "127.0.0.1:0",
        "FANZHA_SIP_MAX_TRANSACTIONS": str(MAX_TRANSACTIONS),
        "FANZHA_SIP_IDENTITY_TRUST_LIST": str(
            write_trust_list(folder, [authority], {X5U: provider})
        ),
        "FANZHA_SIP_TRUST_VERSTAT": "true",
        "FANZHA_SIP_DRAIN_SECONDS": "0",
    }
    with adapter("sip", folder, **settings) as running:
        yield running, provider


def main() -> int:
    """Run it; print counts and memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    began = time.monotonic()
    with TemporaryDirectory() as name:
        folder = Path(name)
        with fuzzed_adapter(folder) as (running, provider):
            found, memory = asyncio.run(fuzz(running, provider, options.count, options.seed))
            alive = running.process.poll() is None
            faults = faults_of(running.port("metrics"))
        log = (folder / "sip.log").read_text()
    sys.stdout.write(f"{options.count:,} messages in {time.monotonic() - began:.0f} s\n")
    sys.stdout.write(f"answers: {dict(found.most_common())}\n")
    sys.stdout.write(f"memory in KiB at each tenth: {memory}; still serving: {alive}\n")
    sys.stdout.write(f"faults of its own: {faults}; log lines: {len(log.splitlines())}\n")
    return int(bool(faults) or not alive or "Traceback" in log)


if __name__ == "__main__":
    sys.exit(main())
