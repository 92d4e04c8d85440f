"""Words, digits and runs of consonants in parts of URLs.

Works on bytes: one pass of `bytes.translate` takes the place of a regular expression. Canonical
URLs are ASCII; `ascii_bytes` writes any other character as ``?``, which belongs to no kind.
"""

from string import ascii_lowercase, ascii_uppercase, digits

SPACE = " "
_BYTES = 256


def ascii_bytes(text: str) -> bytes:
    """Return one byte per character of *text*."""
    return text.encode("ascii", "replace")


def _table(kinds: dict[str, str], others: str = SPACE) -> bytes:
    """Return a table for `bytes.translate`: what each character of the keys becomes."""
    table = bytearray(others.encode() * _BYTES)
    for characters, kind in kinds.items():
        pairs = zip(characters, kind * len(characters) if len(kind) == 1 else kind, strict=True)
        for character, written in pairs:
            table[ord(character)] = ord(written)
    return bytes(table)


LETTERS_AND_DIGITS = _table(
    {ascii_lowercase: ascii_lowercase, ascii_uppercase: ascii_lowercase, digits: digits}
)
"""Keeps letters, in lower case, and digits."""
_SMALL_LETTERS = _table({ascii_lowercase: ascii_lowercase})
_CONSONANTS = _table({"bcdfghjklmnpqrstvwxz": "c"})
_DIGITS = digits.encode()


def words(text: str) -> list[str]:
    """Return the runs of two and more small Latin letters of *text*."""
    found = ascii_bytes(text).translate(_SMALL_LETTERS).decode("ascii").split()
    return [word for word in found if len(word) > 1]


def digits_of(text: bytes) -> int:
    """Count the digits."""
    return len(text) - len(text.translate(None, _DIGITS))


def longest_consonants(text: bytes) -> int:
    """Return the length of the longest run of small consonants."""
    return max(map(len, text.translate(_CONSONANTS).split()), default=0)
