"""Spreads number keys evenly; not a secret, so not for anything an attacker must not predict."""

import numpy as np

from fanzha.tables import Int64s, Uint64s


def spread(keys: Int64s) -> Uint64s:
    """Return a 64-bit hash of each key, of which the upper half is good."""
    # Multiply, fold, multiply: neighbouring numbers end up far apart.
    hashes = keys.view(np.uint64) * np.uint64(0x9E37_79B9_7F4A_7C15)
    hashes ^= hashes >> np.uint64(32)
    hashes *= np.uint64(0xD6E8_FEB8_6659_FD93)
    return hashes
