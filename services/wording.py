"""Checks what people write into appeals and cases."""

from fanzha.errors import InvalidInput
from services import identity

LONGEST_NAME = 200
LONGEST_TEXT = 4000


def required(field: str, text: str, longest: int = LONGEST_TEXT) -> str:
    """Return *text* without the space around it; `InvalidInput` when empty or too long."""
    text = text.strip()
    if not text:
        raise InvalidInput(f"{field}: required")
    return optional(field, text, longest)


def optional(field: str, text: str, longest: int = LONGEST_TEXT) -> str:
    """Return *text* without the space around it; `InvalidInput` when too long."""
    text = text.strip()
    if len(text) > longest:
        raise InvalidInput(f"{field}: at most {longest} characters, not {len(text)}")
    return text


def who(field: str, said: str) -> str:
    """Return the name that goes on record."""
    return required(field, identity.author(said), LONGEST_NAME)
