"""Reads SMPP PDUs strictly (SMPP 3.4 issue 1.2; 5.0), and builds those that a relay answers with.

Nothing here encodes a message: the bytes of a client reach the message centre as they are.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

HEADER = struct.Struct(">IIII")
RESPONSE = 0x8000_0000

GENERIC_NACK = 0x8000_0000
BIND_RECEIVER, BIND_TRANSMITTER, BIND_TRANSCEIVER = 0x01, 0x02, 0x09
QUERY_SM, SUBMIT_SM, DELIVER_SM, UNBIND, REPLACE_SM, CANCEL_SM = 0x03, 0x04, 0x05, 0x06, 0x07, 0x08
OUTBIND, ENQUIRE_LINK, SUBMIT_MULTI, ALERT_NOTIFICATION, DATA_SM = 0x0B, 0x15, 0x21, 0x102, 0x103
BROADCAST_SM, QUERY_BROADCAST_SM, CANCEL_BROADCAST_SM = 0x111, 0x112, 0x113
BINDS = frozenset({BIND_RECEIVER, BIND_TRANSMITTER, BIND_TRANSCEIVER})

ESME_ROK = 0x00
ESME_RINVMSGLEN = 0x01
ESME_RINVCMDLEN = 0x02
ESME_RINVCMDID = 0x03
ESME_RINVBNDSTS = 0x04
ESME_RALYBND = 0x05
ESME_RBINDFAIL = 0x0D
ESME_RINVNUMDESTS = 0x33
ESME_RINVDESTFLAG = 0x40
ESME_RSUBMITFAIL = 0x45
ESME_RTHROTTLED = 0x58
ESME_RX_T_APPN = 0x64
"""The receiver cannot take the message now; it is sent again."""
ESME_RX_R_APPN = 0x66
"""The receiver rejects this message."""
ESME_RINVPARLEN = 0xC2

SAR_MSG_REF_NUM, SAR_TOTAL_SEGMENTS, SAR_SEGMENT_SEQNUM = 0x020C, 0x020E, 0x020F
MESSAGE_PAYLOAD = 0x0424

_ADDRESS_OCTETS, _LONG_ADDRESS_OCTETS = 21, 65
_SERVICE_TYPE_OCTETS, _TIME_OCTETS, _LIST_NAME_OCTETS = 6, 17, 21
_SYSTEM_ID_OCTETS = 16
_BY_ADDRESS, _BY_LIST = 1, 2
_TON_INTERNATIONAL = 1
MOST_DESTINATIONS = 254


class SmppFault(ValueError):
    """A body that breaks the specification; *status* is the command_status that says so."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


@dataclass(slots=True, kw_only=True)
class SmppMessage:
    """The fields of submit_sm, submit_multi, deliver_sm or data_sm that a decision needs."""

    source: str
    destinations: tuple[str, ...]
    """Numbers; distribution lists are left out."""
    esm_class: int
    data_coding: int
    short_message: bytes = b""
    length_at: int = 0
    """Where sm_length stands in the PDU; 0 in data_sm, which has none."""
    tlvs: dict[int, bytes] = field(default_factory=dict)

    @property
    def octets(self) -> bytes:
        """The text with its user data header, of short_message or message_payload.

        Only one may be there (SMPP 3.4, 5.3.2.32); of a PDU with both, both are read, since message
        centres differ in which of them they send.
        """
        return self.short_message + self.tlvs.get(MESSAGE_PAYLOAD, b"")


