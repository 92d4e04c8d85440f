"""Offers and answers of audio (SDP, RFC 4566 and 3264), as far as a telephone call needs them.

Offered is G.711, A-law first, and telephone events for keys (RFC 4733). Of an answer, the first
stream counts; it must be audio over plain RTP to one address that is written as a number, so that
no answer makes us ask a name server or send to a group.
"""

import re
from dataclasses import dataclass
from ipaddress import ip_address

A_LAW = 8
U_LAW = 0
EVENTS = 101
"""Payload type of telephone events in our offer."""
MOST_BYTES = 8192
_MOST_LINES = 200
_CONNECTION = re.compile(r"IN IP([46]) ([0-9A-Fa-f:.]{2,45})")
_AUDIO = re.compile(r"audio ([0-9]{1,5})(?:/1)? RTP/AVP((?: [0-9]{1,3}){1,32})")
_EVENTS = re.compile(r"rtpmap:([0-9]{1,3}) telephone-event/8000", re.IGNORECASE)


class UnusableAnswer(ValueError):
    """An answer with which no call can be made, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioAnswer:
    """Where to send audio, and in which form."""

    host: str
    port: int
    codec: int
    """`A_LAW` or `U_LAW`."""
    events: int | None
    """Payload type of telephone events; None: the peer sends keys in another way, if at all."""


def offer(host: str, port: int, *, session: int) -> bytes:
    """Return an offer to send and receive audio at an address; *session* names it."""
    family = "IP6" if ":" in host else "IP4"
    lines = (
        "v=0",
        f"o=- {session} 1 IN {family} {host}",
        "s=-",
        f"c=IN {family} {host}",
        "t=0 0",
        f"m=audio {port} RTP/AVP {A_LAW} {U_LAW} {EVENTS}",
        f"a=rtpmap:{A_LAW} PCMA/8000",
        f"a=rtpmap:{U_LAW} PCMU/8000",
        f"a=rtpmap:{EVENTS} telephone-event/8000",
        f"a=fmtp:{EVENTS} 0-15",
        "a=ptime:20",
        "a=sendrecv",
        "",
    )
    return "\r\n".join(lines).encode()


def read_answer(body: bytes) -> AudioAnswer:
    """Read an answer; `UnusableAnswer` says why it is none."""
    if len(body) > MOST_BYTES:
        raise UnusableAnswer("the session description is too long")
    lines = body.decode("ascii", "replace").splitlines()
    if len(lines) > _MOST_LINES:
        raise UnusableAnswer("the session description has too many lines")
    streams = [at for at, line in enumerate(lines) if line.startswith("m=")]
    if not streams:
        raise UnusableAnswer("there is no stream")
    end = streams[1] if len(streams) > 1 else len(lines)
    first = lines[streams[0] : end]
    match = _AUDIO.fullmatch(first[0][2:])
    if match is None:
        raise UnusableAnswer("the first stream is not audio over RTP")
    codecs = [one for one in map(int, match[2].split()) if one in (A_LAW, U_LAW)]
    port = int(match[1])
    if not codecs or not 0 < port < 65_536:  # noqa: PLR2004 - ports
        raise UnusableAnswer("audio is refused, or not G.711")
    return AudioAnswer(
        host=_host([*first, *lines[: streams[0]]]),
        port=port,
        codec=codecs[0],
        events=next((int(m[1]) for m in map(_EVENTS.fullmatch, _attributes(first)) if m), None),
    )


def _host(lines: list[str]) -> str:
    """Return the address of the stream, or else of the session."""
    written = next((line[2:] for line in lines if line.startswith("c=")), "")
    match = _CONNECTION.fullmatch(written)
    try:
        address = ip_address(match[2] if match else "")
    except ValueError as error:
        raise UnusableAnswer("the address of audio cannot be read") from error
    if address.is_multicast or address.is_unspecified:
        raise UnusableAnswer("audio is not for one address")
    return str(address)


def _attributes(lines: list[str]) -> list[str]:
    return [line[2:].strip() for line in lines if line.startswith("a=")]
