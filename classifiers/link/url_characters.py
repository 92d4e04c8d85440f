"""Counts kinds of characters, and runs of them, in parts of URLs.

Works on bytes: one pass of `bytes.translate` takes the place of a regular expression. Canonical
URLs are ASCII; `ascii_bytes` writes any other character as ``?``, which belongs to no kind.
"""

from string import ascii_lowercase, ascii_uppercase, digits

SPACE = " "
_BYTES = 256
HEXADECIMAL_FROM = 8
"""Shorter runs of hexadecimal digits are chance: ``feed``, ``2026``."""


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


_LOWER = {ascii_lowercase: ascii_lowercase, ascii_uppercase: ascii_lowercase}
LETTERS = _table(_LOWER)
"""Keeps letters, in lower case."""
LETTERS_AND_DIGITS = _table({**_LOWER, digits: digits})
"""Keeps letters, in lower case, and digits."""
_SMALL_LETTERS = _table({ascii_lowercase: ascii_lowercase})
_CONSONANTS = _table({"bcdfghjklmnpqrstvwxz": "c"})
_ONLY_DIGITS = _table({digits: "0"})
_HEXADECIMAL = _table({"0123456789abcdef": "0"})
_HEXADECIMAL_RUN = b"0" * HEXADECIMAL_FROM
_KINDS = _table({ascii_lowercase: "a", ascii_uppercase: "A", digits: "0"})
_DIGITS = digits.encode()
_VOWELS = b"aeiouy"


def words(text: str) -> list[str]:
    """Return the runs of two and more small Latin letters of *text*."""
    found = ascii_bytes(text).translate(_SMALL_LETTERS).decode("ascii").split()
    return [word for word in found if len(word) > 1]


def digits_of(text: bytes) -> int:
    """Count the digits."""
    return len(text) - len(text.translate(None, _DIGITS))


def vowels_of(text: bytes) -> int:
    """Count the small vowels, ``y`` included."""
    return len(text) - len(text.translate(None, _VOWELS))


def longest_digits(text: bytes) -> int:
    """Return the length of the longest run of digits."""
    return max(map(len, text.translate(_ONLY_DIGITS).split()), default=0)


def longest_consonants(text: bytes) -> int:
    """Return the length of the longest run of small consonants."""
    return max(map(len, text.translate(_CONSONANTS).split()), default=0)


def longest_hexadecimal(text: bytes) -> int:
    """Return the longest run of `HEXADECIMAL_FROM` and more digits and ``a`` to ``f``; else 0."""
    runs = text.translate(_HEXADECIMAL)
    return max(map(len, runs.split())) if _HEXADECIMAL_RUN in runs else 0


def letter_digit_turns(text: bytes) -> int:
    """Count the places where a small letter and a digit meet."""
    kinds = text.translate(_KINDS)
    return kinds.count(b"a0") + kinds.count(b"0a")


def kind_turns(text: bytes) -> int:
    """Count the places where two of small letters, capitals and digits meet."""
    kinds = text.translate(_KINDS)
    turns = kinds.count(b"a0") + kinds.count(b"0a")
    if not kinds.islower():  # there may be capitals
        turns += kinds.count(b"aA") + kinds.count(b"Aa") + kinds.count(b"A0") + kinds.count(b"0A")
    return turns
