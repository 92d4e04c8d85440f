"""Starts third-party servers for tests: the real ones read our exports.

On a machine without one, its tests are skipped with the reason. With ``CI`` set, a missing server
is a failure, since ``.ci/run`` installs them all.
"""

import os
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

from tests.support.processes import PATIENCE_SECONDS, eventually
from tests.support.smsc import MessageCentre, NoMessageCentre, message_centre

_PLACES = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
"""Folders of servers, often missing from the PATH of a user."""


def program(name: str, *, package: str) -> str:
    """Return the path of a program; if it is missing, skip the test, or fail in CI."""
    found = shutil.which(name, path=_PLACES)
    if found is None:
        skip_or_fail(f"{name} is not installed; on Debian: apt install {package}")
    return found


def skip_where_forbidden(why: str) -> NoReturn:
    """Skip a test of what no package brings, such as a permission; in CI, too."""
    pytest.skip(why)


def skip_or_fail(why: str) -> NoReturn:
    """Skip a test that lacks what it needs of this machine; with ``CI`` set, fail it instead."""
    if os.environ.get("CI", "").lower() in ("true", "1"):
        pytest.fail(why)
    pytest.skip(why)


@asynccontextmanager
async def needed_message_centre() -> AsyncIterator[MessageCentre]:
    """Run an SMPP message centre; skip the test where it cannot run, or fail in CI."""
    try:
        async with message_centre() as running:
            yield running
    except NoMessageCentre as error:
        skip_or_fail(str(error))


def unconfined(program: str, folder: Path) -> str:
    """Return a copy of a program in *folder*: AppArmor keeps the one of the system to its files."""
    copy = folder / Path(program).name
    shutil.copy(program, copy)
    return str(copy)


@contextmanager
def started(
    command: Sequence[str], folder: Path, ready: Callable[[], bool]
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a server in *folder* until the block ends; its log is ``<program>.log`` there."""
    log = folder / f"{Path(command[0]).name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        try:
            eventually(lambda: process.poll() is not None or ready())
            if process.poll() is not None:
                raise AssertionError(f"{command[0]} did not start:\n{log.read_text()[-4000:]}")
            yield process
        finally:
            process.terminate()
            try:
                process.wait(PATIENCE_SECONDS / 4)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def datagram_reply(port: int, message: bytes) -> bytes:
    """Send a datagram and return what comes back; empty when nothing does within a second."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(1)
        client.connect(("127.0.0.1", port))
        try:
            client.send(message)
            return client.recv(65535)
        except (TimeoutError, ConnectionRefusedError):
            return b""
