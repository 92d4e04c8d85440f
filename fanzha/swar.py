"""SWAR (SIMD within a register): eight bytes at a time as one uint64, for whole columns.

On the wire the first byte is the lowest of an integer (little-endian).
"""

import numpy as np

from fanzha.tables import Int64s, Uint8s, Uint64s

EIGHT = 8
EVERY_BYTE = np.uint64(0x0101010101010101)
HIGHEST_BITS = EVERY_BYTE * np.uint64(0x80)
_ALL = 2**64 - 1
_ONE = np.uint64(1)

FIRST = np.array([_ALL >> 8 * (EIGHT - count) for count in range(EIGHT + 1)], np.uint64)
"""Keeps so many bytes from the first."""
LAST = ~FIRST[::-1]
"""Keeps so many bytes before the end."""

_SIX = 6
_SIX_ENDS = HIGHEST_BITS >> np.uint64(16)
"""The highest bits of six bytes, and the continuation bits among them."""
_SIX_MORE = HIGHEST_BITS >> np.uint64(24)
_SEVENS = 1 << (7 * np.arange(_SIX, dtype=np.int64))
_SIX_HIGHEST = int(0x80 * _SEVENS[:-1].sum())
"""What these continuation bits add to the number."""

_GAPS = tuple(
    (np.uint64(keep), np.uint64(keep << lane), np.uint64(gap))
    for keep, lane, gap in (
        (0x007F007F007F007F, 8, 1),
        (0x00003FFF00003FFF, 16, 2),
        (0x000000000FFFFFFF, 32, 4),
    )
)


def integers(buffer: bytes) -> Uint64s:
    """See *buffer* as the integers that begin at each of its bytes."""
    return np.ndarray((len(buffer) - EIGHT + 1,), np.dtype("<u8"), buffer, strides=(1,))


def six_byte_varints(eights: Uint64s) -> Int64s | None:
    """Read numbers of six bytes, as protobuf writes all times in milliseconds from 1971 to 2109.

    None where one has another size, which `varints` reads.
    """
    if np.count_nonzero((eights & _SIX_ENDS) == _SIX_MORE) < len(eights):
        return None
    sevens = eights.view(np.uint8).reshape(-1, EIGHT)[:, :_SIX]
    numbers: Int64s = np.matmul(sevens, _SEVENS) - _SIX_HIGHEST
    return numbers


def varints(eights: Uint64s) -> tuple[Int64s, Uint8s]:
    """Read numbers as protobuf writes them, and their sizes in bytes; 0 where it is above 8."""
    # The last byte of a number is the first whose highest bit is not set.
    last = ~eights & HIGHEST_BITS
    last &= ~last + _ONE
    within = last | (last - _ONE)
    sizes = (np.bitwise_count(within) >> 3) * (last != 0)
    numbers = eights & within
    for keep, above, gap in _GAPS:
        numbers = (numbers & keep) | ((numbers & above) >> gap)
    return numbers.view(np.int64), sizes
