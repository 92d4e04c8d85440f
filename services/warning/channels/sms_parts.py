"""Splits a text into SMS parts, in GSM 7-bit if possible, else in UCS-2.

Chinese texts are UCS-2: 70 characters in a single message, 66 in each part of several. No character
is split, neither an escaped one nor a surrogate pair. All parts have the same 16-bit reference in a
user data header (3GPP TS 23.040, 9.2.3.24.8): with the 8-bit one, which leaves room for one
character more, two processes that write to the same number at the same time would choose the same
reference once in 256 times, and the phone would mix their parts. Septets are sent one per octet, as
SMPP expects; `smpplib.gsm` splits escaped characters and maps the grave accent to a section sign.
"""

from dataclasses import dataclass

from fanzha.errors import InvalidInput

UCS2 = 8
GSM7 = 0
"""Data codings; 0 is the default alphabet of the message centre, usually GSM 7-bit."""
MOST_PARTS = 10
"""660 Chinese characters; a longer message is a mistake."""

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_ESCAPE = 0x1B
_EXTENDED = {
    "\f": 0x0A, "^": 0x14, "{": 0x28, "}": 0x29, "\\": 0x2F,
    "[": 0x3C, "~": 0x3D, "]": 0x3E, "|": 0x40, "€": 0x65,
}  # fmt: skip
_FROM_EXTENDED = {octet: character for character, octet in _EXTENDED.items()}
_GSM = {
    **{character: bytes([at]) for at, character in enumerate(_BASIC) if at != _ESCAPE},
    **{character: bytes([_ESCAPE, at]) for character, at in _EXTENDED.items()},
}
_ALONE = {GSM7: 160, UCS2: 140}
_TOGETHER = {GSM7: 152, UCS2: 132}


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsParts:
    """The parts of one text."""

    data_coding: int
    bodies: tuple[bytes, ...]
    """Message bodies; with user data headers if there are several."""

    @property
    def several(self) -> bool:
        """Whether the bodies have user data headers."""
        return len(self.bodies) > 1


def cut(text: str, reference: int) -> SmsParts:
    """Split *text*; *reference* (0 to 65,535) identifies its parts. Raises `InvalidInput`."""
    if not text:
        raise InvalidInput("text: is empty")
    coding, characters = _encoded(text)
    if sum(map(len, characters)) <= _ALONE[coding]:
        return SmsParts(data_coding=coding, bodies=(b"".join(characters),))
    pieces = _packed(characters, _TOGETHER[coding])
    if len(pieces) > MOST_PARTS:
        raise InvalidInput(
            "text: {pieces} parts, at most {most_parts} are sent",
            pieces=len(pieces),
            most_parts=MOST_PARTS,
        )
    head = bytes([6, 8, 4, *(reference & 0xFFFF).to_bytes(2), len(pieces)])
    return SmsParts(
        data_coding=coding,
        bodies=tuple(head + bytes([at]) + piece for at, piece in enumerate(pieces, 1)),
    )


def decoded(body: bytes, data_coding: int, *, has_header: bool) -> str:
    """Return the text of one part; characters that cannot be read become replacement characters.

    Of UCS-2, surrogate pairs are read as UTF-16; of the default alphabet, one octet a septet, as
    most message centres send it; of all others, Latin-1.
    """
    if has_header and body:
        body = body[body[0] + 1 :]
    if data_coding == UCS2:
        return body.decode("utf-16-be", "replace")
    if data_coding == GSM7:
        return _from_gsm(body)
    return body.decode("latin-1")


def _from_gsm(body: bytes) -> str:
    found, escaped = [], False
    for octet in body:
        if escaped:
            found.append(_FROM_EXTENDED.get(octet, " "))
        elif octet != _ESCAPE:
            found.append(_BASIC[octet] if octet < len(_BASIC) else "\ufffd")
        escaped = not escaped and octet == _ESCAPE
    return "".join(found)


def _encoded(text: str) -> tuple[int, list[bytes]]:
    if all(character in _GSM for character in text):
        return GSM7, [_GSM[character] for character in text]
    try:
        return UCS2, [character.encode("utf-16-be") for character in text]
    except UnicodeEncodeError as error:
        raise InvalidInput("text: has half a surrogate pair") from error


def _packed(characters: list[bytes], room: int) -> list[bytes]:
    pieces: list[bytearray] = [bytearray()]
    for character in characters:
        if len(pieces[-1]) + len(character) > room:
            pieces.append(bytearray())
        pieces[-1] += character
    return [bytes(piece) for piece in pieces]
