"""CMPP as a relay needs it: which command is what, and the relay's own answers."""

import itertools
from datetime import UTC, datetime, timedelta, timezone

from integrations.cmpp import codec
from integrations.cmpp.settings import CmppSettings
from integrations.messages import data_coding, user_data_header
from integrations.messages.carried_message import (
    CarriedMessage,
    Coding,
    MessageDirection,
    TextPart,
)
from integrations.messages.dialect import PduFault, PduKind, RelayedPdu

_MOST_NAME_CHARACTERS = 64
_MOST_CONTENT_OCTETS = {Coding.ASCII: 160, Coding.UTF16: 140, Coding.GB18030: 140}
_CHINA = timezone(timedelta(hours=8))
_FROM_BOTH = {codec.TERMINATE: PduKind.UNBIND, codec.ACTIVE_TEST: PduKind.KEEPALIVE}
_KINDS: dict[MessageDirection, dict[int, PduKind]] = {
    MessageDirection.SUBMIT: _FROM_BOTH
    | {
        codec.CONNECT: PduKind.BIND,
        codec.SUBMIT: PduKind.MESSAGE,
        codec.QUERY: PduKind.OPERATION,
        codec.CANCEL: PduKind.OPERATION,
    },
    MessageDirection.DELIVER: _FROM_BOTH | {codec.DELIVER: PduKind.MESSAGE},
}
_RESPONSES = {command | codec.RESPONSE for kinds in _KINDS.values() for command in kinds}


