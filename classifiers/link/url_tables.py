"""What `kernels/url_columns.c` looks up of a URL, laid out once for all processes of a host.

From the statistics of a model, the brands, the services, and the Public Suffix List.
"""

import ctypes
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import xxhash

from classifiers.link import url_brands, url_statistics
from classifiers.link.letter_odds import LetterOdds
from classifiers.link.url_brands import Brands
from classifiers.link.url_services import HOSTING, SHORT_LINKS
from classifiers.link.url_statistics import LONGEST_WORD, SHORTEST_WORD, UrlStatistics
from classifiers.link.word_tables import FiguresTable, WordFigures, WordSet, WordsTable
from fanzha import host_keys, kernels

FILE_KINDS = {
    ending: float(kind)
    for kind, endings in enumerate(
        (
            "htm html shtml",
            "php asp aspx jsp cgi do action",
            "exe apk zip rar sh bin msi jar dll js vbs mips arm x86 arm7 arm5 mpsl ppc spc iso img",
            "txt doc docx xls xlsx pdf",
        ),
        start=1,
    )
    for ending in endings.split()
}
"""Any other ending is a kind of its own (`OTHER_FILE` in the kernel)."""
PAGE_PARTS = frozenset(
    [
        *("js", "css", "map", "png", "jpg", "jpeg", "gif", "svg", "ico", "webp"),
        *("woff", "woff2", "ttf", "eot", "json", "xml", "rss"),
    ]
)
"""Files that a page loads by itself: legitimate sites have them in folders of plugins, too."""

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_EDGE, _EDGE_LETTER_BITS = 3, 5
_LONGEST_NAME = 62
"""Characters of a brand that is found within words: the kernel has a bit for each length."""
_MOST_KNOWN = 2


class LettersTable(ctypes.Structure):
    """`Letters` in the kernel."""

    _fields_ = (
        ("grams", WordsTable),
        ("ratios", kernels.POINTER),
        ("legitimate", kernels.POINTER),
    )


class BrandsTable(ctypes.Structure):
    """`Brands` in the kernel."""

    _fields_ = (
        ("names", WordsTable),
        ("long_names", WordsTable),
        ("lengths", ctypes.c_uint64),
        ("begin", kernels.POINTER),
        ("near", WordsTable),
        ("longest_near", kernels.INTEGER),
        ("near_begin", kernels.POINTER),
        ("near_end", kernels.POINTER),
        ("owned", WordsTable),
        ("plain", kernels.POINTER),
    )


class UrlTable(ctypes.Structure):
    """`UrlTables` in the kernel."""

    _fields_ = (
        ("suffixes", kernels.POINTER),
        ("hosting", WordsTable),
        ("short_links", WordsTable),
        ("file_kinds", FiguresTable),
        ("page_parts", WordsTable),
        ("suffix_rates", FiguresTable),
        ("suffix_domains", FiguresTable),
        ("top_levels", FiguresTable),
        ("host_words", FiguresTable),
        ("name_words", FiguresTable),
        ("path_words", FiguresTable),
        ("lexicon", WordsTable),
        ("lengths", kernels.POINTER),
        ("label_letters", LettersTable),
        ("below_letters", LettersTable),
        ("brands", BrandsTable),
    )


