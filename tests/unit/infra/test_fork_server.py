"""Processes forked by a fork server: surroundings, ends, and what happens without it."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from infra.fork_server import MOST_BYTES, ForkRequest
from infra.forked_processes import ForkedProcess, ForkRefused, ForkServer

SERVER = """
import os, signal, socket, sys, threading, time
from pathlib import Path
from infra import fork_server

def run(request):
    match request.arguments:
        case ["show"]:
            line = f"{os.environ.get('COLOUR')} {os.getsid(0) == os.getpid()} {sys.stdin.read()!r}"
            print(line, flush=True)
        case ["fail", status]:
            return int(status)
        case ["raise"]:
            raise ValueError("no")
        case ["wait"]:
            print("waits", flush=True)
            sys.stdin.read()
    return 0

def prepare(request):
    if request.arguments[0] == "thread":
        threading.Thread(target=time.sleep, args=(300,), daemon=True).start()

with socket.socket(fileno=int(sys.argv[1])) as channel:
    sys.exit(fork_server.serve(channel, prepare, run, lambda: None))
"""


def started() -> ForkServer:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(theirs.fileno())],
            stdin=subprocess.DEVNULL,
            pass_fds=(theirs.fileno(),),
            stderr=subprocess.DEVNULL,
        )
    return ForkServer(process, ours)


@asynccontextmanager
async def fork_server() -> AsyncIterator[ForkServer]:
    server = started()
    try:
        yield server
    finally:
        server.close()
        # Of processes that a test has left to themselves, too: no other test may find them.
        for _, output in server._outputs:  # noqa: SLF001
            output.close()
        await asyncio.sleep(0)


async def launch(
    server: ForkServer, *arguments: str, environment: Mapping[str, str] | None = None
) -> ForkedProcess:
    given = os.environ if environment is None else environment
    return await server.launch(arguments, given, f"forked {arguments[0]}")


async def first_line(process: ForkedProcess) -> str:
    assert process.stdout is not None
    return (await process.stdout.readline()).decode().strip()


def exists(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def command_line(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").decode()


async def test_a_process_has_surroundings_of_its_own() -> None:
    async with fork_server() as server:
        process = await launch(server, "wait")
        shown = await launch(server, "show", environment={"COLOUR": "blue"})

        await first_line(process)
        assert command_line(process.pid) == "forked wait"
        assert command_line(server.pid) != "forked wait"
        os.close(shown._stdin)  # noqa: SLF001 - what the death of this process would do
        shown._stdin = os.open(os.devnull, os.O_RDONLY)  # noqa: SLF001
        assert await first_line(shown) == "blue True ''"
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == -signal.SIGTERM


async def test_statuses_arrive_in_any_order() -> None:
    async with fork_server() as server:
        processes = await asyncio.gather(*(launch(server, "fail", str(one)) for one in range(20)))

        statuses = [await process.wait() for process in processes]

    assert statuses == list(range(20))
    assert len({process.pid for process in processes}) == 20


async def test_an_error_of_a_process_ends_that_process_only() -> None:
    async with fork_server() as server:
        assert await (await launch(server, "raise")).wait() == 1
        assert await (await launch(server, "fail", "7")).wait() == 7


async def test_a_signal_to_a_process_that_has_ended_does_nothing() -> None:
    async with fork_server() as server:
        process = await launch(server, "fail", "3")
        await process.wait()

        process.send_signal(signal.SIGKILL)

    assert process.returncode == 3


async def test_no_process_is_forked_beside_another_thread() -> None:
    async with fork_server() as server:
        assert await (await launch(server, "fail", "5")).wait() == 5

        with pytest.raises(ForkRefused, match="threads run"):
            await launch(server, "thread")


async def test_without_its_server_a_process_goes_on_and_its_end_is_noticed() -> None:
    async with fork_server() as server:
        process = await launch(server, "wait")
        await first_line(process)

        os.kill(server.pid, signal.SIGKILL)

        with pytest.raises(ForkRefused):
            await launch(server, "wait")
        assert process.returncode is None
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 1


async def test_a_server_ends_with_its_channel_and_not_by_ctrl_c() -> None:
    async with fork_server() as server:
        await (await launch(server, "fail", "0")).wait()
        for number in (signal.SIGINT, signal.SIGTERM):
            os.kill(server.pid, number)

        assert await (await launch(server, "fail", "4")).wait() == 4

    assert not exists(server.pid)


def test_a_request_is_read_as_it_was_written() -> None:
    environment = {"NAME": "值", "ODD": "\udcff"}
    request = ForkRequest(arguments=("worker", "2"), environment=environment, title="fanzha worker")

    assert ForkRequest.decoded(request.encoded()) == request


def test_a_request_beyond_the_bound_is_refused() -> None:
    request = ForkRequest(arguments=(), environment={"A": "a" * MOST_BYTES}, title="")

    with pytest.raises(OSError, match="bytes"):
        request.encoded()
