"""The fork server of `fanzha up` and `serve`, forked from the command itself.

The command imports what all roles need, once, and forks: its child is the fork server, and shares
the pages of all those imports with its parent and with the roles. What the command does from there
on (threads, an event loop) is not in the child.
"""

import gc
import os
import socket
import sys
from contextlib import suppress
from typing import TypeAlias

from setproctitle import getproctitle, setproctitle

from fanzha.translation import catalogue
from infra import fork_server, garbage_collection
from infra.fork_server import ForkRequest
from services.processes import roles

MODULE = "services.cli.role_forks"
"""What ``ps`` shows."""


class ForkedServer:
    """The fork server, a child of this process."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def wait(self) -> None:
        """Wait until it has ended."""
        with suppress(ChildProcessError):
            os.waitpid(self.pid, 0)


StartedServer: TypeAlias = tuple[ForkedServer, socket.socket]
"""The process, and our end of its channel."""


class _Early:
    """What this process has started before its command was read."""

    started: StartedServer | None = None


def start_early() -> None:
    """Start a fork server before the command is read, while this process has imported least.

    Where the command turns out to be wrong, the server ends with this process.
    """
    _Early.started = start()


def start() -> StartedServer | None:
    """Return the fork server that was started early, or fork one; None where it cannot be.

    It cannot where this process runs threads, and where the system has no descriptors of processes.
    """
    if _Early.started is not None or not _can_watch():
        started, _Early.started = _Early.started, None
        return started
    getproctitle()  # finds the command line beside the environment, before that changes
    os.environ.update(fork_server.one_thread(os.environ))
    with garbage_collection.paused():
        shared = roles.load_shared()
    if fork_server.other_threads():
        return None
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    # What exists now is never garbage; marking it would copy its pages.
    gc.freeze()
    child = os.fork()
    if child:
        theirs.close()
        return ForkedServer(child), ours
    ours.close()
    gc.disable()  # what it loads leaves no garbage, and a role enables it again
    _become_server()
    with theirs:
        shared.prepare_early()
        status = fork_server.serve(
            theirs,
            prepare=lambda request: shared.prepare(request.arguments[0], request.environment),
            run=_run,
            once_idle=shared.keep,
        )
    sys.exit(status)


def _become_server() -> None:
    # Ctrl-C must reach the parent alone.
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for place in (0, 1):
        os.dup2(nothing, place)
    os.close(nothing)
    setproctitle(f"{sys.executable} -m {MODULE}")


def _run(request: ForkRequest) -> int:
    try:
        # What only this role imports, it imports here, beside the others.
        role = roles.load(request.arguments[0])
        gc.enable()
        catalogue.use(catalogue.language_of(os.environ))
        return roles.run(role)
    except (ValueError, RuntimeError, OSError) as error:
        from services.cli._common import console, exit_status

        console.print_fault(console.fault_text(error))
        return int(exit_status.ExitStatus.USAGE)


def _can_watch() -> bool:
    """Return whether this system has descriptors of processes (Linux 5.3)."""
    if sys.platform != "linux":
        return False
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError:
        return False
    return True
