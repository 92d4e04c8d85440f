"""What RFC 9113 and RFC 7541 want of a server: bytes to send, and the reactions to accept.

Sections and numbers are those of h2spec, a conformance suite that no registry in use here has; the
cases were written anew from the RFCs. Not covered: how windows split a response (6.9.1/1, 6.9.2/1,
6.9.2/2), as answers are small, and 5.3.1, as RFC 9113 has done away with priorities.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from benchmarks.load.frames import frame
from fanzha.v1 import interception_pb2 as pb

DATA, HEADERS, PRIORITY, RESET, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION = range(10)
END_STREAM = ACK = 0x1
END_HEADERS, PADDED = 0x4, 0x8
ERRORS = (
    "NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT",
    "STREAM_CLOSED", "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR",
    "CONNECT_ERROR", "ENHANCE_YOUR_CALM", "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
)  # fmt: skip
PATH = "/fanzha.v1.InterceptionService/DecideCall"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
WAIT = b"wait until stream 1 has ended"
CLOSED, IGNORED, DECIDED = "CLOSED", "IGNORED", "STATUS 0"
"""The connection was; what was sent; the request was, for its stream ended with gRPC's status."""
MOST_STREAMS = 8
"""That the tested server allows on a connection."""
_FULL_FRAME = 2**14
_HALF_CLOSED = 5
"""The first case of streams whose client has ended them, and whose server has not."""
_MOST_WINDOW = 2**31 - 1
_CALL = pb.Call(caller="+8617000000013", callee="+8619900000001")
_BODY = pb.DecideCallRequest(call=_CALL).SerializeToString()
MESSAGE = b"\0" + len(_BODY).to_bytes(4, "big") + _BODY
_EIGHT, _FOUR = b"12345678", b"\0\0\0\1"


@dataclass(frozen=True, slots=True)
class Http2Case:
    """One thing that a client does, and how a server may react."""

    name: str
    about: str
    allowed: frozenset[str]
    steps: tuple[bytes, ...]
    """Bytes, or `WAIT`; after the preface, unless they begin without one."""
    has_preface: bool = True
    ends: bool = False
    """Whether stream 1 must end, however it does."""


def header(name: str, value: str) -> bytes:
    """Write a header that does not enter the table."""
    return b"\0" + b"".join(bytes((len(text),)) + text.encode() for text in (name, value))


def block(*more: tuple[str, str], without: str = "", first: bytes = b"") -> bytes:
    """Write the headers of a request."""
    usual = (
        (":method", "POST"), (":scheme", "http"), (":path", PATH), (":authority", "a.test"),
        ("content-type", "application/grpc"), ("te", "trailers"),
    )  # fmt: skip
    written = (header(*pair) for pair in (*usual, *more) if pair[0] != without or pair in more)
    return first + b"".join(written)


def opening(stream: int = 1, headers: bytes = b"", flags: int = END_HEADERS) -> bytes:
    """Write the frame that opens a stream."""
    return frame(HEADERS, flags, stream, headers or block())


def message(stream: int = 1, flags: int = END_STREAM) -> bytes:
    """Write the message of a request."""
    return frame(DATA, flags, stream, MESSAGE)


def request(stream: int = 1, headers: bytes = b"") -> bytes:
    """Write a whole request."""
    return opening(stream, headers) + message(stream)


def setting(name: int, value: int) -> bytes:
    """Write one setting."""
    return frame(SETTINGS, 0, 0, name.to_bytes(2, "big") + value.to_bytes(4, "big"))


def _case(name: str, about: str, allowed: frozenset[str], *steps: bytes) -> Http2Case:
    return Http2Case(name, about, allowed, steps)


def _ending(case: Http2Case) -> Http2Case:
    return replace(case, ends=True)


def _connection_error(*codes: str) -> frozenset[str]:
    return frozenset({CLOSED, *(f"GOAWAY {code}" for code in codes)})


def _stream_error(*codes: str) -> frozenset[str]:
    return _connection_error(*codes) | {f"RESET {code}" for code in codes}


