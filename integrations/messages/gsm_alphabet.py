"""The GSM 7-bit default alphabet and its extension table (3GPP TS 23.038, 6.2.1).

SMPP carries a septet in each octet; the air interface, and some message centres, pack them.
"""

from integrations.messages import national_alphabets

BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = {
    0x0A: "\f", 0x14: "^", 0x28: "{", 0x29: "}", 0x2F: "\\",
    0x3C: "[", 0x3D: "~", 0x3E: "]", 0x40: "|", 0x65: "€",
}  # fmt: skip
ESCAPE = 0x1B
_LAST_SEPTET = 0x7F
_PLAIN = str.maketrans({chr(septet): character for septet, character in enumerate(BASIC)})

_SEPTETS = {character: bytes([septet]) for septet, character in enumerate(BASIC)} | {
    character: bytes([ESCAPE, septet]) for septet, character in EXTENSION.items()
}


def encode(text: str) -> bytes:
    """Return the septets of *text*, one in each octet; raises `UnicodeEncodeError`."""
    try:
        return b"".join(_SEPTETS[character] for character in text)
    except KeyError as error:
        at = text.index(error.args[0])
        raise UnicodeEncodeError("gsm7", text, at, at + 1, "not in the alphabet") from None


def decode(septets: bytes, *, single_shift: int = 0, locking_shift: int = 0) -> str:
    """Return the text of septets, one in each octet; octets above 127 become U+FFFD.

    An escape before a septet that the extension table lacks shows the character of the default
    table; an escape before another one, or at the end, shows a space (6.2.1.1). Languages that
    the standard does not define leave the tables as they are (6.2.1.2.4).
    """
    if ESCAPE not in septets and not locking_shift and septets.isascii():
        return septets.decode("ascii").translate(_PLAIN)
    basic = national_alphabets.locking_shift(locking_shift)
    extension = national_alphabets.single_shift(single_shift)
    text: list[str] = []
    escaped = False
    for septet in septets:
        if septet > _LAST_SEPTET:
            text.append("\ufffd")
            escaped = False
        elif septet == ESCAPE:
            if escaped:
                text.append(" ")
            escaped = not escaped
        elif escaped:
            text.append(extension.get(septet, basic[septet]))
            escaped = False
        else:
            text.append(basic[septet])
    return "".join(text) + (" " if escaped else "")


def unpack(octets: bytes, *, fill_bits: int = 0) -> bytes:
    """Return the septets packed into *octets*, after *fill_bits* (0 to 6) bits (6.1.2.1).

    A last septet of seven zero bits is padding, not an ``@``; so is a carriage return that fills
    the last octet. Both can only arise where the septets end on an octet.
    """
    value = int.from_bytes(octets, "little") >> fill_bits
    bits = len(octets) * 8 - fill_bits
    septets = bytes(value >> shift & 0x7F for shift in range(0, bits - 6, 7))
    if septets and bits % 7 == 0 and septets[-1] in {0x00, 0x0D}:
        return septets[:-1]
    return septets
