"""SMPP as a relay needs it: which command is what, and the relay's own answers."""

import struct

from integrations.messages import data_coding, user_data_header
from integrations.messages.carried_message import (
    CarriedMessage,
    Coding,
    MessageDirection,
    MessageSegment,
    TextPart,
)
from integrations.messages.dialect import PduFault, PduKind, RelayedPdu
from integrations.messages.relay_settings import RelaySettings
from integrations.smpp import codec

_USER_DATA_HEADER = 0x40
_MESSAGE_TYPE = 0x3C
_RECEIPT, _INTERMEDIATE_NOTIFICATION = 0x04, 0x20
_MOST_NAME_CHARACTERS = 64
_MOST_SHORT_OCTETS = {Coding.GSM7: 160, Coding.UTF16: 140}

_FROM_BOTH = {
    codec.UNBIND: PduKind.UNBIND,
    codec.ENQUIRE_LINK: PduKind.KEEPALIVE,
    codec.DATA_SM: PduKind.MESSAGE,
}
_KINDS: dict[MessageDirection, dict[int, PduKind]] = {
    MessageDirection.SUBMIT: _FROM_BOTH
    | dict.fromkeys(codec.BINDS, PduKind.BIND)
    | dict.fromkeys((codec.SUBMIT_SM, codec.SUBMIT_MULTI), PduKind.MESSAGE)
    | dict.fromkeys(
        (
            codec.QUERY_SM,
            codec.CANCEL_SM,
            codec.REPLACE_SM,
            codec.BROADCAST_SM,
            codec.QUERY_BROADCAST_SM,
            codec.CANCEL_BROADCAST_SM,
        ),
        PduKind.OPERATION,
    ),
    MessageDirection.DELIVER: _FROM_BOTH
    | {codec.DELIVER_SM: PduKind.MESSAGE, codec.ALERT_NOTIFICATION: PduKind.NOTICE},
}
_RESPONSES = {
    command | codec.RESPONSE
    for kinds in _KINDS.values()
    for command, kind in kinds.items()
    if kind is not PduKind.NOTICE
}


