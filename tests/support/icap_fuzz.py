"""Damaged ICAP messages against a running adapter: ``python -m tests.support.icap_fuzz``.

Sends *count* messages, each on a connection of its own, to an adapter on loopback that it starts,
with no service behind it. Every connection has to end, and the adapter has to serve to the end;
its memory is compared between the tenth and the last part of the run.
"""

import argparse
import asyncio
import random
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.adapters import adapter
from tests.support.damaged_messages import damaged_message, resident_kib

_HTTP = b"POST http://shop.example/a?b=c HTTP/1.1\r\nHost: shop.example\r\n\r\n"
SEEDS = (
    b"OPTIONS icap://127.0.0.1/reqmod ICAP/1.0\r\nHost: x.example\r\n\r\n",
    b"REQMOD icap://127.0.0.1/reqmod ICAP/1.0\r\nHost: x.example\r\nAllow: 204\r\n"
    b"Encapsulated: req-hdr=0, null-body=%d\r\n\r\n%s" % (len(_HTTP), _HTTP),
    b"REQMOD icap://127.0.0.1/reqmod ICAP/1.0\r\nHost: x.example\r\nPreview: 4\r\n"
    b"Encapsulated: req-hdr=0, req-body=%d\r\n\r\n%s4\r\nbody\r\n0; ieof\r\n\r\n"
    % (len(_HTTP), _HTTP),
)
_PIECES = (
    b"\r\n",
    b"\x00",
    b"\xff" * 9,
    b"A" * 70_000,
    b": ",
    b", ",
    b"0\r\n\r\n",
    b"-1",
    b" ICAP/1.0",
)
_AT_A_TIME = 32


def damaged(chance: random.Random) -> bytes:
    """Return a damaged message."""
    return damaged_message(chance, SEEDS, _PIECES)


async def send(port: int, message: bytes) -> str:
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
    return words[1].decode("latin-1") if answer.startswith(b"ICAP/1.0 ") else f"{len(answer)} bytes"


async def fuzz(port: int, count: int, seed: int, pid: int) -> tuple[Counter[str], list[int]]:
    """Send *count* messages; return how many got which answer, and memory in KiB at each tenth."""
    chance = random.Random(seed)
    answers: Counter[str] = Counter()
    memory = []
    part = max(count // 10, 1)
    for done in range(0, count, part):
        messages = [damaged(chance) for _ in range(min(part, count - done))]
        for at in range(0, len(messages), _AT_A_TIME):
            batch = messages[at : at + _AT_A_TIME]
            answers.update(await asyncio.gather(*(send(port, one) for one in batch)))
        memory.append(resident_kib(pid))
    return answers, memory


def main() -> int:
    """Run it; print counts and memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    settings = {"FANZHA_ICAP_LISTEN": "127.0.0.1:0", "FANZHA_ICAP_TARGETS": "127.0.0.1:1"}
    with TemporaryDirectory() as name, adapter("icap", Path(name), **settings) as running:
        found, memory = asyncio.run(
            fuzz(running.port("icap"), options.count, options.seed, running.process.pid)
        )
        alive = running.process.poll() is None
        log = (Path(name) / "icap.log").read_text()
    sys.stdout.write(f"{found.total():,} messages, answers: {dict(found.most_common())}\n")
    sys.stdout.write(f"memory in KiB at each tenth: {memory}; still serving: {alive}\n")
    sys.stdout.write(f"lines in the log of the adapter: {len(log.splitlines())}\n")
    return 0 if alive and "Traceback" not in log else 1


if __name__ == "__main__":
    sys.exit(main())
