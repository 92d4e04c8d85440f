"""Checks what people write into appeals and cases."""

import unicodedata

from fanzha.errors import InvalidInput
from services.auth import identity

LONGEST_NAME = 200
LONGEST_TEXT = 4000


def required(field: str, text: str, longest: int = LONGEST_TEXT) -> str:
    """Return *text* without the space around it; `InvalidInput` when empty or too long."""
    text = text.strip()
    if not text:
        raise InvalidInput(f"{field}: required")
    return optional(field, text, longest)


def optional(field: str, text: str, longest: int = LONGEST_TEXT) -> str:
    """Return *text* without the space around it; `InvalidInput` when too long or unprintable."""
    text = text.strip().replace("\r\n", "\n")
    if len(text) > longest:
        raise InvalidInput(f"{field}: at most {longest} characters, not {len(text)}")
    # On a terminal of somebody else it could do anything.
    if any(unicodedata.category(one) == "Cc" for one in text if one not in "\n\t"):
        raise InvalidInput(f"{field}: has control characters")
    return text


def who(field: str, said: str) -> str:
    """Return the name that goes on record."""
    return required(field, identity.author(said), LONGEST_NAME)