class _Cursor:
    """Reads fields of one body in their order; raises `SmppFault` beyond its end."""

    def __init__(self, octets: bytes, at: int) -> None:
        self._octets = octets
        self.at = at

    def byte(self) -> int:
        """Read an octet."""
        if self.at >= len(self._octets):
            raise SmppFault(ESME_RINVCMDLEN, "the PDU ends within its fields")
        self.at += 1
        return self._octets[self.at - 1]

    def take(self, length: int) -> bytes:
        """Read *length* octets."""
        taken = self._octets[self.at : self.at + length]
        if len(taken) < length:
            raise SmppFault(ESME_RINVMSGLEN, "the PDU ends within its text")
        self.at += length
        return taken

    def text(self, longest: int) -> str:
        """Read a C octet string of at most *longest* octets, with its NUL."""
        end = self._octets.find(b"\0", self.at, self.at + longest)
        if end < 0:
            raise SmppFault(ESME_RINVPARLEN, "a field lacks its NUL")
        found = self._octets[self.at : end]
        self.at = end + 1
        return found.decode("latin-1")

    def address(self, longest: int = _ADDRESS_OCTETS) -> str:
        """Read type of number, numbering plan and address; international ones get their plus."""
        ton = self.byte()
        self.byte()
        address = self.text(longest)
        if ton == _TON_INTERNATIONAL and address.isdigit():
            return f"+{address}"
        return address

    def tlvs(self) -> Iterator[tuple[int, bytes]]:
        """Read optional parameters to the end."""
        octets = self._octets
        while self.at < len(octets):
            if self.at + 4 > len(octets):
                raise SmppFault(ESME_RINVPARLEN, "an optional parameter is cut short")
            tag, length = struct.unpack_from(">HH", octets, self.at)
            self.at += 4
            if self.at + length > len(octets):
                raise SmppFault(ESME_RINVPARLEN, "an optional parameter is cut short")
            yield tag, self.take(length)


def pdu(command: int, status: int, sequence: int, body: bytes = b"") -> bytes:
    """Build a PDU."""
    return HEADER.pack(HEADER.size + len(body), command, status, sequence) + body


def system_id(octets: bytes) -> str:
    """Return the system_id of a bind; empty where it has none."""
    try:
        return _Cursor(octets, HEADER.size).text(_SYSTEM_ID_OCTETS)
    except SmppFault:
        return ""


def read_message(octets: bytes, command: int) -> SmppMessage:
    """Read the message in a whole PDU; raises `SmppFault`."""
    cursor = _Cursor(octets, HEADER.size)
    cursor.text(_SERVICE_TYPE_OCTETS)
    if command == DATA_SM:
        return _data_sm(cursor)
    source = cursor.address()
    several = command == SUBMIT_MULTI
    destinations = _destinations(cursor) if several else (cursor.address(),)
    esm_class = cursor.byte()
    cursor.take(2)  # protocol_id, priority_flag
    cursor.text(_TIME_OCTETS)
    cursor.text(_TIME_OCTETS)
    cursor.take(2)  # registered_delivery, replace_if_present_flag
    data_coding = cursor.byte()
    cursor.byte()  # sm_default_msg_id
    length_at = cursor.at
    return SmppMessage(
        source=source,
        destinations=destinations,
        esm_class=esm_class,
        data_coding=data_coding,
        short_message=cursor.take(cursor.byte()),
        length_at=length_at,
        tlvs=dict(cursor.tlvs()),
    )


def _data_sm(cursor: _Cursor) -> SmppMessage:
    source = cursor.address(_LONG_ADDRESS_OCTETS)
    destination = cursor.address(_LONG_ADDRESS_OCTETS)
    esm_class = cursor.byte()
    cursor.byte()  # registered_delivery
    return SmppMessage(
        source=source,
        destinations=(destination,),
        esm_class=esm_class,
        data_coding=cursor.byte(),
        tlvs=dict(cursor.tlvs()),
    )


def _destinations(cursor: _Cursor) -> tuple[str, ...]:
    count = cursor.byte()
    if not 1 <= count <= MOST_DESTINATIONS:
        raise SmppFault(ESME_RINVNUMDESTS, "submit_multi names no destination, or too many")
    found: list[str] = []
    for _ in range(count):
        flag = cursor.byte()
        if flag == _BY_ADDRESS:
            found.append(cursor.address())
        elif flag == _BY_LIST:
            cursor.text(_LIST_NAME_OCTETS)
        else:
            raise SmppFault(ESME_RINVDESTFLAG, "a destination is neither number nor list")
    return tuple(found)
