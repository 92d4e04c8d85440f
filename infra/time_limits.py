"""Checks times that people and other systems send: a deadline that no calendar has is refused.

Whoever lists records later writes their times as dates, so one of the year 20000 would keep
everybody from the whole list.
"""

from fanzha.errors import InvalidInput

MOST_MS = (2**32 - 1) * 1000
"""Times lie before 2106, as the ends of list entries do."""


def deadline(field: str, at_ms: int) -> int:
    """Return *at_ms*, a Unix time in milliseconds or 0 for none; `InvalidInput` for others."""
    if not 0 <= at_ms < MOST_MS:
        raise InvalidInput("{field}: a time before 2106, or 0", field=field)
    return at_ms