_FINE, _DONE = frozenset({IGNORED}), frozenset({DECIDED})
_BAD, _BAD_STREAM = _connection_error("PROTOCOL_ERROR"), _stream_error("PROTOCOL_ERROR")
_SIZE, _SIZE_STREAM = _connection_error("FRAME_SIZE_ERROR"), _stream_error("FRAME_SIZE_ERROR")
_FLOW, _FLOW_STREAM = _connection_error("FLOW_CONTROL_ERROR"), _stream_error("FLOW_CONTROL_ERROR")
_HPACK = _connection_error("COMPRESSION_ERROR")
_SHUT = _stream_error("STREAM_CLOSED")
_SHUT_OR_BAD = _SHUT | _BAD
_RESET = frame(RESET, 0, 1, b"\0\0\0\x08")
_PART = opening(1, block()[:40], flags=0)
_REST = block()[40:]


def cases() -> Iterator[Http2Case]:
    """Return all cases."""
    yield from _frames()
    yield from _streams()
    yield from _frame_types()
    yield from _settings_and_windows()
    yield from _continuations()
    yield from _requests()
    yield from _compression()


def _frames() -> Iterator[Http2Case]:
    yield _ending(_case("3.5/1", "a preface", _DONE, request()))
    yield Http2Case("3.5/2", "no preface", _BAD, (b"INVALID CONNECTION PREFACE\r\n\r\n",), False)
    yield _case("4.1/1", "a frame of an unknown type", _FINE, frame(0xFF, 0, 0, _EIGHT))
    yield _case("4.1/2", "a PING with undefined flags", _FINE, frame(PING, 0x16, 0, _EIGHT))
    reserved = frame(PING, 0, 2**31, _EIGHT)
    yield _case("4.1/3", "a PING with the reserved bit", _FINE, reserved)
    most = frame(DATA, 0, 1, (_FULL_FRAME - 5).to_bytes(5, "big") + b"\0" * (_FULL_FRAME - 5))
    invalid = frozenset({"STATUS 3"})
    yield _ending(_case("4.2/1", "as much DATA as a frame may have", invalid, opening(), most))
    more = b"\0" * (_FULL_FRAME + 1)
    yield _case("4.2/2", "more DATA than that", _SIZE_STREAM, opening(), frame(DATA, 0, 1, more))
    yield _case("4.2/3", "more HEADERS than that", _SIZE, opening(1, block() + more))
    yield _case("4.3/1", "a broken header block", _HPACK, opening(1, b"\x40\x7f\xff"))
    priority = frame(PRIORITY, 0, 1, b"\0\0\0\0\x10")
    yield _case("4.3/2", "PRIORITY within a header block", _BAD, _PART, priority)
    yield _case("4.3/3", "HEADERS within a header block", _BAD, _PART, opening(3))
    yield _case("5.5/1", "an unknown extension", _FINE, frame(0x16, 0, 0, _EIGHT))
    yield _case("5.5/2", "one within a header block", _BAD, _PART, frame(0x16, 0, 0, _EIGHT))


def _streams() -> Iterator[Http2Case]:
    window = frame(WINDOW, 0, 1, _FOUR)
    more = frame(CONTINUATION, END_HEADERS, 1, block())
    yield _case("5.1/1", "DATA on an idle stream", _BAD, message())
    yield _case("5.1/2", "RST_STREAM on an idle stream", _BAD, _RESET)
    yield _case("5.1/3", "WINDOW_UPDATE on an idle stream", _BAD, window)
    yield _case("5.1/4", "CONTINUATION on an idle stream", _BAD, more)
    for at, when, before in (
        (_HALF_CLOSED, "a half closed stream", (opening(1, flags=END_HEADERS | END_STREAM),)),
        (8, "a stream that was reset", (opening(), _RESET)),
        (11, "a closed stream", (request(), WAIT)),
    ):
        data = _case(f"5.1/{at}", f"DATA on {when}", _SHUT, *before, message())
        again = _case(f"5.1/{at + 1}", f"HEADERS on {when}", _SHUT_OR_BAD, *before, opening())
        yield from map(_ending, (data, again)) if at == _HALF_CLOSED else (data, again)
        yield _case(f"5.1/{at + 2}", f"CONTINUATION on {when}", _SHUT_OR_BAD, *before, more)
    yield _case("5.1.1/1", "a stream of an even number", _BAD, request(2))
    yield _case("5.1.1/2", "a stream below the last", _BAD, opening(5), opening(3))
    many = b"".join(opening(stream) for stream in range(1, 2 * MOST_STREAMS + 3, 2))
    refused = _BAD | {"RESET PROTOCOL_ERROR", "RESET REFUSED_STREAM"}
    yield _case("5.1.2/1", "more streams than are allowed", refused, many)


