"""What a relay needs to know of a protocol between message centres and their clients.

A relay forwards the bytes of a PDU unchanged but for its sequence number, so a dialect reads what
a decision needs and builds the few PDUs that the relay answers by itself.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from integrations.messages.carried_message import CarriedMessage, MessageDirection


class PduKind(Enum):
    """What a relay does with a PDU."""

    BIND = "bind"
    """Opens the session: forwarded, with its credentials."""
    UNBIND = "unbind"
    KEEPALIVE = "keepalive"
    """Answered on each end by the relay."""
    MESSAGE = "message"
    """Carries a text: decided on, then forwarded or refused."""
    OPERATION = "operation"
    """Any other request: forwarded."""
    NOTICE = "notice"
    """Forwarded; has no response."""
    RESPONSE = "response"
    FAULT = "fault"
    """A response that says that a request could not be read."""
    UNKNOWN = "unknown"
    """Refused: a command that the protocol lacks, or that this peer may not send."""


@dataclass(frozen=True, slots=True)
class RelayedPdu:
    """One PDU as it came."""

    command: int
    status: int
    """Of a response; 0 where the header of the protocol has none."""
    sequence: int
    octets: bytes
    """The whole PDU."""


class PduFault(Exception):
    """A body that cannot be read; *status* is how the protocol names that."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class Dialect(Protocol):
    """One protocol; instances hold what a session has negotiated."""

    name: str
    header_bytes: int

    def parse(self, octets: bytes) -> RelayedPdu:
        """Read the header of a whole PDU."""

    def kind(self, pdu: RelayedPdu, direction: MessageDirection) -> PduKind:
        """Tell what *pdu* is; *direction* says which peer it comes from."""

    def renumbered(self, octets: bytes, sequence: int) -> bytes:
        """Return the PDU with another sequence number."""

    def client_name(self, bind: RelayedPdu) -> str:
        """Return how the client calls itself, up to 64 printable characters."""

    def is_bound(self, response: RelayedPdu) -> bool:
        """Return whether this response to a bind accepts it; note what it negotiated."""

    def read(self, pdu: RelayedPdu, direction: MessageDirection) -> CarriedMessage:
        """Read a message; raises `PduFault`."""

    def refuse(self, pdu: RelayedPdu, direction: MessageDirection, status: int | None) -> bytes:
        """Answer that a message is refused; *status* as the service gave it, None: the default."""

    def swallow(self, pdu: RelayedPdu, direction: MessageDirection, decision_id: int) -> bytes:
        """Answer that a message was accepted, which is dropped."""

    def reply_fault(self, pdu: RelayedPdu, status: int) -> bytes:
        """Answer a PDU whose body cannot be read."""

    def reply_unknown(self, pdu: RelayedPdu) -> bytes:
        """Answer a command that is unknown here; empty: the protocol has no such answer."""

    def reply_unframed(self, header: bytes) -> bytes:
        """Answer a length that no PDU can have; empty: the protocol has no such answer."""

    def reply_too_early(self, pdu: RelayedPdu) -> bytes:
        """Answer a request before the session is bound."""

    def reply_bound_already(self, pdu: RelayedPdu) -> bytes:
        """Answer another bind in a bound session."""

    def reply_no_upstream(self, pdu: RelayedPdu) -> bytes:
        """Answer a bind when the message centre cannot be reached."""

    def reply_throttled(self, pdu: RelayedPdu) -> bytes:
        """Answer a request beyond what the relay holds."""

    def reply_keepalive(self, pdu: RelayedPdu) -> bytes:
        """Answer a keepalive."""

    def reply_unbind(self, pdu: RelayedPdu) -> bytes:
        """Answer an unbind where the other peer is gone."""

    def keepalive(self, sequence: int) -> bytes:
        """Build a keepalive."""

    def unbind(self, sequence: int) -> bytes:
        """Build an unbind."""

    def labelled(self, pdu: RelayedPdu, label: str) -> bytes | None:
        """Return the PDU with *label* before its text; None where that does not fit."""
