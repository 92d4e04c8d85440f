"""One server of the store on a host: a Valkey node, or a Sentinel."""

import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import redis

from benchmarks.fleet import isolation
from benchmarks.fleet.isolation import HostNamespace
from services.processes.embedded_valkey import server_binary

PORTS = (6379, 6380)
START_SECONDS = 60.0
PAUSE_SECONDS = 0.05
_ANSWER_SECONDS = 3.0
_MOST_OF_A_LOG = 400
_MEND = ("valkey-check-aof", "--fix")
_DAMAGED = "Bad file format reading the append only file"
_COMMON = """bind {address} 127.0.0.1
port {port}
dir {folder}
protected-mode no
logfile {log}
daemonize no
"""
DURABLE = """requirepass {password}
masterauth {password}
appendonly yes
appendfsync always
save ""
repl-diskless-sync-delay 0
repl-ping-replica-period 1
repl-backlog-size 32mb
"""


@dataclass(frozen=True, slots=True)
class StoreSite:
    """Where nodes of a host run."""

    network: HostNamespace
    address: str
    folder: Path
    """On the disk of the host."""
    logs: Path
    """For their logs, not on that disk."""
    environment: Mapping[str, str] | None = None


class StoreNode:
    """A Valkey server, or a Sentinel, on a host."""

    def __init__(self, site: StoreSite, port: int, lines: str, *, password: str = "") -> None:
        """Write its configuration; *password* is empty for a Sentinel."""
        self.address, self.port = site.address, port
        self._network, self._environment, self._password = site.network, site.environment, password
        self._process: subprocess.Popen[bytes] | None = None
        name = f"valkey-{port}" if password else "sentinel"
        self.folder = site.folder / name
        self._log = site.logs / f"{name}-{site.address}.log"
        self.folder.mkdir()
        common = _COMMON.format(address=site.address, port=port, folder=self.folder, log=self._log)
        (self.folder / "server.conf").write_text(common + lines)

    @property
    def name(self) -> str:
        """Return ``address:port``."""
        return f"{self.address}:{self.port}"

    @property
    def pid(self) -> int:
        """Return its process."""
        if self._process is None:
            raise RuntimeError(f"{self.name} does not run")
        return self._process.pid

    @property
    def ended(self) -> bool:
        """Return whether it ended by itself."""
        return self._process is not None and self._process.poll() is not None

    def last_words(self) -> str:
        """Return the end of its log."""
        found = self._log.read_text(errors="replace") if self._log.exists() else ""
        return found[-_MOST_OF_A_LOG:]

    def start(self) -> None:
        """Start it on what is in its folder."""
        mode = [] if self._password else ["--sentinel"]
        words = [str(server_binary()), str(self.folder / "server.conf"), *mode]
        self._process = subprocess.Popen(
            self._network.command(*words), env=self._environment, cwd="/",
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip

    def restart(self) -> None:
        """Start it after it has ended by itself; mend its append-only file where it says so.

        A full disk, or a loss of power, can leave half a command or zeros at the end of that file.
        The server then asks for ``valkey-check-aof --fix``, which is another name of its program.
        """
        if _DAMAGED in self.last_words():
            # The newest part alone: the check knows no base in the format of snapshots.
            parts = self.folder.glob("appendonlydir/*.incr.aof")
            for file in sorted(parts, key=lambda part: part.stat().st_mtime)[-1:]:
                subprocess.run(
                    (*_MEND, str(file)), executable=server_binary(),
                    input=b"y\n", capture_output=True, check=False, timeout=START_SECONDS,
                )  # fmt: skip
        self.start()

    def signal(self, number: int) -> None:
        """Send it a signal."""
        with suppress(ProcessLookupError):
            if self._process is not None:
                self._process.send_signal(number)

    def kill(self) -> None:
        """End it at once, whatever it does."""
        if self._process is not None:
            # With the child that rewrites its append-only file.
            isolation.end_tree(self._process)
            self._process = None

    def ask(self, *command: object) -> Any:
        """Ask it; raise `redis.RedisError` where it does not answer."""
        with redis.Redis(
            self.address, self.port, password=self._password or None, decode_responses=True,
            socket_timeout=_ANSWER_SECONDS, socket_connect_timeout=_ANSWER_SECONDS,
        ) as client:  # fmt: skip
            return client.execute_command(*command)

    def replication(self) -> dict[str, Any]:
        """Return what it says about replication; nothing where it does not answer."""
        try:
            found: dict[str, Any] = self.ask("INFO", "replication")
        except (redis.RedisError, OSError):
            return {}
        return found


def silent(nodes: "Sequence[StoreNode]") -> str:
    """Say which nodes do not answer, and why the first has ended if it has; empty: all answer."""
    found = [one for one in nodes if not one.replication()]
    if not found:
        return ""
    ended = next((one for one in found if one.ended), None)
    why = f"; {ended.name} has ended: {ended.last_words()}" if ended else ""
    return f"no answer from {', '.join(one.name for one in found)}{why}"


class FleetStore(Protocol):
    """All servers of the store, however they belong together."""

    kind: str

    @property
    def url(self) -> str:
        """Return the address of the store as the settings of a host name it."""

    def start(self) -> None:
        """Start all, and wait until they have found each other."""

    def everything(self) -> Sequence[StoreNode]:
        """Return all servers."""

    def primary(self) -> StoreNode:
        """Return the primary of the lists."""

    def missing(self) -> str:
        """Say what keeps it from standing a loss as well as at first; empty: nothing."""


def of_host(store: FleetStore, address: str) -> list[StoreNode]:
    """Return the servers on a host."""
    return [one for one in store.everything() if one.address == address]


def restart_ended(store: FleetStore) -> None:
    """Start servers that have ended by themselves, as the system's supervisor does."""
    for one in store.everything():
        if one.ended:
            one.restart()


def kill(store: FleetStore) -> None:
    """End all servers."""
    for one in store.everything():
        one.signal(signal.SIGCONT)
        one.kill()
