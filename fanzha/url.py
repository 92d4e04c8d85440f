"""URLs: one spelling each, and the expressions under which lists know them.

After Safe Browsing v5, https://developers.google.com/safe-browsing/reference/URLs.and.Hashing:
two URLs that lead a browser to the same place read the same. Scheme ``http`` is assumed
where none stands; port, user and fragment are dropped. Where the specification leaves a
choice we follow browsers: a backslash is a slash, ``http:host`` needs no slashes.

`kernels/urls.c` reads what is usual, a batch at once, in half a microsecond each. What it leaves
(other characters than ASCII in a host or path, numbers as hosts, what has no canonical form) takes
about 10 µs. Time is linear in the length, whatever the text. Nothing here raises; what cannot be
read becomes the empty string. Callers bound the length.
"""

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from fanzha import kernels
from fanzha.hosts import (
    canonical_host,
    host_from_url,
    host_suffixes,
    is_public_suffix,
    registrable,
)
from fanzha.percent_encoding import escape, unescape, unescape_text
from fanzha.tables import Int64s

__all__ = [
    "canonical",
    "canonical_host",
    "canonicals",
    "canonicals_in",
    "expressions",
    "host_suffixes",
    "is_public_suffix",
    "path_prefixes",
    "registrable",
    "rewritten",
    "split",
]

MOST_EXPRESSIONS = 30
_MOST_PREFIXES = 4

_SPARE = 16
"""Bytes that the canonical form of a URL may have more than three for each of its own."""

_canonical_urls = kernels.declare(
    "canonical_urls",
    *(kernels.TEXT, kernels.POINTER, kernels.POINTER, kernels.INTEGER),
    *(kernels.POINTER, kernels.INTEGER, kernels.POINTER, kernels.POINTER),
    returns=kernels.INTEGER,
)

_BREAKS = re.compile(r"[\t\r\n]+")
_EDGES = "".join(map(chr, range(0x21))) + "\xa0\u200b\u2060\u3000\ufeff"
_SCHEME = re.compile(r"(?:(https?|ftp):[/\\]*|[/\\]{2,})", re.IGNORECASE)
_ESCAPED_SCHEME = re.compile(r"(?:https?|ftp)%(?:25)*3a", re.IGNORECASE)
_OTHER_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:(?![0-9]*(?:[/\\?]|\Z))", re.IGNORECASE)
_AUTHORITY_END = re.compile(r"[/\\?#]")
_PORT = re.compile(r":([0-9]{0,5})\Z")
_MAX_PORT = 65535
_SLASHES = re.compile(rb"[/\\]+")
_ESCAPED = re.compile(rb"[\x00-\x20\x7f-\xff#%]")


def canonical(url: str) -> str:
    """Return the canonical URL, such as ``http://host/path?query``; empty if it has none."""
    return canonicals([url])[0]


def canonicals(urls: Sequence[str]) -> list[str]:
    """Return the canonical URL of each; see `canonical`."""
    encoded = [url.encode("utf-8", "surrogatepass") for url in urls]
    lengths = np.fromiter(map(len, encoded), np.int64, len(urls))
    starts = np.cumsum(lengths) - lengths
    return canonicals_in(b"".join(encoded), starts, lengths, urls.__getitem__)


def canonicals_in(
    buffer: bytes, starts: Int64s, lengths: Int64s, url_of: Callable[[int], str]
) -> list[str]:
    """Return the canonical URLs of those that lie in *buffer*, each of *lengths* from *starts* on.

    *url_of* decodes one of them: what the kernel leaves is read here.
    """
    if not len(starts):
        return []
    out = np.empty(3 * len(buffer) + _SPARE * len(starts), np.uint8)
    ends = np.empty(len(starts), np.int64)
    most = len(buffer) + 1
    work = np.empty(2 * most, np.uint8)
    left: int = _canonical_urls(
        *(buffer, kernels.address(starts), kernels.address(lengths), len(starts)),
        *(kernels.address(work), most, kernels.address(out), kernels.address(ends)),
    )
    places = [0, *ends.tolist()]
    whole = out[: places[-1]].tobytes().decode("ascii")
    found = [whole[start:end] for start, end in pairwise(places)]
    if left:
        for row, url in enumerate(found):
            if not url:
                found[row] = rewritten(url_of(row))
    return found


def split(url: str) -> tuple[str, str]:
    """Divide a canonical URL into its host, and its path with the query."""
    host, slash, rest = url.partition("://")[2].partition("/")
    return host, slash + rest


def path_prefixes(path_and_query: str) -> tuple[str, ...]:
    """Return the paths to look up, most specific first.

    They are the path with its query, the path without, and up to four folders from the
    root downwards: ``/a/b/``, ``/a/``, ``/``.
    """
    path, mark, _query = path_and_query.partition("?")
    folders: list[str] = []
    end = path.find("/") + 1
    while end and len(folders) < _MOST_PREFIXES:
        folders.append(path[:end])
        end = path.find("/", end) + 1
    if path in folders:
        folders.remove(path)
    exact = (path_and_query, path) if mark else (path,)
    return (*exact, *reversed(folders))


def expressions(url: str) -> list[str]:
    """Return what lists may know a canonical URL by, ``host/path``, most specific first."""
    host, path = split(url)
    if not host:
        return []
    paths = path_prefixes(path)
    return [suffix + prefix for suffix in host_suffixes(host) for prefix in paths]


def rewritten(url: str) -> str:
    """Return the canonical URL, whatever its form: by definition, and slowly."""
    text = _BREAKS.sub("", url).strip(_EDGES).partition("#")[0]
    if _ESCAPED_SCHEME.match(text):
        # A URL that was the parameter of another: what was escaped may have to go, too.
        text = _BREAKS.sub("", unescape_text(text)).strip(_EDGES)
    scheme, text = _without_scheme(text)
    end = _AUTHORITY_END.search(text)
    authority, rest = (text[: end.start()], text[end.start() :]) if end else (text, "")
    host = _host(authority)
    if not host or not scheme:
        return ""
    # A fragment that was escaped may follow the host; in a path, an escaped # belongs to the path.
    return f"{scheme}://{host}{_path_and_query('' if rest[:1] == '#' else rest)}"


def _without_scheme(text: str) -> tuple[str, str]:
    """Split off the scheme; empty for a scheme without a host."""
    if match := _SCHEME.match(text):
        return (match[1] or "http").lower(), text[match.end() :]
    if "://" in text.partition("?")[0] or _OTHER_SCHEME.match(text):
        return "", ""
    return "http", text


def _host(authority: str) -> str:
    host = authority.rpartition("@")[2]
    if port := _PORT.search(host):
        if int(port[1] or 0) > _MAX_PORT:
            return ""
        host = host[: port.start()]
    return host_from_url(host)


def _path_and_query(rest: str) -> str:
    data = unescape(rest.encode("utf-8", "surrogatepass"))
    path, mark, query = data.partition(b"?")
    return escape(_resolved(path) + mark + query, _ESCAPED)


def _resolved(path: bytes) -> bytes:
    """Follow ``/./`` and ``/../``, then collapse runs of slashes."""
    parts = path.replace(b"\\", b"/").split(b"/")
    segments: list[bytes] = []
    for part in parts:
        if part == b"..":
            del segments[-1:]
        elif part != b".":
            segments.append(part)
    folder = parts[-1] in {b".", b".."}
    return _SLASHES.sub(b"/", b"/" + b"/".join(segments) + (b"/" if folder else b""))
