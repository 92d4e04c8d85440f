"""Wall-clock time. Only entry points read it; everything else takes the time as an argument."""

import sys
import time


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
