"""What the training rows say of suffixes and words of URLs, for `classifiers.link.url_columns`.

A rate is the log of how much more often a suffix or word is met among malicious than among
legitimate registrable domains, smoothed; each domain counts once, so that a large site cannot set
a rate. Rare ones have none.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from classifiers.card_fields import checked_field

SHORTEST_WORD, LONGEST_WORD = 3, 12
"""Letters of the words of the lexicon."""


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


def dump(statistics: UrlStatistics) -> str:
    """Write *statistics* as JSON, equal ones equally."""
    table = {**asdict(statistics), "lexicon": sorted(statistics.lexicon)}
    return json.dumps(table, sort_keys=True, separators=(",", ":"))


def parse(text: str) -> UrlStatistics:
    """Read what `dump` wrote; `ValueError` for anything else."""
    table = json.loads(text)
    if not isinstance(table, dict):
        raise ValueError("the statistics of URLs are no table")  # noqa: TRY004 - of a file
    rates = (
        *("suffixes", "suffix_domains", "top_levels", "host_words", "name_words", "path_words"),
    )
    return UrlStatistics(
        **{name: _rates(checked_field(table, name, dict)) for name in rates},
        lexicon=frozenset(map(str, checked_field(table, "lexicon", list))),
    )


def _rates(table: Mapping[str, object]) -> Mapping[str, float]:
    return {word: checked_field(table, word, float) for word in table}
