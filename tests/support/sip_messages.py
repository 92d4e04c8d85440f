"""Messages of SIP as peers send them, and how their answers are read."""

from collections.abc import Mapping
from dataclasses import dataclass

CALLER, CALLEE = "+8617000000123", "+8619900000001"


@dataclass(frozen=True, slots=True, kw_only=True)
class SipAnswer:
    """A response, its header names in small letters."""

    status: int
    phrase: str
    headers: Mapping[str, list[str]]

    def __getitem__(self, name: str) -> str:
        return self.headers[name.lower()][0]


def sip_request(
    method: str = "INVITE",
    *,
    port: int = 9,
    number: int = 1,
    uri: str = f"sip:{CALLEE}@carrier.test",
    to_tag: str = "",
    without: tuple[str, ...] = (),
    headers: tuple[str, ...] = (),
    transport: str = "UDP",
    body: bytes = b"",
) -> bytes:
    """Return a request; *headers* replace those of the same name, or come on top."""
    named = {line.partition(":")[0].lower() for line in headers} | {
        name.lower() for name in without
    }
    own = [
        f"Via: SIP/2.0/{transport} 127.0.0.1:{port};rport;branch=z9hG4bK{number}",
        f"From: <sip:{CALLER}@carrier.test>;tag={number}",
        f"To: <sip:{CALLEE}@carrier.test>{to_tag and f';tag={to_tag}'}",
        f"Call-ID: {number}@carrier.test",
        f"CSeq: 1 {method}",
        "Max-Forwards: 70",
        f"Content-Length: {len(body)}",
    ]
    lines = [line for line in own if line.partition(":")[0].lower() not in named]
    return "\r\n".join([f"{method} {uri} SIP/2.0", *lines, *headers, "", ""]).encode() + body


def sip_answer(data: bytes) -> SipAnswer:
    """Read a response."""
    first, *lines = data.decode("utf-8", "surrogateescape").partition("\r\n\r\n")[0].split("\r\n")
    version, status, phrase = first.split(" ", 2)
    assert version == "SIP/2.0"
    headers: dict[str, list[str]] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        headers.setdefault(name.lower(), []).append(value)
    return SipAnswer(status=int(status), phrase=phrase, headers=headers)
