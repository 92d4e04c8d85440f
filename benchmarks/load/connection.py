"""One HTTP/2 connection for prepared gRPC requests, at a small part of the cost of a client.

The generator must not be what is measured, and `grpc.aio` costs a request as much as the server
does. Answers are counted by their gRPC status and not looked into; a request without one by its
deadline is taken back, as gRPC's own clients do.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import TypeAlias, cast

import grpc

from benchmarks.load import frames
from benchmarks.load.send_queue import Outbox
from benchmarks.load.traffic import Body

_PendingRequest: TypeAlias = tuple[Body, float, float]
"""A request, when it was due, and when it ends."""
Finished: TypeAlias = Callable[[float, str], None]
"""Called with the due time of the request and the name of its status."""

NAMES = {code.value[0]: code.name for code in grpc.StatusCode}
OK = grpc.StatusCode.OK.name
LATE = grpc.StatusCode.DEADLINE_EXCEEDED.name
LOST = "CONNECTION_LOST"
UNREADABLE = "UNREADABLE"
_CANCEL = frames.CANCEL.to_bytes(4, "big")
_WIDEN_AFTER = 2**28
_FIRST_STREAM = 1


class Connection(asyncio.Protocol):
    """Sends requests; *finished* is called exactly once for each."""

    def __init__(self, authority: str, timeout: float, finished: Finished, token: str = "") -> None:
        self._authority = authority
        self._timeout = timeout
        self._finished = finished
        self._token, self._login = token, frames.LOGIN_AGAIN if token else b""
        self._transport: asyncio.Transport | None = None
        self._paths: dict[str, bytes] = {}
        self._next_stream = _FIRST_STREAM
        self._under_way: dict[int, _PendingRequest] = {}
        """By stream, in the order in which they were sent."""
        self._queued: deque[_PendingRequest] = deque()
        """For a free stream."""
        self._most_streams = 2**31
        self._output: list[bytes] = []
        self._outbox = Outbox(self._output)
        self._rest = b""
        self._received = 0
        self.settled = asyncio.Event()
        """The server has sent its settings."""
        self.lost = False

    @property
    def busy(self) -> int:
        """How many requests have no answer yet."""
        return len(self._under_way) + len(self._queued)

    def ask(self, body: Body, due: float) -> None:
        """Queue a request; `flush` sends it."""
        if self.lost:
            self._finished(due, LOST)
            return
        request = body, due, monotonic() + self._timeout
        if len(self._under_way) < self._most_streams:
            self._open(request)
        else:
            self._queued.append(request)

    def flush(self) -> None:
        """Send queued requests."""
        if self._output and self._transport is not None and not self.lost:
            self._transport.write(b"".join(self._output))
        self._output.clear()

    def expire(self, now: float) -> None:
        """Take back what had no answer in time."""
        while self._under_way:
            stream, (_, due, until) = next(iter(self._under_way.items()))
            if until > now:
                break
            del self._under_way[stream]
            self._outbox.drop(stream)
            self._output.append(frames.frame(frames.RESET, 0, stream, _CANCEL))
            self._finished(due, LATE)
        while self._queued and self._queued[0][2] <= now:
            self._finished(self._queued.popleft()[1], LATE)
        self._fill_streams()
        self.flush()

    def close(self) -> None:
        """Close the connection."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(frames.greeting())

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        self.settled.set()
        ended = [*self._under_way.values(), *self._queued]
        self._under_way.clear()
        self._queued.clear()
        for _, due, _ in ended:
            self._finished(due, LOST)

    def data_received(self, data: bytes) -> None:
        buffer = self._rest + data if self._rest else data
        at, size = 0, len(buffer)
        while size - at >= frames.HEAD_BYTES:
            start = at + frames.HEAD_BYTES
            end = start + int.from_bytes(buffer[at : at + 3], "big")
            if end > size:
                break
            stream = int.from_bytes(buffer[at + 5 : start], "big")
            self._read(buffer[at + 3], buffer[at + 4], stream, buffer[start:end])
            at = end
        self._rest = buffer[at:]
        self._fill_streams()
        self.flush()

    def _read(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if kind == frames.DATA:
            self._count_received(len(payload))
        elif kind == frames.HEADERS:
            if flags & frames.END_STREAM:
                self._answered(stream, payload)
        elif kind == frames.SETTINGS:
            if not flags & frames.ACK:
                self._configure(frames.read_settings(payload))
        elif kind == frames.WINDOW_UPDATE:
            self._outbox.widen(stream, int.from_bytes(payload, "big"))
        elif kind == frames.PING and not flags & frames.ACK:
            self._output.append(frames.frame(frames.PING, frames.ACK, 0, payload))
        elif kind == frames.RESET:
            self._reset(stream, int.from_bytes(payload, "big"))
        elif kind == frames.GOAWAY:
            self.close()

    def _count_received(self, size: int) -> None:
        self._received += size
        if self._received > _WIDEN_AFTER:
            self._output.append(frames.widen(self._received))
            self._received = 0

    def _answered(self, stream: int, trailers: bytes) -> None:
        status = frames.status_of(trailers)
        self._end(stream, UNREADABLE if status is None else NAMES.get(status, str(status)))

    def _end(self, stream: int, status: str) -> None:
        found = self._under_way.pop(stream, None)
        if found is not None:  # A cancelled stream may still be answered.
            self._finished(found[1], status)

    def _reset(self, stream: int, code: int) -> None:
        if code == frames.REFUSED and stream in self._under_way:
            # Not processed by the server (REFUSED_STREAM): gRPC's clients retry, too.
            self._queued.appendleft(self._under_way.pop(stream))
        else:
            self._end(stream, f"RESET_{code}")

    def _configure(self, values: dict[int, int]) -> None:
        self._most_streams = values.get(frames.MOST_STREAMS, self._most_streams)
        if frames.INITIAL_WINDOW in values:
            self._outbox.set_stream_window(values[frames.INITIAL_WINDOW])
        self._output.append(frames.frame(frames.SETTINGS, frames.ACK, 0))
        self.settled.set()

    def _fill_streams(self) -> None:
        while self._queued and len(self._under_way) < self._most_streams:
            body, due, until = self._queued.popleft()
            left = until - monotonic()
            if left > 0:
                self._open((body, due, until), frames.late_headers(body.path, left, self._login))
            else:
                self._finished(due, LATE)

    def _open(self, request: _PendingRequest, headers: bytes = b"") -> None:
        stream, self._next_stream = self._next_stream, self._next_stream + 2
        self._under_way[stream] = request
        body = request[0]
        block = headers or self._headers(stream, body.path)
        self._output.append(frames.frame(frames.HEADERS, frames.END_HEADERS, stream, block))
        self._outbox.put(stream, body.data)

    def _headers(self, stream: int, path: str) -> bytes:
        if stream == _FIRST_STREAM:
            milliseconds = round(self._timeout * 1000)
            return frames.first_headers(path, self._authority, milliseconds, self._token)
        if path not in self._paths:
            self._paths[path] = frames.later_headers(path, self._login)
        return self._paths[path]
