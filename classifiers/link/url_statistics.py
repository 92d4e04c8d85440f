"""What the training rows say of suffixes and words of URLs, for `classifiers.link.url_columns`.

A rate is the log of how much more often a suffix or word is met among malicious than among
legitimate registrable domains, smoothed; each domain counts once, so that a large site cannot set
a rate. Rare ones have none.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from classifiers.card_fields import checked_field
from classifiers.link.letter_odds import LetterOdds

_LETTERS = ("label_letters", "below_letters")
SHORTEST_WORD, LONGEST_WORD = 3, 12
"""Letters of the words of the lexicon."""


class NameSplitter:
    """Splits names into the words of a lexicon."""

    def __init__(self, lexicon: Collection[str]) -> None:
        """Index the words of `SHORTEST_WORD` to `LONGEST_WORD` letters; others are not found."""
        lengths: dict[str, set[int]] = {}
        self._words = {word for word in lexicon if SHORTEST_WORD <= len(word) <= LONGEST_WORD}
        for word in self._words:
            lengths.setdefault(word[:SHORTEST_WORD], set()).add(len(word))
        self._lengths: Mapping[str, Sequence[int]] = {
            start: sorted(found, reverse=True) for start, found in lengths.items()
        }

    def split(self, name: str) -> list[str]:
        """Return the words that *name* is made of, the longest first from its start.

        Letters that belong to none are left out.
        """
        lengths_of, lexicon = self._lengths.get, self._words
        found: list[str] = []
        at, last = 0, len(name) - SHORTEST_WORD
        while at <= last:
            # Most positions start no word at all: one look-up instead of one for each length.
            for length in lengths_of(name[at : at + SHORTEST_WORD], ()):
                piece = name[at : at + length]
                if piece in lexicon:
                    found.append(piece)
                    at += len(piece)
                    break
            else:
                at += 1
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlStatistics:
    """Rates by what they are of, and the words that names are split into."""

    suffixes: Mapping[str, float]
    """Rates of public suffixes, their private part included: ``com.cn``, ``github.io``."""
    suffix_domains: Mapping[str, float]
    """Log of 1 and the domains of the training rows below each public suffix."""
    top_levels: Mapping[str, float]
    """Rates of last labels."""
    host_words: Mapping[str, float]
    """Rates of words between dots, hyphens and digits of a host, without its suffix."""
    name_words: Mapping[str, float]
    """Rates of words of the lexicon within a registrable label."""
    path_words: Mapping[str, float]
    lexicon: frozenset[str]
    label_letters: LetterOdds = field(default_factory=LetterOdds)
    """Of registrable labels; empty in bundles of `url_columns.FIRST_REVISION`."""
    below_letters: LetterOdds = field(default_factory=LetterOdds)
    """Of the labels below them, likewise."""


def dump(statistics: UrlStatistics) -> str:
    """Write *statistics* as JSON, equal ones equally."""
    table = {one.name: getattr(statistics, one.name) for one in fields(statistics)}
    table["lexicon"] = sorted(statistics.lexicon)
    for name in _LETTERS:
        letters: LetterOdds = table.pop(name)
        if letters.ratios:
            table[name] = {"ratios": letters.ratios, "legitimate": letters.legitimate}
    return json.dumps(table, sort_keys=True, separators=(",", ":"))


def parse(text: str) -> UrlStatistics:
    """Read what `dump` wrote; `ValueError` for anything else."""
    table = json.loads(text, parse_float=_Figures().__getitem__)
    if not isinstance(table, dict):
        raise ValueError("the statistics of URLs are no table")  # noqa: TRY004 - of a file
    rates = (
        *("suffixes", "suffix_domains", "top_levels", "host_words", "name_words", "path_words"),
    )
    found: dict[str, Any] = {name: _rates(checked_field(table, name, dict)) for name in rates}
    for name in _LETTERS:
        if name in table:
            found[name] = _letters(checked_field(table, name, dict))
    return UrlStatistics(
        lexicon=frozenset(map(str, checked_field(table, "lexicon", list))), **found
    )


class _Figures(dict[str, float]):
    """Numbers by how they are written: few distinct ones of many words, one object for each."""

    def __missing__(self, written: str) -> float:
        number = self[written] = float(written)
        return number


def _letters(table: Mapping[str, object]) -> LetterOdds:
    ratios = _rates(checked_field(table, "ratios", dict))
    legitimate = _rates(checked_field(table, "legitimate", dict))
    if ratios.keys() != legitimate.keys():
        raise ValueError("the statistics of letters are of different letters")
    return LetterOdds(ratios=ratios, legitimate=legitimate)


def _rates(table: Mapping[str, float]) -> Mapping[str, float]:
    if set(map(type, table.values())) <= {float}:
        return table
    # Names what is wrong.
    return {word: checked_field(table, word, float) for word in table}
