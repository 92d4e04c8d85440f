"""A CMPP client and gateway for tests: real sockets, and PDUs written from the specification.

They share no code with the relay. No implementation that is kept up could be found: pycmpp (2.0
only, a client) and cmppy are of 2021 and 2017.
"""

import asyncio
import hashlib
import random
import struct
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

SECRET = b"secret"
CONNECT, TERMINATE, SUBMIT, DELIVER, QUERY, CANCEL, ACTIVE_TEST = 1, 2, 4, 5, 6, 7, 8
RESPONSE = 0x80000000
PATIENCE_SECONDS = 60.0


def frame(command: int, sequence: int, body: bytes = b"") -> bytes:
    """Return a PDU."""
    return struct.pack(">III", 12 + len(body), command, sequence) + body


def submit(fields: dict[str, Any], version: int) -> bytes:
    """Return the body of SUBMIT, from the fields of `sms_traffic`."""
    third = version >= 0x30
    wide = 32 if third else 21
    content = bytes.fromhex(fields["hex"])
    total, number = fields.get("sar_total_segments", 1), fields.get("sar_segment_seqnum", 1)
    return b"".join(
        (
            bytes(8), bytes([total, number, fields.get("registered_delivery", 0), 0]),
            b"TEST".ljust(10, b"\0"), b"\x02", bytes(wide), b"\0" * third,
            bytes([0, int(bool(fields.get("esm_class", 0) & 0x40)), fields["data_coding"]]),
            b"901234", b"01", b"000000", bytes(17), bytes(17),
            fields["source_addr"].encode().ljust(21, b"\0"),
            b"\x01", fields["destination_addr"].encode().ljust(wide, b"\0"), b"\0" * third,
            bytes([len(content)]), content, bytes(20 if third else 8),
        )
    )  # fmt: skip


def deliver(source: str, content: bytes, msg_fmt: int, version: int, *, report: bool) -> bytes:
    """Return the body of DELIVER."""
    third = version >= 0x30
    return b"".join(
        (
            b"\x01" * 8, b"10690000".ljust(21, b"\0"), b"TEST".ljust(10, b"\0"),
            bytes([0, 0, msg_fmt]), source.encode().ljust(32 if third else 21, b"\0"),
            b"\0" * third, bytes([report, len(content)]), content, bytes(20 if third else 8),
        )
    )  # fmt: skip


def part_of(body: bytes, version: int) -> tuple[str, int, bytes]:
    """Return receiver, part number and content of the body of SUBMIT."""
    third = version >= 0x30
    wide = 32 if third else 21
    udhi_at = 22 + 1 + wide + third + 1
    to_at = udhi_at + 2 + 48 + 21 + 1
    receiver = body[to_at : to_at + wide].rstrip(b"\0").decode()
    length_at = to_at + wide + third
    content = body[length_at + 1 : length_at + 1 + body[length_at]]
    return receiver, content[content[0]] if body[udhi_at] else body[9], content


def authenticator(name: bytes, stamp: int, secret: bytes = SECRET) -> bytes:
    """Return AuthenticatorSource."""
    return hashlib.md5(name + bytes(9) + secret + b"%010d" % stamp).digest()  # noqa: S324


async def read_frame(reader: asyncio.StreamReader) -> tuple[int, int, bytes]:
    """Read a PDU: command, sequence and body."""
    length, command, sequence = struct.unpack(">III", await reader.readexactly(12))
    return command, sequence, await reader.readexactly(length - 12)


