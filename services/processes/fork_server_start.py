"""Starts the fork server of `fanzha up` and `serve`, with few imports, so that it starts first.

What takes longest at a start is what the fork server imports; meanwhile its parent imports its own.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from typing import TypeAlias

BLAS_THREADS = "OPENBLAS_NUM_THREADS"
_MODULE = "services.cli.role_forks"

StartedServer: TypeAlias = tuple[subprocess.Popen[bytes], socket.socket]
"""The process, and our end of its channel."""


class _Early:
    """What this process has started before its command was read."""

    started: StartedServer | None = None


def start_early() -> None:
    """Start a fork server before the command is read.

    Where the command turns out to be wrong, the server ends with this process.
    """
    _Early.started = start()


def start() -> StartedServer | None:
    """Return the fork server that was started early, or start one; None where it cannot be."""
    if _Early.started is not None or not _can_watch():
        started, _Early.started = _Early.started, None
        return started
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", _MODULE, str(theirs.fileno())],
            env={**os.environ, **one_thread(os.environ)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=(theirs.fileno(),),
            # Ctrl-C must reach the parent alone.
            start_new_session=True,
        )
    return process, ours


def one_thread(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what keeps numpy to one thread a process, unless *environment* says otherwise.

    There is a worker for each core already: the threads of one would take it from the others.
    """
    return {} if BLAS_THREADS in environment else {BLAS_THREADS: "1"}


def _can_watch() -> bool:
    """Return whether this system has descriptors of processes (Linux 5.3)."""
    if sys.platform != "linux":
        return False
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError:
        return False
    return True
