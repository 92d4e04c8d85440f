"""Finds brands that a URL names on a host that is not theirs; a few microseconds a URL.

`classifiers.link.lookalike_domains` explains one host at length; this is its quick sibling, for the
columns of a model.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

from classifiers.link.brand_names import own_domains
from classifiers.link.lookalike_domains import SHORTEST_MISSPELT, SHORTEST_WITHIN, folded
from classifiers.link.url_characters import LETTERS_AND_DIGITS, ascii_bytes
from classifiers.link.url_parts import UrlParts, readable_label

NO_BRAND, WITHIN, NAMED = 0, 1, 2
_MOST_LETTERS = 40
"""Of a label that is compared letter by letter."""
_ASCII = 128
_EDGE = 3
"""Letters at the start or at the end of a word that leaving one out does not change."""


class BrandEvidence(NamedTuple):
    """How the parts of a host name a brand: `NO_BRAND`, `WITHIN` a longer word, or `NAMED`."""

    label: int = NO_BRAND
    below: int = NO_BRAND
    misspelt: bool = False
    """The registered label has a word one letter away from a brand."""
    disguised: bool = False
    """The registered label names one in letters and digits that look alike."""
    is_foreign: bool = True
    """The host is a name, and not of a domain that a brand owns."""


class Brands(NamedTuple):
    """What brands are called, as `kernels/brands.c` and this module compare it with hosts."""

    names: frozenset[bytes]
    long_names: Sequence[bytes]
    """Those that are found within longer words, too."""
    any_long_name: re.Pattern[bytes]
    near: frozenset[bytes]
    """Long names, and each with one letter left out."""
    starts: frozenset[bytes]
    """The first `_EDGE` letters of `near`."""
    ends: frozenset[bytes]
    owned: frozenset[str]
    """Domains of brands."""
    plain: bytes
    """A table from ASCII characters to the letters they pass for."""


def find_brands(parts: UrlParts) -> BrandEvidence:
    """Return the brands named by the host of *parts*; none for a domain that a brand owns."""
    known = known_brands()
    if not parts.label or f"{parts.label}.{parts.suffix}" in known.owned:
        return BrandEvidence(is_foreign=False)
    host = ascii_bytes(f"{parts.label}.{parts.below}")
    raw = host[: len(parts.label)]
    label = below = NO_BRAND
    if _named(host, known) != NO_BRAND:  # few hosts: one search instead of two
        label, below = _named(raw, known), _named(host[len(raw) + 1 :], known)
    return BrandEvidence(
        label=label,
        below=below,
        misspelt=not label and _is_misspelt(raw, known),
        disguised=not label and _is_disguised(parts.label, raw, known),
    )


def brand_in_path(path: bytes) -> int:
    """Return how *path*, in lower case, names a brand, as in `BrandEvidence`."""
    return _named(path, known_brands())


def _is_disguised(label: str, raw: bytes, known: Brands) -> bool:
    """Return whether *label*, which names no brand as it is written, names one as it looks."""
    if raw.isalpha():  # of plain letters none passes for another
        return False
    readable = readable_label(label)
    if readable != label or not label.isascii():
        return _named(ascii_bytes(folded(readable)), known) != NO_BRAND
    plain = raw.translate(known.plain)
    return plain != raw and _named(plain, known) != NO_BRAND


def _named(text: bytes, known: Brands) -> int:
    if not known.names.isdisjoint(text.translate(LETTERS_AND_DIGITS).split()):
        return NAMED
    return WITHIN if known.any_long_name.search(text) else NO_BRAND


def _is_misspelt(label: bytes, known: Brands) -> bool:
    for word in label.translate(LETTERS_AND_DIGITS).split():
        if len(word) >= SHORTEST_MISSPELT - 1 and _is_near(word[:_MOST_LETTERS], known):
            return True
    return False


def _is_near(word: bytes, known: Brands) -> bool:
    """Return whether a letter more, less or changed makes a brand of *word*."""
    near = known.near
    # What is near starts or ends as the word does: for most words that is all there is to do.
    if word[:_EDGE] in known.starts and (
        word in near or any(word[:at] + word[at + 1 :] in near for at in range(_EDGE, len(word)))
    ):
        return True
    return word[-_EDGE:] in known.ends and any(
        word[:at] + word[at + 1 :] in near for at in range(_EDGE)
    )


@cache
def known_brands() -> Brands:
    """Return the brands of `brand_names.toml`."""
    domains: Mapping[str, tuple[str, ...]] = own_domains()
    long = sorted(ascii_bytes(name) for name in domains if len(name) >= SHORTEST_WITHIN)
    left_out = {name[:at] + name[at + 1 :] for name in long for at in range(len(name))}
    near = frozenset({*long, *left_out})
    return Brands(
        names=frozenset(map(ascii_bytes, domains)),
        long_names=long,
        any_long_name=_any_of(long),
        near=near,
        starts=frozenset(word[:_EDGE] for word in near),
        ends=frozenset(word[-_EDGE:] for word in near),
        owned=frozenset(one for own in domains.values() for one in own),
        plain=ascii_bytes("".join(folded(chr(code)) for code in range(_ASCII))).ljust(256, b"?"),
    )


def _any_of(names: Sequence[bytes]) -> re.Pattern[bytes]:
    """Return a pattern that finds any of *names*: few alternatives at each letter."""
    by_start: dict[bytes, list[bytes]] = {}
    for name in names:
        by_start.setdefault(name[:1], []).append(name[1:])
    found = [
        re.escape(start) + b"(?:" + b"|".join(map(re.escape, rests)) + b")"
        for start, rests in by_start.items()
    ]
    return re.compile(b"|".join(found))
