"""Damaged messages against an adapter for gateways: ``python -m tests.support.gateway_fuzz``.

Sends *count* messages, each on a connection of its own (of ext-authz: each an RPC whose message is
damaged), to an adapter on loopback that it starts, with no service behind it. Every one has to end,
and the adapter has to serve to the end; its memory is told at each tenth of the run.
"""

import argparse
import asyncio
import random
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import grpc
from envoy.service.auth.v3 import external_auth_pb2

from integrations.http.ext_authz import SERVICE
from tests.support.adapters import RunningAdapter, adapter

_HTTP = b"POST http://shop.example/a?b=c HTTP/1.1\r\nHost: shop.example\r\n\r\n"
_ICAP = (
    b"OPTIONS icap://127.0.0.1/reqmod ICAP/1.0\r\nHost: x.example\r\n\r\n",
    b"REQMOD icap://127.0.0.1/reqmod ICAP/1.0\r\nHost: x.example\r\nAllow: 204\r\n"
    b"Encapsulated: req-hdr=0, null-body=%d\r\n\r\n%s" % (len(_HTTP), _HTTP),
    b"REQMOD icap://127.0.0.1/reqmod ICAP/1.0\r\nHost: x.example\r\nPreview: 4\r\n"
    b"Encapsulated: req-hdr=0, req-body=%d\r\n\r\n%s4\r\nbody\r\n0; ieof\r\n\r\n"
    % (len(_HTTP), _HTTP),
)
_AUTH = (
    b"GET /auth HTTP/1.1\r\nHost: x\r\nX-Forwarded-Host: shop.example\r\nX-Forwarded-Uri: /a\r\n"
    b"X-Forwarded-Proto: https\r\nConnection: close\r\n\r\n",
    b"HEAD /auth HTTP/1.1\r\nHost: x\r\nX-Original-Url: https://shop.example/\r\n"
    b"Connection: close\r\n\r\n",
)
_FORM = b"decision=7&token=1.a&appellant=a&contact=b&grounds=c"
_PAGE = (
    b"GET /?decision=123 HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n",
    b"POST /.fanzha/appeal HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(_FORM), _FORM),
)
SEEDS = {"icap": _ICAP, "forward-auth": _AUTH, "block-page": _PAGE, "ext-authz": ()}
_PIECES = (
    b"\r\n", b"\x00", b"\xff" * 9, b"A" * 70_000, b": ", b", ", b"0\r\n\r\n", b"-1", b" ICAP/1.0",
    b"Content-Length: -1\r\n", b"Transfer-Encoding: chunked\r\n", b"%00", b"\xe4\xb8\xad",
)  # fmt: skip
_AT_A_TIME = 32

Send = Callable[[bytes], Awaitable[str]]


def damaged(chance: random.Random, seeds: tuple[bytes, ...]) -> bytes:
    """Return a seed with some of its bytes changed, moved, repeated or cut."""
    message = bytearray(chance.choice(seeds))
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(message) + 1)
        kind = chance.randrange(4)
        if kind == 0 and at < len(message):
            message[at] = chance.randrange(256)
        elif kind == 1:
            message[at:at] = chance.choice(_PIECES)
        elif kind == 2:
            del message[at : at + chance.randint(1, 40)]
        else:
            message[at:at] = message[: chance.randint(1, 60)]
    return bytes(message)


async def send_bytes(port: int, message: bytes) -> str:
    """Send one message; return the status of the answer, or how the connection ended."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(message)
        writer.write_eof()
        answer = await asyncio.wait_for(reader.read(), 60)
    except OSError:
        return "reset"
    finally:
        writer.close()
    words = answer.split(b" ", 2)
    is_answer = answer.startswith((b"ICAP/1.0 ", b"HTTP/1."))
    return words[1].decode("latin-1") if is_answer else f"{len(answer)} bytes"


async def fuzz(
    send: Send, seeds: tuple[bytes, ...], count: int, seed: int, pid: int
) -> tuple[Counter[str], list[int]]:
    """Send *count* messages; return how many got which answer, and memory in KiB at each tenth."""
    chance = random.Random(seed)
    answers: Counter[str] = Counter()
    memory = []
    part = max(count // 10, 1)
    for done in range(0, count, part):
        messages = [damaged(chance, seeds) for _ in range(min(part, count - done))]
        for at in range(0, len(messages), _AT_A_TIME):
            batch = messages[at : at + _AT_A_TIME]
            answers.update(await asyncio.gather(*(send(one) for one in batch)))
        memory.append(_resident(pid))
    return answers, memory


async def fuzz_adapter(
    name: str, running: RunningAdapter, count: int, seed: int
) -> tuple[Counter[str], list[int]]:
    """Fuzz the adapter *name* by what it speaks."""
    port, pid = running.port(name.replace("-", "_")), running.process.pid
    if name != "ext-authz":
        return await fuzz(lambda one: send_bytes(port, one), SEEDS[name], count, seed, pid)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        check: Any = channel.unary_unary(f"/{SERVICE}/Check")

        async def send(message: bytes) -> str:
            try:
                await check(message, timeout=60)
            except grpc.aio.AioRpcError as error:
                return str(error.code().name)
            return "OK"

        return await fuzz(send, (_check_request(),), count, seed, pid)


def main() -> int:
    """Run it; print counts and memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("adapter", choices=sorted(SEEDS))
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    prefix = f"FANZHA_{options.adapter.upper().replace('-', '_')}"
    settings = {f"{prefix}_LISTEN": "127.0.0.1:0", f"{prefix}_TARGETS": "127.0.0.1:1"}
    with TemporaryDirectory() as name, adapter(options.adapter, Path(name), **settings) as running:
        found, memory = asyncio.run(
            fuzz_adapter(options.adapter, running, options.count, options.seed)
        )
        alive = running.process.poll() is None
        log = (Path(name) / f"{options.adapter}.log").read_text()
    sys.stdout.write(f"{found.total():,} messages, answers: {dict(found.most_common())}\n")
    sys.stdout.write(f"memory in KiB at each tenth: {memory}; still serving: {alive}\n")
    sys.stdout.write(f"lines in the log of the adapter: {len(log.splitlines())}\n")
    return 0 if alive and "Traceback" not in log else 1


def _check_request() -> bytes:
    request = external_auth_pb2.CheckRequest()
    http = request.attributes.request.http
    http.method, http.host, http.path, http.scheme = "GET", "shop.example", "/a?b=c", "https"
    http.headers["accept"] = "text/html"
    return bytes(request.SerializeToString())


def _resident(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


if __name__ == "__main__":
    sys.exit(main())
