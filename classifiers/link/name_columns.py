"""Columns on how a host's names are made: their letters, syllables and repetitions."""

import re

from classifiers.link.url_characters import ascii_bytes, digits_of, longest_consonants
from classifiers.link.url_parts import UrlParts
from classifiers.link.url_statistics import UrlStatistics

_LETTERS = ("total", "highest", "familiar")
NAMES = (
    *(f"label_letters_{name}" for name in _LETTERS),
    *(f"below_letters_{name}" for name in _LETTERS),
    *("syllable_share", "syllables", "longest_repeat", "ends_with_digits"),
    *("below_digits", "below_consonant_run", "below_distinct_share"),
)

_REPEAT = re.compile(rb"(.)\1+")
_FINALS = (
    "iang iong uang ang eng ing ong ian iao uai uan ai ei ao ou an en in un ia ie iu ua ui uo ue "
    "a e i o u v"
)
_SYLLABLE = re.compile(
    rb"(?:[zcs]h|[bpmfdtnlgkhjqxrzcsyw])(?:%s)" % "|".join(_FINALS.split()).encode()
)
"""About a syllable of pinyin: an initial and a final, whether or not the pair exists."""


def of(parts: UrlParts, statistics: UrlStatistics) -> tuple[float, ...]:
    """Return the columns `NAMES` of the host of *parts*."""
    raw, below = ascii_bytes(parts.label), ascii_bytes(parts.below)
    syllables = _SYLLABLE.findall(raw)
    return (
        *statistics.label_letters.of(parts.label),
        *statistics.below_letters.of(parts.below),
        sum(map(len, syllables)) / (len(raw) or 1),
        len(syllables),
        max((len(one.group()) for one in _REPEAT.finditer(raw)), default=1),
        raw[-1:].isdigit(),
        digits_of(below),
        longest_consonants(below),
        len(set(below)) / (len(below) or 1),
    )
