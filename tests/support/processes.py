"""Starts the real service for tests: ``fanzha up`` as a process of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import TypeAlias

from grpc_health.v1 import health_pb2, health_pb2_grpc

from fanzha.client import channels
from services.settings import loader
from tests.support import preloaded

FANZHA = [sys.executable, "-m", "services"]
PATIENCE_SECONDS = 120.0
_SINGLE = frozenset({"admin", "warn"})
"""Roles without children: a fork of a process that has loaded them is as good as a new one."""
NO_WARNINGS = {"FANZHA_WARNING_ENABLED": "false"}
"""Settings without the warning pipeline, whose start takes 1.5 s of a core."""
NO_CASCADE = {"FANZHA_CASCADE_SHARE": "0"}
"""Settings without the sentence encoder: two seconds, and 250 MB, of each worker."""
NO_CONSOLE = {"FANZHA_CONSOLE": "false"}
"""Settings without the console, whose start takes half a second of a core."""
LEAN = {**NO_WARNINGS, **NO_CASCADE, **NO_CONSOLE}
"""Settings without all of these."""


Process: TypeAlias = "subprocess.Popen[bytes] | preloaded.ForkedCommand"


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A service and its addresses."""

    process: Process
    folder: Path
    interception: str
    admin: str
    metrics: str
    warning: str = ""
    console: str = ""
    """Address of the console, such as ``http://127.0.0.1:7368``; empty where it is left out."""

    @property
    def redis_url(self) -> str:
        return (self.folder / "valkey" / "url").read_text().strip()

    def metrics_page(self) -> str:
        """Return the metrics page."""
        with urllib.request.urlopen(self.metrics, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310
            page: str = answer.read().decode()
        return page

    def fanzha(self, *arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """Run a command against this service."""
        done = run(
            *arguments,
            FANZHA_TARGET=self.interception,
            FANZHA_ADMIN_TARGET=self.admin,
            FANZHA_REDIS_URL=self.redis_url,
        )
        if check and done.returncode:
            raise AssertionError(f"{arguments}: {done.stdout}{done.stderr}")
        return done


@contextmanager
def fanzha_up(folder: Path, *, workers: int = 2, **settings: str) -> Iterator[Running]:
    """Run all roles in *folder*, on free ports; stop them in order."""
    with role("up", folder, FANZHA_WORKERS=str(workers), **settings) as process:
        found = endpoints(folder, process)
        yield Running(
            process=process,
            folder=folder,
            interception=found["interception"],
            admin=found["admin"],
            metrics=found["metrics"],
            warning=found.get("warning", ""),
            console=found.get("console", ""),
        )


@contextmanager
def role(name: str, folder: Path, **settings: str) -> Iterator[Process]:
    """Run one role in *folder*, on free ports; stop it in order. Its log is ``<name>.log``."""
    environment = os.environ | {
        "FANZHA_DATA_DIR": str(folder),
        **loader.free_ports(),
        "FANZHA_ACTIVITY_SLOTS": str(2**14),
        "FANZHA_DRAIN_SECONDS": "10",
        # A machine that is busy with other tests is no overload: nothing is refused for a wait.
        "FANZHA_MAX_WAIT_MS": "30000",
        **settings,
    }
    with (folder / f"{name}.log").open("wb") as log:
        process: Process
        if name in _SINGLE:
            process = preloaded.start([name], environment, log, log)
        else:
            process = subprocess.Popen(
                [*FANZHA, name], env=environment, stdin=subprocess.DEVNULL, stderr=log
            )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE_SECONDS)


def run(*arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end, in an environment without settings but *settings*."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("FANZHA_")}
    return run_in(arguments, clean | settings)


def run_in(
    arguments: Sequence[str], environment: Mapping[str, str]
) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end, in exactly this environment."""
    with TemporaryFile() as stdout, TemporaryFile() as stderr:
        command = preloaded.start(arguments, environment, stdout, stderr)
        try:
            status = command.wait(PATIENCE_SECONDS)
        finally:
            command.kill()
        stdout.seek(0)
        stderr.seek(0)
        return subprocess.CompletedProcess(
            arguments, status, stdout.read().decode(), stderr.read().decode()
        )


def endpoints(folder: Path, process: Process) -> dict[str, str]:
    """Wait until a service is ready, and return its addresses."""
    file = folder / "endpoints.json"
    eventually(lambda: file.exists() or process.poll() is not None)
    if not file.exists():
        logs = "\n".join(log.read_text() for log in folder.glob("*.log"))
        raise RuntimeError(f"fanzha did not start:\n{logs}")
    found: dict[str, str] = json.loads(file.read_text())
    return found


def processes_of(root: int, what: str) -> list[int]:
    """Return the processes below *root* whose command line has *what* in it."""
    parents, commands = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            status = (folder / "stat").read_text()
            parents[int(folder.name)] = int(status.rsplit(")", 1)[1].split()[1])
            words = (folder / "cmdline").read_bytes().rstrip(b"\0").split(b"\0")
            commands[int(folder.name)] = b" ".join(words).decode(errors="replace")
    return sorted(
        one for one, line in commands.items() if what in line and _is_below(one, root, parents)
    )


def _is_below(process: int, root: int, parents: Mapping[int, int]) -> bool:
    while process in parents:
        process = parents[process]
        if process == root:
            return True
    return False


def serves(target: str) -> bool:
    """Return whether a server at the address answers SERVING."""
    host, port = target.split(":")
    try:
        # Check the port first, as a refused channel backs off for a second.
        socket.create_connection((host, int(port)), PATIENCE_SECONDS).close()
    except ConnectionRefusedError:
        return False
    return health(target) == health_pb2.HealthCheckResponse.SERVING


def health(target: str) -> int:
    """Return the health status of a server."""
    with channels.blocking(target) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        status: int = stub.Check(health_pb2.HealthCheckRequest(), timeout=60).status  # type: ignore[attr-defined]
        return status


def eventually(holds: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until *holds*; fail after *seconds*."""
    deadline = time.monotonic() + seconds
    begun = time.monotonic()
    while not holds():
        done = time.monotonic()
        if done > deadline:
            raise AssertionError(f"did not come true within {seconds:g} s")
        # What is costly to look at, such as the output of a command, leaves half of a core to
        # what is waited for.
        time.sleep(min(max(0.02, done - begun), 1.0))
        begun = time.monotonic()
