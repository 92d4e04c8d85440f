"""A client that sends frames as told, and says how the server reacted.

    python -m tests.support.http2_peer 127.0.0.1:7361

Behind the frames of a case comes a PING and then a request: what the server does with these shows
that it has dealt with the case, so nothing waits for time to pass.
"""

import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import TypeAlias

from benchmarks.load import frames
from tests.support import http2_cases
from tests.support.http2_cases import CLOSED, ERRORS, IGNORED, WAIT, Http2Case

PATIENCE_SECONDS = 60.0
_Frame: TypeAlias = tuple[int, int, int, bytes]
"""Type, flags, stream and payload."""
_BARRIER_STREAM = 0x7001
_BARRIER = b"barrier!"


def reaction(host: str, port: int, case: Http2Case) -> str:
    """Return how the server reacts to a case, in the words of `Http2Case.allowed`."""
    with socket.create_connection((host, port), PATIENCE_SECONDS) as line:
        line.settimeout(PATIENCE_SECONDS)
        received = _frames(line)
        with suppress(ConnectionError, BrokenPipeError):
            if case.has_preface:
                line.sendall(http2_cases.PREFACE + frames.frame(frames.SETTINGS, 0, 0))
            for step in case.steps:
                if step == WAIT:
                    _until_ended(received, 1)
                else:
                    line.sendall(step)
            line.sendall(frames.frame(frames.PING, 0, 0, _BARRIER))
            line.sendall(http2_cases.request(_BARRIER_STREAM))
        return _first_reaction(received, case)


def _first_reaction(received: Iterator[_Frame], case: Http2Case) -> str:
    """Read until the barrier and what must end have ended, or the connection is over."""
    found, left = IGNORED, {_BARRIER_STREAM, *((1,) if case.ends else ())}
    with suppress(ConnectionError):
        for kind, flags, stream, payload in received:
            if kind == frames.GOAWAY:
                return f"GOAWAY {_error(payload[4:8])}"
            is_end = kind == frames.HEADERS and flags & frames.END_STREAM
            if is_end or kind == frames.RESET:
                left.discard(stream)
                if stream != _BARRIER_STREAM and found == IGNORED and WAIT not in case.steps:
                    found = _ended(kind, payload)
            if not left:
                return found
    return CLOSED


def _ended(kind: int, payload: bytes) -> str:
    if kind == frames.RESET:
        return f"RESET {_error(payload)}"
    return f"STATUS {frames.status_of(payload)}"


def _until_ended(received: Iterator[_Frame], wanted: int) -> None:
    for kind, flags, stream, _ in received:
        if kind == frames.HEADERS and flags & frames.END_STREAM and stream == wanted:
            return


def _frames(line: socket.socket) -> Iterator[_Frame]:
    """Return type, flags, stream and payload of each frame until the connection ends."""
    data = b""
    while chunk := line.recv(65_536):
        data += chunk
        while len(data) >= frames.HEAD_BYTES:
            end = frames.HEAD_BYTES + int.from_bytes(data[:3], "big")
            if len(data) < end:
                break
            yield data[3], data[4], int.from_bytes(data[5:9], "big"), data[frames.HEAD_BYTES : end]
            data = data[end:]


def _error(code: bytes) -> str:
    number = int.from_bytes(code, "big")
    return ERRORS[number] if number < len(ERRORS) else str(number)


def main() -> int:
    """Try all cases on a server of this machine; return 1 where a reaction is not allowed."""
    host, _, port = sys.argv[1].rpartition(":")
    wrong = 0
    for case in http2_cases.cases():
        found = reaction(host, int(port), case)
        fits = found in case.allowed
        wrong += not fits
        word = "" if fits else f"   instead of {', '.join(sorted(case.allowed))}"
        sys.stdout.write(f"{case.name:14} {case.about:36} {found}{word}\n")
    sys.stdout.write(f"{wrong} not as the RFC has it\n")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
