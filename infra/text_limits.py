"""Checks texts that people and other systems send: their length and their characters.

A `TextLimit` states what a field accepts; `required` and `optional` apply it and raise
`InvalidInput` with the field, the limit and what was found. The text itself is never quoted:
messages appear in logs.
"""

import unicodedata
from dataclasses import dataclass
from enum import Enum

from fanzha.errors import InvalidInput
from fanzha.translation.message import Message


class CharacterSet(Enum):
    """Which characters a text may have."""

    ANY = "any"
    """All; whoever displays the text escapes it."""
    LINES = "lines"
    """No control characters (Unicode Cc) but line feed and tab, which form lines."""
    PRINTABLE = "printable"
    """As `str.isprintable`: no control, format (bidirectional, zero-width) or unassigned
    characters, and no white space but the ASCII space."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLimit:
    """What a field accepts."""

    max_characters: int
    characters: CharacterSet = CharacterSet.LINES
    strip: bool = True
    """Whether surrounding white space is removed, and CRLF written as LF. Otherwise the text is
    returned as it came, and all of it counts."""


def required(field: str, text: str, limit: TextLimit) -> str:
    """Return *text* as to be recorded; `InvalidInput` when it is blank or exceeds *limit*."""
    if not text.strip():
        raise InvalidInput(
            "{field}: required, 1 to {max_characters} characters",
            field=field,
            max_characters=limit.max_characters,
        )
    return optional(field, text, limit)


def optional(field: str, text: str, limit: TextLimit) -> str:
    """Return *text* as to be recorded; `InvalidInput` when it exceeds *limit*."""
    if limit.strip:
        text = text.strip().replace("\r\n", "\n")
    if found := violation(text, limit):
        raise InvalidInput("{field}: {found}", field=field, found=found)
    return text


def violation(text: str, limit: TextLimit) -> str:
    """Return how *text*, not stripped, exceeds *limit*; empty when it does not."""
    if len(text) > limit.max_characters:
        return Message(
            "at most {most} characters, not {found}", most=limit.max_characters, found=len(text)
        )
    match limit.characters:
        case CharacterSet.ANY:
            return ""
        case CharacterSet.LINES:
            wrong = next((one for one in text if _is_control(one)), "")
            return wrong and Message(
                "has control characters: {character}", character=_code_point(wrong)
            )
        case CharacterSet.PRINTABLE:
            wrong = next((one for one in text if not one.isprintable()), "")
            return wrong and Message(
                "has control or invisible characters: {character}", character=_code_point(wrong)
            )


def _is_control(character: str) -> bool:
    # Could inject terminal escape sequences.
    return character not in "\n\t" and unicodedata.category(character) == "Cc"


def _code_point(character: str) -> str:
    return f"U+{ord(character):04X}"
