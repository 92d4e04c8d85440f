"""What it costs a server that requests show a token, and that they come over TLS.

    python -m benchmarks.load.login_cost --rounds 5

Processor time of the server for each request with one call, asked in a closed loop by h2load
(Debian: nghttp2-client). The ways take turns. Processor time depends less than the rate on what
else the machine does, and the least of many rounds the least.
"""

import argparse
import asyncio
import statistics
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import h2load, processes, results, scenarios
from benchmarks.micro import fixtures
from fanzha.client import Login, channels
from fanzha.phone import HomePlan
from fanzha.v1 import interception_pb2_grpc
from infra.clock import now_ms
from services.auth.identity import Role
from services.auth.local_authority import AuthorityFolder
from services.decision.observer import Observer
from services.rpc import security
from services.rpc.decide.handler import InterceptionServicer
from services.rpc.decide.message_decoder import MessageDecoder
from services.rpc.server import RpcServer
from services.settings.settings import Settings

WAYS = ("nobody asks", "token", "TLS", "TLS and token")
_METHOD = "fanzha.v1.InterceptionService/DecideCall"


def main() -> None:
    """Measure, or be the server that is measured."""
    options = _options()
    if options.serve:
        asyncio.run(_serve(options.serve, AuthorityFolder(options.folder)))
        return
    with TemporaryDirectory() as name:
        folder = AuthorityFolder(Path(name) / "identity")
        folder.make([], now=datetime.now(UTC), days=1)
        costs: dict[str, list[float]] = {way: [] for way in WAYS}
        for _ in range(options.rounds):
            for way in WAYS:
                costs[way].append(_measure(way, folder, options.seconds))
    found = {
        way: {
            "microseconds_least": min(each),
            "microseconds_median": round(statistics.median(each), 1),
            "runs": each,
        }
        for way, each in costs.items()
    }
    for way, settings in found.items():
        least, median = settings["microseconds_least"], settings["microseconds_median"]
        sys.stderr.write(f"{way:14} {least:6.0f} µs a request, median {median:6.0f}\n")
    results.write("login-cost", {"results": found}, save=options.save)


async def _serve(way: str, folder: AuthorityFolder) -> None:
    settings: dict[str, Any] = {}
    if "TLS" in way:
        settings |= {
            "tls_certificate": folder.path / "server.pem",
            "tls_key": folder.private("server"),
        }
    if "token" in way:
        settings |= {"jwks_file": folder.keys, "token_issuer": "fanzha-local"}
    servicer = InterceptionServicer(
        engine=fixtures.engine(fixtures.listed_numbers(1000)),
        reader=MessageDecoder(HomePlan("86")),
        now_ms=now_ms,
        observer=Observer(),
    )
    server = RpcServer(
        {"interception": servicer},
        max_message_bytes=2**22,
        security=security.of(Settings(**settings), "decisions"),
    )
    sys.stdout.write(f"{await server.start('127.0.0.1', 0)}\n")
    sys.stdout.flush()
    await server.serve()
    await asyncio.to_thread(sys.stdin.read)
    await server.drain(1)


def _measure(way: str, folder: AuthorityFolder, seconds: int) -> float:
    command = [sys.executable, "-m", "benchmarks.load.login_cost", "--serve", way]
    with subprocess.Popen(
        [*command, "--folder", str(folder.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        if server.stdout is None or server.stdin is None:
            raise RuntimeError("no pipes")
        target = f"127.0.0.1:{server.stdout.readline().strip()}"
        answer_bytes = _probe(way, folder, target)
        _ask(way, folder, target, answer_bytes, 1)
        before = processes.cpu_seconds(server.pid)
        requests = _ask(way, folder, target, answer_bytes, seconds)
        cost = (processes.cpu_seconds(server.pid) - before) / requests * 1e6
        server.stdin.close()
        server.wait(30)
    return round(cost, 1)


def _probe(way: str, folder: AuthorityFolder, target: str) -> int:
    """Ask once as a client would; return the length of the answer."""
    login = Login(
        token=_token(folder) if "token" in way else "",
        ca=str(folder.authority) if "TLS" in way else "",
    )
    with channels.blocking(target, login) as channel:
        stub = interception_pb2_grpc.InterceptionServiceStub(channel)
        return stub.DecideCall(scenarios.request("call", 1)[1], timeout=30).ByteSize()


def _token(folder: AuthorityFolder) -> str:
    return folder.token(
        "gateway-1", [Role.CARRIER], regions=[], sources=[], now=datetime.now(UTC), days=1
    )


def _ask(way: str, folder: AuthorityFolder, target: str, answer_bytes: int, seconds: int) -> int:
    """Ask for *seconds*, and return how many requests were answered."""
    scheme = "https" if "TLS" in way else "http"
    run = h2load.ask(
        f"{scheme}://{target}/{_METHOD}",
        scenarios.request("call", 1)[1].SerializeToString(),
        seconds=seconds,
        clients=4,
        streams=4,
        headers=(f"authorization: Bearer {_token(folder)}",) if "token" in way else (),
    )
    h2load.answered(run, answer_bytes)
    return run.done


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--save", action="store_true")
    parser.add_argument("--serve", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
