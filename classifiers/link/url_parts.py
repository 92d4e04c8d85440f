"""Splits a canonical URL into what `classifiers.link.url_columns` describes."""

import re
from collections.abc import Collection, Sequence
from typing import NamedTuple

from classifiers.link.url_statistics import LONGEST_WORD, SHORTEST_WORD
from fanzha.hosts import public_suffix

HOST_CHARACTERS, PATH_CHARACTERS = 100, 100
"""Characters read from the end of a host and from the beginning of a path with its query."""
_WORDS = re.compile(r"[a-z]{2,}")
_PUNYCODE = "xn--"


class UrlParts(NamedTuple):
    """A URL in parts; all but `path` in lower case."""

    path: str
    """With its query, without the leading slash."""
    suffix: str
    """The public suffix; empty for an IP address."""
    label: str
    """The label that was registered, the last before the suffix; empty for an IP address."""
    below: str
    """The labels before that, without a leading ``www``."""


def split_parts(url: str) -> UrlParts:
    """Split a canonical URL."""
    host, _slash, path = url.partition("://")[2].partition("/")
    host = host.removeprefix("www.")[-HOST_CHARACTERS:]
    suffix = public_suffix(host)
    name = host[: -len(suffix) - 1] if suffix else ""
    below, _dot, label = name.rpartition(".")
    return UrlParts(path[:PATH_CHARACTERS], suffix, label, below)


def readable_label(label: str) -> str:
    """Return the Unicode form of a punycode label; any other label as it is."""
    if not label.startswith(_PUNYCODE):
        return label
    try:
        return label.removeprefix(_PUNYCODE).encode("ascii").decode("punycode")
    except UnicodeError:
        return label


def words(text: str) -> list[str]:
    """Return the runs of two and more Latin letters of *text*, which is in lower case."""
    return _WORDS.findall(text)


def split_name(word: str, lexicon: Collection[str]) -> list[str]:
    """Return the words of *lexicon* that *word* is made of, the longest first from its start.

    Letters that belong to none are left out.
    """
    found: list[str] = []
    at = 0
    while at < len(word):
        for end in range(min(len(word), at + LONGEST_WORD), at + SHORTEST_WORD - 1, -1):
            if word[at:end] in lexicon:
                found.append(word[at:end])
                at = end
                break
        else:
            at += 1
    return found


def host_words(parts: UrlParts) -> list[str]:
    """Return the words of the host of *parts* without its suffix."""
    return words(f"{parts.below}.{parts.label}")


def name_words(parts: UrlParts, lexicon: Collection[str]) -> list[str]:
    """Return the words of *lexicon* in the registered label of *parts*."""
    return [found for word in words(parts.label) for found in split_name(word, lexicon)]


def path_words(parts: UrlParts) -> Sequence[str]:
    """Return the words of the path and query of *parts*."""
    return words(parts.path.lower())
