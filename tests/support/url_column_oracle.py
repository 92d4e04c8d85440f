"""Describes URLs as `kernels/url_columns.c` must, in plain Python that a reader can follow."""

import random
import re
from collections.abc import Iterable, Mapping, Sequence
from math import log
from typing import NamedTuple

import numpy as np

from classifiers.link import url_characters, url_columns, url_parts
from classifiers.link.brand_names import own_domains
from classifiers.link.letter_odds import CHARACTERS, ORDER, LetterOdds
from classifiers.link.url_brands import NO_BRAND, brand_in_path, find_brands
from classifiers.link.url_parts import UrlParts
from classifiers.link.url_services import HOSTING, SHORT_LINKS
from classifiers.link.url_statistics import NameSplitter, UrlStatistics
from classifiers.link.url_tables import FILE_KINDS, PAGE_PARTS, UrlTables
from fanzha.hosts import suffix_rules
from fanzha.tables import Float32s

_FINALS = (
    "iang|iong|uang|ang|eng|ing|ong|ian|iao|uai|uan|ai|ei|ao|ou|an|en|in|un|ia|ie|iu|ua|ui|uo|ue"
    "|a|e|i|o|u|v"
)
_SYLLABLE = f"(?:[zcs]h|[bpmfdtnlgkhjqxrzcsyw])(?:{_FINALS})"
_INDEX_PAGE = r"(?:[a-z]{2}/)?(?:index\.(?:html?|php|jsp|aspx?)|home|main)?/?"
_OTHER_FILE = 9
_WINDOW = 4
_EMPTY_PATH = (0, 0, 0, True, *[0] * 10)
_BATCH = 256

_WORDS = (
    *("shop", "bank", "login", "log", "secure", "verify", "zhongguo", "shi", "xiang", "lve", "zhh"),
    *(
        "in",
        "x",
        "xq",
        "bcdfgk",
        "aaaa",
        "abracadabrab",
        "zzzz",
        "mail",
        "www",
        "com",
        "http",
        "js",
    ),
    *("index", "home", "main", "php", "html", "exe", "aspx", "tar", "v", "ver", "rev", "en"),
)
_DIGITS = ("0", "7", "11", "2026", "deadbeef", "0123456789abcdef", "95588", "10", "255")
_PUNYCODE = (
    "xn--bnk-6la",
    "xn--80ak6aa92e",
    "xn--pypal-4ve",
    "xn--a",
    "xn--",
    "xn--0",
    "xn--99999999",
)
_MARKS = (
    *(
        "-",
        ".",
        "..",
        "_",
        "/",
        "//",
        "?",
        "&",
        "=",
        "%",
        "~",
        "@",
        ":",
        "://",
        "#",
        "www.",
        ".com",
    ),
    *(
        "?ver=",
        "&v=",
        "/index.html",
        ".php?",
        "Http://",
        "?rev",
        ".COM",
        ".com_",
        "\n\n",
        "\x00",
        "\t",
    ),
    *(
        "é",
        "\u212a",
        "İ",
        "中国",
        "\ud800",
        "\U0001f600",
        "[",
        "[::1]",
        "203.0.113.7",
        "A",
        "Zz",
        "PayPal",
    ),
)


_SYLLABLES = tuple(one + two for one in ("x", "zh", "l", "y", "v") for two in _FINALS.split("|"))
_PAGES = (
    *("index.htm", "index.html", "index.php", "index.jsp", "index.asp", "index.aspx", "home"),
    *("main", "index", "index.aspxx", "Main", ""),
)
_ENDINGS = (*FILE_KINDS, *sorted(PAGE_PARTS), "JS", "other", "")
_PASSES_FOR = str.maketrans("oleastbg", "01345789")


class LetterEvidence(NamedTuple):
    """What the letters of a name say; all zero for an empty one."""

    total: float = 0.0
    """Sum of the log ratios, malicious over legitimate."""
    highest: float = 0.0
    """The highest sum of four characters in a row, or of fewer at the start; 0 and more."""
    familiar: float = 0.0
    """Mean log-probability of a character in legitimate names."""


def of_urls(urls: Sequence[str], statistics: UrlStatistics) -> Float32s:
    """Return a row of `url_columns.NAMES` for each URL."""
    names = NameSplitter(statistics.lexicon)
    return np.array([_row(url, statistics, names) for url in urls], np.float32)


def letters(odds: LetterOdds, name: str) -> LetterEvidence:
    """Judge the letters of a name."""
    if not name:
        return LetterEvidence()
    text = f"^{name[:CHARACTERS]}$"
    ratios, familiar = [], 0.0
    for end in range(2, len(text) + 1):
        grams = [text[start:end] for start in range(max(0, end - ORDER), end)]
        gram = next((gram for gram in grams if gram in odds.ratios), None)
        ratios.append(0.0 if gram is None else odds.ratios[gram])
        familiar += -log(64) if gram is None else odds.legitimate[gram]
    window = highest = 0.0
    for at, ratio in enumerate(ratios):
        window += ratio - (0.0 if at < _WINDOW else ratios[at - _WINDOW])
        highest = max(highest, window)
    return LetterEvidence(_added(ratios), highest, familiar / len(ratios))


