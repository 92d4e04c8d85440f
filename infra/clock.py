"""Wall-clock time. Only entry points read it; everything else takes the time as an argument."""

import time


def now_ms() -> int:
    """Return milliseconds since the Unix epoch."""
    return time.time_ns() // 1_000_000
