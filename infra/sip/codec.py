"""Messages of SIP (RFC 3261, section 7), as far as a redirect server and a caller need them.

What it needs is read strictly, and a request that lacks some of it gets its 400 where it says by
whom it was sent. Malformed lines that are not needed are ignored, and of headers that should be
there once the first counts (section 8.2): whoever calls must not be able to prevent a decision by
what it adds. Compact names of headers become long ones, folded lines one line. Bytes that are no
UTF-8 are kept, since Via, From, To and Call-ID go back as they came.

Every pattern here takes linear time, whatever a peer sends.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

MOST_HEADERS = 512
"""Lines beyond are ignored."""
MOST_LINE_CHARACTERS = 8192

_COMPACT = {
    "v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "l": "content-length",
    "c": "content-type", "s": "subject", "k": "supported", "e": "content-encoding",
    "y": "identity", "n": "identity-info", "o": "event", "r": "refer-to", "b": "referred-by",
    "x": "session-expires", "u": "allow-events", "a": "accept-contact",
    "j": "reject-contact", "d": "request-disposition",
}  # fmt: skip
"""RFC 3261, section 7.3.3, and the registry of IANA."""
_WORD = r"[A-Za-z0-9.!%*_+`'~-]+"
_REQUEST_LINE = re.compile(rf"({_WORD}) ([A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"\x00-\x20\x7f]+) SIP/2\.0")
_STATUS_LINE = re.compile(r"SIP/2\.0 ([1-6][0-9]{2}) ([^\x00-\x08\x0a-\x1f\x7f]*)")
_HEADER = re.compile(rf"({_WORD})[ \t]*+:[ \t]*+([^\x00-\x08\x0a-\x1f\x7f]*)")
_FOLD = re.compile(r"\r\n[ \t]+")
_CSEQ = re.compile(rf"([0-9]{{1,10}})[ \t]+({_WORD})")
_LENGTH = re.compile(r"[0-9]{1,10}")
_NEEDED = ("from", "to", "call-id", "cseq")
_LARGEST_CSEQ = 2**31


class MalformedSip(ValueError):
    """A message that cannot be read, and why."""


@dataclass(frozen=True, slots=True)
class SipHeaders:
    """Header lines in their order; names are long and in small letters."""

    pairs: tuple[tuple[str, str], ...]

    def all(self, name: str) -> list[str]:
        """Return the values of every header of this name, one for each line."""
        return [value for key, value in self.pairs if key == name]

    def first(self, name: str) -> str:
        """Return the value of the first header of this name; empty without one."""
        for key, value in self.pairs:
            if key == name:
                return value
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawSip:
    """A message, split: its lines hold no line break."""

    first_line: str
    headers: SipHeaders
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SipRequest:
    """A request; each header that it needs is there, and well-formed as far as we use it."""

    method: str
    uri: str
    headers: SipHeaders
    body: bytes
    cseq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SipResponse:
    """A response; the headers that name its dialog and transaction are there."""

    status: int
    phrase: str
    headers: SipHeaders
    body: bytes
    cseq: int
    method: str
    """Of the request that it answers."""


def split_message(data: bytes) -> RawSip:
    """Split a message that came whole; `MalformedSip` where its headers have no end."""
    head, end, body = data.partition(b"\r\n\r\n")
    if not end:
        raise MalformedSip("no empty line ends the headers")
    text = head.decode("utf-8", "surrogateescape")
    if "\r\n " in text or "\r\n\t" in text:
        text = _FOLD.sub(" ", text)
    first, *lines = text.split("\r\n")
    pairs: list[tuple[str, str]] = []
    for line in lines[:MOST_HEADERS]:
        match = _HEADER.fullmatch(line) if len(line) <= MOST_LINE_CHARACTERS else None
        if match is not None:
            name = match[1].lower()
            pairs.append((_COMPACT.get(name, name), match[2].rstrip(" \t")))
    return RawSip(first_line=first, headers=SipHeaders(tuple(pairs)), body=body)


def is_response(raw: RawSip) -> bool:
    """Return whether it is a response; those are never answered."""
    return raw.first_line.startswith("SIP/") or _STATUS_LINE.fullmatch(raw.first_line) is not None


def read_request(raw: RawSip) -> SipRequest:
    """Read a request; `MalformedSip` says what is wrong with it."""
    line = _REQUEST_LINE.fullmatch(raw.first_line)
    if line is None or len(raw.first_line) > MOST_LINE_CHARACTERS:
        raise MalformedSip("the request line is malformed")
    for name in _NEEDED:
        if not raw.headers.first(name):
            raise MalformedSip(f"{name} is missing")
    cseq = _CSEQ.fullmatch(raw.headers.first("cseq"))
    if cseq is None or int(cseq[1]) >= _LARGEST_CSEQ:
        raise MalformedSip("CSeq is malformed")
    if cseq[2] != line[1]:
        raise MalformedSip("CSeq names another method")
    return SipRequest(
        method=line[1],
        uri=line[2],
        headers=raw.headers,
        body=_body(raw),
        cseq=int(cseq[1]),
    )


def read_response(raw: RawSip) -> SipResponse:
    """Read a response; `MalformedSip` says what is wrong with it."""
    line = _STATUS_LINE.fullmatch(raw.first_line)
    if line is None or len(raw.first_line) > MOST_LINE_CHARACTERS:
        raise MalformedSip("the status line is malformed")
    for name in ("via", *_NEEDED):
        if not raw.headers.first(name):
            raise MalformedSip(f"{name} is missing")
    cseq = _CSEQ.fullmatch(raw.headers.first("cseq"))
    if cseq is None or int(cseq[1]) >= _LARGEST_CSEQ:
        raise MalformedSip("CSeq is malformed")
    return SipResponse(
        status=int(line[1]),
        phrase=line[2],
        headers=raw.headers,
        body=_body(raw),
        cseq=int(cseq[1]),
        method=cseq[2],
    )


def content_length(headers: SipHeaders) -> int | None:
    """Return Content-Length; None without one. `MalformedSip` where it is none, or two differ."""
    values = set(headers.all("content-length"))
    if not values:
        return None
    value = values.pop()
    if values or _LENGTH.fullmatch(value) is None:
        raise MalformedSip("Content-Length is malformed")
    return int(value)


def split_list(value: str) -> list[str]:
    """Split the value of a header at its commas, outside of quotes and angle brackets."""
    return [item for item in _split(value, ",") if item]


def parameters(text: str) -> dict[str, str]:
    """Read ``;name=value;name``; the first of a name counts. Values in quotes lose them."""
    found: dict[str, str] = {}
    for item in _split(text, ";"):
        name, _, value = item.partition("=")
        if name.strip():
            found.setdefault(name.strip().lower(), unquoted(value.strip()))
    return found


def unquoted(text: str) -> str:
    """Return a quoted string without its quotes and escapes; other text as it is."""
    if len(text) > 1 and text[0] == text[-1] == '"':
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    return text


def quoted(text: str) -> str:
    r"""Return *text* as a quoted string: without control characters, ``"`` and ``\`` escaped."""
    clean = "".join(one for one in text if one.isprintable())
    escaped = clean.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _split(text: str, separator: str) -> Iterator[str]:
    if '"' not in text and "<" not in text:
        yield from (item.strip() for item in text.split(separator))
        return
    start, quoted_part, bracket, escaped = 0, False, False, False
    for place, one in enumerate(text):
        if escaped:
            escaped = False
        elif quoted_part:
            escaped, quoted_part = one == "\\", one != '"'
        elif bracket:
            bracket = one != ">"
        elif one == '"':
            quoted_part = True
        elif one == "<":
            bracket = True
        elif one == separator:
            yield text[start:place].strip()
            start = place + 1
    yield text[start:].strip()


def _body(raw: RawSip) -> bytes:
    length = content_length(raw.headers)
    if length is None:
        return raw.body
    if length > len(raw.body):
        raise MalformedSip("the body is shorter than Content-Length")
    # RFC 3261, section 18.3: what follows in a datagram is discarded.
    return raw.body[:length]
