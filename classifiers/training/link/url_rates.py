"""Computes the rates of suffixes and words of URLs from labelled rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log, log1p

import numpy as np

from classifiers.link import letter_odds, url_parts
from classifiers.link.url_parts import UrlParts
from classifiers.link.url_statistics import (
    LONGEST_WORD,
    SHORTEST_WORD,
    NameSplitter,
    UrlStatistics,
)
from classifiers.training.link.data import LabelledLinks
from fanzha.tables import Int64s

LEAST_DOMAINS = 8
"""Registrable domains that a word or suffix with a rate is met in."""
LEAST_OF_LEXICON = 10
SMOOTHING = 8.0
"""Domains of the average mixture that each rate starts from."""
_PLACES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlWords:
    """The words of all links, read once for all rounds of a training."""

    parts: Sequence[UrlParts]
    hosts: Sequence[Sequence[str]]
    paths: Sequence[Sequence[str]]

    @classmethod
    def of(cls, urls: Sequence[str]) -> "UrlWords":
        """Read the words of canonical URLs."""
        parts = [url_parts.split_parts(*url_parts.split_url(url)) for url in urls]
        return cls(
            parts=parts,
            hosts=[url_parts.host_words(one) for one in parts],
            paths=[url_parts.path_words(one.path) for one in parts],
        )


def compute(words: UrlWords, links: LabelledLinks, rows: Int64s) -> UrlStatistics:
    """Return the statistics of *rows* of *links*."""
    counts = _DomainCounts(links, rows)
    chosen = rows.tolist()
    lexicon = _lexicon(words, links, chosen)
    names = NameSplitter(lexicon)
    suffixes = counts.of([words.parts[row].suffix] for row in chosen)
    return UrlStatistics(
        suffixes=counts.rates(suffixes),
        suffix_domains={
            suffix: round(log1p(sum(found)), _PLACES)
            for suffix, found in suffixes.items()
            if sum(found) >= LEAST_DOMAINS
        },
        top_levels=counts.rates(
            counts.of([words.parts[row].suffix.rpartition(".")[2]] for row in chosen)
        ),
        host_words=counts.rates(counts.of(words.hosts[row] for row in chosen)),
        path_words=counts.rates(counts.of(words.paths[row] for row in chosen)),
        name_words=counts.rates(
            counts.of(url_parts.name_words(words.parts[row], names) for row in chosen)
        ),
        lexicon=lexicon,
        label_letters=letter_odds.learn(
            _names(links, rows, [words.parts[r].label for r in chosen])
        ),
        below_letters=letter_odds.learn(
            _names(links, rows, [words.parts[r].below for r in chosen])
        ),
    )


def _names(links: LabelledLinks, rows: Int64s, names: Sequence[str]) -> Iterable[tuple[str, bool]]:
    """Return each name of each registrable domain once, with the label of its first row."""
    first: dict[tuple[int, str], bool] = {}
    domains, malicious = links.domains[rows].tolist(), links.malicious[rows].tolist()
    for domain, name, is_malicious in zip(domains, names, malicious, strict=True):
        if name:
            first.setdefault((domain, name), is_malicious)
    return ((name, is_malicious) for (_domain, name), is_malicious in first.items())


def _lexicon(words: UrlWords, links: LabelledLinks, rows: Sequence[int]) -> frozenset[str]:
    domains: dict[str, set[int]] = {}
    of_row = links.domains.tolist()
    for row in rows:
        for word in (*words.hosts[row], *words.paths[row]):
            if SHORTEST_WORD <= len(word) <= LONGEST_WORD:
                domains.setdefault(word, set()).add(of_row[row])
    return frozenset(word for word, met in domains.items() if len(met) >= LEAST_OF_LEXICON)


class _DomainCounts:
    """Counts legitimate and malicious registrable domains, each once."""

    def __init__(self, links: LabelledLinks, rows: Int64s) -> None:
        self._domains = links.domains[rows].tolist()
        self._malicious = links.malicious[rows].tolist()
        bad = links.malicious[rows]
        self._all = [len(np.unique(links.domains[rows[part]])) for part in (~bad, bad)]

    def of(self, tokens: Iterable[Sequence[str]]) -> dict[str, tuple[int, int]]:
        """Return by token how many legitimate and how many malicious domains hold it."""
        met: dict[str, tuple[set[int], set[int]]] = {}
        for found, domain, malicious in zip(tokens, self._domains, self._malicious, strict=True):
            for token in found:
                met.setdefault(token, (set(), set()))[malicious].add(domain)
        return {token: (len(good), len(bad)) for token, (good, bad) in met.items()}

    def rates(self, counts: dict[str, tuple[int, int]]) -> dict[str, float]:
        """Return the rates of the tokens of enough domains."""
        good_all, bad_all = (max(count, 1) for count in self._all)
        share = bad_all / (good_all + bad_all)
        return {
            token: round(
                log((bad + SMOOTHING * share) / bad_all)
                - log((good + SMOOTHING * (1 - share)) / good_all),
                _PLACES,
            )
            for token, (good, bad) in counts.items()
            if good + bad >= LEAST_DOMAINS
        }
