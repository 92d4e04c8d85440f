"""Reads CMPP PDUs strictly, and builds those that a relay answers with.

China Mobile Peer to Peer, versions 2.0 and 3.0. Version 3.0 has longer numbers, numbers that are
pseudonyms, a LinkID instead of reserved octets, and results of four octets.
"""

import struct
from dataclasses import dataclass

HEADER = struct.Struct(">III")
RESPONSE = 0x8000_0000

CONNECT, TERMINATE, SUBMIT, DELIVER, QUERY, CANCEL, ACTIVE_TEST = 1, 2, 4, 5, 6, 7, 8

RESULT_OK, RESULT_STRUCTURE, RESULT_LENGTH, RESULT_FLOW, RESULT_OTHER = 0, 1, 4, 8, 9
STATUS_OTHER = 5
"""Of CONNECT_RESP: another error."""
VERSION_3 = 0x30
"""Two half octets: 3 and 0. 2.0 is 0x20; 1.x is read as 2.0."""

_CONNECT_OCTETS = 27
_SOURCE_ADDR_OCTETS, _AUTHENTICATOR_OCTETS = 6, 16
_SUBMIT_HEAD_OCTETS = 22
"""Before Fee_UserType: Msg_Id, Pk_total, Pk_number, two flags, Service_Id."""
_AFTER_FORMAT_OCTETS = 6 + 2 + 6 + 17 + 17
"""Between Msg_Fmt and Src_Id: Msg_src, FeeType, FeeCode, ValId_Time, At_Time."""
_SRC_ID_OCTETS, _SERVICE_ID_OCTETS, _MSG_ID_OCTETS = 21, 10, 8
MOST_DESTINATIONS = 99


class CmppFault(ValueError):
    """A body that breaks the specification; *result* is the Result that says so."""

    def __init__(self, result: int, why: str) -> None:
        super().__init__(why)
        self.result = result


@dataclass(slots=True, kw_only=True)
class CmppMessage:
    """The fields of SUBMIT or DELIVER that a decision needs."""

    msg_id: bytes
    source: str
    destinations: tuple[str, ...]
    """Numbers; empty where they are pseudonyms (Dest_terminal_type 1)."""
    msg_fmt: int
    udhi: bool
    content: bytes
    length_at: int
    """Where Msg_Length stands in the PDU."""
    pk_total: int = 1
    pk_number: int = 1
    report: bool = False
    """Whether a DELIVER is a status report (Registered_Delivery 1)."""


class _FieldReader:
    """Reads fields of one body in their order; raises `CmppFault` beyond its end."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self.at = HEADER.size

    def take(self, length: int) -> bytes:
        """Read *length* octets."""
        taken = self._octets[self.at : self.at + length]
        if len(taken) < length:
            raise CmppFault(RESULT_STRUCTURE, "the PDU ends within its fields")
        self.at += length
        return taken

    def byte(self) -> int:
        """Read an octet."""
        return self.take(1)[0]

    def text(self, length: int) -> str:
        """Read a field of *length* octets, filled up with NUL or blanks."""
        return self.take(length).partition(b"\0")[0].decode("latin-1").strip()

    def end(self, length: int) -> None:
        """Read the last field, and make sure that nothing follows."""
        self.take(length)
        if self.at != len(self._octets):
            raise CmppFault(RESULT_LENGTH, "the PDU is longer than its fields")


def pdu(command: int, sequence: int, body: bytes = b"") -> bytes:
    """Build a PDU."""
    return HEADER.pack(HEADER.size + len(body), command, sequence) + body


def number_octets(version: int) -> int:
    """Return the octets of a terminal number."""
    return 32 if version >= VERSION_3 else 21


def result(value: int, version: int) -> bytes:
    """Write a Result, or the Status of CONNECT_RESP."""
    return value.to_bytes(4 if version >= VERSION_3 else 1, "big")


def connect_fields(octets: bytes) -> tuple[str, int]:
    """Return Source_Addr and Version of CONNECT; the version is 2.0 where it is cut short."""
    name = octets[HEADER.size : HEADER.size + _SOURCE_ADDR_OCTETS]
    text = name.partition(b"\0")[0].decode("latin-1").strip()
    at = HEADER.size + _SOURCE_ADDR_OCTETS + _AUTHENTICATOR_OCTETS
    return text, octets[at] if len(octets) > at else 0x20


def connect_response_fields(octets: bytes) -> tuple[int, int]:
    """Return Status and Version of CONNECT_RESP; its length says how long the status is."""
    body = octets[HEADER.size :]
    long = len(body) >= 4 + _AUTHENTICATOR_OCTETS + 1
    status = int.from_bytes(body[: 4 if long else 1], "big") if body else STATUS_OTHER
    return status, body[-1] if body else 0


def read_message(octets: bytes, command: int, version: int) -> CmppMessage:
    """Read the message in a whole PDU; raises `CmppFault`."""
    reader = _FieldReader(octets)
    return _submit(reader, version) if command == SUBMIT else _deliver(reader, version)


def _submit(reader: _FieldReader, version: int) -> CmppMessage:
    third, width = version >= VERSION_3, number_octets(version)
    head = reader.take(_SUBMIT_HEAD_OCTETS)
    reader.take(1 + width + third)  # Fee_UserType, Fee_terminal_Id, Fee_terminal_type
    reader.byte()  # TP_pId
    udhi, msg_fmt = reader.byte(), reader.byte()
    reader.take(_AFTER_FORMAT_OCTETS)
    source = reader.text(_SRC_ID_OCTETS)
    count = reader.byte()
    if not 1 <= count <= MOST_DESTINATIONS:
        raise CmppFault(RESULT_STRUCTURE, "a message needs 1 to 99 receivers")
    numbers = [reader.text(width) for _ in range(count)]
    pseudonyms = third and reader.byte() == 1
    length_at = reader.at
    content = reader.take(reader.byte())
    reader.end(20 if third else 8)
    return CmppMessage(
        msg_id=head[:_MSG_ID_OCTETS],
        source=source,
        destinations=() if pseudonyms else tuple(map(_global, numbers)),
        msg_fmt=msg_fmt,
        udhi=bool(udhi & 1),
        content=content,
        length_at=length_at,
        pk_total=head[8],
        pk_number=head[9],
    )


def _deliver(reader: _FieldReader, version: int) -> CmppMessage:
    third = version >= VERSION_3
    msg_id = reader.take(_MSG_ID_OCTETS)
    destination = reader.text(_SRC_ID_OCTETS)
    reader.take(_SERVICE_ID_OCTETS + 1)  # Service_Id, TP_pId
    udhi, msg_fmt = reader.byte(), reader.byte()
    source = reader.text(number_octets(version))
    if third:
        reader.byte()  # Src_terminal_type
    report = reader.byte()
    length_at = reader.at
    content = reader.take(reader.byte())
    reader.end(20 if third else 8)
    return CmppMessage(
        msg_id=msg_id,
        source=_global(source),
        destinations=(destination,),
        msg_fmt=msg_fmt,
        udhi=bool(udhi & 1),
        content=content,
        length_at=length_at,
        report=report == 1,
    )


def _global(number: str) -> str:
    """Return a mobile number with country code as E.164; others as they are."""
    mainland = len(number) == 13 and number.startswith("861") and number.isdigit()  # noqa: PLR2004
    return f"+{number}" if mainland else number
