"""Finds the brand that a host imitates: by homoglyphs, typosquatting or its plain name.

For explanations on demand, not in the decision path: about a millisecond a host. It is no
verdict, and no feature of the model, which did not profit from it.
"""

import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from classifiers.link.brand_names import own_domains
from classifiers.link.url_parts import readable_label
from fanzha.hosts import host_suffixes, is_address, public_suffix

SHORTEST_WITHIN = 6
"""A shorter name within a longer word is chance: ``apple`` in ``pineapple``."""
SHORTEST_MISSPELT = 6
"""A letter away from a shorter name there are too many words."""

# Letters of other scripts, and digits, that pass for a Latin letter.
_LOOKS_LIKE = str.maketrans(
    "аеорсухіјѕԁһӏкмтвнгαεικνορτυχω01345789ıłøđß",
    "aeopcyxijsdhlkmtbhraeiknoptuxwoleastbgilodb",
)
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"))


class LookalikeKind(StrEnum):
    """How a name is imitated."""

    NAMED = "names"
    WITHIN = "holds the name of"
    LETTERS = "is written with letters that look like"
    MISSPELT = "is one letter away from"


@dataclass(frozen=True, slots=True, kw_only=True)
class LookalikeDomain:
    """A brand, and the word of a host that imitates it."""

    brand: str
    word: str
    likeness: LookalikeKind

    def __str__(self) -> str:
        return f"{self.word!r} {self.likeness} {self.brand}, which is not known to own the host"


def find_lookalike(host: str) -> LookalikeDomain | None:
    """Return the brand that the canonical *host* imitates; None for a brand's own host."""
    if is_address(host) or not host:
        return None
    parents = {host, *host_suffixes(host)}
    brands = [brand for brand, own in own_domains().items() if parents.isdisjoint(own)]
    words = _words(host.removesuffix(public_suffix(host)))
    found = [
        LookalikeDomain(brand=brand, word=word, likeness=likeness)
        for word in words
        for brand in brands
        if (likeness := _likeness(word, brand))
    ]
    # Certain kinds first, then the longer name: `office365` rather than a part of it.
    order = list(LookalikeKind)
    return min(found, key=lambda one: (order.index(one.likeness), -len(one.brand)), default=None)


def folded(word: str) -> str:
    """Write *word* in the Latin letters it passes for, without accents."""
    marked = unicodedata.normalize("NFKD", word.casefold())
    plain = "".join(letter for letter in marked if not unicodedata.combining(letter))
    return plain.translate(_LOOKS_LIKE)


def one_edit_apart(one: str, other: str) -> bool:
    """Return whether two words are at a Damerau-Levenshtein distance of one."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    start = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    if start is None:  # one begins with the other
        return True
    rest, other_rest = one[start:], other[start:]
    return (
        rest[1:] == other_rest[1:]
        or rest[1:] == other_rest
        or rest == other_rest[1:]
        or (rest[:2] == other_rest[1::-1] and rest[2:] == other_rest[2:])
    )


def _likeness(word: str, brand: str) -> LookalikeKind | None:
    if word == brand:
        return LookalikeKind.NAMED
    forms = _forms(word)
    if brand in forms:
        return LookalikeKind.LETTERS
    if len(brand) >= SHORTEST_WITHIN and brand in word:
        return LookalikeKind.WITHIN
    if len(brand) >= SHORTEST_MISSPELT and any(one_edit_apart(form, brand) for form in forms):
        return LookalikeKind.MISSPELT
    return None


def _forms(word: str) -> set[str]:
    plain = folded(word)
    forms = {word, plain}
    for pair, letter in _PAIRS:
        forms |= {form.replace(pair, letter) for form in forms}
    return forms


def _words(name: str) -> list[str]:
    """Return the labels, the words in them, and neighbouring words as one."""
    words: list[str] = []
    for label in filter(None, name.split(".")):
        parts = readable_label(label).replace("_", "-").split("-")
        words += [*parts, *(first + second for first, second in pairwise(parts)), "".join(parts)]
    return list(dict.fromkeys(filter(None, words)))
