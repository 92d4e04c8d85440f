"""The SIP response to a blocked call.

``603+`` is 603 with the phrase "Network Blocked" and a Reason header (RFC 3326) whose text says
that analytics blocked the call, and where to ask for redress (ATIS-1000099; FCC 25-15, in force
since March 2026). Q.850 cause 21, call rejected, is what it becomes in ISUP. ``608`` (RFC 8688)
points to a signed jCard instead. ``607`` (RFC 8197) is for calls that the subscriber does not want.

Not every block is by analytics: a caller that cannot exist or cannot originate there gets a plain
603, as numbers on do-not-originate lists do.
"""

from dataclasses import dataclass, field

from fanzha.decisions import Reason
from services.decision.protocol_answer.model import ProtocolHeader, SipAnswer
from services.decision.protocol_answer.redress import Redress

CALL_REJECTED = 21
"""Cause value of Q.850."""
_PHRASES = {"603": "Decline", "607": "Unwanted", "608": "Rejected"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SipResponses:
    """How this network refuses calls; `ValueError` for 608 without a jCard."""

    answer: str = "603+"
    """603+, 603, 607 or 608."""
    location: str = "RLN"
    """Where the call was released (RFC 8606)."""
    redress: Redress = field(default_factory=Redress)
    jcard_url: str = ""

    def __post_init__(self) -> None:
        if self.answer == "608" and not self.jcard_url:
            raise ValueError("sip_block_answer: 608 needs jcard_url, the contact it points to")

    def of(self, reason: int, decision_id: int) -> SipAnswer:
        """Return the response to a call blocked for *reason*."""
        if reason == Reason.IMPLAUSIBLE:
            return self._plain("603")
        if self.answer != "603+":
            return self._plain(self.answer)
        contacts = self.redress.contacts()
        if not contacts:
            return self._plain("603")
        pairs = [("v", "analytics1"), *contacts, ("id", str(decision_id))]
        text = ";".join(f"{name}={value}" for name, value in pairs)
        reason_header = self._reason(f';text="{text}"')
        return SipAnswer(status=603, phrase="Network Blocked", headers=(reason_header,))

    def _plain(self, answer: str) -> SipAnswer:
        headers = [self._reason()]
        if answer == "608":
            card = f"<{self.jcard_url}>;purpose=jwscard"
            headers.append(ProtocolHeader("Call-Info", card))
        return SipAnswer(status=int(answer), phrase=_PHRASES[answer], headers=tuple(headers))

    def _reason(self, text: str = "") -> ProtocolHeader:
        value = f"Q.850;cause={CALL_REJECTED}{text};location={self.location}"
        return ProtocolHeader("Reason", value)
