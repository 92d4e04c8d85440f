"""The socket that resolvers write to: each connection is one stream of frames."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from integrations.dnstap import codec
from integrations.dnstap.codec import BadFrame, LookUp
from integrations.dnstap.metrics import DnstapMetrics

logger = logging.getLogger(__name__)

_WORD_BYTES = 4
HANDSHAKE_SECONDS = 10.0


class DnstapServer:
    """Gives look-ups to *seen* as they come."""

    def __init__(self, seen: Callable[[LookUp], None], metrics: DnstapMetrics) -> None:
        self._seen = seen
        self._metrics = metrics
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self, path: Path, mode: int) -> None:
        """Listen on a socket at *path*; one that a process before left there is replaced."""
        _make_room(path)
        self._server = await asyncio.start_unix_server(self._connected, str(path))
        await asyncio.to_thread(path.chmod, mode)

    async def close(self) -> None:
        """End all streams."""
        if self._server is not None:
            self._server.close()
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a connection without a task")
        self._connections.add(task)
        try:
            await self._read(reader, writer)
        except BadFrame as error:
            self._metrics.count_fault("stream")
            logger.warning("a stream of look-ups was ended: %s", error)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the resolver went, or the adapter ends
        finally:
            self._connections.discard(task)
            writer.close()

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(HANDSHAKE_SECONDS):
            await self._shake_hands(reader, writer)
        while True:
            length = int.from_bytes(await reader.readexactly(_WORD_BYTES), "big")
            if length == 0:
                kind, _ = await _control(reader)
                if kind == codec.STOP:
                    writer.write(codec.control(codec.FINISH))
                    await writer.drain()
                    return
                raise BadFrame(f"control frame {kind} within the content")
            if length > codec.MOST_FRAME_BYTES:
                raise BadFrame(f"a frame of {length} bytes")
            self._take(await reader.readexactly(length))

    async def _shake_hands(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Agree on the content; a stream that goes one way says START at once."""
        while True:
            if int.from_bytes(await reader.readexactly(_WORD_BYTES), "big"):
                raise BadFrame("content before START")
            kind, contents = await _control(reader)
            if contents and codec.CONTENT_TYPE not in contents:
                raise BadFrame("another content than dnstap")
            if kind == codec.START:
                return
            if kind != codec.READY:
                raise BadFrame(f"control frame {kind} before START")
            writer.write(codec.control(codec.ACCEPT, with_content=True))
            await writer.drain()

    def _take(self, frame: bytes) -> None:
        try:
            found = codec.look_up(frame)
        except BadFrame:
            self._metrics.count_fault("frame")
            return
        if found is not None:
            self._seen(found)


def _make_room(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_socket():
        path.unlink()


async def _control(reader: asyncio.StreamReader) -> tuple[int, list[bytes]]:
    length = int.from_bytes(await reader.readexactly(_WORD_BYTES), "big")
    if length > codec.MOST_CONTROL_BYTES:
        raise BadFrame(f"a control frame of {length} bytes")
    return codec.read_control(await reader.readexactly(length))
