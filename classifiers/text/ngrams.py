"""Hashed character n-grams of a whole batch of texts at once.

All texts are laid end to end in one array of code points, so the work is a few numpy
passes over the batch, whatever its number of rows. The ids of a text are cut into chunks of
`CHUNK` characters, padded with id 0: a graph can add a chunk up without knowing how long the
text is. Collisions are part of the deal; the models are trained with them.
"""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from fanzha.tables import Int64s, Uint32s

Int32s: TypeAlias = npt.NDArray[np.int32]

START = "\x02"
END = "\x03"
"""Wrapped around each text, so that beginnings differ from middles."""
CHUNK = 8
PADDING = 0
"""The id that no n-gram has."""

_MULTIPLIER = np.uint32(0x0100_0193)
_FOLD = np.uint32(0x2C1B_3C6D)
_FOLD_SHIFT = np.uint32(15)
_BLANK = np.uint32(0)


class TextLayout(NamedTuple):
    """Texts laid end to end; empty ones have no points and no chunks."""

    points: Uint32s
    """Code points of all texts, each wrapped in `START` and `END`."""
    lengths: Int64s
    """Points of each text, the wrapping included."""

    @property
    def chunks(self) -> Int64s:
        """Return how many chunks each text has: room for its points and a blank after them."""
        return np.where(self.lengths > 0, self.lengths // CHUNK + 1, 0)


def lay_out(texts: Sequence[str]) -> TextLayout:
    """Concatenate *texts*; callers bound their length."""
    wrapped = "".join([f"{START}{text}{END}" if text else "" for text in texts])
    points = np.frombuffer(wrapped.encode("utf-32-le", "surrogatepass"), np.uint32)
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    return TextLayout(points, np.where(lengths > 0, lengths + 2, 0))


def hashed(layout: TextLayout, seeds: Int64s, *, sizes: Sequence[int], bits: int) -> Int32s:
    """Hash n-grams of *sizes* into 2**bits ids; a row per chunk, one text's after another's.

    Texts with different *seeds* share ids, but not hashes.
    """
    chunks = layout.chunks
    points = _padded(layout, chunks, max(sizes))
    count = int(chunks.sum()) * CHUNK
    ids = np.zeros((count, len(sizes)), np.int32)
    state = np.repeat((seeds + 1).astype(np.uint32), chunks * CHUNK)
    is_whole = np.ones(count, np.bool_)
    for size in range(1, max(sizes) + 1):
        last = points[size - 1 : size - 1 + count]
        state *= _MULTIPLIER
        state ^= last
        is_whole &= last != _BLANK
        if size in sizes:
            np.multiply(_bucket(state, size, bits), is_whole, out=ids[:, sizes.index(size)])
    return ids.reshape(-1, CHUNK * len(sizes))


def counts(layout: TextLayout, sizes: Sequence[int]) -> Int64s:
    """Return how many n-grams each text has."""
    found = np.zeros(len(layout.lengths), np.int64)
    for size in sizes:
        found += np.maximum(layout.lengths - (size - 1), 0)
    return found


def _padded(layout: TextLayout, chunks: Int64s, longest: int) -> Uint32s:
    room = chunks * CHUNK
    shift = np.cumsum(room - layout.lengths) - (room - layout.lengths)
    padded = np.zeros(int(room.sum()) + longest, np.uint32)
    padded[np.arange(len(layout.points)) + np.repeat(shift, layout.lengths)] = layout.points
    return padded


def _bucket(state: Uint32s, size: int, bits: int) -> Int32s:
    # Fold high bits down before multiplying; the best bits of a product are its top ones.
    mixed = (state ^ (state >> _FOLD_SHIFT) ^ np.uint32(size)) * _FOLD
    mixed ^= mixed >> _FOLD_SHIFT
    # The n-grams of id 0, which is padding, share id 1.
    buckets: Int32s = np.maximum((mixed * _MULTIPLIER) >> np.uint32(32 - bits), 1).view(np.int32)
    return buckets
