"""What texts may hold, links and telephone numbers, found by `kernels/hints.c` in one pass.

Most texts with a link have one plain link, ``http://host/path`` among words, and nothing else that
looks like part of one. The kernel tells them apart; others are searched by `fanzha.links`.
"""

import ctypes
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from fanzha import kernels
from fanzha.link_deobfuscation import DOMAINS, hint_kinds

_LINKS, _PLAIN_LINK, _NUMBERS = 1, 2, 4
_WORD = 16
_FIGURES = 4

_text_hints = kernels.declare(
    "text_hints",
    *(kernels.POINTER, kernels.TEXT, kernels.POINTER, kernels.INTEGER, kernels.POINTER),
)


class PlainLink(NamedTuple):
    """Where the only link of a text lies, and where its host ends."""

    start: int
    host_end: int
    end: int


class TextHints(NamedTuple):
    """What to look for in which texts of a batch; whatever they hold is among it."""

    links: list[tuple[int, PlainLink | None]]
    """Rows that may hold links; the plain link of those that hold nothing else."""
    numbers: list[int]
    """Rows that may hold telephone numbers."""


class _Hinting(ctypes.Structure):
    """`Hinting` in the kernel."""

    _fields_ = (
        ("kinds", kernels.POINTER),
        ("size", kernels.INTEGER),
        ("domains", ctypes.POINTER(ctypes.c_char * _WORD)),
        ("domain_count", kernels.INTEGER),
    )


def of_texts(texts: Sequence[str]) -> TextHints:
    """Look through texts, in time that is linear in their length."""
    found = TextHints([], [])
    if not texts:
        return found
    codes = "".join(texts).encode("utf-32-le", "surrogatepass")
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    hints = np.empty((len(texts), _FIGURES), np.int32)
    _text_hints(
        *(ctypes.byref(_tables()), codes, kernels.address(lengths), len(lengths)),
        kernels.address(hints),
    )
    rows = hints[:, 0].nonzero()[0]
    for row, (kinds, *link) in zip(rows.tolist(), hints[rows].tolist(), strict=True):
        if kinds & _PLAIN_LINK:
            found.links.append((row, PlainLink(*link)))
        elif kinds & _LINKS:
            found.links.append((row, None))
        if kinds & _NUMBERS:
            found.numbers.append(row)
    return found


@cache
def _tables() -> _Hinting:
    kinds, names = kernels.checked(hint_kinds(), np.uint8), DOMAINS.encode().split(b"|")
    domains = (ctypes.c_char * _WORD * len(names))()
    for place, name in enumerate(names):
        domains[place].value = name
    return _Hinting(kernels.address(kinds), len(kinds), domains, len(names))
