"""Length of a text as SMS: encoding, units and parts (3GPP TS 23.038, 23.040)."""

from dataclasses import dataclass

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")
"""Extension table: two septets each."""
_LAST_OF_ONE_UNIT = 0xFFFF


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsLength:
    """Encoding, units and parts of one text."""

    encoding: str
    """``gsm7`` or ``ucs2``."""
    units: int
    """Septets, or UTF-16 code units."""
    parts: int


def sms_length(text: str) -> SmsLength:
    """Measure *text*; parts of a concatenated message include a header."""
    if _BASIC.union(_EXTENDED).issuperset(text):
        sizes = [2 if character in _EXTENDED else 1 for character in text]
        return _measured("gsm7", sizes, alone=160, together=152)
    sizes = [2 if ord(character) > _LAST_OF_ONE_UNIT else 1 for character in text]
    return _measured("ucs2", sizes, alone=70, together=66)


def _measured(encoding: str, sizes: list[int], *, alone: int, together: int) -> SmsLength:
    units = sum(sizes)
    if units <= alone:
        return SmsLength(encoding=encoding, units=units, parts=1)
    parts, room = 1, together
    for size in sizes:
        # A character of two units is not split.
        if size > room:
            parts, room = parts + 1, together
        room -= size
    return SmsLength(encoding=encoding, units=units, parts=parts)
