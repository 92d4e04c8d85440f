"""A real Valkey whose clock the simulation sets: one connection, one command at a time.

So its answers depend on nothing but the order of the commands, which the scheduler chooses.
"""

import mmap
import os
import platform
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

import hiredis

from services.processes.embedded_valkey import server_binary

_SHIM = Path(__file__).with_name("store_clock.c")
_READY_SECONDS = 60.0
_ANSWER_SECONDS = 60.0
_READ_BYTES = 1 << 16


class StoredKey(NamedTuple):
    """A key, as it may be put back."""

    name: bytes
    content: bytes
    ends_ms: int
    """When it expires, in milliseconds since 1970; 0: never."""


class StoreServer:
    """Runs the server in *folder* until closed; `execute` takes one command at a time."""

    def __init__(self, folder: Path) -> None:
        clock = folder / "clock"
        clock.write_bytes(bytes(8))
        with clock.open("r+b") as file:
            self._clock = mmap.mmap(file.fileno(), 8)
        self.set_time(0)
        address = folder / "store"
        self._process = subprocess.Popen(
            [server_binary(), *("--port", "0", "--unixsocket", address, "--save", "")],
            cwd=folder,
            env={
                "LD_PRELOAD": str(_shim(folder)),
                "SIMULATED_CLOCK": str(clock),
                "PATH": os.defpath,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._socket = self._connected(address)
        self._reader = hiredis.Reader()
        self.execute(["HELLO", "3"])
        self.execute(["DEBUG", "SET-ACTIVE-EXPIRE", "0"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def set_time(self, microseconds: int) -> None:
        """Set the clock of the server, in microseconds since 1970."""
        struct.pack_into("=q", self._clock, 0, microseconds)

    def execute(self, command: Sequence[Any]) -> Any:
        """Execute a command; return its answer in bytes, an error as an exception object."""
        (answer,) = self.execute_all([command])
        return answer

    def execute_all(self, commands: Sequence[Sequence[Any]]) -> list[Any]:
        """Execute commands one after another, in one round trip; return their answers."""
        self._socket.sendall(b"".join([hiredis.pack_command(tuple(one)) for one in commands]))
        answers: list[Any] = []
        while len(answers) < len(commands):
            while (answer := self._reader.gets()) is False:
                self._reader.feed(self._socket.recv(_READ_BYTES))
            answers.append(answer)
        return answers

    def contents(self) -> "list[StoredKey]":
        """Return all keys."""
        names = sorted(self.execute(["KEYS", "*"]))
        told = self.execute_all(
            [command for name in names for command in (["DUMP", name], ["PEXPIRETIME", name])]
        )
        return [
            StoredKey(name, content, max(ends_ms, 0))
            for name, content, ends_ms in zip(names, told[::2], told[1::2], strict=True)
            if content is not None
        ]

    def replace(self, keys: "Sequence[StoredKey]") -> None:
        """Have *keys* and nothing else."""
        restoring = [["RESTORE", one.name, one.ends_ms, one.content, "ABSTTL"] for one in keys]
        for answer in self.execute_all([["FLUSHALL"], *restoring]):
            if isinstance(answer, Exception):
                raise answer

    def empty(self) -> None:
        """Delete everything."""
        self.execute(["FLUSHALL"])

    def close(self) -> None:
        """End the server."""
        self._socket.close()
        self._process.kill()
        self._process.wait()
        self._clock.close()

    def _connected(self, address: Path) -> socket.socket:
        deadline = time.monotonic() + _READY_SECONDS
        while True:
            opened = socket.socket(socket.AF_UNIX)
            try:
                opened.connect(str(address))
            except OSError:
                opened.close()
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
            else:
                opened.settimeout(_ANSWER_SECONDS)
                return opened


def _shim(folder: Path) -> Path:
    """Compile the clock by the compiler of the kernels."""
    library = folder / "store_clock.so"
    compiler = [sys.executable, "-m", "ziglang", "cc"]
    target = f"{platform.machine()}-linux-gnu.2.28"
    subprocess.run(
        [*compiler, "-target", target, "-O2", "-shared", "-ldl", "-fPIC", "-o", library, _SHIM],
        check=True,
    )
    return library
