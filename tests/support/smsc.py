"""Starts the message centre of `tests/support/smsc_server`, for tests, benchmarks and the demo.

A real SMPP server, in node; the first time, npm fetches what it needs.
"""

import asyncio
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "smsc_server"
_PATIENCE_SECONDS = 60.0
_INSTALL_SECONDS = 200.0
_END_SECONDS = 10.0


class NoMessageCentre(RuntimeError):
    """The message centre cannot run here; the message says why."""


class MessageCentre:
    """A running message centre, and its events so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.told: list[dict[str, Any]] = []
        self._by_event: dict[str, list[dict[str, Any]]] = {}
        self._news = asyncio.Condition()
        self._reading = asyncio.create_task(self._read())
        self.port = 0

    async def order(self, **what: object) -> None:
        """Set its behaviour, and wait for the confirmation."""
        before = len(self.of("ordered"))
        await self._say(what)
        await self.wait_for("ordered", before + 1)

    async def reply(self, text: str, *, by: str, to: str = "96110") -> int:
        """Let somebody write back; return the status that the client answers with."""
        before = len(self.of("replied"))
        await self._say({"reply": text, "by": by, "to": to})
        return int((await self.wait_for("replied", before + 1))[-1]["status"])

    async def hang_up(self) -> None:
        """Let it drop all connections."""
        await self._say({"hangup": True})

    async def ledger(self, file: Path) -> Any:
        """Return the ledger of a ``ledger_centre``, which it writes to *file*."""
        before = len(self.of("ledger"))
        await self._say({"ledger": str(file)})
        await self.wait_for("ledger", before + 1)
        return json.loads(await asyncio.to_thread(file.read_text))

    async def counts(self) -> dict[str, Any]:
        """Return the number of messages it received."""
        before = len(self.of("count"))
        await self._say({"count": True})
        return (await self.wait_for("count", before + 1))[-1]

    def of(self, event: str) -> list[dict[str, Any]]:
        """Return its events of one kind."""
        return list(self._by_event.get(event, ()))

    async def wait_for(
        self, event: str, count: int = 1, *, seconds: float = _PATIENCE_SECONDS
    ) -> list[dict[str, Any]]:
        """Wait for a number of events of one kind; return all of them."""
        async with asyncio.timeout(seconds), self._news:
            # Checked at every event, so it must be cheap.
            got = self._by_event.setdefault(event, [])
            await self._news.wait_for(lambda: len(got) >= count or self._reading.done())
        found = self.of(event)
        if len(found) < count:
            raise AssertionError(f"the message centre ended; its last events: {self.told[-3:]}")
        return found

    async def end(self) -> None:
        """Close its input, which stops it; kill a peer that does not stop."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        with suppress(BrokenPipeError, ConnectionResetError):
            await self._process.stdin.wait_closed()
        try:
            async with asyncio.timeout(_END_SECONDS):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await self._reading

    async def _say(self, what: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(what).encode() + b"\n")
        await self._process.stdin.drain()

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            async with self._news:
                heard = asyncio.get_running_loop().time()
                values = json.loads(line) | {"heard": heard}
                self.told.append(values)
                self._by_event.setdefault(values["event"], []).append(values)
                self._news.notify_all()
        async with self._news:
            self._news.notify_all()


@asynccontextmanager
async def message_centre() -> AsyncIterator[MessageCentre]:
    """Run one on a free loopback port; `NoMessageCentre` where that is not possible."""
    async with node_peer("server.js") as centre:
        centre.port = (await centre.wait_for("listening"))[0]["port"]
        yield centre


@asynccontextmanager
async def ledger_centre(**options: object) -> AsyncIterator[MessageCentre]:
    """Run one that writes down what it acknowledged; see ``ledger_centre.js``."""
    async with node_peer("ledger_centre.js", **options) as centre:
        centre.port = (await centre.wait_for("listening"))[0]["port"]
        yield centre


@asynccontextmanager
async def node_peer(script: str, **options: object) -> AsyncIterator[MessageCentre]:
    """Run a script of ``smsc_server`` with *options* as JSON, until the block ends."""
    folder = await asyncio.to_thread(installed)
    async with started_peer(["node", str(folder / script), json.dumps(options)]) as peer:
        yield peer


@asynccontextmanager
async def started_peer(command: Sequence[str]) -> AsyncIterator[MessageCentre]:
    """Run a peer that writes events and reads orders as lines of JSON, until the block ends."""
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    peer = MessageCentre(process)
    try:
        yield peer
    finally:
        await peer.end()


def installed() -> Path:
    """Return a folder with the server and what it needs; the first time, npm fetches that."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise NoMessageCentre(
            "the SMPP server needs node and npm; on Debian: apt install nodejs npm"
        )
    files = sorted([*FOLDER.glob("package*.json"), *FOLDER.glob("*.js")])
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "fanzha"
    folder = cache / f"smsc-{digest}"
    if folder.exists():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "smsc.lock").open("w") as lock, tempfile.TemporaryDirectory(dir=cache) as name:
        # Tests run in several processes; one fetches, the others wait.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.exists():
            return folder
        fresh = Path(name) / "smsc_server"
        fresh.mkdir()
        for file in files:
            shutil.copy(file, fresh)
        command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        try:
            done = subprocess.run(
                command,
                cwd=fresh,
                capture_output=True,
                text=True,
                timeout=_INSTALL_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise NoMessageCentre(f"npm ci did not end within {_INSTALL_SECONDS:g} s") from error
        if done.returncode:
            raise NoMessageCentre(f"npm ci failed: {done.stderr.strip()[-300:]}")
        fresh.rename(folder)
    return folder
