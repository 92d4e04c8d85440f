"""Columns that describe a URL to the trees of the second stage: what n-grams do not show.

A URL takes tens of microseconds: only uncertain links come here. Scheme, ``www.`` and
port are no columns, as in `classifiers.link.features`.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from classifiers.link import name_columns, url_parts
from classifiers.link.url_brands import NO_BRAND, brand_in_path, find_brands
from classifiers.link.url_characters import (
    ascii_bytes,
    digits_of,
    kind_turns,
    letter_digit_turns,
    longest_consonants,
    longest_digits,
    longest_hexadecimal,
    vowels_of,
    words,
)
from classifiers.link.url_parts import UrlParts
from classifiers.link.url_services import HOSTING, SHORT_LINKS
from classifiers.link.url_statistics import UrlStatistics
from fanzha.tables import Float32s

HOSTS_CACHED = 4096
"""Hosts whose columns are kept; all are dropped when there are more. About 4 MB."""
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
_SUMS = ("sum", "highest", "lowest")
_RATES = (
    *("suffix_rate", "suffix_domains", "top_level_rate"),
    *(f"host_words_{name}" for name in (*_SUMS, "known")),
    *(f"path_words_{name}" for name in (*_SUMS, "known")),
    *("uncovered_share", "name_words", "longest_name_word", "letters"),
    *(f"name_words_{name}" for name in _SUMS),
)
_FIRST = (*_HOST, *_BRANDS, *_PATH, *_RATES)
_SECOND = (*_FIRST, *name_columns.NAMES)
NAMES = (*_SECOND, "is_page_part", "tells_version")
WIDTHS = {FIRST_REVISION: len(_FIRST), SECOND_REVISION: len(_SECOND), REVISION: len(NAMES)}
"""Columns by revision: each begins with those before it, so older trees read the first ones."""

_INDEX_PAGE = re.compile(rb"(?:[a-z]{2}/)?(?:index\.(?:html?|php|jsp|aspx?)|home|main)?/?")
_COM = re.compile(rb"\.com\b")
_LONGEST_INDEX_PAGE = 20
"""Characters; no more than the longest that `_INDEX_PAGE` matches has."""
_FILE_KINDS = {
    kind.encode(): number
    for number, kinds in enumerate(
        (
            "htm html shtml",
            "php asp aspx jsp cgi do action",
            "exe apk zip rar sh bin msi jar dll js vbs mips arm x86 arm7 arm5 mpsl ppc spc iso img",
            "txt doc docx xls xlsx pdf",
        ),
        start=1,
    )
    for kind in kinds.split()
}
_OTHER_FILE = 9
_PAGE_PARTS = frozenset(
    [
        *(b"js", b"css", b"map", b"png", b"jpg", b"jpeg", b"gif", b"svg", b"ico", b"webp"),
        *(b"woff", b"woff2", b"ttf", b"eot", b"json", b"xml", b"rss"),
    ]
)
"""Files that a page loads by itself: legitimate sites have them in folders of plugins, too."""
_VERSION = re.compile(rb"[?&](?:ver|v|rev|version)=")
_NONE = (0.0, 0.0, 0.0, 0)
_NO_PAGE_PART = (False, False)
_EMPTY_PATH = (0, 0, 0, True, *[0] * 10)


class _HostColumns(NamedTuple):
    """The columns of a host, in the order of `NAMES`; those of the path come between."""

    before_path_brand: tuple[float, ...]
    before_path: tuple[float, ...]
    before_path_words: tuple[float, ...]
    last: tuple[float, ...]
    is_foreign: bool
    """A brand in the path counts."""


class UrlColumns:
    """Describes URLs by the statistics of one model. For use by one thread.

    Many links lead to few hosts, so the columns of `HOSTS_CACHED` hosts are kept.
    """

    def __init__(self, statistics: UrlStatistics) -> None:
        self._statistics = statistics
        self._hosts: dict[str, _HostColumns] = {}

    def of(self, urls: Sequence[str]) -> Float32s:
        """Return a row of `NAMES` for each canonical URL."""
        # A row at a time: dictionaries and sets of words know no columns.
        values: list[float] = []
        rates = self._statistics.path_words
        for url in urls:
            host, path = url_parts.split_url(url)
            known = self._hosts.get(host) or self._describe(host)
            values += known.before_path_brand
            if path:
                raw = ascii_bytes(path)
                small = raw.lower()
                values.append(brand_in_path(small) if known.is_foreign else NO_BRAND)
                values += known.before_path
                values += _path(raw, small)
                values += known.before_path_words
                values += _summed(url_parts.path_words(path), rates)
                values += known.last
                values += _page_part(small)
            else:
                values.append(NO_BRAND)
                values += known.before_path
                values += _EMPTY_PATH
                values += known.before_path_words
                values += _NONE
                values += known.last
                values += _NO_PAGE_PART
        return np.fromiter(values, np.float32, len(values)).reshape(len(urls), len(NAMES))

    def _describe(self, host: str) -> _HostColumns:
        parts = url_parts.split_parts(host)
        brands = find_brands(parts)
        known, last = _host_rates(parts, self._statistics)
        found = _HostColumns(
            before_path_brand=(*_host(parts), brands.label, brands.below),
            before_path=(brands.misspelt, brands.disguised),
            before_path_words=known,
            last=(*last, *name_columns.of(parts, self._statistics)),
            is_foreign=brands.is_foreign,
        )
        if len(self._hosts) >= HOSTS_CACHED:
            self._hosts.clear()
        self._hosts[host] = found
        return found


def of_urls(urls: Sequence[str], statistics: UrlStatistics) -> Float32s:
    """Return a row of `NAMES` for each canonical URL."""
    return UrlColumns(statistics).of(urls)


def _host(parts: UrlParts) -> tuple[float, ...]:
    suffix, label, below = parts.suffix, parts.label, parts.below
    length = len(label) or 1
    raw = ascii_bytes(label)
    is_plain = raw.isalpha()
    readable = label if is_plain else url_parts.readable_label(label)
    below_labels = below.count(".") + 1 if below else 0
    return (
        below_labels + bool(label),
        len(label),
        suffix.count("."),
        len(below),
        below_labels,
        not suffix,
        readable != label,
        readable != label and _mixes_scripts(readable),
        *((0, 0, 0) if is_plain else (digits_of(raw), raw.count(b"-"), longest_digits(raw))),
        longest_consonants(raw),
        vowels_of(raw) / length,
        max(len(label), *map(len, below.split("."))) if below else len(label),
        suffix in HOSTING,
        f"{label}.{suffix}" in SHORT_LINKS,
        len(set(raw)) / length,
        0 if is_plain else letter_digit_turns(raw),
        raw[:1].isdigit(),
    )


def _mixes_scripts(readable: str) -> bool:
    letters = "".join(filter(str.isalpha, readable))
    return letters != "" and not letters.isascii() and any(letter < "{" for letter in letters)


def _path(raw: bytes, small: bytes) -> tuple[float, ...]:
    """Return the columns of a path, which is not empty, from it and from it in lower case."""
    folders, _mark, query = raw.partition(b"?")
    segments = folders.split(b"/")
    last = segments[-1]
    kind = last.rpartition(b".")[2].lower() if b"." in last else b""
    return (
        folders.rstrip(b"/").count(b"/") + 1 if folders else 0,
        query.count(b"&") + 1 if query else 0,
        len(raw),
        False,
        _FILE_KINDS.get(kind, _OTHER_FILE) if kind else 0,
        max(map(len, segments)),
        longest_hexadecimal(raw),
        kind_turns(raw),
        digits_of(raw),
        len(last),
        b"http" in small,
        b"www." in small or (b".com" in small and _COM.search(small) is not None),
        b"//" in raw,
        len(raw) <= _LONGEST_INDEX_PAGE and _INDEX_PAGE.fullmatch(small) is not None,
    )


def _page_part(small: bytes) -> tuple[bool, bool]:
    """Return the last columns, from a path in lower case that is not empty."""
    folders, mark, query = small.partition(b"?")
    tells_version = query != b"" and _VERSION.search(mark + query) is not None
    return folders.rpartition(b".")[2] in _PAGE_PARTS, tells_version


def _host_rates(
    parts: UrlParts, statistics: UrlStatistics
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the rates before and after those of the words of the path."""
    suffix = parts.suffix
    label_words = words(parts.label)
    name_words = [one for word in label_words for one in statistics.names.split(word)]
    host_words = words(parts.below) + label_words if parts.below else label_words
    letters = sum(map(len, label_words))
    lengths = [*map(len, name_words)]
    first = (
        statistics.suffixes.get(suffix, 0.0),
        statistics.suffix_domains.get(suffix, 0.0),
        statistics.top_levels.get(suffix.rpartition(".")[2], 0.0),
        *_summed(host_words, statistics.host_words),
    )
    last = (
        1 - sum(lengths) / (letters or 1),
        len(name_words),
        max(lengths, default=0),
        letters,
        *_summed(name_words, statistics.name_words)[:-1],
    )
    return first, last


def _summed(tokens: Sequence[str], rates: Mapping[str, float]) -> tuple[float, float, float, int]:
    """Return the sum of the rates of distinct *tokens*, the highest, the lowest, their number."""
    found = [rates[word] for word in dict.fromkeys(tokens) if word in rates]
    if not found:
        return _NONE
    if len(found) == 1:  # the same figures, without unpacking
        rate = found[0]
        return rate, max(0.0, rate), min(0.0, rate), 1
    return sum(found), max(0.0, *found), min(0.0, *found), len(found)
