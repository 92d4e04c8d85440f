"""Serial numbers of a zone: 32 bits that wrap around (RFC 1982)."""

SERIALS = 2**32
_HALF = 2**31


def is_newer(serial: int, other: int) -> bool:
    """Return whether *serial* comes after *other*."""
    return 0 < (serial - other) % SERIALS < _HALF


def after(serial: int, version: int) -> int:
    """Return the serial of a change: the version of the lists, unless that is not newer.

    It is not where names left the zone because their entries ended, which makes no version.
    """
    wanted = version % SERIALS
    return wanted if is_newer(wanted, serial) else (serial + 1) % SERIALS
