"""URLs: one spelling each, and the expressions under which lists know them.

After Safe Browsing v5, https://developers.google.com/safe-browsing/reference/URLs.and.Hashing:
two URLs that lead a browser to the same place read the same. Scheme ``http`` is assumed
where none stands; port, user and fragment are dropped. Where the specification leaves a
choice we follow browsers: a backslash is a slash, ``http:host`` needs no slashes.

Time is linear in the length, whatever the text. A URL that is canonical already costs one
match of a regular expression (about 1 µs), any other about 10 µs. Nothing here raises;
what cannot be read becomes the empty string. Callers bound the length.
"""

import re
from collections.abc import Sequence

from fanzha.hosts import (
    canonical_host,
    host_from_url,
    host_suffixes,
    is_public_suffix,
    registrable,
)
from fanzha.percent_encoding import escape, unescape, unescape_text

__all__ = [
    "canonical",
    "canonical_host",
    "canonicals",
    "expressions",
    "host_suffixes",
    "is_public_suffix",
    "path_prefixes",
    "registrable",
    "split",
]

MOST_EXPRESSIONS = 30
_MOST_PREFIXES = 4

# What `_rewritten` would leave as it is. It may refuse a canonical URL, which costs time only,
# and must never accept another: a property test compares the two.
_CANONICAL = re.compile(
    r"""
    https?://
    (?=[^/?]{1,253}+/)
    (?:
        (?:[a-z0-9_-]{1,63}+\.)*+ [a-z][a-z0-9_-]{0,62}+                # a name
      | (?:(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(?:\.(?!/)|(?=/))){4}     # IPv4
    )
    (?:                                                                 # path, without /./ or //
        / (?!\.\.?(?:[/?]|\Z))
        (?:[!"$&-.0->@-\[\]-~]++|%(?:[01][0-9A-F]|2[03]|7F|[89A-F][0-9A-F]|25(?![0-9A-Fa-f]{2})))++
    )*+
    /?
    (?:                                                                 # query
        \?
        (?:[!"$&-~]++|%(?:[01][0-9A-F]|2[03]|7F|[89A-F][0-9A-F]|25(?![0-9A-Fa-f]{2})))*+
    )?
    """,
    re.VERBOSE,
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
    return url if _CANONICAL.fullmatch(url) else _rewritten(url)


def canonicals(urls: Sequence[str]) -> list[str]:
    """Return the canonical URL of each; see `canonical`."""
    is_canonical = _CANONICAL.fullmatch
    # One object per row: URLs are text, and nearly all of them are returned as they came.
    return [url if is_canonical(url) else _rewritten(url) for url in urls]


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


def _rewritten(url: str) -> str:
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
