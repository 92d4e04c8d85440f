"""Starts peers and generators on a core of their own, and stops them by process id.

A server and its children run on core `SERVER_CORE` alone, a generator on `GENERATOR_CORE`.
Memory is PSS: pages that several processes share count once.
"""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Self

from benchmarks import processes

SERVER_CORE = 0
GENERATOR_CORE = 1
READY_SECONDS = 180.0


class Unready(Exception):
    """A server that ended, or did not answer in time."""


class Server:
    """A process tree on the server's core, until the context ends."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        log: Path,
        ready: Callable[[], bool],
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> None:
        self._log = log
        self._ready = ready
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                pinned(command, SERVER_CORE),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **(environment or {})},
                cwd=folder,
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def cpu_seconds(self) -> float:
        """Return the processor time of the tree so far."""
        return processes.cpu_seconds(self._process.pid)

    def memory_bytes(self) -> int:
        """Return the proportional set size of the tree."""
        return sum(map(processes.pss_bytes, processes.tree(self._process.pid)))

    def stop(self) -> None:
        """Stop the tree: SIGTERM, wait, then SIGKILL."""
        started = {process: _started(process) for process in processes.tree(self._process.pid)}
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            pass
        finally:
            _insist(started)
            self._process.wait()

    def _wait(self) -> None:
        until = time.monotonic() + READY_SECONDS
        while not self._ready():
            if self._process.poll() is not None or time.monotonic() > until:
                raise Unready(f"did not start: {last_line(self._log)}")
            time.sleep(0.1)


def run(command: Sequence[str], *, core: int, seconds: float, **options: object) -> str:
    """Run a bounded command on *core* and return what it printed."""
    done = subprocess.run(  # type: ignore[call-overload]
        pinned(command, core),
        timeout=seconds,
        capture_output=True,
        text=True,
        check=False,
        **options,
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {done.stderr[-400:]}")
    return str(done.stdout)


def pinned(command: Sequence[str], core: int) -> list[str]:
    """Return *command* so that it runs on *core* alone."""
    return ["taskset", "--cpu-list", str(core), *command]


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """Return a loopback port that is free at the moment."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def accepts(port: int) -> bool:
    """Whether something accepts connections on the loopback *port*."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def answers_http(port: int, path: str, body: bytes | None = None) -> bool:
    """Whether a loopback server answers 200 to a POST of JSON, or to a GET without a body."""
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    with closing(connection), suppress(OSError, HTTPException):
        method = "GET" if body is None else "POST"
        connection.request(method, path, body, {"Content-Type": "application/json"})
        return connection.getresponse().status == HTTPStatus.OK
    return False


def last_line(log: Path) -> str:
    """Return the last line that says something."""
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1].strip()[:300] if lines else "it said nothing"


def _insist(started: Mapping[int, str]) -> None:
    """End what is left of a tree, and wait until it is gone.

    An id that began at another time is somebody else by now.
    """
    until = time.monotonic() + 15
    left = {process for process, at in started.items() if at}
    while left := {process for process in left if _started(process) == started[process]}:
        if time.monotonic() > until:
            raise RuntimeError(f"processes {sorted(left)} do not end")
        for process in left:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        time.sleep(0.05)


def _started(process: int) -> str:
    """Return when a process began; empty where there is none, or only what its parent collects."""
    with suppress(OSError):
        fields = processes.stat(process)
        return fields[19] if fields[0] != "Z" else ""
    return ""
