"""Number keys of a whole column at once, read from the bytes of a request by `kernels/numbers.c`.

The common spellings are read without a Python object per row: E.164 with its plus, service codes,
and Chinese mobile numbers as dialled at home. Whatever else there is (names, trunk prefixes,
separators) is left to `fanzha.phone`, whose answers these are.
"""

import numpy as np

from fanzha import kernels
from fanzha.tables import Int64s

_CHINA = "86"

_party_keys = kernels.declare(
    "party_keys",
    *(kernels.TEXT, kernels.POINTER, kernels.POINTER, kernels.INTEGER, kernels.INTEGER),
    kernels.POINTER,
    returns=kernels.INTEGER,
)


def keys(buffer: bytes, starts: Int64s, lengths: Int64s, home_country: str) -> tuple[Int64s, int]:
    """Read spellings of *lengths* bytes from *starts*; return keys, and how many were not read.

    The key of a spelling that was not read is 0.
    """
    found = np.empty(len(starts), np.int64)
    unread: int = _party_keys(
        buffer,
        kernels.address(starts),
        kernels.address(lengths),
        len(starts),
        home_country == _CHINA,
        kernels.address(found),
    )
    return found, unread
