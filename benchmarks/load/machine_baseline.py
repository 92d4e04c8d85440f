"""How fast this machine is at the moment, for an interpreter that also uses numpy.

Floors that are absolute rates say more about the machine and its neighbours than about us. So
the floors of ``thresholds.toml`` are decisions for each round of this loop, both for the same
processor time in the same minute: a slower machine does fewer of both, and waiting for a core that
others use counts for neither. The loop does what a server does: small objects, dictionaries,
bytes, and numpy on short arrays. It must never change.
"""

import struct
import time

import numpy as np

_SECONDS = 0.5
_KEYS = np.arange(0, 8_000_000, 8, dtype=np.int64)
_QUERIES = _KEYS[:: len(_KEYS) // 256][:256] + 1


def rounds_per_cpu_second(seconds: float = _SECONDS) -> float:
    """Return how many rounds of the loop this machine does in a second of processor time."""
    _round(0)
    rounds, used = 0, time.thread_time()
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        _round(rounds)
        rounds += 1
    return rounds / (time.thread_time() - used)


def _round(number: int) -> int:
    found = np.searchsorted(_KEYS, _QUERIES + number % 7)
    hits = (_KEYS[found] == _QUERIES).sum()
    seen: dict[str, int] = {}
    for row in range(64):
        text = f"+86170{number % 1000:04}{row:04}"
        seen[text] = len(struct.pack(">IHB", row, row & 7, 1) + text.encode())
    return int(hits) + sum(seen.values())
