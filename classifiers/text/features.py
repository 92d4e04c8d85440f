"""Turns normalised texts into hashed character n-grams, a whole batch at once.

Every character of a text gets three bucket ids, for the n-grams that begin with it. A Chinese
character carries as much as a syllable, so n is 1, 2, 3 for wide characters and 3, 4, 6 for narrow
ones. The ids of a text are cut into chunks of `CHUNK` characters, padded with id 0: a graph can
then add them up without knowing how long a text is, and little is wasted on padding. About 1 µs
a text of 70 characters.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from fanzha.character_table import SIZE, WIDE, classes
from fanzha.tables import Bools, Float32s, Int64s, Uint8s, Uint32s

Int32s: TypeAlias = npt.NDArray[np.int32]

MAX_CHARACTERS = 512
"""Characters of a normalised text that are read; an SMS rarely has more than 200."""
CHUNK = 32
BUCKET_BITS = 18
"""Of the bundles that are trained today; a bundle's card says its own."""
LEAST_BITS, MOST_BITS = 12, 20
WIDE_SIZES = (1, 2, 3)
NARROW_SIZES = (3, 4, 6)
IDS_PER_CHARACTER = 3
CAUTION = 60
"""So many neutral n-grams are added to each text, so that a few characters alone never score as
certain."""
PADDING = 0
"""The bucket that no n-gram has; its embedding is zero."""
SETTINGS = {
    "chunk": CHUNK,
    "caution": CAUTION,
    "max_characters": MAX_CHARACTERS,
}
"""What a model was trained with and must be fed with, besides its bits; its card repeats them."""

_MULTIPLIER = np.uint32(0x9E37_79B1)
_FINISHER = np.uint32(0x85EB_CA6B)
_HALF = np.uint32(15)
_FIRST_BUCKET = np.uint32(1)
_LONGEST = max(*WIDE_SIZES, *NARROW_SIZES)


@dataclass(frozen=True, slots=True, kw_only=True)
class NGrams:
    """The n-grams of a batch of texts."""

    ids: Int32s
    """[chunks, IDS_PER_CHARACTER * CHUNK] bucket ids, those of the shortest n-grams of a chunk
    first; `PADDING` where there is none."""
    rows: Int64s
    """The text each chunk belongs to; every text has one at least."""
    weights: Float32s
    """What the sum of each text's n-grams is multiplied by: one over their number, plus
    `CAUTION`."""


def ngrams(texts: Sequence[str], bits: int = BUCKET_BITS, *, drops_runs: bool = True) -> NGrams:
    """Hash the n-grams of *texts*, which must be normalised, into 2**bits buckets.

    With *drops_runs* an n-gram equal to the one before, as in a run of one character, is none: a
    sum of n-grams would grow with it. Bundles up to version 4 were trained without.
    """
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    if lengths.max(initial=0) > MAX_CHARACTERS:
        texts = [text[:MAX_CHARACTERS] for text in texts]
        lengths = np.minimum(lengths, MAX_CHARACTERS)
    # One character of padding at least, so that no n-gram reaches into the next text.
    chunks = lengths // CHUNK + 1
    ends = np.cumsum(chunks)
    ids, whole = _ids(_padded_codes(texts, lengths, ends * CHUNK), bits, drops_runs)
    counts = np.add.reduceat(whole, (ends - chunks) * CHUNK, dtype=np.int64) if texts else 0
    return NGrams(
        ids=ids.reshape(-1, CHUNK * IDS_PER_CHARACTER),
        rows=np.repeat(np.arange(len(texts)), chunks),
        weights=(1 / (counts + np.full(len(texts), CAUTION))).astype(np.float32),
    )


def _padded_codes(texts: Sequence[str], lengths: Int64s, room_ends: Int64s) -> Uint32s:
    """Lay texts end to end, each padded with zeros to the end of its room."""
    joined = "".join(texts)
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
    padded = np.zeros((int(room_ends[-1]) if len(texts) else 0) + _LONGEST, np.uint32)
    ends = np.cumsum(lengths)
    starts = np.zeros(len(texts), np.int64)
    starts[1:] = room_ends[:-1] - ends[:-1]
    padded[np.arange(len(codes)) + np.repeat(starts, lengths)] = codes
    return padded


def _ids(codes: Uint32s, bits: int, drops_runs: bool) -> tuple[Int32s, Uint8s]:
    """Return the ids of the n-grams that begin with each character, and how many there are."""
    size = len(codes) - _LONGEST
    states, wholes = _states(codes, size)
    is_wide = _is_wide(codes[:size])
    all_or_none = -is_wide.astype(np.int32).view(np.uint32)
    ids = np.empty((size // CHUNK, IDS_PER_CHARACTER, CHUNK), np.int32)
    counts = np.zeros(size, np.uint8)
    shift = np.uint32(32 - bits)
    for slot, (wide, narrow) in enumerate(zip(WIDE_SIZES, NARROW_SIZES, strict=True)):
        # What `np.where` would do, in a third of the time.
        state = states[wide] ^ states[narrow]
        state &= all_or_none
        state ^= states[narrow]
        # Where the longer one is in the text, so is the shorter.
        whole = (wholes[wide] & is_wide) | wholes[narrow]
        if drops_runs:
            whole[1:] &= state[1:] != state[:-1]
        counts += whole
        np.multiply(
            _bucket(state, shift).reshape(-1, CHUNK), whole.reshape(-1, CHUNK), out=ids[:, slot]
        )
    return ids, counts


def _states(codes: Uint32s, size: int) -> tuple[dict[int, Uint32s], dict[int, Bools]]:
    """Hash the first 1, 2, … characters from each on; also return which lie within the text."""
    is_inside = codes != 0
    state, whole = np.zeros(size, np.uint32), np.ones(size, np.bool_)
    states, wholes = {}, {}
    for length in range(1, _LONGEST + 1):
        last = slice(length - 1, length - 1 + size)
        state = state ^ codes[last]
        state *= _MULTIPLIER
        state ^= state >> _HALF
        whole = whole & is_inside[last]
        states[length], wholes[length] = state, whole
    return states, wholes


def _bucket(state: Uint32s, shift: np.uint32) -> Int32s:
    # Bucket 0 is padding; its n-grams share bucket 1.
    state *= _FINISHER
    state >>= shift
    buckets: Int32s = np.maximum(state, _FIRST_BUCKET, out=state).view(np.int32)
    return buckets


def _is_wide(codes: Uint32s) -> Bools:
    # Beyond the table are rare ideographs; the last character of it is narrow.
    is_wide: Bools = classes().take(codes, mode="clip") == WIDE
    return is_wide | (codes >= SIZE) if codes.max(initial=0) >= SIZE else is_wide