def _frame_types() -> Iterator[Http2Case]:
    yield _case("6.1/1", "DATA of the connection", _BAD, frame(DATA, 0, 0, MESSAGE))
    yield _ending(_case("6.1/2", "DATA after its END_STREAM", _SHUT, request(), message()))
    padded = frame(DATA, PADDED | END_STREAM, 1, b"\xff" + MESSAGE)
    yield _case("6.1/3", "padding longer than its DATA", _BAD, opening(), padded)
    yield _case("6.2/3", "HEADERS of the connection", _BAD, opening(0))
    longer = b"\xff" + header("a", "b")
    yield _case("6.2/4", "padding longer than its HEADERS", _BAD, opening(1, longer, 0xC))
    priority = b"\0\0\0\0\x10"
    yield _case("6.3/1", "PRIORITY of the connection", _BAD, frame(PRIORITY, 0, 0, priority))
    short = frame(PRIORITY, 0, 1, priority[:4])
    yield _case("6.3/2", "PRIORITY of four bytes", _SIZE_STREAM, opening(), short)
    yield _case("6.4/1", "RST_STREAM of the connection", _BAD, frame(RESET, 0, 0, _FOUR))
    cut = frame(RESET, 0, 1, b"\0\0\0")
    yield _case("6.4/3", "RST_STREAM of three bytes", _SIZE, opening(), cut)
    yield _case("6.7/1", "PING", _FINE, frame(PING, 0, 0, _EIGHT))
    yield _case("6.7/2", "PING with ACK", _FINE, frame(PING, ACK, 0, _EIGHT))
    yield _case("6.7/3", "PING of a stream", _BAD, frame(PING, 0, 1, _EIGHT))
    yield _case("6.7/4", "PING of six bytes", _SIZE, frame(PING, 0, 0, _EIGHT[:6]))
    yield _case("6.8/1", "GOAWAY of a stream", _BAD, frame(GOAWAY, 0, 1, b"\0" * 8))
    unknown = b"\0\0\0\xff"
    leaves = _FINE | {CLOSED, "GOAWAY NO_ERROR"}
    ends, reset = frame(GOAWAY, 0, 0, b"\0" * 4 + unknown), frame(RESET, 0, 1, unknown)
    yield _case("7/1", "GOAWAY with an unknown error", leaves, ends)
    yield _case("7/2", "RST_STREAM with an unknown error", _FINE, opening(), reset)
    promise = frame(PUSH, END_HEADERS, 1, b"\0\0\0\2" + block())
    yield _case("8.2/1", "PUSH_PROMISE", _BAD, opening(), promise)


def _settings_and_windows() -> Iterator[Http2Case]:
    one = b"\0\3\0\0\0\1"
    yield _case("6.5/1", "SETTINGS with ACK and a value", _SIZE, frame(SETTINGS, ACK, 0, one))
    yield _case("6.5/2", "SETTINGS of a stream", _BAD, frame(SETTINGS, 0, 1, one))
    yield _case("6.5/3", "SETTINGS of three bytes", _SIZE, frame(SETTINGS, 0, 0, one[:3]))
    yield _case("6.5.2/1", "ENABLE_PUSH of two", _BAD, setting(2, 2))
    yield _case("6.5.2/2", "a window too large", _FLOW, setting(4, _MOST_WINDOW + 1))
    yield _case("6.5.2/3", "frames too small", _BAD, setting(5, _FULL_FRAME - 1))
    yield _case("6.5.2/4", "frames too large", _BAD, setting(5, 2**24))
    yield _case("6.5.2/5", "an unknown setting", _FINE, setting(0xFF, 1))
    yield _case("6.5.3/2", "a setting", _FINE, setting(3, 100))
    none, most = b"\0\0\0\0", _MOST_WINDOW.to_bytes(4, "big")
    yield _case("6.9/1", "WINDOW_UPDATE by nothing", _BAD, frame(WINDOW, 0, 0, none))
    yield _case("6.9/2", "that of a stream", _BAD_STREAM, opening(), frame(WINDOW, 0, 1, none))
    yield _case("6.9/3", "WINDOW_UPDATE of three bytes", _SIZE, frame(WINDOW, 0, 0, b"\0\0\1"))
    yield _case("6.9.1/2", "a window too large by updates", _FLOW, frame(WINDOW, 0, 0, most) * 2)
    both = frame(WINDOW, 0, 1, most) * 2
    yield _case("6.9.1/3", "that of a stream", _FLOW_STREAM, opening(), both)


