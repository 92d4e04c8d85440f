"""The user data header before the text of a short message (3GPP TS 23.040, 9.2.3.24)."""

from dataclasses import dataclass

from integrations.messages.carried_message import MessageSegment

_CONCATENATED_8, _CONCATENATED_16 = 0x00, 0x08
_SINGLE_SHIFT, _LOCKING_SHIFT = 0x24, 0x25


@dataclass(frozen=True, slots=True, kw_only=True)
class UserDataHeader:
    """What a header says about the text behind it."""

    octets: int
    """Length of the header, with its length octet."""
    segment: MessageSegment | None = None
    single_shift: int = 0
    locking_shift: int = 0

    @property
    def fill_bits(self) -> int:
        """Bits between the header and the first septet, where septets are packed."""
        return -self.octets * 8 % 7


NONE = UserDataHeader(octets=0)
"""Of a message without one."""


def read(data: bytes) -> UserDataHeader:
    """Read the header at the start of *data*; raises `ValueError` where it does not fit.

    Elements with a wrong length or an impossible part number are ignored, as the standard asks
    (9.2.3.24.1); of elements that occur twice, the last counts (9.2.3.24).
    """
    if not data:
        return NONE
    end = 1 + data[0]
    if end > len(data):
        raise ValueError("the user data header is longer than the message")
    segment: MessageSegment | None = None
    shifts = {_SINGLE_SHIFT: 0, _LOCKING_SHIFT: 0}
    at = 1
    while at < end:
        if at + 2 > end or at + 2 + data[at + 1] > end:
            raise ValueError("an element is longer than the user data header")
        kind, value = data[at], data[at + 2 : at + 2 + data[at + 1]]
        at += 2 + len(value)
        if kind in shifts and len(value) == 1:
            shifts[kind] = value[0]
        elif kind in {_CONCATENATED_8, _CONCATENATED_16}:
            segment = _segment(kind, value) or segment
    return UserDataHeader(
        octets=end,
        segment=segment,
        single_shift=shifts[_SINGLE_SHIFT],
        locking_shift=shifts[_LOCKING_SHIFT],
    )


def _segment(kind: int, value: bytes) -> MessageSegment | None:
    wide = kind == _CONCATENATED_16
    if len(value) != 3 + wide:
        return None
    *reference, total, number = value
    return segment_of(
        int.from_bytes(bytes(reference), "big"), total, number, "udh16" if wide else "udh8"
    )


def segment_of(reference: int, total: int, number: int, scheme: str) -> MessageSegment | None:
    """Return a part, or None where the numbers say that it is none."""
    if total < 1 or not 1 <= number <= total:
        return None
    return MessageSegment(reference, total, number, scheme) if total > 1 else None
