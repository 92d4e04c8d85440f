"""Splits a canonical URL into what `classifiers.link.url_columns` describes."""

from typing import NamedTuple

from classifiers.link.url_characters import words
from classifiers.link.url_statistics import NameSplitter
from fanzha.hosts import public_suffix

HOST_CHARACTERS, PATH_CHARACTERS = 100, 100
"""Characters read from the end of a host and from the beginning of a path with its query."""
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


def split_url(url: str) -> tuple[str, str]:
    """Return what is read of the host and of the path of a canonical URL."""
    host, _slash, path = url.partition("://")[2].partition("/")
    return host.removeprefix("www.")[-HOST_CHARACTERS:], path[:PATH_CHARACTERS]


def split_parts(host: str, path: str = "") -> UrlParts:
    """Split a host; it and its path are as `split_url` returns them."""
    suffix = public_suffix(host)
    name = host[: -len(suffix) - 1] if suffix else ""
    below, _dot, label = name.rpartition(".")
    return UrlParts(path, suffix, label, below)


def readable_label(label: str) -> str:
    """Return the Unicode form of a punycode label; any other label as it is."""
    if not label.startswith(_PUNYCODE):
        return label
    try:
        return label.removeprefix(_PUNYCODE).encode("ascii").decode("punycode")
    except UnicodeError:
        return label


def host_words(parts: UrlParts) -> list[str]:
    """Return the words of the host of *parts* without its suffix."""
    return words(f"{parts.below}.{parts.label}")


def name_words(parts: UrlParts, names: NameSplitter) -> list[str]:
    """Return the words that *names* finds in the registered label of *parts*."""
    return [found for word in words(parts.label) for found in names.split(word)]


def path_words(path: str) -> list[str]:
    """Return the words of *path* and its query."""
    return words(path.lower())