@dataclass(slots=True)
class CmppGateway:
    """A gateway (ISMG) with a ledger."""

    version: int = 0x20
    latency: float = 0.0
    most_answers: int = 10**9
    """SUBMITs that it answers; later ones it takes in silence."""
    deliveries: Sequence[bytes] = ()
    """Bodies of DELIVER to send once a client is connected."""
    port: int = 0
    submitted: list[tuple[str, int]] = field(default_factory=list)
    contents: list[bytes] = field(default_factory=list)
    delivered: list[int] = field(default_factory=list)
    others: list[int] = field(default_factory=list)
    refused: int = 0
    serving: set[asyncio.Task[None]] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        task = asyncio.current_task()
        assert task is not None
        self.serving.add(task)
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
                while True:
                    await self._act(writer, *await read_frame(reader))
        finally:
            self.serving.discard(task)
            await close(writer)

    async def _act(
        self, writer: asyncio.StreamWriter, command: int, sequence: int, body: bytes
    ) -> None:
        if command == CONNECT:
            self._connect(writer, sequence, body)
        elif command == SUBMIT:
            self._submit(writer, sequence, body)
        elif command == DELIVER | RESPONSE:
            self.delivered.append(int.from_bytes(body[8:], "big"))
        elif command in {QUERY, CANCEL}:
            self.others.append(command)
            writer.write(frame(command | RESPONSE, sequence, bytes(51 if command == QUERY else 1)))
        elif command == TERMINATE:
            writer.write(frame(TERMINATE | RESPONSE, sequence))
            await writer.drain()
            writer.close()
        elif command == ACTIVE_TEST:
            writer.write(frame(ACTIVE_TEST | RESPONSE, sequence, b"\0"))

    def _connect(self, writer: asyncio.StreamWriter, sequence: int, body: bytes) -> None:
        stamp = int.from_bytes(body[23:27], "big")
        right = body[6:22] == authenticator(body[:6], stamp)
        self.refused += not right
        status = (0 if right else 3).to_bytes(4 if self.version >= 0x30 else 1, "big")
        answer = status + bytes(16) + bytes([self.version])
        writer.write(frame(CONNECT | RESPONSE, sequence, answer))
        for at, delivery in enumerate(self.deliveries if right else ()):
            writer.write(frame(DELIVER, 100 + at, delivery))

    def _submit(self, writer: asyncio.StreamWriter, sequence: int, body: bytes) -> None:
        receiver, part, content = part_of(body, self.version)
        self.submitted.append((receiver, part))
        self.contents.append(content)
        if len(self.submitted) > self.most_answers:
            return
        msg_id = len(self.submitted).to_bytes(8, "big")
        answer = frame(
            SUBMIT | RESPONSE, sequence, msg_id + bytes(4 if self.version >= 0x30 else 1)
        )
        delay = random.random() * self.latency
        asyncio.get_running_loop().call_later(delay, writer.write, answer)


@asynccontextmanager
async def gateway(**options: Any) -> AsyncIterator[CmppGateway]:
    """Run a gateway on a free loopback port."""
    running = CmppGateway(**options)
    server = await asyncio.start_server(running.serve, "127.0.0.1", 0)
    running.port = server.sockets[0].getsockname()[1]
    try:
        yield running
    finally:
        server.close()
        for task in running.serving:
            task.cancel()
        await asyncio.gather(*running.serving)


async def close(writer: asyncio.StreamWriter) -> None:
    """Close a connection, whatever became of it."""
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


@dataclass(slots=True)
class CmppClient:
    """A service provider's client."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    version: int
    answers: list[tuple[int, int]] = field(default_factory=list)
    """Index of a SUBMIT and its Result."""
    msg_ids: dict[int, bytes] = field(default_factory=dict)
    received: list[bytes] = field(default_factory=list)
    """Bodies of DELIVER."""
    status: int = -1
    """Of CONNECT_RESP."""
    closed: bool = False

    async def connect(self, secret: bytes = SECRET) -> None:
        """Send CONNECT, and wait for the response."""
        name, stamp = b"901234", int(time.strftime("%m%d%H%M%S"))
        body = name + authenticator(name, stamp, secret) + bytes([self.version])
        self.writer.write(frame(CONNECT, 1, body + struct.pack(">I", stamp)))
        command, sequence, answer = await read_frame(self.reader)
        assert (command, sequence) == (CONNECT | RESPONSE, 1)
        self.status = int.from_bytes(answer[:-17], "big")

    async def send(self, pdus: Sequence[dict[str, Any]], window: int = 16) -> None:
        """Send SUBMITs, at most *window* of them unanswered; return when all are answered."""
        asked = 0
        while len(self.answers) < len(pdus) and not self.closed:
            while asked < len(pdus) and asked - len(self.answers) < window:
                self.writer.write(frame(SUBMIT, 1000 + asked, submit(pdus[asked], self.version)))
                asked += 1
            await self.read_one()

    async def read_one(self) -> int:
        """Act on one PDU; return its command, 0 at the end of the connection."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                command, sequence, body = await read_frame(self.reader)
        except (asyncio.IncompleteReadError, ConnectionError):
            self.closed = True
            return 0
        if command == SUBMIT | RESPONSE:
            self.answers.append((sequence - 1000, int.from_bytes(body[8:], "big")))
            self.msg_ids[sequence - 1000] = body[:8]
        elif command == DELIVER:
            self.received.append(body)
            result = bytes(4 if self.version >= 0x30 else 1)
            self.writer.write(frame(DELIVER | RESPONSE, sequence, body[:8] + result))
        elif command == ACTIVE_TEST:
            self.writer.write(frame(ACTIVE_TEST | RESPONSE, sequence, b"\0"))
        elif command == TERMINATE:
            self.writer.write(frame(TERMINATE | RESPONSE, sequence))
        return command


@asynccontextmanager
async def client(port: int, version: int = 0x20) -> AsyncIterator[CmppClient]:
    """Open a connection; CONNECT is the caller's."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield CmppClient(reader, writer, version)
    finally:
        await close(writer)
