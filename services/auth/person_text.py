"""Checks free text that people enter into appeals and cases."""

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
    # Could inject terminal escape sequences.
    if any(unicodedata.category(one) == "Cc" for one in text if one not in "\n\t"):
        raise InvalidInput(f"{field}: has control characters")
    return text


def person_name(field: str, claimed: str) -> str:
    """Return the name to record for the caller; see `services.auth.identity.author`."""
    return required(field, identity.author(claimed), LONGEST_NAME)
