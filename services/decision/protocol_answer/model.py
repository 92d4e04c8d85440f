"""One answer in the words of the protocols that networks speak."""

from dataclasses import dataclass
from typing import NamedTuple


class ProtocolHeader(NamedTuple):
    """A header line of SIP or HTTP; neither part holds a line break."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SipAnswer:
    """The final response to the INVITE of a blocked call."""

    status: int
    phrase: str
    headers: tuple[ProtocolHeader, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SmppAnswer:
    """The ``command_status`` of the response to a blocked text."""

    submit_status: int
    """In submit_sm_resp, where an application submitted the text."""
    deliver_status: int
    """In deliver_sm_resp, where a message centre delivered it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RpzAnswer:
    """A record of a response policy zone that blocks a host name."""

    owner: str
    """Relative to the zone."""
    rdata: str
    ttl: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    """The response of a proxy to a request for a blocked link."""

    status: int
    headers: tuple[ProtocolHeader, ...]
    body: str
    """Empty beyond the most pages of one answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolAnswer:
    """What applies to one row; None and 0 for what does not."""

    sip: SipAnswer | None = None
    isup_cause: int = 0
    label: str = ""
    smpp: SmppAnswer | None = None
    rpz: RpzAnswer | None = None
    http: HttpAnswer | None = None
