"""Which rows of a request were written and removed when it was applied, a bit for each."""

import zlib

import numpy as np

from fanzha.tables import Bools

NAMES = ("wrote", "removed")


def packed(wrote: Bools, removed: Bools) -> dict[str, bytes]:
    """Write which rows were written and removed, as fields of a step."""
    return {
        name: zlib.compress(np.packbits(mask).tobytes(), 1)
        for name, mask in zip(NAMES, (wrote, removed), strict=True)
    }


def unpacked(packed: bytes | None, rows: int) -> Bools:
    """Read a mask of so many rows; all False when there is none."""
    if packed is None:
        return np.zeros(rows, np.bool_)
    bits = np.frombuffer(zlib.decompress(packed), np.uint8)
    return np.unpackbits(bits, count=rows).astype(np.bool_)
