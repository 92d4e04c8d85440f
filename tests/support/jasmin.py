"""Jasmin, an SMS gateway, as client or message centre: its own SMPP stack in its own environment.

Jasmin as a whole needs RabbitMQ and Redis; its SMPP client and server do not. It pins old versions
of what we use, too, so it gets an environment of its own, made once by pip.
"""

import asyncio
import fcntl
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.support.sms_traffic import TrafficMessage
from tests.support.smsc import MessageCentre, started_peer

FOLDER = Path(__file__).parent / "jasmin_peers"
_INSTALL_SECONDS = 250.0


class NoJasmin(RuntimeError):
    """Jasmin cannot run here; the message says why."""


@asynccontextmanager
async def jasmin_centre() -> AsyncIterator[MessageCentre]:
    """Run jasmin's SMPP server; it knows ``jasmin`` and ``esme``, both with ``secret``."""
    async with started_peer(await _command("centre.py")) as centre:
        centre.port = (await centre.wait_for("listening"))[0]["port"]
        yield centre


async def jasmin_send(
    port: int, messages: Sequence[TrafficMessage], folder: Path, *, window: int, split: str = "udh"
) -> list[tuple[int, int]]:
    """Send the texts of *messages*; return the answers by PDU: its index, and 0 if accepted.

    Jasmin tells one status of each text, whose parts all get it here.
    """
    file, ledger = folder / "texts.jsonl", folder / "jasmin.json"
    lines = (
        {"source": one.source.removeprefix("+"), "receiver": one.receiver, "text": one.text}
        for one in messages
    )
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    options = {"port": port, "messages": str(file), "ledger": str(ledger), "window": window}
    async with started_peer(
        [*await _command("esme.py"), json.dumps(options | {"split": split})]
    ) as esme:
        await esme.wait_for("done", seconds=3600)
    found: dict[str, Any] = json.loads(ledger.read_text())
    if found["error"]:
        raise AssertionError(found["error"])
    statuses = [found["statuses"][str(at)] for at in range(len(messages))]
    known = {"ESME_ROK": 0, "ESME_RSUBMITFAIL": 0x45}
    by_pdu = [
        known[status]
        for message, status in zip(messages, statuses, strict=True)
        for _ in message.pdus
    ]
    return list(enumerate(by_pdu))


async def _command(script: str) -> list[str]:
    folder = await asyncio.to_thread(installed)
    return [str(folder / "bin" / "python"), str(FOLDER / script)]


def installed() -> Path:
    """Return an environment with jasmin; the first time, pip makes it."""
    wanted = FOLDER / "requirements.txt"
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    digest = hashlib.sha256(wanted.read_bytes() + version.encode()).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "fanzha"
    folder = cache / f"jasmin-{digest}"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "jasmin.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            _install(folder, wanted)
            (folder / "complete").touch()
    return folder


def _install(folder: Path, wanted: Path) -> None:
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(folder)],
        [
            str(folder / "bin" / "pip"),
            "install",
            "--quiet",
            "--no-deps",
            "--requirement",
            str(wanted),
        ],
    ):
        with tempfile.TemporaryFile() as output:
            try:
                done = subprocess.run(
                    command, stdout=output, stderr=output, timeout=_INSTALL_SECONDS, check=False
                )
            except subprocess.TimeoutExpired as error:
                raise NoJasmin(f"not installed within {_INSTALL_SECONDS:g} s") from error
            if done.returncode:
                output.seek(0)
                raise NoJasmin(f"pip failed: {output.read().decode()[-300:]}")
