"""Addresses in headers of SIP: who sent a request (Via), and parties (From, P-Asserted-Identity).

RFC 3261, sections 18.2 and 20; symmetric responses of RFC 3581.
"""

import re
from dataclasses import dataclass, replace

from infra.sip.codec import MalformedSip, parameters, split_list, unquoted

COOKIE = "z9hG4bK"
"""Begins each branch that is unique to its transaction (RFC 3261, section 8.1.1.7)."""
DEFAULT_PORT = 5060
_HIGHEST_PORT = 65_535
_VIA = re.compile(
    r"SIP[ \t]*+/[ \t]*+2\.0[ \t]*+/[ \t]*+(UDP|TCP|TLS|SCTP|WS|WSS|TLS-SCTP)[ \t]++"
    r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,255})"
    r"(?:[ \t]*+:[ \t]*+([0-9]{1,5}))?[ \t]*+(;.*)?",
    re.IGNORECASE,
)
_NAME_ADDR = re.compile(r'("(?:[^"\\]|\\.)*"[ \t]*+|[^<"]*)<([^<>]*)>[ \t]*+(;.*)?')
_RPORT = re.compile(r";[ \t]*+rport[ \t]*+(?:=[ \t]*+[0-9]*)?(?=[ \t]*+(?:;|$))", re.IGNORECASE)
_RECEIVED = re.compile(r";[ \t]*+received[ \t]*+=[^;]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class SipVia:
    """One hop of a request."""

    text: str
    """As it came."""
    host: str
    port: int
    """5060 where none is named."""
    parameters: dict[str, str]

    @property
    def branch(self) -> str:
        """The name of the transaction; empty for peers before RFC 3261."""
        return self.parameters.get("branch", "")

    def seen_from(self, host: str, port: int) -> "SipVia":
        """Return the hop with the address that its request really came from."""
        text = self.text
        if "rport" in self.parameters:
            text = _RPORT.sub("", text) + f";rport={port}"
        if "rport" in self.parameters or self.host.strip("[]").lower() != host.lower():
            text = _RECEIVED.sub("", text) + f";received={host}"
        return replace(self, text=text)


@dataclass(frozen=True, slots=True, kw_only=True)
class SipAddress:
    """A party as a header names it."""

    display: str
    uri: str
    parameters: dict[str, str]
    """Of the header, not of the URI: the tag, for example."""


Hops = tuple[SipVia, list[str]]
"""The topmost Via of a request, and those below as they came."""


def read_via(values: list[str]) -> Hops:
    """Read the Via lines of a request; `MalformedSip` where the topmost cannot be read."""
    hops = [hop for value in values for hop in split_list(value)]
    match = _VIA.fullmatch(hops[0]) if hops else None
    if match is None or int(match[3] or 1) not in range(1, _HIGHEST_PORT + 1):
        raise MalformedSip("the topmost Via is malformed")
    top = SipVia(
        text=hops[0],
        host=match[2],
        port=int(match[3] or DEFAULT_PORT),
        parameters=parameters(match[4] or ""),
    )
    return top, hops[1:]


def read_address(value: str) -> SipAddress:
    """Read From, To or one P-Asserted-Identity; `MalformedSip` where it names no URI."""
    match = _NAME_ADDR.fullmatch(value)
    if match is not None:
        name, uri, rest = match[1].strip(), match[2].strip(), match[3] or ""
    else:
        # Without angle brackets, parameters belong to the header (section 20).
        name, (uri, _, rest) = "", value.partition(";")
    uri = uri.strip()
    if ":" not in uri or '"' in uri or "<" in uri:
        raise MalformedSip("an address names no URI")
    return SipAddress(display=unquoted(name), uri=uri, parameters=parameters(rest))
