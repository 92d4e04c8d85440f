"""The SIP response to a blocked call.

``603+`` is 603 with the phrase "Network Blocked" and a Reason header whose text says that analytics
blocked the call, and where to ask for redress (ATIS-1000099, section 4.1.1). In the United States
it is the only one for blocks by analytics since 25 March 2026, in place of 603, 607 and 608
(47 CFR 64.1200(k)(9), by FCC 25-15). ``608`` points to a signed jCard instead (RFC 8688, section
3.1). ``607`` is for calls that the subscriber does not want (RFC 8197).

The Reason header (RFC 3326, section 2) has the protocol Q.850 with cause 21, call rejected, which
any response may carry (RFC 6432), and which is what it becomes in ISUP. ``location`` says where the
call was released (RFC 8606, section 4).

Not every block is by analytics: a caller that cannot exist or cannot originate there gets a plain
603, as numbers on do-not-originate lists do, and so does a call that no model has seen.
"""

from dataclasses import dataclass, field

from fanzha.decisions import Reason
from fanzha.errors import InvalidConfiguration
from services.decision.protocol_answer.model import ProtocolHeader, SipAnswer
from services.decision.protocol_answer.redress import Redress

CALL_REJECTED = 21
"""Cause value of Q.850."""
_NOT_BY_ANALYTICS = frozenset({Reason.IMPLAUSIBLE, Reason.FAILED_CLOSED})
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
            raise InvalidConfiguration(
                "sip_block_answer: 608 needs jcard_url, the contact it points to"
            )

    def of(self, reason: int, decision_id: int, *, forged: bool = False) -> SipAnswer:
        """Return the response to a call blocked for *reason*; an id of 0 is left out.

        *forged* says that the calling number did not pass verification: a contact would serve those
        who forged it, not the one whose number it is (RFC 8688, sections 3.1 and 6).
        """
        if reason in _NOT_BY_ANALYTICS:
            return self._plain("603")
        if self.answer != "603+":
            return self._plain(self.answer, with_card=not forged)
        contacts = self.redress.contacts()
        if not contacts:
            return self._plain("603")
        pairs = [("v", "analytics1"), *contacts]
        if decision_id:
            pairs.append(("id", str(decision_id)))
        text = ";".join(f"{name}={value}" for name, value in pairs)
        reason_header = self._reason(f';text="{text}"')
        return SipAnswer(status=603, phrase="Network Blocked", headers=(reason_header,))

    def _plain(self, answer: str, *, with_card: bool = False) -> SipAnswer:
        headers = [self._reason()]
        if answer == "608" and with_card:
            card = f"<{self.jcard_url}>;purpose=jwscard"
            headers.append(ProtocolHeader("Call-Info", card))
        return SipAnswer(status=int(answer), phrase=_PHRASES[answer], headers=tuple(headers))

    def _reason(self, text: str = "") -> ProtocolHeader:
        value = f"Q.850;cause={CALL_REJECTED}{text};location={self.location}"
        return ProtocolHeader("Reason", value)
