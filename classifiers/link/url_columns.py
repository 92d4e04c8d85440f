"""Columns that describe a URL to the trees of the second stage: what n-grams do not show.

One row of Python a URL, 20 to 30 microseconds: only uncertain links come here. Scheme, ``www.`` and
port are no columns, as in `classifiers.link.features`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from classifiers.link import url_parts
from classifiers.link.url_brands import find_brands
from classifiers.link.url_parts import UrlParts
from classifiers.link.url_services import HOSTING, SHORT_LINKS
from classifiers.link.url_statistics import UrlStatistics
from fanzha.tables import Float32s

REVISION = "url-1"
"""Of what `of_urls` makes; trees made for another do not load."""

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
NAMES = (*_HOST, *_BRANDS, *_PATH, *_RATES)

_DIGITS = re.compile(r"[0-9]+")
_CONSONANTS = re.compile(r"[bcdfghjklmnpqrstvwxz]+")
_VOWELS = re.compile(r"[aeiouy]")
_LETTER_DIGIT = re.compile(r"(?<=[a-z])(?=[0-9])|(?<=[0-9])(?=[a-z])")
_HEXADECIMAL = re.compile(r"[0-9a-f]{8,}")
_KIND_TURN = re.compile(r"(?<=[a-z])(?=[A-Z0-9])|(?<=[A-Z])(?=[a-z0-9])|(?<=[0-9])(?=[a-zA-Z])")
_INDEX_PAGE = re.compile(r"(?:[a-z]{2}/)?(?:index\.(?:html?|php|jsp|aspx?)|home|main)?/?")
_HOST_IN_PATH = re.compile(r"www\.|\.com\b")
_FILE_KINDS = {
    kind: number
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
_ASCII = 128


def of_urls(urls: Sequence[str], statistics: UrlStatistics) -> Float32s:
    """Return a row of `NAMES` for each canonical URL."""
    # A row at a time: dictionaries and regular expressions know no columns.
    rows = [_row(url_parts.split_parts(url), statistics) for url in urls]
    return np.array(rows, np.float32).reshape(len(urls), len(NAMES))


def _row(parts: UrlParts, statistics: UrlStatistics) -> list[float]:
    return [*_host(parts), *find_brands(parts), *_path(parts.path), *_rates(parts, statistics)]


def _host(parts: UrlParts) -> tuple[float, ...]:
    label, below = parts.label, parts.below
    length = len(label) or 1
    readable = url_parts.readable_label(label)
    letters = "".join(filter(str.isalpha, readable)) if readable != label else ""
    digits = _DIGITS.findall(label)
    below_labels = below.count(".") + 1 if below else 0
    return (
        below_labels + bool(label),
        len(label),
        parts.suffix.count("."),
        len(below),
        below_labels,
        not parts.suffix,
        readable != label,
        letters != "" and not letters.isascii() and any(letter < "{" for letter in letters),
        sum(map(len, digits)),
        label.count("-"),
        _longest(digits),
        _longest(_CONSONANTS.findall(label)),
        len(_VOWELS.findall(label)) / length,
        max(map(len, (label, *below.split(".")))),
        parts.suffix in HOSTING,
        f"{label}.{parts.suffix}" in SHORT_LINKS,
        len(set(label)) / length,
        len(_LETTER_DIGIT.findall(label)),
        label[:1].isdigit(),
    )


def _path(path: str) -> tuple[float, ...]:
    small = path.lower()
    folders, _mark, query = path.partition("?")
    segments = folders.split("/")
    last = segments[-1]
    kind = last.rpartition(".")[2].lower() if "." in last else ""
    return (
        folders.rstrip("/").count("/") + 1 if folders else 0,
        query.count("&") + 1 if query else 0,
        len(path),
        not path,
        _FILE_KINDS.get(kind, _OTHER_FILE) if kind else 0,
        _longest(segments),
        _longest(_HEXADECIMAL.findall(path)),
        len(_KIND_TURN.findall(path)),
        sum(map(len, _DIGITS.findall(path))),
        len(last),
        "http" in small,
        _HOST_IN_PATH.search(small) is not None,
        "//" in path,
        path != "" and _INDEX_PAGE.fullmatch(small) is not None,
    )


def _rates(parts: UrlParts, statistics: UrlStatistics) -> tuple[float, ...]:
    suffix = parts.suffix
    name_words = url_parts.name_words(parts, statistics.lexicon)
    letters = sum(map(len, url_parts.words(parts.label)))
    covered = sum(map(len, name_words))
    return (
        statistics.suffixes.get(suffix, 0.0),
        statistics.suffix_domains.get(suffix, 0.0),
        statistics.top_levels.get(suffix.rpartition(".")[2], 0.0),
        *_summed(url_parts.host_words(parts), statistics.host_words),
        *_summed(url_parts.path_words(parts), statistics.path_words),
        1 - covered / (letters or 1),
        len(name_words),
        _longest(name_words),
        letters,
        *_summed(name_words, statistics.name_words)[:-1],
    )


def _summed(words: Sequence[str], rates: Mapping[str, float]) -> tuple[float, float, float, int]:
    """Return the sum of the rates of distinct *words*, the highest and lowest, and their number."""
    found = [rates[word] for word in {*words} & rates.keys()] if words else None
    if not found:
        return 0.0, 0.0, 0.0, 0
    return sum(found), max(0.0, *found), min(0.0, *found), len(found)


def _longest(texts: Iterable[str]) -> int:
    return max(map(len, texts), default=0)
