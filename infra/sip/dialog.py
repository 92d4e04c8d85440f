"""What both ends of a call agree on, and the requests within it (RFC 3261, section 12)."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from infra.sip.addresses import COOKIE, read_address
from infra.sip.codec import MalformedSip, SipHeaders, SipResponse, split_list

_URI = re.compile(r"sips?:[^\s<>\"\x00-\x20\x7f]+", re.IGNORECASE)
_MOST_ROUTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class SipWritten:
    """A request as it is sent."""

    method: str
    call_id: str
    branch: str
    cseq: int
    uri: str
    data: bytes


@dataclass(slots=True, kw_only=True)
class SipDialog:
    """A call as its caller sees it; grows with the answer."""

    local_uri: str
    remote_uri: str
    contact: str
    """URI at which we take requests."""
    hop: str
    """Transport, host and port of our end, as Via names them: ``UDP 192.0.2.1:5060``."""
    call_id: str = field(default_factory=lambda: secrets.token_hex(16))
    local_tag: str = field(default_factory=lambda: secrets.token_hex(8))
    remote_tag: str = ""
    target: str = ""
    """Where requests within the dialog go; empty before there is an answer."""
    routes: tuple[str, ...] = ()
    cseq: int = 0

    def request(
        self,
        method: str,
        *,
        headers: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
        like: SipWritten | None = None,
        to: str = "",
    ) -> SipWritten:
        """Write a request; *like* makes it one about another request, with its number and branch.

        Such are CANCEL, and the ACK of a refusal, with *to* as the refusal has it (sections 9.1 and
        17.1.1.3).
        """
        if like is None:
            self.cseq += 1
        number, uri = (like.cseq, like.uri) if like else (self.cseq, self.target or self.remote_uri)
        branch = like.branch if like else new_branch()
        tag = f";tag={self.remote_tag}" if self.remote_tag else ""
        lines = [
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/{self.hop};branch={branch};rport",
            "Max-Forwards: 70",
            *(f"Route: {one}" for one in self.routes),
            f"From: <{self.local_uri}>;tag={self.local_tag}",
            f"To: {to or f'<{self.remote_uri}>{tag}'}",
            f"Call-ID: {self.call_id}",
            f"CSeq: {number} {method}",
            f"Contact: <{self.contact}>",
            *(f"{name}: {value}" for name, value in headers),
            f"Content-Length: {len(body)}",
            "",
            "",
        ]
        data = "\r\n".join(lines).encode("utf-8", "surrogateescape") + body
        return SipWritten(
            method=method, call_id=self.call_id, branch=branch, cseq=number, uri=uri, data=data
        )

    def acknowledgement(self, invite: SipWritten) -> SipWritten:
        """Write the ACK of a 2xx: of a transaction of its own, to the target of the dialog."""
        own = SipWritten(
            method="ACK",
            call_id=self.call_id,
            branch=new_branch(),
            cseq=invite.cseq,
            uri=self.target or self.remote_uri,
            data=b"",
        )
        return self.request("ACK", like=own)

    def answered(self, response: SipResponse) -> None:
        """Take the tag, the target and the routes of the answer that made the dialog."""
        self.remote_tag = tag_of(response.headers.first("to"))
        self.target = _target(response.headers) or self.remote_uri
        routes = [one for line in response.headers.all("record-route") for one in split_list(line)]
        self.routes = tuple(reversed(routes[:_MOST_ROUTES]))


def new_branch() -> str:
    """Return the name of a new transaction."""
    return COOKIE + secrets.token_hex(10)


def tag_of(party: str) -> str:
    """Return the tag of From or To; empty without one."""
    try:
        return read_address(party).parameters.get("tag", "")
    except MalformedSip:
        return ""


def _target(headers: SipHeaders) -> str:
    try:
        uri = read_address(headers.first("contact")).uri
    except MalformedSip:
        return ""
    return uri if _URI.fullmatch(uri) else ""
