"""Wall-clock time. Only entry points read it; everything else takes the time as an argument."""

import sys
import time

from fanzha.errors import InvalidInput

MOST_MS = (2**32 - 1) * 1000
"""Times that people set lie before 2106, as the ends of list entries do."""


def now_ms() -> int:
    """Return milliseconds since the Unix epoch."""
    return time.time_ns() // 1_000_000


def monotonic_seconds() -> float:
    """Return the time of the running event loop, or of the system where none runs.

    For waits: it never goes back, and a loop with a time of its own sets it.
    """
    # Whoever runs a loop has imported it; the help of commands needs the clock without it.
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return time.monotonic()
    try:
        return float(asyncio.get_running_loop().time())
    except RuntimeError:
        return time.monotonic()


def deadline(field: str, at_ms: int) -> int:
    """Return *at_ms*, a Unix time in milliseconds or 0 for none; `InvalidInput` for others.

    Whoever lists records writes their deadlines as dates, so one that no calendar has would keep
    everybody from the whole list.
    """
    if not 0 <= at_ms < MOST_MS:
        raise InvalidInput("{field}: a time before 2106, or 0", field=field)
    return at_ms
