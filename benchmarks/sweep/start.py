"""Time of a start from the local list file while Redis is down: from exec to SERVING."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from benchmarks import processes
from benchmarks.service import CHECKOUT, END_SECONDS, FANZHA, Service
from infra.data_paths import LISTS

_MOST_SECONDS = 120.0
_LOOK_SECONDS = 0.01
_KEPT_SECONDS = 7.0
"""After the first start: what later ones read is written once nothing else is asked."""


def seconds(service: Service, repeats: int) -> list[float]:
    """Start and stop a second service on the same list files, *repeats* times."""
    return [one["seconds"] for one in measured(service, repeats)]


def measured(service: Service, repeats: int) -> list[dict[str, float]]:
    """Return the seconds of each start, and the processor seconds of all processes until then.

    Before those that count there is one whose folder has nothing but the lists.
    """
    with TemporaryDirectory(prefix="fanzha-start-", dir=service.folder.parent) as name:
        folder = Path(name)
        lists = folder / LISTS
        lists.mkdir(parents=True)
        for file in (service.folder / LISTS).iterdir():
            if file.is_file():
                # Not copied: list files never change, and so they are warm, as after a restart.
                (lists / file.name).hardlink_to(file)
        _start(folder, stay=_KEPT_SECONDS)
        return [_start(folder) for _ in range(repeats)]


def _start(folder: Path, stay: float = 0.0) -> dict[str, float]:
    port = _free_port()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("FANZHA_")} | {
        "PYTHONPATH": str(CHECKOUT),
        "FANZHA_DATA_DIR": str(folder),
        "FANZHA_LISTEN_PORT": str(port),
        "FANZHA_METRICS_PORT": "0",
        "FANZHA_ADMIN_METRICS_PORT": "0",
        "FANZHA_WORKERS": "1",
        # No process listens there.
        "FANZHA_REDIS_URL": f"redis://127.0.0.1:{_free_port()}/0",
    }
    with (folder / "serve.log").open("wb") as log:
        began = time.monotonic()
        process = subprocess.Popen(
            [*FANZHA, "serve"], env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
    try:
        _wait_until_serving(port, process, began + _MOST_SECONDS)
        passed, used = time.monotonic() - began, processes.cpu_seconds(process.pid)
        time.sleep(stay)
        return {"seconds": round(passed, 3), "cpu_seconds": round(used, 3)}
    except RuntimeError:
        sys.stderr.write((folder / "serve.log").read_text())
        raise
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_serving(port: int, process: "subprocess.Popen[bytes]", until: float) -> None:
    while process.poll() is None and time.monotonic() < until:
        # Wait for the port first, as a refused channel backs off.
        with socket.socket() as probe:
            refused = probe.connect_ex(("127.0.0.1", port)) != 0
        if not refused and _is_serving(port):
            return
        time.sleep(_LOOK_SECONDS)
    raise RuntimeError("the service did not start")


def _is_serving(port: int) -> bool:
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub: Any = health_pb2_grpc.HealthStub(channel)
        try:
            answer = stub.Check(health_pb2.HealthCheckRequest(), timeout=1.0)
        except grpc.RpcError:
            return False
    serving: bool = answer.status == health_pb2.HealthCheckResponse.SERVING
    return serving


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
