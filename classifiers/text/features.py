"""Turns normalised texts into hashed character n-grams, a whole batch at once.

Every character of a text gets three bucket ids, for the n-grams that begin with it. A Chinese
character carries as much as a syllable, so n is 1, 2, 3 for wide characters and 3, 4, 6 for narrow
ones. The ids of a text are cut into chunks of `CHUNK` characters, padded with id 0: a graph can
then add them up without knowing how long a text is, and little is wasted on padding. About 1 µs
a text of 70 characters.
"""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from fanzha import kernels
from fanzha.character_table import SIZE, classes
from fanzha.tables import Float32s, Int64s

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

_ngrams = kernels.declare(
    "ngrams",
    *(kernels.POINTER, kernels.TEXT, kernels.POINTER, kernels.INTEGER),
    *(kernels.POINTER, kernels.POINTER),
)


class GramsTable(ctypes.Structure):
    """`Grams` in the kernel."""

    _fields_ = (
        ("classes", kernels.POINTER),
        ("class_count", kernels.INTEGER),
        ("bits", kernels.INTEGER),
        ("drops_runs", kernels.INTEGER),
    )

    @classmethod
    def of(cls, bits: int, *, drops_runs: bool) -> "GramsTable":
        """Return how texts are hashed into 2**bits buckets; `ngrams` says the rest."""
        table = kernels.checked(classes(), np.uint8)
        return cls(kernels.address(table), SIZE, bits, drops_runs)


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
    # One character of padding at least, as the graphs were trained.
    chunks = lengths // CHUNK + 1
    ids = np.zeros((int(chunks.sum()), CHUNK * IDS_PER_CHARACTER), np.int32)
    counts, grams = np.zeros(len(texts), np.int64), GramsTable.of(bits, drops_runs=drops_runs)
    codes = "".join(texts).encode("utf-32-le", "surrogatepass")
    if texts:
        _ngrams(
            *(ctypes.byref(grams), codes, kernels.address(lengths), len(texts)),
            *(kernels.address(ids), kernels.address(counts)),
        )
    return NGrams(
        ids=ids,
        rows=np.repeat(np.arange(len(texts)), chunks),
        weights=(1 / (counts + np.full(len(texts), CAUTION))).astype(np.float32),
    )
