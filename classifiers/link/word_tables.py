"""Sets of words, and what is known of each, as kernels look them up (`kernels/words.h`).

The arrays are made once and never changed, so processes that are forked share them. Kernels read
ASCII: words that are not are left out, as none of them is ever met.
"""

import ctypes
from collections.abc import Iterable, Mapping

import numpy as np

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

    def __init__(self, words: Iterable[str], *figures: Mapping[str, float]) -> None:
        """Index distinct words, of which each has all *figures*."""
        ordered = sorted(word for word in set(words) if word.isascii())
        # More than half of the slots stay empty.
        bits = (2 * len(ordered)).bit_length()
        slots = np.zeros(2**bits, np.int32)
        ends = np.cumsum([*map(len, ordered)], dtype=np.int32)
        # One more, for an array without words has no address.
        names = np.frombuffer(("".join(ordered) + " ").encode(), np.uint8)
        self.figures = [
            np.fromiter(map(one.__getitem__, ordered), np.float64, len(ordered)) for one in figures
        ]
        """By word, in the order of the table."""
        # The words themselves are not kept: they would take more memory than all the arrays.
        self._arrays = slots, ends, names
        self.table = WordsTable(
            kernels.address(slots), bits, kernels.address(ends), kernels.address(names)
        )
        _index_words(ctypes.byref(self.table), len(ordered), kernels.address(slots))


class WordFigures:
    """Words with a figure each, and the arrays that their table points to."""

    def __init__(self, figures: Mapping[str, float]) -> None:
        """Index the keys."""
        self._words = WordSet(figures, figures)
        (values,) = self._words.figures
        self.table = FiguresTable(self._words.table, kernels.address(values))
