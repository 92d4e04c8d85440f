"""The numbers that a STIR certificate may sign for: its TNAuthList (RFC 8226, section 9).

    TNAuthorizationList ::= SEQUENCE SIZE (1..MAX) OF TNEntry
    TNEntry ::= CHOICE { spc   [0] ServiceProviderCode,        -- IA5String
                         range [1] TelephoneNumberRange,       -- SEQUENCE { start, count }
                         one   [2] E164Number }                -- IA5String, digits # and *

Tags are explicit. A service provider code stands for all numbers of a provider; which those are is
in no certificate, so a list with a code can refuse no number.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from cryptography.x509 import ObjectIdentifier

OID = ObjectIdentifier("1.3.6.1.5.5.7.1.26")
_SEQUENCE, _INTEGER, _IA5_STRING = 0x30, 0x02, 0x16
_CODE, _RANGE, _ONE = 0xA0, 0xA1, 0xA2
_MOST_LENGTH_BYTES = 3
_LONG_FORM = 0x80


class TnCoverage(Enum):
    """What a list says of a number."""

    LISTED = "listed"
    PROVIDER = "provider"
    """It names a provider, whose numbers are not in it."""
    NOT_LISTED = "not_listed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TnAuthList:
    """A list, read."""

    codes: tuple[str, ...]
    ranges: tuple[tuple[str, int], ...]
    """First numbers, and how many numbers from there; all have as many digits."""
    numbers: frozenset[str]

    def coverage_of(self, number: str) -> TnCoverage:
        """Return what it says of a number: E.164 without the plus sign."""
        if number in self.numbers or any(self._within(number, *one) for one in self.ranges):
            return TnCoverage.LISTED
        return TnCoverage.PROVIDER if self.codes else TnCoverage.NOT_LISTED

    @staticmethod
    def _within(number: str, start: str, count: int) -> bool:
        if len(number) != len(start) or not (number.isdecimal() and start.isdecimal()):
            return False
        return int(start) <= int(number) < int(start) + count


def read_tn_auth_list(data: bytes) -> TnAuthList:
    """Read the value of the extension; `ValueError` where it is malformed."""
    codes, ranges, numbers = [], [], []
    for tag, entry in _elements(_only(data, _SEQUENCE)):
        if tag == _CODE:
            codes.append(_only(entry, _IA5_STRING).decode("ascii"))
        elif tag == _RANGE:
            (first, start), (second, count) = _elements(_only(entry, _SEQUENCE))
            if (first, second) != (_IA5_STRING, _INTEGER):
                raise ValueError("a range is malformed")
            ranges.append((start.decode("ascii"), int.from_bytes(count, "big", signed=True)))
        elif tag == _ONE:
            numbers.append(_only(entry, _IA5_STRING).decode("ascii"))
        else:
            raise ValueError("an entry of an unknown kind")
    if not (codes or ranges or numbers):
        raise ValueError("the list is empty")
    return TnAuthList(codes=tuple(codes), ranges=tuple(ranges), numbers=frozenset(numbers))


def _only(data: bytes, tag: int) -> bytes:
    found = list(_elements(data))
    if len(found) != 1 or found[0][0] != tag:
        raise ValueError("not the one element that must be there")
    return found[0][1]


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield tags and contents of DER elements that follow each other."""
    place = 0
    while place < len(data):
        header = data[place : place + 2]
        if len(header) < 2:  # noqa: PLR2004 - a tag and a length
            raise ValueError("an element ends early")
        tag, length = header
        place += 2
        if length >= _LONG_FORM:
            size = length - _LONG_FORM
            if not 1 <= size <= _MOST_LENGTH_BYTES:
                raise ValueError("a length that no list has")
            length = int.from_bytes(data[place : place + size], "big")
            place += size
        if place + length > len(data):
            raise ValueError("an element ends early")
        yield tag, data[place : place + length]
        place += length
