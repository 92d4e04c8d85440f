"""Columns that describe a URL to the trees of the second stage: what n-grams do not show.

`kernels/url_columns.c` computes them; what a Unicode label names is left to Python. Scheme,
``www.`` and port are no columns, as in `classifiers.link.features`. Characters that are not ASCII,
which a canonical URL has none of, are read as ``?``.
"""

from collections.abc import Sequence

import numpy as np

from classifiers.link import url_parts
from classifiers.link.url_brands import find_brands
from classifiers.link.url_statistics import UrlStatistics
from classifiers.link.url_tables import UrlTables
from fanzha import kernels
from fanzha.tables import Float32s

REVISION = "url-3"
"""Of what `of_urls` makes; trees made for one that is not in `WIDTHS` do not load."""
FIRST_REVISION, SECOND_REVISION = "url-1", "url-2"

_HOST = (
    *("labels", "label_length", "suffix_dots", "below_length", "below_labels", "is_address"),
    *("is_punycode", "mixes_scripts", "label_digits", "label_hyphens", "digit_run"),
    *("consonant_run", "vowel_share", "longest_label", "is_hosting", "is_short_link"),
    *("distinct_share", "letter_digit_turns", "starts_with_digit"),
)
_BRANDS = ("brand_in_label", "brand_below", "brand_in_path", "brand_misspelt", "brand_disguised")
_PATH = (
    *("depth", "parameters", "path_length", "is_root", "file_kind", "longest_segment"),
    *("hexadecimal_run", "kind_turns", "path_digits", "last_segment", "holds_url", "holds_host"),
    *("double_slash", "is_index_page"),
)
_SUMS, _LETTERS = ("sum", "highest", "lowest"), ("total", "highest", "familiar")
_RATES = (
    *("suffix_rate", "suffix_domains", "top_level_rate"),
    *(f"host_words_{name}" for name in (*_SUMS, "known")),
    *(f"path_words_{name}" for name in (*_SUMS, "known")),
    *("uncovered_share", "name_words", "longest_name_word", "letters"),
    *(f"name_words_{name}" for name in _SUMS),
)
_NAMES = (
    *(f"label_letters_{name}" for name in _LETTERS),
    *(f"below_letters_{name}" for name in _LETTERS),
    *("syllable_share", "syllables", "longest_repeat", "ends_with_digits"),
    *("below_digits", "below_consonant_run", "below_distinct_share"),
)
_FIRST = (*_HOST, *_BRANDS, *_PATH, *_RATES)
_SECOND = (*_FIRST, *_NAMES)
NAMES = (*_SECOND, "is_page_part", "tells_version")
WIDTHS = {FIRST_REVISION: len(_FIRST), SECOND_REVISION: len(_SECOND), REVISION: len(NAMES)}
"""Columns by revision: each begins with those before it, so older trees read the first ones."""

_url_columns = kernels.declare(
    "url_columns",
    *(kernels.POINTER, kernels.TEXT, kernels.POINTER, kernels.INTEGER, kernels.INTEGER),
    *(kernels.INTEGER, kernels.POINTER, kernels.POINTER),
    returns=kernels.INTEGER,
)
_OF_UNICODE = [NAMES.index(name) for name in ("is_punycode", "mixes_scripts", "brand_disguised")]


def of_urls(urls: Sequence[str], statistics: UrlStatistics) -> Float32s:
    """Return a row of `NAMES` for each canonical URL."""
    return rows(urls, UrlTables(statistics))


def rows(
    urls: Sequence[str],
    tables: UrlTables,
    width: int = len(NAMES),
    before: Float32s | None = None,
) -> Float32s:
    """Return the first *width* of `NAMES` for each canonical URL, after a column *before*."""
    first = 0 if before is None else 1
    found = np.empty((len(urls), first + width), np.float32)
    if not urls:
        return found
    if before is not None:
        found[:, 0] = before
    text = "".join(urls).encode("ascii", "replace")
    lengths = np.fromiter(map(len, urls), np.int64, len(urls))
    left = np.empty(len(urls), np.int64)
    count = _url_columns(
        *(tables.at, text, kernels.address(lengths), len(urls), width, first + width),
        *(kernels.address(found) + first * found.itemsize, kernels.address(left)),
    )
    for row in left[:count].tolist():
        url = urls[row].encode("ascii", "replace").decode("ascii")
        for column, value in zip(_OF_UNICODE, _of_unicode(url), strict=True):
            if value is not None:
                found[row, first + column] = value
    return found


def _of_unicode(url: str) -> tuple[bool | None, ...]:
    """Return the columns `_OF_UNICODE` of a URL with a punycode label; None where it is no such."""
    parts = url_parts.split_parts(url_parts.split_url(url)[0])
    readable = url_parts.readable_label(parts.label)
    if readable == parts.label:
        return (None,) * len(_OF_UNICODE)
    return True, _mixes_scripts(readable), find_brands(parts).disguised


def _mixes_scripts(readable: str) -> bool:
    letters = "".join(filter(str.isalpha, readable))
    return letters != "" and not letters.isascii() and any(letter < "{" for letter in letters)