class CmppDialect:
    """CMPP 2.0 and 3.0; knows the version of its session from CONNECT on."""

    name = "cmpp"
    header_bytes = codec.HEADER.size

    def __init__(self, settings: CmppSettings) -> None:
        self._settings = settings
        self._packed = frozenset(settings.packed_codings)
        self._version = 0x20
        self._serial = itertools.count(1)

    def parse(self, octets: bytes) -> RelayedPdu:
        """Read the header of a whole PDU."""
        _, command, sequence = codec.HEADER.unpack_from(octets)
        return RelayedPdu(command, 0, sequence, octets)

    def kind(self, pdu: RelayedPdu, direction: MessageDirection) -> PduKind:
        """Tell what *pdu* is; *direction* says which peer it comes from."""
        if pdu.command & codec.RESPONSE:
            return PduKind.RESPONSE if pdu.command in _RESPONSES else PduKind.UNKNOWN
        return _KINDS[direction].get(pdu.command, PduKind.UNKNOWN)

    def renumbered(self, octets: bytes, sequence: int) -> bytes:
        """Return the PDU with another sequence number."""
        return octets[:8] + sequence.to_bytes(4, "big") + octets[12:]

    def client_name(self, bind: RelayedPdu) -> str:
        """Return Source_Addr, as far as it is printable; note the version that is asked for."""
        name, self._version = codec.connect_fields(bind.octets)
        return "".join(c for c in name if " " < c <= "~")[:_MOST_NAME_CHARACTERS]

    def is_bound(self, response: RelayedPdu) -> bool:
        """Return whether a CONNECT_RESP accepts; the lower version of both counts from now on."""
        status, version = codec.connect_response_fields(response.octets)
        if version:
            self._version = min(self._version, version)
        return status == codec.RESULT_OK

    def read(self, pdu: RelayedPdu, direction: MessageDirection) -> CarriedMessage:
        """Read a message; raises `PduFault`."""
        try:
            message = codec.read_message(pdu.octets, pdu.command, self._version)
            return self._carried(message)
        except codec.CmppFault as fault:
            raise PduFault(fault.result, str(fault)) from fault

    def refuse(self, pdu: RelayedPdu, direction: MessageDirection, status: int | None) -> bytes:
        """Answer that a message is refused; the status of SMPP means nothing here."""
        submit = direction is MessageDirection.SUBMIT
        settings = self._settings
        return self._reply(pdu, settings.submit_result if submit else settings.deliver_result)

    def swallow(self, pdu: RelayedPdu, direction: MessageDirection, decision_id: int) -> bytes:
        """Answer that a message was accepted, which is dropped."""
        own = self._own_msg_id() if direction is MessageDirection.SUBMIT else None
        return self._reply(pdu, codec.RESULT_OK, own)

    def reply_fault(self, pdu: RelayedPdu, status: int) -> bytes:
        """Answer a PDU whose body cannot be read."""
        return self._reply(pdu, status)

    def reply_unknown(self, pdu: RelayedPdu) -> bytes:
        """Give no answer: CMPP has none to a command that is unknown; the session ends."""
        return b""

    def reply_unframed(self, header: bytes) -> bytes:
        """Give no answer: CMPP has none to a Total_Length that no PDU can have."""
        return b""

    def reply_too_early(self, pdu: RelayedPdu) -> bytes:
        """Answer a request before the session is connected."""
        return self._reply(pdu, codec.RESULT_OTHER)

    def reply_bound_already(self, pdu: RelayedPdu) -> bytes:
        """Answer another CONNECT in a connected session."""
        return self._connect_error(pdu)

    def reply_no_upstream(self, pdu: RelayedPdu) -> bytes:
        """Answer a CONNECT when the gateway cannot be reached."""
        return self._connect_error(pdu)

    def reply_throttled(self, pdu: RelayedPdu) -> bytes:
        """Answer a request beyond what the relay holds: it may be sent again."""
        return self._reply(pdu, codec.RESULT_FLOW)

    def reply_keepalive(self, pdu: RelayedPdu) -> bytes:
        """Answer an ACTIVE_TEST."""
        return codec.pdu(codec.ACTIVE_TEST | codec.RESPONSE, pdu.sequence, b"\0")

    def reply_unbind(self, pdu: RelayedPdu) -> bytes:
        """Answer a TERMINATE where the other peer is gone."""
        return codec.pdu(codec.TERMINATE | codec.RESPONSE, pdu.sequence)

    def keepalive(self, sequence: int) -> bytes:
        """Build an ACTIVE_TEST."""
        return codec.pdu(codec.ACTIVE_TEST, sequence)

    def unbind(self, sequence: int) -> bytes:
        """Build a TERMINATE."""
        return codec.pdu(codec.TERMINATE, sequence)

    def labelled(self, pdu: RelayedPdu, label: str) -> bytes | None:
        """Return the PDU with *label* before its text; None where that does not fit."""
        try:
            message = codec.read_message(pdu.octets, pdu.command, self._version)
        except codec.CmppFault:
            return None
        coding = self._coding(message.msg_fmt)
        prefix = data_coding.encoded(label, coding)
        if message.udhi or message.pk_total > 1 or prefix is None:
            return None
        content = prefix + message.content
        if len(content) > _MOST_CONTENT_OCTETS.get(coding, 0):
            return None
        at, end = message.length_at, message.length_at + 1 + len(message.content)
        octets = pdu.octets[:at] + bytes([len(content)]) + content + pdu.octets[end:]
        return len(octets).to_bytes(4, "big") + octets[4:]

    def _carried(self, message: codec.CmppMessage) -> CarriedMessage:
        header = user_data_header.NONE
        if message.udhi:
            try:
                header = user_data_header.read(message.content)
            except ValueError as error:
                raise codec.CmppFault(codec.RESULT_STRUCTURE, str(error)) from error
        segment = header.segment or user_data_header.segment_of(
            0, message.pk_total, message.pk_number, "pk"
        )
        return CarriedMessage(
            sender=message.source,
            receivers=message.destinations,
            text=TextPart(
                octets=message.content[header.octets :],
                coding=self._coding(message.msg_fmt),
                single_shift=header.single_shift,
                locking_shift=header.locking_shift,
                fill_bits=header.fill_bits,
            ),
            segment=segment,
            receipt=message.report,
            flash=data_coding.is_flash(message.msg_fmt),
        )

    def _coding(self, value: int) -> Coding:
        if value == 0:
            return self._settings.default_alphabet
        coding = data_coding.CMPP_CODINGS.get(value) or data_coding.gsm_coding(value)
        return Coding.GSM7_PACKED if value in self._packed and coding is Coding.GSM7 else coding

    def _reply(self, pdu: RelayedPdu, result: int, msg_id: bytes | None = None) -> bytes:
        """Answer a request by its result; empty where its response has none (QUERY)."""
        if pdu.command == codec.CONNECT:
            return self._connect_error(pdu)
        if pdu.command == codec.CANCEL:
            # Success_Id: 0 succeeded, 1 failed.
            body = codec.result(int(result != codec.RESULT_OK), self._version)
        elif pdu.command in {codec.SUBMIT, codec.DELIVER}:
            its_own = pdu.octets[self.header_bytes : self.header_bytes + 8].ljust(8, b"\0")
            body = (msg_id or its_own) + codec.result(result, self._version)
        else:
            return b""
        return codec.pdu(pdu.command | codec.RESPONSE, pdu.sequence, body)

    def _connect_error(self, pdu: RelayedPdu) -> bytes:
        _, version = codec.connect_fields(pdu.octets)
        body = codec.result(codec.STATUS_OTHER, version) + bytes(16) + bytes([version])
        return codec.pdu(codec.CONNECT | codec.RESPONSE, pdu.sequence, body)

    def _own_msg_id(self) -> bytes:
        """Make a Msg_Id: time to the second, code of the gateway, serial number."""
        now = datetime.now(UTC).astimezone(_CHINA)
        value = 0
        for field, bits in (
            (now.month, 4), (now.day, 5), (now.hour, 5), (now.minute, 6), (now.second, 6),
            (self._settings.gateway_code, 22), (next(self._serial), 16),
        ):  # fmt: skip
            value = value << bits | field & (1 << bits) - 1
        return value.to_bytes(8, "big")
