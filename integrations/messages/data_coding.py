"""From data coding values and octets to text.

SMPP 3.4, 5.2.19 gives the values 0 to 14; all others are read as the GSM data coding scheme (3GPP
TS 23.038, 4). CMPP's Msg_Fmt has 15 for GBK. What cannot be decoded strictly is decoded with
replacement characters: a text is judged by what can be read of it.
"""

import re
from collections.abc import Sequence
from itertools import groupby

from integrations.messages import gsm_alphabet
from integrations.messages.carried_message import Coding, TextPart

SMPP_CODINGS = {
    1: Coding.ASCII, 2: Coding.BINARY, 3: Coding.LATIN1, 4: Coding.BINARY, 5: Coding.SHIFT_JIS,
    6: Coding.CYRILLIC, 7: Coding.HEBREW, 8: Coding.UTF16, 9: Coding.BINARY,
    10: Coding.ISO_2022_JP, 13: Coding.SHIFT_JIS, 14: Coding.EUC_KR,
}  # fmt: skip
CMPP_CODINGS = {
    0: Coding.ASCII, 3: Coding.BINARY, 4: Coding.BINARY, 8: Coding.UTF16, 15: Coding.GB18030,
}  # fmt: skip
_LAST_GENERAL_GROUP, _WAITING_UCS2_GROUP, _CLASS_GROUP = 0x7, 0xE, 0xF
_GSM_ALPHABETS = (Coding.GSM7, Coding.BINARY, Coding.UTF16, Coding.BINARY)
_PYTHON_NAMES = {
    Coding.CYRILLIC: "iso8859_5",
    Coding.HEBREW: "iso8859_8",
    Coding.SHIFT_JIS: "shift_jis",
    Coding.ISO_2022_JP: "iso2022_jp",
    Coding.EUC_KR: "euc_kr",
    Coding.UTF8: "utf-8",
    Coding.UTF16: "utf-16-be",
    Coding.GB18030: "gb18030",
}
_GUESSES = {
    Coding.GSM7: ("utf-8", "latin-1"),
    Coding.ASCII: ("utf-8", "gb18030", "latin-1"),
}
"""What octets above 127 may be where the alphabet has none: senders often ignore it."""

_NO_ASCII = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def gsm_coding(scheme: int) -> Coding:
    """Return the coding of a GSM data coding scheme; compressed text counts as binary."""
    group = scheme >> 4
    if group <= _LAST_GENERAL_GROUP:
        compressed = bool(scheme & 0x20)
        return Coding.BINARY if compressed else _GSM_ALPHABETS[scheme >> 2 & 3]
    if group == _WAITING_UCS2_GROUP:
        return Coding.UTF16
    if group == _CLASS_GROUP and scheme & 0x04:
        return Coding.BINARY
    # Message waiting (0xC, 0xD), and reserved groups, which are read as the default alphabet.
    return Coding.GSM7


def is_flash(scheme: int) -> bool:
    """Return whether a GSM data coding scheme names message class 0."""
    group = scheme >> 4
    has_class = group == _CLASS_GROUP or (group <= _LAST_GENERAL_GROUP and bool(scheme & 0x10))
    return has_class and scheme & 3 == 0


def text_of(parts: Sequence[TextPart]) -> str:
    """Return the text of consecutive parts.

    Parts in one coding are joined before they are decoded, since senders split characters: a
    surrogate pair, an escape, a character of two octets. Packed septets begin anew in each part.
    """
    pieces: list[str] = []
    for _, run in groupby(parts, key=_alphabet):
        same = list(run)
        pieces.append(_decode(b"".join(_octets(part) for part in same), same[0]))
    return "".join(pieces)


def _alphabet(part: TextPart) -> tuple[Coding, int, int]:
    return part.coding, part.single_shift, part.locking_shift


def _octets(part: TextPart) -> bytes:
    if part.coding is Coding.GSM7_PACKED:
        return gsm_alphabet.unpack(part.octets, fill_bits=part.fill_bits)
    return part.octets


def _decode(octets: bytes, part: TextPart) -> str:
    coding = part.coding
    if coding is Coding.BINARY:
        return ""
    if coding in _GUESSES and not octets.isascii():
        return _guess(octets, _GUESSES[coding])
    if coding is Coding.ASCII and (_NO_ASCII.search(octets) or _shifts(part)):
        # Libraries write 1, which SMPP calls IA5, for GSM 7-bit.
        coding = Coding.GSM7
    if coding in {Coding.GSM7, Coding.GSM7_PACKED}:
        return gsm_alphabet.decode(
            octets, single_shift=part.single_shift, locking_shift=part.locking_shift
        )
    if coding in {Coding.ASCII, Coding.LATIN1}:
        return octets.decode("latin-1")
    return octets.decode(_PYTHON_NAMES[coding], "replace")


def _shifts(part: TextPart) -> bool:
    return bool(part.single_shift or part.locking_shift)


def _guess(octets: bytes, encodings: Sequence[str]) -> str:
    for encoding in encodings:
        try:
            return octets.decode(encoding)
        except UnicodeDecodeError:
            continue
    return octets.decode("latin-1")


def encoded(text: str, coding: Coding) -> bytes | None:
    """Return *text* in *coding*, one septet an octet; None where it lacks a character."""
    names = {Coding.UTF16: "utf-16-be", Coding.GB18030: "gb18030", Coding.ASCII: "ascii"}
    try:
        if coding is Coding.GSM7:
            return gsm_alphabet.encode(text)
        return text.encode(names[coding]) if coding in names else None
    except UnicodeEncodeError:
        return None
