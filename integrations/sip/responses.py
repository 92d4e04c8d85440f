"""Responses of a redirect server (RFC 3261, section 8.2.6)."""

import secrets
from dataclasses import dataclass

from infra.sip.addresses import Hops
from infra.sip.codec import SipHeaders

ALLOWED = ("INVITE", "ACK", "CANCEL", "OPTIONS")
"""Methods that have a meaning to a redirect server without dialogs."""
_ECHOED = {"from": "From", "call-id": "Call-ID", "cseq": "CSeq"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SipReply:
    """What to answer: a status, its phrase, and headers beyond those that every response has."""

    status: int
    phrase: str
    headers: tuple[tuple[str, str], ...] = ()
    """Names and values, none of which holds a line break."""


TRYING = SipReply(status=100, phrase="Trying")
OK = SipReply(status=200, phrase="OK")
MALFORMED = SipReply(status=400, phrase="Bad Request")
NOT_ALLOWED = SipReply(
    status=405, phrase="Method Not Allowed", headers=(("Allow", ", ".join(ALLOWED)),)
)
NO_TRANSACTION = SipReply(status=481, phrase="Call/Transaction Does Not Exist")
CANCELLED = SipReply(status=487, phrase="Request Terminated")
SERVING = SipReply(
    status=200,
    phrase="OK",
    headers=(("Allow", ", ".join(ALLOWED)), ("Accept", "application/sdp")),
)
UNAVAILABLE = SipReply(status=503, phrase="Service Unavailable", headers=(("Retry-After", "1"),))
TOO_LARGE = SipReply(status=513, phrase="Message Too Large")


def new_tag() -> str:
    """Return a tag that nobody guesses (section 19.3)."""
    return secrets.token_hex(8)


def serialised(reply: SipReply, headers: SipHeaders, hops: Hops, tag: str) -> bytes:
    """Return a response to the request with these *headers* and *hops*, as bytes.

    *tag* goes into To, unless the request has one there or the response is 100.
    """
    top, below = hops
    lines = [f"SIP/2.0 {reply.status} {reply.phrase}", f"Via: {top.text}"]
    lines += [f"Via: {hop}" for hop in below]
    to = headers.first("to")
    if reply.status != TRYING.status and not has_tag(to):
        to += f";tag={tag}"
    lines += [f"{name}: {headers.first(key)}" for key, name in _ECHOED.items()]
    lines += [f"To: {to}", *(f"{name}: {value}" for name, value in reply.headers)]
    lines += ["Content-Length: 0", "", ""]
    return "\r\n".join(lines).encode("utf-8", "surrogateescape")


def has_tag(to: str) -> bool:
    """Return whether a To header has a tag, so that its request belongs to a dialog."""
    after = to.rpartition(">")[2] if ">" in to else to
    return any(part.partition("=")[0].strip().lower() == "tag" for part in after.split(";")[1:])
