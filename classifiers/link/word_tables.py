"""Sets of words, and what is known of each, as kernels look them up (`kernels/words.h`).

The arrays are made once and never changed, so processes that are forked share them. Kernels read
ASCII: words that are not are left out, as none of them is ever met.
"""

import ctypes
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from fanzha import kernels

_index_words = kernels.declare("index_words", kernels.POINTER, kernels.INTEGER, kernels.POINTER)


class WordsTable(ctypes.Structure):
    """`Words` in the kernel."""

    _fields_ = (
        ("slots", kernels.POINTER),
        ("bits", kernels.INTEGER),
        ("ends", kernels.POINTER),
        ("names", kernels.POINTER),
    )


class FiguresTable(ctypes.Structure):
    """`Figures` in the kernel."""

    _fields_ = (("words", WordsTable), ("figures", kernels.POINTER))


class WordSet:
    """Words, and the arrays that their table points to."""

    def __init__(self, words: Iterable[str]) -> None:
        """Index distinct words."""
        self.words: Sequence[str] = sorted(word for word in set(words) if word.isascii())
        # More than half of the slots stay empty.
        bits = (2 * len(self.words)).bit_length()
        slots = np.zeros(2**bits, np.int32)
        ends = np.cumsum([*map(len, self.words)], dtype=np.int32)
        # One more, for an array without words has no address.
        names = np.frombuffer(("".join(self.words) + " ").encode(), np.uint8)
        self._arrays = slots, ends, names
        self.table = WordsTable(
            kernels.address(slots), bits, kernels.address(ends), kernels.address(names)
        )
        _index_words(ctypes.byref(self.table), len(self.words), kernels.address(slots))

    def figures(self, figures: Mapping[str, float]) -> npt.NDArray[np.float64]:
        """Return the figure of each word, in the order of the table."""
        return np.fromiter(map(figures.__getitem__, self.words), np.float64, len(self.words))


class WordFigures:
    """Words with a figure each, and the arrays that their table points to."""

    def __init__(self, figures: Mapping[str, float]) -> None:
        """Index the keys."""
        self._words = WordSet(figures)
        self._figures = self._words.figures(figures)
        self.table = FiguresTable(self._words.table, kernels.address(self._figures))