def _row(url: str, statistics: UrlStatistics, names: NameSplitter) -> tuple[float, ...]:
    host, path = url_parts.split_url(url.encode("ascii", "replace").decode("ascii"))
    parts = url_parts.split_parts(host, path)
    brands = find_brands(parts)
    return (
        *_host(parts),
        brands.label,
        brands.below,
        brand_in_path(path.lower().encode()) if brands.is_foreign else NO_BRAND,
        brands.misspelt,
        brands.disguised,
        *(_path(path) if path else _EMPTY_PATH),
        *_rates(parts, statistics, names),
        *letters(statistics.label_letters, parts.label),
        *letters(statistics.below_letters, parts.below),
        *_names(parts),
        *(_page_part(path.lower()) if path else (False, False)),
    )


def _host(parts: UrlParts) -> tuple[float, ...]:
    suffix, label, below = parts.suffix, parts.label, parts.below
    length, below_labels = len(label) or 1, below.count(".") + 1 if below else 0
    readable = url_parts.readable_label(label)
    kept = "".join(filter(str.isalpha, readable))
    return (
        below_labels + bool(label),
        len(label),
        suffix.count("."),
        len(below),
        below_labels,
        not suffix,
        readable != label,
        readable != label and not kept.isascii() and any(letter < "{" for letter in kept),
        _count("[0-9]", label),
        label.count("-"),
        _longest("[0-9]+", label),
        _longest("[bcdfghjklmnpqrstvwxz]+", label),
        _count("[aeiouy]", label) / length,
        max(map(len, [label, *below.split(".")])),
        suffix in HOSTING,
        f"{label}.{suffix}" in SHORT_LINKS,
        len(set(label)) / length,
        _count("(?<=[a-z])(?=[0-9])|(?<=[0-9])(?=[a-z])", label),
        _count("^[0-9]", label),
    )


def _path(path: str) -> tuple[float, ...]:
    small = path.lower()
    folders, _mark, query = path.partition("?")
    last = folders.split("/")[-1]
    kind = last.rpartition(".")[2].lower() if "." in last else ""
    return (
        folders.rstrip("/").count("/") + 1 if folders else 0,
        query.count("&") + 1 if query else 0,
        len(path),
        False,
        FILE_KINDS.get(kind, _OTHER_FILE) if kind else 0,
        max(map(len, folders.split("/"))),
        _longest("[0-9a-f]{8,}", path),
        _count("(?<=[a-z])(?=[A-Z0-9])|(?<=[A-Z])(?=[a-z0-9])|(?<=[0-9])(?=[a-zA-Z])", path),
        _count("[0-9]", path),
        len(last),
        "http" in small,
        "www." in small or re.search(r"\.com\b", small, re.ASCII) is not None,
        "//" in path,
        re.fullmatch(_INDEX_PAGE, small) is not None,
    )


def _rates(parts: UrlParts, statistics: UrlStatistics, names: NameSplitter) -> tuple[float, ...]:
    found = url_parts.name_words(parts, names)
    count = sum(len(word) for word in url_characters.words(parts.label))
    return (
        statistics.suffixes.get(parts.suffix, 0),
        statistics.suffix_domains.get(parts.suffix, 0),
        statistics.top_levels.get(parts.suffix.rpartition(".")[2], 0),
        *_summed(url_parts.host_words(parts), statistics.host_words),
        *_summed(url_parts.path_words(parts.path), statistics.path_words),
        1 - sum(map(len, found)) / (count or 1),
        len(found),
        max(map(len, found), default=0),
        count,
        *_summed(found, statistics.name_words)[:-1],
    )


def _names(parts: UrlParts) -> tuple[float, ...]:
    label, below = parts.label, parts.below
    return (
        sum(map(len, re.findall(_SYLLABLE, label))) / (len(label) or 1),
        _count(_SYLLABLE, label),
        max(_longest(r"(.)\1*", label), 1),
        _count(r"[0-9]\Z", label),
        _count("[0-9]", below),
        _longest("[bcdfghjklmnpqrstvwxz]+", below),
        len(set(below)) / (len(below) or 1),
    )


def _page_part(small: str) -> tuple[bool, bool]:
    folders, mark, query = small.partition("?")
    version = re.search("[?&](?:ver|v|rev|version)=", mark + query)
    return folders.rpartition(".")[2] in PAGE_PARTS, version is not None


def _summed(tokens: Iterable[str], rates: Mapping[str, float]) -> tuple[float, ...]:
    """Return the sum of the rates of distinct *tokens*, the highest, the lowest, their number."""
    found = [rates[word] for word in dict.fromkeys(tokens) if word in rates]
    return _added(found), max(0.0, *found, 0.0), min(0.0, *found, 0.0), len(found)


def _added(numbers: Iterable[float]) -> float:
    """Add one after the other: `sum` of newer versions of Python corrects roundings."""
    total = 0.0
    for number in numbers:
        total += number
    return total