def _continuations() -> Iterator[Http2Case]:
    halves = [frame(CONTINUATION, flags, 1, part) for flags, part in
              ((0, _REST[:20]), (END_HEADERS, _REST[20:]))]  # fmt: skip
    end = frame(CONTINUATION, END_HEADERS, 1, header("a", "b"))
    several = _case("6.10/1", "several CONTINUATIONs", _DONE, _PART, *halves, message())
    yield _ending(several)
    yield _case("6.10/2", "DATA within a header block", _BAD, _PART, halves[0], message())
    stray = frame(CONTINUATION, END_HEADERS, 0, _REST)
    yield _case("6.10/3", "CONTINUATION of the connection", _BAD, _PART, stray)
    yield _case("6.10/4", "CONTINUATION after END_HEADERS", _BAD, opening(), end)
    yield _case("6.10/5", "CONTINUATION after the last", _BAD, _PART, *halves, end)
    yield _case("6.10/6", "CONTINUATION after DATA", _BAD, opening(), message(1, 0), end)


def _requests() -> Iterator[Http2Case]:
    def sent(name: str, about: str, headers: bytes) -> Http2Case:
        return _ending(_case(name, about, _BAD_STREAM, request(1, headers)))

    second = opening(1, header("a", "b"))
    yield _case("8.1/1", "HEADERS again without END_STREAM", _BAD_STREAM, opening(), second)
    yield sent("8.1.2/1", "a header in upper case", block(("A-Test", "b")))
    yield sent("8.1.2.1/1", "an unknown pseudo header", block(first=header(":test", "b")))
    yield sent("8.1.2.1/2", "one of responses", block(first=header(":status", "200")))
    trailers = opening(1, header(":method", "POST"), END_HEADERS | END_STREAM)
    late = _case("8.1.2.1/3", "one in trailers", _BAD_STREAM, opening(), message(1, 0), trailers)
    yield _ending(late)
    yield sent("8.1.2.1/4", "one after others", block((":method", "POST"), without=":method"))
    yield sent("8.1.2.2/1", "a header of the connection", block(("connection", "keep-alive")))
    yield sent("8.1.2.2/2", "TE that is not trailers", block(("te", "gzip"), without="te"))
    empty = block(without=":path", first=header(":path", ""))
    yield sent("8.1.2.3/1", "an empty path", empty)
    for number, name in enumerate((":method", ":scheme", ":path"), 2):
        yield sent(f"8.1.2.3/{number}", f"no {name[1:]}", block(without=name))
        twice = block(first=header(name, dict(_TWICE)[name]))
        yield sent(f"8.1.2.3/{number + 3}", f"two of {name[1:]}", twice)
    yield sent("8.1.2.6/1", "another length than said", block(("content-length", "1")))


_TWICE = ((":method", "POST"), (":scheme", "http"), (":path", PATH))


def _compression() -> Iterator[Http2Case]:
    def coded(name: str, about: str, data: bytes) -> Http2Case:
        return _case(name, about, _HPACK, opening(1, block() + data))

    yield coded("hpack 2.3.3/1", "an index that is not there", b"\xff\x64")
    yield coded("hpack 4.2/1", "a size of the table at the end", b"\x20")
    yield coded("hpack 5.2/1", "more than seven bits of padding", b"\0\1a\x84\x1f\xff\xff\xff")
    yield coded("hpack 5.2/2", "padding of zeros", b"\0\1a\x81\x18")
    yield coded("hpack 5.2/3", "a code for the end", b"\0\1a\x84\xff\xff\xff\xff")
    yield coded("hpack 6.1/1", "index zero", b"\x80")
    larger = b"\x3f\xe1\xff\x7f"
    yield _case("hpack 6.3/1", "a table larger than allowed", _HPACK, opening(1, larger + block()))
