"""Finds brands that a URL names on a host that is not theirs; a few microseconds a URL.

`classifiers.link.lookalike_domains` explains one host at length; this is its quick sibling, for the
columns of a model.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from classifiers.link.brand_names import own_domains
from classifiers.link.lookalike_domains import SHORTEST_MISSPELT, SHORTEST_WITHIN, folded
from classifiers.link.url_parts import UrlParts, readable_label

NO_BRAND, WITHIN, NAMED = 0, 1, 2
_NO_WORD = re.compile(r"[^a-z0-9]+")
_MOST_LETTERS = 40
"""Of a label that is compared letter by letter."""


class BrandEvidence(NamedTuple):
    """How the parts of a URL name a brand: `NO_BRAND`, `WITHIN` a longer word, or `NAMED`."""

    label: int = NO_BRAND
    below: int = NO_BRAND
    path: int = NO_BRAND
    misspelt: bool = False
    """The registered label has a word one letter away from a brand."""
    disguised: bool = False
    """The registered label names one in letters and digits that look alike."""


class _Brands(NamedTuple):
    names: frozenset[str]
    long_names: re.Pattern[str]
    near: frozenset[str]
    """Long names, and each with one letter left out."""
    owned: frozenset[str]
    """Domains of brands."""


def find_brands(parts: UrlParts) -> BrandEvidence:
    """Return the brands named by *parts*; none for a domain that a brand owns."""
    known = _brands()
    if not parts.label or f"{parts.label}.{parts.suffix}" in known.owned:
        return BrandEvidence()
    path = parts.path.lower()
    whole = f"{parts.label}.{parts.below}/{path}"
    misspelt = any(_is_near(word, known.near) for word in _words(parts.label))
    if _named(whole, known) == NO_BRAND:  # most links: one search instead of three
        disguised = _is_disguised(parts.label, known)
        return BrandEvidence(misspelt=misspelt, disguised=disguised)
    label = _named(parts.label, known)
    return BrandEvidence(
        label=label,
        below=_named(parts.below, known) if parts.below else NO_BRAND,
        path=_named(path, known) if path else NO_BRAND,
        misspelt=not label and misspelt,
        disguised=not label and _is_disguised(parts.label, known),
    )


def _is_disguised(label: str, known: _Brands) -> bool:
    readable = readable_label(label)
    # Of plain letters none passes for another.
    if readable.isalpha() and readable.isascii():
        return False
    return _named(folded(readable), known) != NO_BRAND


def _named(text: str, known: _Brands) -> int:
    if not known.names.isdisjoint(_NO_WORD.split(text)):
        return NAMED
    return WITHIN if known.long_names.search(text) else NO_BRAND


def _words(label: str) -> list[str]:
    return [word for word in _NO_WORD.split(label) if len(word) >= SHORTEST_MISSPELT - 1]


def _is_near(word: str, near: frozenset[str]) -> bool:
    """Return whether a letter more, less or changed makes a brand of *word*."""
    short = word[:_MOST_LETTERS]
    return short in near or any(short[:at] + short[at + 1 :] in near for at in range(len(short)))


@cache
def _brands() -> _Brands:
    domains: Mapping[str, tuple[str, ...]] = own_domains()
    long = sorted((name for name in domains if len(name) >= SHORTEST_WITHIN), key=len)
    left_out = {name[:at] + name[at + 1 :] for name in long for at in range(len(name))}
    return _Brands(
        names=frozenset(domains),
        long_names=re.compile("|".join(map(re.escape, reversed(long)))),
        near=frozenset({*long, *left_out}),
        owned=frozenset(one for own in domains.values() for one in own),
    )