def _count(pattern: str, text: str) -> int:
    return sum(1 for _ in re.finditer(pattern, text))


def _longest(pattern: str, text: str) -> int:
    return max((len(found.group()) for found in re.finditer(pattern, text)), default=0)


def check(rows: int, seed: int) -> int:
    """Compare columns bit by bit, by statistics that are made here; return how many are not 0."""
    chance, told = random.Random(seed), 0
    rules = suffix_rules()
    suffixes = [sorted(names) for names in (rules.names, rules.wildcards, rules.exceptions)]
    statistics = some_statistics(chance)
    tables = UrlTables(statistics)
    for _ in range(-(-rows // _BATCH)):
        urls = [a_url(chance, suffixes) for _ in range(_BATCH)]
        found, expected = url_columns.rows(urls, tables), of_urls(urls, statistics)
        for row, column in np.argwhere(found.view(np.uint32) != expected.view(np.uint32)).tolist():
            name, values = url_columns.NAMES[column], (found[row, column], expected[row, column])
            raise AssertionError(f"{name} of {urls[row]!r}: {values}, seed {seed}")
        told += int(np.count_nonzero(found))
    return told


def some_statistics(chance: random.Random) -> UrlStatistics:
    """Make figures for some of what `a_url` makes, none of them round."""
    words = [one + two for one in ("", *_WORDS) for two in _WORDS]
    names = [*words, *own_domains(), *_DIGITS]
    grams = {
        f"^{name}$"[at : at + size] for name in names for size in range(1, 6) for at in (0, 1, 3)
    }

    def figures(keys: Iterable[str], share: float) -> dict[str, float]:
        return {key: chance.uniform(-9, 9) for key in sorted(keys) if chance.random() < share}

    def odds() -> LetterOdds:
        ratios = figures(filter(None, grams), 0.5)
        return LetterOdds(ratios, {gram: chance.uniform(-9, 0) for gram in ratios})

    suffixes = ["", "com", "test", "example", "zz", "com.cn", "github.io", "uk", "é"]
    return UrlStatistics(
        suffixes=figures(suffixes, 0.7),
        suffix_domains=figures(suffixes, 0.7),
        top_levels=figures([*suffixes, "cn", "io"], 0.7),
        host_words=figures(words, 0.4),
        name_words=figures(words, 0.4),
        path_words=figures(words, 0.4),
        lexicon=frozenset(figures([*words, "Bank", "naïve"], 0.4)),
        label_letters=odds(),
        below_letters=odds(),
    )


def a_url(chance: random.Random, suffixes: Sequence[Sequence[str]]) -> str:
    """Make a canonical URL of a host below one of *suffixes*, or what is none."""
    scheme = chance.choice(("http://", "https://www.", "http://", "https://", "://", "x:/"))
    if chance.random() < 0.2:
        return scheme + _text(chance, chance.choice((0, 1, 3, 9, 40)))
    last = chance.choice((*map(chance.choice, suffixes), "com", "zz", "github.io", "test"))
    own = chance.choice((*chance.choice(list(own_domains().values())), *sorted(SHORT_LINKS)))
    labels = [_label(chance) for _ in range(chance.choice((0, 1, 1, 1, 2, 3, 9)))]
    host = chance.choice((".".join([*labels, last]), ".".join([*labels, last]), own, "203.0.113.7"))
    path = _text(chance, chance.choice((0, 0, 1, 2, 5, 12, 30)))
    if chance.random() < 0.1:
        folder = chance.choice(("", "en/", "EN/", "e/", "e1/"))
        path = folder + chance.choice(_PAGES) + chance.choice(("", "/", "//"))
    elif chance.random() < 0.2:
        path += f".{chance.choice(_ENDINGS)}{chance.choice(('', '?', '?v=1', '?ver=2&a=b'))}"
    return scheme + host + chance.choice(("", "/", "/", "/", ".", "./")) + path


def _text(chance: random.Random, pieces: int) -> str:
    kinds = (_WORDS, _WORDS, _DIGITS, _MARKS, _MARKS, _PUNYCODE)
    made = "".join(
        chance.choice((*map(chance.choice, kinds), _brand(chance))) for _ in range(pieces)
    )
    return made if chance.random() < 0.8 else made.swapcase()


def _label(chance: random.Random) -> str:
    kinds = (_WORDS, _SYLLABLES, _SYLLABLES, _DIGITS, _PUNYCODE)
    pieces = [*map(chance.choice, kinds), _brand(chance), _brand(chance)]
    return chance.choice(("", "-", "")).join(chance.choices(pieces, k=chance.choice((1, 1, 2, 3))))


def _brand(chance: random.Random) -> str:
    """Make the name of a brand, as it is or nearly."""
    name = chance.choice(list(own_domains()))
    at = chance.randrange(len(name))
    changed = chance.choice(("", "x", "7", name[at] * 2, name[at].translate(_PASSES_FOR)))
    return chance.choice((name, name[:at] + changed + name[at + 1 :]))
