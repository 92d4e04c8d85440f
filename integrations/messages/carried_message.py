"""A message as a PDU carries it, before its text is put together."""

from dataclasses import dataclass
from enum import Enum, StrEnum


class MessageDirection(StrEnum):
    """Which way a message goes: towards the message centre, or from it."""

    SUBMIT = "submit"
    DELIVER = "deliver"


class Coding(Enum):
    """How the octets of a text are to be read."""

    GSM7 = "gsm7"
    """3GPP TS 23.038 default alphabet, one septet per octet."""
    GSM7_PACKED = "gsm7_packed"
    """The same, eight septets in seven octets."""
    ASCII = "ascii"
    LATIN1 = "latin1"
    CYRILLIC = "iso8859_5"
    HEBREW = "iso8859_8"
    SHIFT_JIS = "shift_jis"
    ISO_2022_JP = "iso2022_jp"
    EUC_KR = "euc_kr"
    UTF8 = "utf8"
    UTF16 = "utf16"
    """UTF-16BE; UCS-2 where no surrogate occurs."""
    GB18030 = "gb18030"
    """Contains GBK and GB 2312."""
    BINARY = "binary"
    """No text: not judged."""


@dataclass(frozen=True, slots=True)
class MessageSegment:
    """Which part of a message a PDU carries."""

    reference: int
    """Shared by the parts of a message; what it means depends on *scheme*."""
    total: int
    number: int
    """From 1 to *total*."""
    scheme: str
    """Where it was read: ``udh8``, ``udh16``, ``sar`` or ``pk``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPart:
    """Octets of text, without a user data header, and how to read them."""

    octets: bytes
    coding: Coding
    single_shift: int = 0
    """National language identifier (TS 23.038, 6.2.1.2.4); 0: the extension table of GSM 7-bit."""
    locking_shift: int = 0
    fill_bits: int = 0
    """Before the first septet, where packed septets follow a header."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedMessage:
    """What a decision needs of one PDU."""

    sender: str
    receivers: tuple[str, ...]
    text: TextPart
    segment: MessageSegment | None = None
    receipt: bool = False
    """Whether it reports on another message: never judged."""
    flash: bool = False
    """Message class 0: shown at once."""
