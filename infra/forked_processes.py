"""Processes that a fork server forks for this one (`infra.fork_server`), with exit status.

They are children of the fork server, not of this process, so it says how they end. Where it has
ended itself, descriptors of the processes (pidfd) still tell that they end, but not how.
"""

import asyncio
import json
import logging
import os
import signal
import socket
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Protocol

from infra.fork_server import ForkRequest

logger = logging.getLogger(__name__)


class ForkRefused(RuntimeError):
    """The fork server is gone, or cannot fork; start the process anew."""


class ForkedProcess:
    """A running process; has what a supervisor uses of `asyncio.subprocess.Process`."""

    def __init__(self, pid: int, stdin: int, stdout: asyncio.StreamReader) -> None:
        """*stdin* is the open end of its standard input; it is closed when the process ends."""
        self.pid = pid
        self.stdout: asyncio.StreamReader | None = stdout
        self.returncode: int | None = None
        self._stdin = stdin
        self._ended = asyncio.Event()
        # Zero where it has ended and was waited for, before this line.
        self._descriptor = -1
        with suppress(ProcessLookupError):
            self._descriptor = os.pidfd_open(pid)

    async def wait(self) -> int:
        """Wait for the end; return the status, minus a signal that ended it."""
        await self._ended.wait()
        return self.returncode or 0

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the process has ended."""
        if self.returncode is None and self._descriptor >= 0:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._descriptor, number)

    def ended(self, status: int) -> None:
        """Take the status of the process."""
        if self.returncode is None:
            self.returncode = status
            os.close(self._stdin)
            if self._descriptor >= 0:
                os.close(self._descriptor)
            self._ended.set()

    def watch(self) -> None:
        """Notice the end without the fork server; the status is then unknown, and told as 1."""
        loop = asyncio.get_running_loop()
        if self._descriptor < 0:
            self.ended(1)
            return

        def readable() -> None:
            loop.remove_reader(self._descriptor)
            with suppress(ChildProcessError):  # ours only where we are process 1
                os.waitpid(self.pid, os.WNOHANG)
            self.ended(1)

        loop.add_reader(self._descriptor, readable)


class ServerProcess(Protocol):
    """The process of a fork server, however it was started."""

    pid: int

    def wait(self) -> object:
        """Wait until it has ended."""
        ...


class ForkServer:
    """The fork server that this process has started."""

    def __init__(self, process: ServerProcess, channel: socket.socket) -> None:
        """*channel* leads to *process*, which runs `infra.fork_server.serve`."""
        channel.setblocking(False)
        self._process = process
        self._channel = channel
        self._asked: deque[asyncio.Future[int]] = deque()
        self._running: dict[int, ForkedProcess] = {}
        self._statuses: dict[int, int] = {}
        self._outputs: list[tuple[ForkedProcess, asyncio.ReadTransport]] = []
        self._reads = False

    @property
    def pid(self) -> int:
        """Process id of the fork server."""
        return self._process.pid

    async def launch(
        self, arguments: Sequence[str], environment: Mapping[str, str], title: str
    ) -> ForkedProcess:
        """Fork a process, or raise `ForkRefused`."""
        request = ForkRequest(arguments=tuple(arguments), environment=environment, title=title)
        loop = asyncio.get_running_loop()
        if not self._reads:
            self._reads = True
            loop.add_reader(self._channel, self._read)
        their_input, our_input = os.pipe()
        our_output, their_output = os.pipe()
        answered: asyncio.Future[int] = loop.create_future()
        try:
            socket.send_fds(self._channel, [request.encoded()], [their_input, their_output])
            self._asked.append(answered)
            pid = await answered
        except BaseException as error:
            # A process that was forked all the same ends, as its standard input does.
            os.close(our_input)
            os.close(our_output)
            if isinstance(error, OSError):
                raise ForkRefused(str(error)) from error
            raise
        finally:
            os.close(their_input)
            os.close(their_output)
        reader, output = await _reader(our_output)
        process = ForkedProcess(pid, our_input, reader)
        self._outputs = [one for one in self._outputs if not one[1].is_closing()]
        self._outputs.append((process, output))
        self._running[pid] = process
        if pid in self._statuses:
            self._end(pid, self._statuses.pop(pid))
        return process

    def close(self) -> None:
        """End the fork server; processes that still run go on, and their output is read."""
        for process, output in self._outputs:
            if process.returncode is not None:
                output.close()
        self._channel.close()
        self._process.wait()

    def _read(self) -> None:
        try:
            packet = self._channel.recv(2**16)
        except BlockingIOError:
            return
        except OSError:
            packet = b""
        if not packet:
            self._lost()
            return
        answer = json.loads(packet)
        if "status" in answer:
            self._end(answer["pid"], answer["status"])
            return
        asked = self._asked.popleft()
        if asked.cancelled():
            return
        if "pid" in answer:
            asked.set_result(answer["pid"])
        else:
            reason = f"threads run in the fork server: {', '.join(answer['refused'])}"
            asked.set_exception(ForkRefused(reason))

    def _end(self, pid: int, status: int) -> None:
        process = self._running.pop(pid, None)
        if process is None:
            self._statuses[pid] = status  # its launch has not returned yet
        else:
            process.ended(status)

    def _lost(self) -> None:
        """Do without the fork server, which has ended."""
        logger.warning("the fork server has ended; processes are started anew from now on")
        asyncio.get_running_loop().remove_reader(self._channel)
        while self._asked:
            self._asked.popleft().set_exception(ForkRefused("the fork server has ended"))
        for process in self._running.values():
            process.watch()
        self._running.clear()


async def _reader(descriptor: int) -> tuple[asyncio.StreamReader, asyncio.ReadTransport]:
    """Return what reads *descriptor*, and its transport, which closes at the end of the data."""
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb", buffering=0)
    )
    return reader, transport