class UrlTables:
    """What one model looks up, and the arrays that its table points to."""

    def __init__(self, statistics: UrlStatistics) -> None:
        """Lay out *statistics*, and what is the same for all models."""
        brands = _LaidOutBrands(url_brands.known_brands())
        lexicon = [word for word in statistics.lexicon if _is_found(word)]
        sets = [WordSet(one) for one in (HOSTING, SHORT_LINKS, PAGE_PARTS, lexicon)]
        rates = [
            WordFigures(one)
            for one in (
                *(FILE_KINDS, statistics.suffixes, statistics.suffix_domains),
                *(statistics.top_levels, statistics.host_words),
                *(statistics.name_words, statistics.path_words),
            )
        ]
        letters = [
            _LaidOutLetters(one) for one in (statistics.label_letters, statistics.below_letters)
        ]
        lengths = _lengths(lexicon)
        hosting, short_links, page_parts, words = (one.table for one in sets)
        file_kinds, *rate_tables = (one.table for one in rates)
        self._kept = brands, sets, rates, letters, lengths
        self._table = UrlTable(
            *(host_keys.suffix_table(), hosting, short_links, file_kinds, page_parts),
            *(*rate_tables, words, kernels.address(lengths)),
            *(one.table for one in letters),
            brands.table,
        )
        self.at = ctypes.byref(self._table)
        """For the kernel."""


_known: dict[str, UrlTables] = {}


def shared(text: str) -> UrlTables:
    """Lay out statistics, once for equal texts: forked processes find them here.

    The last `_MOST_KNOWN` are kept: of the model in force, and of the one before or in shadow.
    """
    digest = xxhash.xxh3_128_hexdigest(text.encode())
    found = _known.get(digest)
    if found is None:
        found = UrlTables(url_statistics.parse(text))
        while len(_known) >= _MOST_KNOWN:
            _known.pop(next(iter(_known)))
        _known[digest] = found
    return found


class _LaidOutLetters:
    def __init__(self, odds: LetterOdds) -> None:
        self._grams = WordSet(odds.ratios, odds.ratios, odds.legitimate)
        self.table = LettersTable(
            self._grams.table, *(kernels.address(one) for one in self._grams.figures)
        )


class _LaidOutBrands:
    def __init__(self, brands: Brands) -> None:
        longest = max(map(len, brands.long_names))
        if longest > _LONGEST_NAME:
            raise ValueError(f"a brand of {longest} letters")
        named, long, near = (
            WordSet(word.decode("ascii") for word in words)
            for words in (brands.names, brands.long_names, brands.near)
        )
        owned = WordSet(brands.owned)
        begin = _edges(name[:_EDGE] for name in brands.long_names)
        near_begin = _edges(word[:_EDGE] for word in brands.near)
        near_end = _edges(word[-_EDGE:] for word in brands.near)
        plain = np.frombuffer(brands.plain, np.uint8)
        self._kept = named, long, near, owned, begin, near_begin, near_end, plain
        self.table = BrandsTable(
            *(named.table, long.table, sum(1 << size for size in {*map(len, brands.long_names)})),
            *(kernels.address(begin), near.table, longest, kernels.address(near_begin)),
            *(kernels.address(near_end), owned.table, kernels.address(plain)),
        )


def _is_found(word: str) -> bool:
    """Return whether a word of a lexicon can be met: names are split into small letters."""
    return SHORTEST_WORD <= len(word) <= LONGEST_WORD and set(word) <= set(_LETTERS)


def _lengths(lexicon: Iterable[str]) -> npt.NDArray[np.uint16]:
    """Return by the first three letters a bit for each length of words that begin so."""
    lengths = np.zeros(len(_LETTERS) ** SHORTEST_WORD, np.uint16)
    for word in lexicon:
        first, second, third = (ord(letter) - ord("a") for letter in word[:SHORTEST_WORD])
        lengths[(first * len(_LETTERS) + second) * len(_LETTERS) + third] |= 1 << len(word)
    return lengths


def _edges(edges: Iterable[bytes]) -> npt.NDArray[np.uint8]:
    """Return a bit for the low bits of each three characters; others may have the same."""
    bits = np.zeros(2 ** (_EDGE * _EDGE_LETTER_BITS), np.bool_)
    low = (1 << _EDGE_LETTER_BITS) - 1
    for first, second, third in edges:
        place = (first & low) << 2 * _EDGE_LETTER_BITS | (second & low) << _EDGE_LETTER_BITS
        bits[place | third & low] = True
    return np.packbits(bits, bitorder="little")
