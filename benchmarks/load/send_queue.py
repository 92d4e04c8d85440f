"""Sends messages as HTTP/2's windows allow, the oldest first."""

from dataclasses import dataclass

from benchmarks.load import frames


@dataclass(slots=True)
class _Message:
    """What is left of a message, and how much of it its stream may take."""

    stream: int
    rest: bytes
    window: int


class Outbox:
    """Writes DATA frames to *output*, which its owner sends."""

    def __init__(self, output: list[bytes]) -> None:
        self._output = output
        self._messages: list[_Message] = []
        self._window = self._stream_window = frames.DEFAULT_WINDOW

    def put(self, stream: int, data: bytes) -> None:
        """Send a whole message on a new stream, now or when there is room."""
        size = len(data)
        if not self._messages and size <= min(
            self._window, self._stream_window, frames.FRAME_BYTES
        ):
            self._window -= size
            self._output.append(frames.frame(frames.DATA, frames.END_STREAM, stream, data))
            return
        self._messages.append(_Message(stream, data, self._stream_window))
        self._push()

    def drop(self, stream: int) -> None:
        """Send no more of a message."""
        if self._messages:
            self._messages = [message for message in self._messages if message.stream != stream]

    def widen(self, stream: int, by: int) -> None:
        """Take more room: of the connection, which is stream 0, or of a stream."""
        if stream == 0:
            self._window += by
        for message in self._messages:
            if message.stream == stream:
                message.window += by
        self._push()

    def set_stream_window(self, size: int) -> None:
        """Take the server's window for streams; it counts for open ones, too."""
        wider, self._stream_window = size - self._stream_window, size
        for message in self._messages:
            message.window += wider
        self._push()

    def _push(self) -> None:
        for message in self._messages:
            while message.rest:
                room = min(self._window, message.window, frames.FRAME_BYTES)
                if room <= 0:
                    break
                part, message.rest = message.rest[:room], message.rest[room:]
                message.window -= len(part)
                self._window -= len(part)
                flags = 0 if message.rest else frames.END_STREAM
                self._output.append(frames.frame(frames.DATA, flags, message.stream, part))
        self._messages = [message for message in self._messages if message.rest]
