"""Encodes and decodes SMPP 3.4 PDUs with smpplib.

Only its codec is used, because its client blocks. A PDU that cannot be decoded raises `Unreadable`
with the sequence number for the answer. Strings that smpplib leaves as bytes become str.
"""

import struct
from dataclasses import dataclass
from typing import Any, Final

from smpplib import consts, exceptions, smpp

HEADER = 16
LARGEST = 64 * 1024
"""Upper bound of a PDU; a greater length means that framing is lost."""

OK: Final[int] = consts.SMPP_ESME_ROK
THROTTLED = frozenset({consts.SMPP_ESME_RTHROTTLED, consts.SMPP_ESME_RMSGQFUL})
"""The message centre throttles: retry later."""
TRY_AGAIN = frozenset({consts.SMPP_ESME_RSYSERR, 0x64})
"""System error, or a temporary application error."""
NOT_BOUND = frozenset({consts.SMPP_ESME_RINVBNDSTS})
KEEP_IT: Final = 0x64
"""Answer when a receipt could not be stored: send it again (ESME_RX_T_APPN)."""
NO_USE: Final = 0x66
"""Answer to an undecodable PDU: do not send it again (ESME_RX_R_APPN)."""

_RECEIPT = 0x04
"""Bit of ``esm_class`` that marks a deliver_sm as a receipt."""
_UDH = 0x40
_INTERNATIONAL, _ISDN = 1, 1
_ALPHANUMERIC, _NATIONAL, _UNKNOWN = 5, 2, 0
_ASK_RECEIPT = 1


class Unreadable(ValueError):
    """A PDU whose body cannot be decoded."""

    def __init__(self, command_id: int, sequence: int, why: str) -> None:
        super().__init__(why)
        self.command_id = command_id
        self.sequence = sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Pdu:
    """The fields used of a received PDU."""

    command: str
    status: int
    sequence: int
    message_id: str = ""
    receipted_id: str = ""
    message_state: int | None = None
    body: bytes = b""
    is_receipt: bool = False
    source: str = ""
    """The address of who sent it, as digits or a name."""
    data_coding: int = 0
    has_header: bool = False
    """Whether `body` begins with a user data header, as that of one part of several."""


class _Numberless:
    """Satisfies smpplib's client interface; `_written` sets the sequence number."""

    sequence = 0

    def next_sequence(self) -> int:
        return 0


def bind(system_id: str, password: str, system_type: str, sequence: int) -> bytes:
    """Encode bind_transceiver."""
    return _written(
        "bind_transceiver",
        sequence,
        system_id=system_id,
        password=password,
        system_type=system_type,
    )


def submit(
    *,
    source: str,
    to: str,
    data_coding: int,
    several: bool,
    body: bytes,
    priority: int,
    sequence: int,
) -> bytes:
    """Encode submit_sm for one part, with a receipt requested."""
    ton, npi = _numbering(source)
    return _written(
        "submit_sm",
        sequence,
        service_type="",
        source_addr_ton=ton,
        source_addr_npi=npi,
        source_addr=source.removeprefix("+"),
        dest_addr_ton=_INTERNATIONAL,
        dest_addr_npi=_ISDN,
        destination_addr=to.removeprefix("+"),
        esm_class=_UDH if several else 0,
        priority_flag=priority,
        registered_delivery=_ASK_RECEIPT,
        data_coding=data_coding,
        short_message=body,
    )


def plain(command: str, sequence: int, status: int = OK) -> bytes:
    """Encode a PDU without a body, such as ``enquire_link`` or an answer."""
    return _written(command, sequence, status)


def read(data: bytes) -> Pdu:
    """Decode a complete PDU. Raises `Unreadable`."""
    _, command_id, status, sequence = struct.unpack(">LLLL", data[:HEADER])
    try:
        pdu = smpp.parse_pdu(data, client=_Numberless(), allow_unknown_opt_params=True)
    except (exceptions.UnknownCommandError, KeyError, struct.error, ValueError, TypeError) as error:
        raise Unreadable(command_id, sequence, str(error)) from error
    payload = getattr(pdu, "message_payload", None) or b""
    return Pdu(
        command=pdu.command,
        status=status,
        sequence=sequence,
        message_id=_text(getattr(pdu, "message_id", None)),
        receipted_id=_text(getattr(pdu, "receipted_message_id", None)),
        message_state=getattr(pdu, "message_state", None),
        body=getattr(pdu, "short_message", None) or payload,
        is_receipt=bool((getattr(pdu, "esm_class", 0) or 0) & _RECEIPT),
        source=_text(getattr(pdu, "source_addr", None)),
        data_coding=getattr(pdu, "data_coding", 0) or 0,
        has_header=bool((getattr(pdu, "esm_class", 0) or 0) & _UDH),
    )


def status_text(status: int) -> str:
    """Describe a command status."""
    return f"{consts.DESCRIPTIONS.get(status, 'a status of its own')} (0x{status:02x})"


def _written(command: str, sequence: int, status: int = OK, **fields: Any) -> bytes:
    pdu = smpp.make_pdu(command, client=_Numberless(), **fields)
    pdu.sequence = sequence
    pdu.status = status
    if status != OK:
        return struct.pack(">LL", HEADER, _code(pdu)) + struct.pack(">LL", status, sequence)
    written: bytes = pdu.generate()
    return written


def _code(pdu: Any) -> int:
    code: int = struct.unpack(">L", pdu.generate()[4:8])[0]
    return code


def _numbering(source: str) -> tuple[int, int]:
    if source.startswith("+"):
        return _INTERNATIONAL, _ISDN
    if source.isdigit():
        return _UNKNOWN, _ISDN
    return _ALPHANUMERIC, 0


def _text(value: bytes | str | None) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value or ""