class SmppDialect:
    """SMPP 3.3, 3.4 and 5.0: what a relay reads is the same in all."""

    name = "smpp"
    header_bytes = codec.HEADER.size

    def __init__(self, settings: RelaySettings) -> None:
        self._default = settings.default_alphabet
        self._packed = frozenset(settings.packed_codings)

    def parse(self, octets: bytes) -> RelayedPdu:
        """Read the header of a whole PDU."""
        _, command, status, sequence = codec.HEADER.unpack_from(octets)
        return RelayedPdu(command, status, sequence, octets)

    def kind(self, pdu: RelayedPdu, direction: MessageDirection) -> PduKind:
        """Tell what *pdu* is; *direction* says which peer it comes from."""
        command = pdu.command
        if command & codec.RESPONSE:
            if command == codec.GENERIC_NACK:
                return PduKind.FAULT
            # A response to a command that nobody sent belongs to no request.
            return PduKind.RESPONSE if command in _RESPONSES else PduKind.FAULT
        return _KINDS[direction].get(command, PduKind.UNKNOWN)

    def renumbered(self, octets: bytes, sequence: int) -> bytes:
        """Return the PDU with another sequence number."""
        return octets[:12] + sequence.to_bytes(4, "big") + octets[16:]

    def client_name(self, bind: RelayedPdu) -> str:
        """Return the system_id, as far as it is printable."""
        name = codec.system_id(bind.octets)
        return "".join(c for c in name if " " < c <= "~")[:_MOST_NAME_CHARACTERS]

    def is_bound(self, response: RelayedPdu) -> bool:
        """Return whether this response to a bind accepts it."""
        return response.status == codec.ESME_ROK and response.command != codec.GENERIC_NACK

    def read(self, pdu: RelayedPdu, direction: MessageDirection) -> CarriedMessage:
        """Read a message; raises `PduFault`."""
        try:
            message = codec.read_message(pdu.octets, pdu.command)
            return self._carried(message, direction)
        except codec.SmppFault as fault:
            raise PduFault(fault.status, str(fault)) from fault

    def refuse(self, pdu: RelayedPdu, direction: MessageDirection, status: int | None) -> bytes:
        """Answer that a message is refused."""
        if status is None:
            submit = direction is MessageDirection.SUBMIT
            status = codec.ESME_RSUBMITFAIL if submit else codec.ESME_RX_R_APPN
        return _reply(pdu, status)

    def swallow(self, pdu: RelayedPdu, direction: MessageDirection, decision_id: int) -> bytes:
        """Answer that a message was accepted, which is dropped."""
        message_id = b"%016X\0" % decision_id if direction is MessageDirection.SUBMIT else b"\0"
        unsuccessful = b"\0" if pdu.command == codec.SUBMIT_MULTI else b""
        return _reply(pdu, codec.ESME_ROK, message_id + unsuccessful)

    def reply_fault(self, pdu: RelayedPdu, status: int) -> bytes:
        """Answer a PDU whose body cannot be read."""
        return _reply(pdu, status)

    def reply_unknown(self, pdu: RelayedPdu) -> bytes:
        """Answer a command that this peer may not send; an outbind, too, which has no response."""
        return codec.pdu(codec.GENERIC_NACK, codec.ESME_RINVCMDID, pdu.sequence)

    def reply_unframed(self, header: bytes) -> bytes:
        """Answer a command_length that no PDU can have."""
        sequence = int.from_bytes(header[12:16], "big")
        return codec.pdu(codec.GENERIC_NACK, codec.ESME_RINVCMDLEN, sequence)

    def reply_too_early(self, pdu: RelayedPdu) -> bytes:
        """Answer a request before the session is bound."""
        return _reply(pdu, codec.ESME_RINVBNDSTS)

    def reply_bound_already(self, pdu: RelayedPdu) -> bytes:
        """Answer another bind in a bound session."""
        return _reply(pdu, codec.ESME_RALYBND)

    def reply_no_upstream(self, pdu: RelayedPdu) -> bytes:
        """Answer a bind when the message centre cannot be reached."""
        return _reply(pdu, codec.ESME_RBINDFAIL)

    def reply_throttled(self, pdu: RelayedPdu) -> bytes:
        """Answer a request beyond what the relay holds: it may be sent again."""
        delivery = pdu.command == codec.DELIVER_SM
        return _reply(pdu, codec.ESME_RX_T_APPN if delivery else codec.ESME_RTHROTTLED)

    def reply_keepalive(self, pdu: RelayedPdu) -> bytes:
        """Answer an enquire_link."""
        return _reply(pdu, codec.ESME_ROK)

    def reply_unbind(self, pdu: RelayedPdu) -> bytes:
        """Answer an unbind where the other peer is gone."""
        return _reply(pdu, codec.ESME_ROK)

    def keepalive(self, sequence: int) -> bytes:
        """Build an enquire_link."""
        return codec.pdu(codec.ENQUIRE_LINK, 0, sequence)

    def unbind(self, sequence: int) -> bytes:
        """Build an unbind."""
        return codec.pdu(codec.UNBIND, 0, sequence)

    def labelled(self, pdu: RelayedPdu, label: str) -> bytes | None:
        """Return the PDU with *label* before its text; None where that does not fit."""
        try:
            message = codec.read_message(pdu.octets, pdu.command)
            carried = self._carried(message, MessageDirection.SUBMIT)
        except codec.SmppFault:
            return None
        if not message.length_at or not message.short_message or message.esm_class & 0x40:
            return None
        prefix = data_coding.encoded(label, carried.text.coding)
        if carried.segment is not None or prefix is None:
            return None
        text = prefix + message.short_message
        if len(text) > _MOST_SHORT_OCTETS.get(carried.text.coding, 0):
            return None
        at, end = message.length_at, message.length_at + 1 + len(message.short_message)
        octets = pdu.octets[:at] + bytes([len(text)]) + text + pdu.octets[end:]
        return len(octets).to_bytes(4, "big") + octets[4:]

    def _carried(self, message: codec.SmppMessage, direction: MessageDirection) -> CarriedMessage:
        octets, header = message.octets, user_data_header.NONE
        if message.esm_class & _USER_DATA_HEADER:
            try:
                header = user_data_header.read(octets)
            except ValueError as error:
                raise codec.SmppFault(codec.ESME_RINVMSGLEN, str(error)) from error
        kind = message.esm_class & _MESSAGE_TYPE
        return CarriedMessage(
            sender=message.source,
            receivers=message.destinations,
            text=TextPart(
                octets=octets[header.octets :],
                coding=self._coding(message.data_coding),
                single_shift=header.single_shift,
                locking_shift=header.locking_shift,
                fill_bits=header.fill_bits,
            ),
            segment=header.segment or _sar_segment(message.tlvs),
            receipt=direction is MessageDirection.DELIVER
            and kind in {_RECEIPT, _INTERMEDIATE_NOTIFICATION},
            flash=data_coding.is_flash(message.data_coding),
        )

    def _coding(self, value: int) -> Coding:
        if value == 0:
            coding = self._default
        else:
            coding = data_coding.SMPP_CODINGS.get(value) or data_coding.gsm_coding(value)
        return Coding.GSM7_PACKED if value in self._packed and coding is Coding.GSM7 else coding


def _reply(pdu: RelayedPdu, status: int, body: bytes = b"") -> bytes:
    return codec.pdu(pdu.command | codec.RESPONSE, status, pdu.sequence, body)


def _sar_segment(tlvs: dict[int, bytes]) -> MessageSegment | None:
    """Read the parts of SMPP 5.0, 4.8.4.52 to 54; parameters of a wrong length are ignored."""
    try:
        (reference,) = struct.unpack(">H", tlvs[codec.SAR_MSG_REF_NUM])
        (total,) = tlvs[codec.SAR_TOTAL_SEGMENTS]
        (number,) = tlvs[codec.SAR_SEGMENT_SEQNUM]
    except (KeyError, ValueError, struct.error):
        return None
    return user_data_header.segment_of(reference, total, number, "sar")
