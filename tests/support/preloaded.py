"""Runs commands of ``fanzha`` in forks of a process that has loaded all of them.

A command that starts anew imports for half a second to a second and a half; a fork of a process
that has imported begins at once, and is otherwise a process of its own: with its environment, its
output, its signals and its exit status. What a start imports, and that it can, is for tests that
start real ones: `tests.support.processes.fanzha_up` and those of ``fanzha --help``.

``python -m tests.support.preloaded SOCKET`` is the process that has loaded; it ends with its
parent. It has used neither gRPC nor threads: only such a process may be forked.
"""

import atexit
import gc
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import IO, NoReturn

import services.__main__

_LOADED = (
    *("duckdb", "httpx", "onnxruntime", "pyarrow.compute", "pyarrow.parquet", "redis.asyncio"),
    *("services.processes.admin", "services.processes.warn", "services.settings.loader"),
)
"""What commands import when they run, and the roles that are not started by a parent."""
_START_SECONDS = 120.0
_REAP_SECONDS = 1.0


class ForkedCommand:
    """One running command; has what tests use of `subprocess.Popen`."""

    def __init__(self, connection: socket.socket) -> None:
        self._lines = connection
        self._rest = b""
        self.returncode: int | None = None
        connection.settimeout(_START_SECONDS)
        self.pid = int(self._line())

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the command has ended."""
        # Its parent may have seen its end and not told us yet: nobody has its id then.
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End the command at once."""
        self.send_signal(signal.SIGKILL)

    def poll(self) -> int | None:
        """Return the exit status, or None while the command runs; minus a signal that ended it."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, seconds: float | None = None) -> int:
        """Wait for the end and return the exit status."""
        if self.returncode is None:
            self._lines.settimeout(seconds)
            try:
                self.returncode = int(self._line())
            except (TimeoutError, BlockingIOError) as error:
                raise subprocess.TimeoutExpired("fanzha", seconds or 0) from error
            self._lines.close()
        return self.returncode

    def _line(self) -> str:
        while b"\n" not in self._rest:
            part = self._lines.recv(64)
            if not part:
                raise RuntimeError("the process that forks commands has ended")
            self._rest += part
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode()


def start(
    arguments: Sequence[str], environment: Mapping[str, str], stdout: IO[bytes], stderr: IO[bytes]
) -> ForkedCommand:
    """Run a command in exactly this *environment*, with nothing to read."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(_loaded_process())
    given = [list(arguments), dict(environment), str(Path.cwd()), _umask()]
    request = json.dumps(given).encode() + b"\n"
    socket.send_fds(connection, [b"\n"], [stdout.fileno(), stderr.fileno()])
    connection.sendall(request)
    return ForkedCommand(connection)


def _umask() -> int:
    """Return the umask of this process; to set it would be seen by its other threads."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1], 8) for line in lines if line.startswith("Umask:"))


@cache
def _loaded_process() -> str:
    """Start the process that has loaded, and return its socket."""
    folder = tempfile.mkdtemp(prefix="fanzha-")
    path = f"{folder}/commands"
    clean = {name: text for name, text in os.environ.items() if not name.startswith("FANZHA_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.preloaded", path],
        env=clean,
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    atexit.register(process.communicate)
    deadline = time.monotonic() + _START_SECONDS
    while not Path(path).exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("the process that forks commands did not start")
        time.sleep(0.02)
    return path


def _serve(path: str) -> None:
    """Fork for whoever connects, until the parent is gone."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"{path}.new")
    listener.listen()
    # Only now, that nobody finds a socket on which nobody listens.
    Path(f"{path}.new").rename(path)
    ready: list[object] = [listener]
    while sys.stdin not in ready:
        ready, _, _ = select.select([listener, sys.stdin], [], [], _REAP_SECONDS)
        if listener in ready:
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                _attend(connection)
            connection.close()
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _attend(connection: socket.socket) -> NoReturn:
    """Fork a command, and tell its id and then its exit status."""
    _, (stdout, stderr), _, _ = socket.recv_fds(connection, 1, 2)
    with connection.makefile("rb") as lines:
        arguments, environment, folder, umask = json.loads(lines.readline())
    command = os.fork()
    if command == 0:
        connection.close()
        _become(stdout, stderr, environment, folder)
        os.umask(umask)
        _run(arguments)
    os.close(stdout)
    os.close(stderr)
    with suppress(OSError):  # the test has lost interest
        connection.sendall(f"{command}\n".encode())
        _, status = os.waitpid(command, 0)
        connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _become(stdout: int, stderr: int, environment: Mapping[str, str], folder: str) -> None:
    """Take the surroundings of a process that is started."""
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    for given, place in ((stdout, 1), (stderr, 2)):
        os.dup2(given, place)
        os.close(given)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(folder)


def _run(arguments: Sequence[str]) -> NoReturn:
    """Run a command, and end as the interpreter does, but for taking its memory apart."""
    sys.modules["__main__"] = services.__main__  # of which usage speaks as ``python -m services``
    sys.argv = [services.__main__.__file__, *arguments]
    status = 0
    try:
        services.__main__.main()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # as the interpreter does, whatever it is
        traceback.print_exc()
        status = 1
    threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001 - waits for threads
    atexit._run_exitfuncs()  # noqa: SLF001
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def load() -> None:
    """Import all commands, and what they import when they run."""
    for module in _LOADED:
        import_module(module)
    for place, _ in services.__main__.COMMANDS.values():
        import_module(f"services.cli.{place.rpartition('.')[0]}")
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    load()
    _serve(sys.argv[1])
    shutil.rmtree(Path(sys.argv[1]).parent)
