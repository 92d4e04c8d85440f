"""The process that forks others: it imports once what each of them would import anew.

A role that is forked begins where its imports end, and shares their pages with the other roles.
Only a process with one thread may be forked: a lock that another thread holds stays locked in the
child for ever. So this process never runs an event loop, gRPC or an ONNX session, and a request is
refused where a thread runs that is not in `HARMLESS_THREADS`; whoever asked then starts the role
anew. `infra.forked_processes` is the other end of the channel.

Each request is one packet of JSON with two descriptors, the role's standard input and output;
each answer is ``{"pid": …}`` or ``{"refused": …}``, and later ``{"pid": …, "status": …}``.
"""

import gc
import json
import os
import select
import signal
import socket
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MOST_BYTES = 2**17
"""Of a request: the environment is in it."""
HARMLESS_THREADS = frozenset({"jemalloc_bg_thd"})
"""Threads by name: jemalloc stops its own before a fork, and nothing of ours allocates by it."""
BLAS_THREADS = "OPENBLAS_NUM_THREADS"
"""numpy starts its threads when it is imported, and a process that has any is not forked."""
IDLE_SECONDS = 5.0
_TASKS = Path("/proc/self/task")


@dataclass(frozen=True, slots=True, kw_only=True)
class ForkRequest:
    """What to fork."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    title: str
    """Command line that ``ps`` shows."""

    def encoded(self) -> bytes:
        """Return the packet; `OSError` where it is too long."""
        packet = json.dumps([self.arguments, dict(self.environment), self.title]).encode()
        if len(packet) > MOST_BYTES:
            raise OSError(f"a request of {len(packet)} bytes, at most {MOST_BYTES}")
        return packet

    @classmethod
    def decoded(cls, packet: bytes) -> "ForkRequest":
        """Read a packet."""
        arguments, environment, title = json.loads(packet)
        return cls(arguments=tuple(arguments), environment=environment, title=title)


def one_thread(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what keeps numpy to one thread a process, unless *environment* says otherwise.

    There is a worker for each core already: the threads of one would take it from the others.
    """
    return {} if BLAS_THREADS in environment else {BLAS_THREADS: "1"}


def serve(
    channel: socket.socket,
    prepare: Callable[[ForkRequest], None],
    run: Callable[[ForkRequest], int],
    once_idle: Callable[[], None],
) -> int:
    """Fork until the other end of *channel* is closed; return the exit status of this process.

    *prepare* loads what roles like this one share, in this process, before the fork; *run* is the
    role, in the child, which returns its exit status from here; *once_idle* is called when nothing
    has been asked for `IDLE_SECONDS`, the first time.
    """
    from setproctitle import getproctitle  # noqa: PLC0415 - parents import this module, too

    getproctitle()  # finds the command line beside the environment, before that changes
    waking, woken = _take_signals()
    ends: list[socket.socket | int] = [channel, waking]
    patience: float | None = IDLE_SECONDS
    while True:
        ready, _, _ = select.select(ends, [], [], patience)
        if not ready:
            once_idle()
            patience = None
        if waking in ready:
            with suppress(BlockingIOError):
                os.read(waking, 512)
            _report_ended(channel)
        if channel in ready:
            packet, descriptors, _, _ = socket.recv_fds(channel, MOST_BYTES, 2)
            if not packet:
                return 0
            request = ForkRequest.decoded(packet)
            if _fork(channel, request, descriptors, prepare):
                os.close(waking)
                os.close(woken)
                return run(request)


def _take_signals() -> tuple[int, int]:
    """Have the end of a child written to a pipe, and return its ends.

    Ctrl-C and SIGTERM are for the parent, which closes the channel once its children have ended.
    """
    waking, woken = os.pipe()
    for end in (waking, woken):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(woken)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    return waking, woken


def _fork(
    channel: socket.socket,
    request: ForkRequest,
    descriptors: Iterable[int],
    prepare: Callable[[ForkRequest], None],
) -> bool:
    """Fork a role, and return whether this is the child; answer whoever asked."""
    standard_input, standard_output = descriptors
    prepare(request)
    threads = other_threads()
    child = -1
    if not threads:
        # What exists now is never garbage; marking it would copy its pages.
        gc.freeze()
        child = os.fork()
    if child == 0:
        channel.close()
        _become(request, standard_input, standard_output)
        return True
    os.close(standard_input)
    os.close(standard_output)
    _send(channel, {"refused": sorted(threads)} if threads else {"pid": child})
    return False


def other_threads() -> list[str]:
    """Return the names of threads beside this one that a fork would leave in an unknown state."""
    names = []
    for task in _TASKS.iterdir():
        with suppress(OSError):  # it has ended
            name = (task / "comm").read_text().strip()
            if int(task.name) != os.getpid() and name not in HARMLESS_THREADS:
                names.append(name)
    return names


def _become(request: ForkRequest, standard_input: int, standard_output: int) -> None:
    """Take the surroundings of a process that is started anew."""
    from setproctitle import setproctitle  # noqa: PLC0415

    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.setsid()
    for given, place in ((standard_input, 0), (standard_output, 1)):
        os.dup2(given, place)
        os.close(given)
    os.environ.clear()
    os.environ.update(request.environment)
    time.tzset()
    setproctitle(request.title)


def _report_ended(channel: socket.socket) -> None:
    with suppress(ChildProcessError):
        while True:
            child, status = os.waitpid(-1, os.WNOHANG)
            if not child:
                return
            _send(channel, {"pid": child, "status": os.waitstatus_to_exitcode(status)})


def _send(channel: socket.socket, answer: Mapping[str, object]) -> None:
    with suppress(OSError):  # the parent is gone; the next read says so
        channel.send(json.dumps(answer).encode())
