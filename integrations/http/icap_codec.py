"""Messages of ICAP/1.0 (RFC 3507): requests are read, responses are written.

Strict where a mistake would let one message pass for another: a bad start line, header, length or
`Encapsulated` list raises `IcapFault` with the status to answer.
"""

import re
from asyncio import IncompleteReadError, LimitOverrunError, StreamReader
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from integrations.http.web_request import WebRequest

MAX_HEAD_BYTES = 65_536
MAX_CHUNK_BYTES = 16 * 1024 * 1024
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_START = re.compile(r"([A-Z]+) (icaps?://[^ ]+|/[^ ]*|\*) ICAP/(\d)\.(\d)")
_PART = re.compile(r"(req-hdr|res-hdr|req-body|res-body|opt-body|null-body)=(\d{1,9})")
_REQUEST_LINE = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\S+) HTTP/\d\.\d")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r\n")
PHRASES = {
    200: "OK", 204: "No Content", 400: "Bad Request", 404: "Service Not Found",
    405: "Method Not Allowed", 501: "Method Not Implemented", 503: "Service Overloaded",
    505: "ICAP Version Not Supported",
}  # fmt: skip


class IcapFault(Exception):
    """A message that cannot be answered but by an error; the connection ends after it."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class IcapRequest:
    """The head of a request, and the HTTP head it encloses."""

    method: str
    service: str
    headers: Mapping[str, str]
    http_head: bytes
    """Head of the HTTP request as it came; empty without one."""
    has_body: bool

    @property
    def allows_204(self) -> bool:
        """Whether "unchanged" may be said without repeating the message."""
        allowed = {part.strip() for part in self.headers.get("allow", "").split(",")}
        return "204" in allowed or "preview" in self.headers

    def web_request(self) -> WebRequest:
        """Return the enclosed HTTP request; raise `IcapFault` where it is none."""
        lines = self.http_head.decode("latin-1").split("\r\n")
        found = _REQUEST_LINE.fullmatch(lines[0])
        if found is None:
            raise IcapFault(400, "no HTTP request line")
        headers = headers_of(lines[1:])
        return WebRequest(
            method=found[1],
            scheme="http",
            host=headers.get("host", ""),
            target=found[2],
            headers={**headers, **self.headers},
        )


async def read_request(reader: StreamReader) -> IcapRequest | None:
    """Read a head and the HTTP head it encloses; None where the peer ended the connection."""
    head = await _head(reader)
    if head is None:
        return None
    lines = head.decode("latin-1").split("\r\n")
    start = _START.fullmatch(lines[0])
    if start is None:
        raise IcapFault(400, "no ICAP request line")
    if start[3] != "1":
        raise IcapFault(505, "another version of ICAP")
    headers = headers_of(lines[1:])
    size, has_body = _http_head_size(headers.get("encapsulated", "null-body=0"))
    try:
        http_head = await reader.readexactly(size)
    except IncompleteReadError as error:
        raise IcapFault(400, "the enclosed head is cut") from error
    return IcapRequest(
        method=start[1],
        service=start[2].rpartition("/")[2].partition("?")[0],
        headers=headers,
        http_head=http_head,
        has_body=has_body,
    )


async def read_chunk(reader: StreamReader) -> tuple[bytes, bool]:
    """Read one chunk (RFC 9112, 7.1): its bytes, none at the end, and whether it said ``ieof``."""
    try:
        line = await reader.readuntil(b"\r\n")
        found = _CHUNK.fullmatch(line)
        if found is None:
            raise IcapFault(400, "no chunk")
        size = int(found[1], 16)
        if size > MAX_CHUNK_BYTES:
            raise IcapFault(400, "a chunk is too large")
        content = await reader.readexactly(size + 2)
    except (IncompleteReadError, LimitOverrunError) as error:
        raise IcapFault(400, "the body is cut") from error
    if content[-2:] != b"\r\n":
        raise IcapFault(400, "a chunk does not end")
    return content[:-2], size == 0 and b"ieof" in line


def response(
    status: int, headers: Iterable[tuple[str, str]] = (), *, encapsulated: str = "null-body=0"
) -> bytes:
    """Write the head of a response."""
    named = (*headers, ("Encapsulated", encapsulated))
    lines = [f"ICAP/1.0 {status} {PHRASES[status]}", *(f"{name}: {value}" for name, value in named)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def headers_of(lines: Iterable[str]) -> dict[str, str]:
    """Return headers by lower-case name, repeated ones joined; raise `IcapFault` on other lines."""
    found: dict[str, str] = {}
    for line in lines:
        if not line:
            continue
        name, colon, value = line.partition(":")
        if not colon or not _TOKEN.fullmatch(name):
            raise IcapFault(400, "no header")
        key = name.lower()
        found[key] = f"{found[key]}, {value.strip()}" if key in found else value.strip()
    return found


async def _head(reader: StreamReader) -> bytes | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except IncompleteReadError as error:
        if not error.partial.strip():
            return None
        raise IcapFault(400, "the head is cut") from error
    except LimitOverrunError as error:
        raise IcapFault(400, "the head is too long") from error
    return head[:-4].lstrip(b"\r\n")


def _http_head_size(encapsulated: str) -> tuple[int, bool]:
    parts = [_PART.fullmatch(part.strip()) for part in encapsulated.split(",")]
    named = [(part[1], int(part[2])) for part in parts if part is not None]
    offsets = [offset for _, offset in named]
    if len(named) != len(parts) or offsets != sorted(set(offsets)) or offsets[0] != 0:
        raise IcapFault(400, "Encapsulated cannot be read")
    last, size = named[-1]
    if not last.endswith("-body") or size > MAX_HEAD_BYTES:
        raise IcapFault(400, "Encapsulated has no body, or too long a head")
    # Of a request only its own head may lie before the body.
    if [name for name, _ in named[:-1]] not in ([], ["req-hdr"]):
        raise IcapFault(400, "Encapsulated holds more than a request")
    return size, last != "null-body"
