"""Writes values as people and programs read them."""

from datetime import UTC, datetime


def time_of(at_ms: int) -> str:
    """Write a time in UTC, to the millisecond; empty for 0."""
    if not at_ms:
        return ""
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03}Z"
