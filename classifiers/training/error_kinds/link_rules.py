"""Sorts misjudged links into kinds, for the card: by what their hosts and paths are made of.

The parts are those of `classifiers.link.url_parts`; no rule names a host of the data.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from classifiers.link import url_parts
from classifiers.link.url_brands import NO_BRAND, brand_in_path, find_brands
from classifiers.link.url_characters import ascii_bytes, digits_of, longest_consonants
from classifiers.link.url_services import HOSTING, SHORT_LINKS
from classifiers.training.error_kinds import counts
from classifiers.training.error_kinds.counts import FRAUD, LEGITIMATE, Rules
from fanzha.hosts import is_address
from fanzha.tables import Bools, Float32s

CHEAP_SUFFIXES = frozenset(
    {
        *("top", "xyz", "icu", "cfd", "shop", "vip", "club", "online", "site", "store", "live"),
        *("click", "link", "buzz", "rest", "sbs", "cyou", "bond", "lol", "fun", "work", "win"),
        *("bid", "loan", "men", "gq", "tk", "ml", "ga", "cf", "cc", "pw", "ws", "ink", "wang"),
    }
)
"""Suffixes that sell for little or nothing, by their price lists; none is bad for that alone."""
LONG_CONSONANTS, LONG_LABEL, DEEP, LONG_PATH = 5, 20, 4, 60
_PUBLIC = re.compile(r"(?:^|\.)(?:gov|edu|ac|mil|gob|gouv)(?:\.|$)")
_FILE = re.compile(
    r"\.(?:exe|apk|zip|rar|sh|bin|msi|jar|dll|js|vbs|doc|xls|mips|arm\d?|x86)(?:$|\?)"
)
_BUILT = re.compile(r"wp-(?:content|includes|admin)|/~|\.well-known|/components/|/modules/")
_LOGIN = re.compile(
    r"log-?in|sign-?in|verif|secur|account|update|auth|bank|wallet|confirm|password"
)
_SCRIPT = re.compile(r"\.(?:php|asp|aspx|jsp|cgi|do|action)(?:$|[?/])")
_SHOP = re.compile(r"shop|sale|store|promo|coupon|gift|prize|bonus")
_PLAY = re.compile(r"bet|casino|slot|poker|game|lott|365")


class _Link(NamedTuple):
    host: str
    path: str
    parts: url_parts.UrlParts


def count(
    urls: Sequence[str],
    malicious: Bools,
    scores: Float32s,
    threshold: float,
    review: float | None = None,
) -> counts.Lines:
    """Count the errors of each kind among canonical *urls*."""
    return counts.count(rules(urls), malicious, scores, threshold, review)


def rules(urls: Sequence[str]) -> Mapping[str, Rules]:
    """Return the rules for canonical URLs: the same kinds for both labels."""
    links = [_read(url) for url in urls]
    kinds: dict[str, Bools] = {kind: np.zeros(len(links), np.bool_) for kind in KINDS}
    for row, link in enumerate(links):
        for kind, holds in zip(KINDS, _facts(link), strict=True):
            kinds[kind][row] = holds
    return {FRAUD: kinds, LEGITIMATE: kinds}


KINDS = (
    "an IP address for a host",
    "a file to download or to run",
    "a service that shortens links",
    "a page on a free host or a platform of pages",
    "a brand in the registered label that does not own it",
    "a brand below or in the path of another's domain",
    "a host in another script (punycode)",
    "a public office, a school or a university",
    "a folder of a site builder, as of a site that was broken into",
    "words of signing in, in host or path",
    "words of betting and games",
    "words of shops and prizes",
    "a registered label of five consonants in a row or more",
    "a registered label that is a third digits or more",
    f"a registered label of {LONG_LABEL} characters or more",
    "three labels or more below the suffix",
    "a cheap suffix and nothing of the above, a bare host",
    "a cheap suffix and nothing of the above, with a path",
    "a plain host without a path",
    "a script with or without a query",
    f"a path of {LONG_PATH} characters or more",
    f"a path of {DEEP} folders or more",
    "a plain host with a short path",
)
"""Of these the first that holds counts."""


def _facts(link: _Link) -> tuple[bool, ...]:
    """Return whether each of `KINDS` holds."""
    host, path, parts = link
    label, below = parts.label, parts.below
    registered = f"{label}.{parts.suffix}"
    brands = find_brands(parts)
    whole = f"{host}/{path}".lower()
    raw = ascii_bytes(label)
    foreign_path = brands.is_foreign and brand_in_path(ascii_bytes(path.lower())) != NO_BRAND
    cheap = parts.suffix.rpartition(".")[2] in CHEAP_SUFFIXES
    return (
        is_address(host),
        _FILE.search(path.lower()) is not None,
        registered in SHORT_LINKS,
        parts.suffix in HOSTING or registered in HOSTING,
        brands.label != NO_BRAND or brands.misspelt or brands.disguised,
        brands.below != NO_BRAND or foreign_path,
        "xn--" in host,
        _PUBLIC.search(parts.suffix or host) is not None,
        _BUILT.search(f"/{path}") is not None,
        _LOGIN.search(whole) is not None,
        _PLAY.search(whole) is not None,
        _SHOP.search(whole) is not None,
        longest_consonants(raw) >= LONG_CONSONANTS,
        3 * digits_of(raw) >= max(len(label), 1),
        len(label) >= LONG_LABEL,
        bool(below) and below.count(".") + 2 > 2,  # noqa: PLR2004 - as its kind says
        cheap and not path,
        cheap,
        not path,
        _SCRIPT.search(path.lower()) is not None,
        len(path) >= LONG_PATH,
        path.count("/") >= DEEP,
        True,
    )


def _read(url: str) -> _Link:
    host, path = url_parts.split_url(url)
    return _Link(host, path, url_parts.split_parts(host, path))
