"""Weighs what a gateway tells of a link's domain, beside the model, by stated likelihood ratios.

No data at hand has the age, the first sight or the popularity of a domain when a link to it was
reported, so nothing here is learned. The ratios are judgement: how many times as likely a fact is
of a fraudulent domain as of a legitimate one. They are kept near 1, multiply the odds of the score
by Bayes' rule, and their product is bounded, so that no fact decides without the model.

- Age and first sight say much the same: of the two only the one that is farther from 1 counts.
- Known for long, seen for long or used by many says nothing of a page that anybody may put on a
  platform or hide behind a short link: there, only what speaks for fraud counts.
- An unknown fact is the ratio 1, and a score without any fact stays the same to the bit.
"""

from collections.abc import Sequence
from math import log
from typing import NamedTuple

import numpy as np

from classifiers.link.url_services import HOSTING, SHORT_LINKS
from fanzha.hosts import public_suffix, registrable
from fanzha.tables import UNKNOWN_FACT, Float32s, HostFacts, Int64s
from fanzha.url import split

HIGHEST, LOWEST = 8.0, 0.02
"""Bounds of the product."""


class RatioSteps(NamedTuple):
    """The ratio of a fact by its size."""

    limits: tuple[int, ...]
    """Ascending; a fact up to a limit has its ratio, one beyond the last has the last ratio."""
    ratios: tuple[float, ...]

    def logs(self, facts: Int64s) -> Float32s:
        """Return the logs of the ratios; 0 for `UNKNOWN_FACT`."""
        found = np.log(np.array(self.ratios)).take(np.searchsorted(self.limits, facts))
        logs: Float32s = np.where(facts == UNKNOWN_FACT, 0, found).astype(np.float32)
        return logs


DOMAIN_AGE = RatioSteps((7, 30, 90, 730, 1825), (8.0, 4.0, 2.0, 1.0, 0.5, 0.25))
"""By days since it was registered."""
FIRST_SEEN = RatioSteps((1, 7, 30, 365), (4.0, 2.0, 1.0, 0.5, 0.25))
"""By days since somebody of the network first asked for it."""
POPULARITY = RatioSteps((1_000, 10_000, 100_000, 1_000_000), (0.02, 0.05, 0.2, 0.5, 1.0))
"""By rank."""

_LOG_BOUNDS = np.float32(log(LOWEST)), np.float32(log(HIGHEST))
_ONE = np.float32(1)


def log_ratios(urls: Sequence[str], facts: HostFacts) -> Float32s:
    """Return by how much the facts move the log-odds of each of canonical *urls*."""
    ages = DOMAIN_AGE.logs(facts.domain_age_days)
    sights = FIRST_SEEN.logs(facts.first_seen_days)
    ranks = np.where(facts.popularity_rank == 0, UNKNOWN_FACT, facts.popularity_rank)
    told = np.where(np.abs(ages) >= np.abs(sights), ages, sights) + POPULARITY.logs(ranks)
    against = np.maximum(np.maximum(ages, sights), 0)
    # Of most links nothing is told that speaks for them; the others are looked at one by one.
    for row in (told < against).nonzero()[0].tolist():
        if _is_anybodys(urls[row]):
            told[row] = against[row]
    logs: Float32s = np.clip(told, *_LOG_BOUNDS).astype(np.float32)
    return logs


def weigh(scores: Float32s, logs: Float32s) -> Float32s:
    """Return *scores* with their odds multiplied; where a log ratio is 0 they stay as they are."""
    ratios = np.exp(logs)
    # Rounding may leave a float just above 1.
    moved = np.minimum(scores * ratios / (_ONE + scores * (ratios - _ONE)), _ONE)
    weighed: Float32s = np.where(logs == 0, scores, moved).astype(np.float32)
    return weighed


def _is_anybodys(url: str) -> bool:
    """Return whether anybody may put a page on that host, or a link behind it."""
    host = split(url)[0]
    return public_suffix(host) in HOSTING or registrable(host) in SHORT_LINKS
