"""Turns normalised texts into hashed character n-grams, a whole batch at once.

Every character of a text gets three bucket ids, for the n-grams that begin with it. A Chinese
character says as much as a syllable, so n is 1, 2, 3 for wide characters and 3, 4, 6 for narrow
ones. The ids of a text are cut into chunks of `CHUNK` characters, padded with id 0: a graph can
then add them up without knowing how long a text is, and little is wasted on padding. About 1.7 µs
a text of 70 characters.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from fanzha.character_table import SIZE, WIDE, classes
from fanzha.tables import Bools, Float32s, Int64s, Uint32s

Int32s: TypeAlias = npt.NDArray[np.int32]

MAX_CHARACTERS = 512
"""Characters of a normalised text that are read; an SMS rarely has more than 200."""
CHUNK = 32
BUCKET_BITS = 17
WIDE_SIZES = (1, 2, 3)
NARROW_SIZES = (3, 4, 6)
IDS_PER_CHARACTER = 3
CAUTION = 60
"""As many n-grams that say nothing are counted with each text, so that a few characters alone
never look like certainty."""
PADDING = 0
"""The bucket that no n-gram has; its embedding is zero."""
SETTINGS = {
    "bucket_bits": BUCKET_BITS,
    "chunk": CHUNK,
    "caution": CAUTION,
    "max_characters": MAX_CHARACTERS,
}
"""What a model was trained with and must be fed with; its card repeats them."""

_MULTIPLIER = np.uint32(0x9E37_79B1)
_FINISHER = np.uint32(0x85EB_CA6B)
_SHIFT = np.uint32(32 - BUCKET_BITS)
_LONGEST = max(*WIDE_SIZES, *NARROW_SIZES)


@dataclass(frozen=True, slots=True, kw_only=True)
class NGrams:
    """The n-grams of a batch of texts."""

    ids: Int32s
    """[chunks, CHUNK * IDS_PER_CHARACTER] bucket ids; `PADDING` where there is none."""
    rows: Int64s
    """The text each chunk belongs to; every text has one at least."""
    weights: Float32s
    """What the sum of each text's n-grams is multiplied by: one over their number, plus
    `CAUTION`."""


def ngrams(texts: Sequence[str]) -> NGrams:
    """Hash the n-grams of *texts*, which must be normalised."""
    lengths = [min(len(text), MAX_CHARACTERS) for text in texts]
    # One character of padding at least, so that no n-gram reaches into the next text.
    chunks = [length // CHUNK + 1 for length in lengths]
    codes = _padded_codes(texts, np.array(lengths, np.int64), np.array(chunks, np.int64))
    hashed = _ids(codes).reshape(-1, CHUNK * IDS_PER_CHARACTER)
    starts = np.array([0, *accumulate(chunks)][:-1], np.int64)
    counts = np.add.reduceat(np.count_nonzero(hashed, axis=1), starts) if len(texts) else starts
    return NGrams(
        ids=hashed,
        rows=np.repeat(np.arange(len(texts)), chunks),
        weights=(1 / (counts + CAUTION)).astype(np.float32),
    )


def _padded_codes(texts: Sequence[str], lengths: Int64s, chunks: Int64s) -> Uint32s:
    joined = "".join([text[:MAX_CHARACTERS] for text in texts])
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
    room = chunks * CHUNK
    shift = np.cumsum(room - lengths) - (room - lengths)
    padded = np.zeros(int(room.sum()) + _LONGEST, np.uint32)
    padded[np.arange(len(codes)) + np.repeat(shift, lengths)] = codes
    return padded


def _ids(codes: Uint32s) -> Int32s:
    size = len(codes) - _LONGEST
    is_wide = _is_wide(codes[:size])
    ids = np.zeros((size, IDS_PER_CHARACTER), np.int32)
    state = np.zeros(size, np.uint32)
    is_whole = np.ones(size, np.bool_)
    for length in range(1, _LONGEST + 1):
        last = codes[length - 1 : length - 1 + size]
        state = (state ^ last) * _MULTIPLIER
        state ^= state >> np.uint32(15)
        is_whole &= last != 0
        for sizes, script in ((WIDE_SIZES, is_wide), (NARROW_SIZES, ~is_wide)):
            if length in sizes:
                slot = ids[:, sizes.index(length)]
                np.copyto(slot, _bucket(state), where=is_whole & script)
    return ids


def _bucket(state: Uint32s) -> Int32s:
    # Bucket 0 is padding; its n-grams share bucket 1.
    buckets: Int32s = np.maximum((state * _FINISHER) >> _SHIFT, 1).view(np.int32)
    return buckets


def _is_wide(codes: Uint32s) -> Bools:
    is_wide: Bools = classes()[np.minimum(codes, SIZE - 1)] == WIDE
    return is_wide | (codes >= SIZE)
