"""A name server on the loopback address whose answers change, and a resolver that asks it."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

_HEADER = struct.Struct(">6H")
_ADDRESS, _INTERNET = 1, 1
_RECORD = struct.Struct(">HHHIH4s")
_ANSWER, _NAME_OF_QUESTION = 0x8580, 0xC00C
_PATIENCE_SECONDS = 60


class NameServer(asyncio.DatagramProtocol):
    """Answers each question with the next of several sets of IPv4 addresses, then with the last."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = list(answers)
        self._transport: Any = None
        self.questions: list[str] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what answers are sent by."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """Answer a question."""
        labels, end = [], _HEADER.size
        while size := data[end]:
            labels.append(data[end + 1 : end + 1 + size].decode("ascii"))
            end += 1 + size
        self.questions.append(".".join(labels))
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        (number,) = struct.unpack(">H", data[:2])
        self._transport.sendto(
            _HEADER.pack(number, _ANSWER, 1, len(answer), 0, 0)
            + data[_HEADER.size : end + 5]
            + b"".join(
                _RECORD.pack(
                    _NAME_OF_QUESTION, _ADDRESS, _INTERNET, 0, 4, socket.inet_aton(address)
                )
                for address in answer
            ),
            addr,
        )

    async def addresses(self, host: str, _port: int) -> Sequence[str]:
        """Ask this server for the addresses of a host, as a resolver without a cache does."""
        port = self._transport.get_extra_info("sockname")[1]
        labels = b"".join(bytes([len(one)]) + one.encode() for one in host.split("."))
        question = labels + struct.pack(">BHH", 0, _ADDRESS, _INTERNET)
        answer = await asyncio.to_thread(
            _asked, port, _HEADER.pack(7, 0x0100, 1, 0, 0, 0) + question
        )
        records = answer[_HEADER.size + len(question) :]
        return [socket.inet_ntoa(address) for *_, address in _RECORD.iter_unpack(records)]


@asynccontextmanager
async def name_server(*answers: Sequence[str]) -> AsyncIterator[NameServer]:
    """Run a name server until the block ends."""
    transport, server = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: NameServer(*answers), local_addr=("127.0.0.1", 0)
    )
    try:
        yield server
    finally:
        transport.close()


def _asked(port: int, question: bytes) -> bytes:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(_PATIENCE_SECONDS)
        client.connect(("127.0.0.1", port))
        client.send(question)
        return client.recv(512)
