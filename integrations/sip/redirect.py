"""Turns a decision on a call into the response that a switch acts on."""

import time
from collections.abc import Callable
from typing import Protocol

from fanzha.client import Answer, Call
from fanzha.v1 import decision_pb2 as pb
from infra.sip.codec import SipRequest, quoted
from integrations.sip import responses
from integrations.sip.parties import call_of, is_emergency
from integrations.sip.responses import SipReply
from integrations.sip.settings import SipSettings

_PHRASES = {300: "Multiple Choices", 301: "Moved Permanently", 302: "Moved Temporarily",
            305: "Use Proxy", 380: "Alternative Service", 404: "Not Found"}  # fmt: skip
_DECLINED = SipReply(status=603, phrase="Decline")
_TREATMENT_HEADER = "X-Fanzha-Treatment"

AttestationReader = Callable[[SipRequest], int]
"""Returns one ATTESTATION: what the signature of a call, or the switch, says of the caller."""


class CallDecider(Protocol):
    """Decides on calls; a service that is away is an answer, too."""

    async def call(self, call: Call) -> Answer:
        """Decide on a call attempt."""

    def refuses(self, answer: Answer) -> bool:
        """Return whether the call must not ring."""


class CallRedirector:
    """Decides on INVITEs; every doubt lets the call through, unless the fail policy differs."""

    def __init__(
        self,
        settings: SipSettings,
        decider: CallDecider,
        attestation_of: AttestationReader,
        undecided: Callable[[], None],
    ) -> None:
        """Call *undecided* for each call that goes on since others wait too long."""
        self._settings = settings
        self._decider = decider
        self._attestation_of = attestation_of
        self._undecided = undecided
        self._waiting: dict[object, float] = {}
        """Calls that wait for a decision, the oldest first, with the time since which."""

    async def reply(self, request: SipRequest) -> SipReply:
        """Return the final response to an INVITE outside of a dialog."""
        if is_emergency(request):
            return self.let_through(request)
        if self._is_stalled():
            self._undecided()
            return self.unanswered(request)
        waiting = object()
        self._waiting[waiting] = time.monotonic()
        try:
            call = call_of(request, self._settings, self._attestation_of(request))
            answer = await self._decider.call(call)
        finally:
            del self._waiting[waiting]
        if self._decider.refuses(answer):
            return _refusal(answer)
        return self._treated(request, answer)

    def unanswered(self, request: SipRequest) -> SipReply:
        """Return the response without a decision."""
        if self._settings.fail_policy == "refuse":
            return responses.UNAVAILABLE
        return self.let_through(request)

    def _is_stalled(self) -> bool:
        """Return whether calls already wait too long, or too many of them."""
        if not self._waiting:
            return False
        oldest = next(iter(self._waiting.values()))
        waited_ms = (time.monotonic() - oldest) * 1000
        settings = self._settings
        return waited_ms > settings.stall_ms or len(self._waiting) >= settings.max_pending

    def let_through(
        self, request: SipRequest, label: str = "", others: tuple[tuple[str, str], ...] = ()
    ) -> SipReply:
        """Return the response that lets a call ring."""
        status = self._settings.let_through_status
        headers = list(others)
        if status < 400:  # noqa: PLR2004 - 3xx redirects
            contact = f"<{self._target(request.uri)}>"
            headers.append(("Contact", f"{quoted(label)} {contact}" if label else contact))
        if label and self._settings.label_header:
            headers.append((self._settings.label_header, _one_line(label)))
        phrase = _PHRASES.get(status, "Redirected" if status < 400 else "Not Here")  # noqa: PLR2004
        return SipReply(status=status, phrase=phrase, headers=tuple(headers))

    def _treated(self, request: SipRequest, answer: Answer) -> SipReply:
        others: list[tuple[str, str]] = []
        if answer.decision_id and self._settings.decision_header:
            others.append((self._settings.decision_header, str(answer.decision_id)))
        contact = self._settings.challenge_contact
        if answer.treatment == pb.TREATMENT_CHALLENGE and contact:
            others += [(_TREATMENT_HEADER, "challenge"), ("Contact", f"<{contact}>")]
            return SipReply(status=302, phrase=_PHRASES[302], headers=tuple(others))
        label = answer.protocol_answer.label if answer.protocol_answer else ""
        return self.let_through(request, label, tuple(others))

    def _target(self, uri: str) -> str:
        next_hop = self._settings.next_hop
        scheme, _, rest = uri.partition(":")
        if not next_hop:
            return uri
        if scheme.lower() == "tel":
            # RFC 3261, section 19.1.6: a number becomes the user of a SIP URI.
            return f"sip:{rest}@{next_hop};user=phone"
        user, at, host = rest.rpartition("@")
        parameters = host.partition(";")[1:]
        return f"{scheme}:{user}{at}{next_hop}{''.join(parameters)}"


def _refusal(answer: Answer) -> SipReply:
    if answer.failed_open:
        return responses.UNAVAILABLE
    protocol = answer.protocol_answer
    if protocol is None or not protocol.sip.status:
        return _DECLINED
    sip = protocol.sip
    headers = tuple((header.name, header.value) for header in sip.headers)
    return SipReply(status=sip.status, phrase=sip.phrase, headers=headers)


def _one_line(text: str) -> str:
    return "".join(one for one in text if one.isprintable())
