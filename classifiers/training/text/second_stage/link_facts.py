"""The scores of links in training texts, and the weight that the second stage gives them.

Links of published texts are mostly masked or long dead, so few rows have one, and the weight is
drawn towards zero: a prior of half a log odds for each log odds of the link.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np

from classifiers import bundles
from classifiers.link.classifier import LinkClassifier
from classifiers.text.facts import MOST_LINK_ODDS, link_odds
from fanzha.links import find_links
from fanzha.tables import Bools, Float32s

_PRIOR = 0.5
_STEPS = 50
_MOST_WEIGHT = 1.0
"""So that the link counts no more than the words that lead to it."""

HISTORY_WEIGHT = 1.5
"""Stated, not fitted: no source names its senders. A sender all of whose texts were blocked raises
even odds to four in five."""


class LinkOdds:
    """Log odds of the links in texts, each text looked at once."""

    def __init__(self) -> None:
        self._known: dict[str, float] = {}

    def of(self, texts: Sequence[str]) -> Float32s:
        """Return the log odds of the highest-scoring link of each text; NaN without one."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        links = [find_links(text) for text in new]
        urls = list(dict.fromkeys(url for found in links for url in found))
        scores = dict(zip(urls, link_model().score(urls).tolist(), strict=True)) if urls else {}
        for text, found in zip(new, links, strict=True):
            of_text = np.array([scores[url] for url in found], np.float32)
            highest = np.fmax.reduce(of_text, initial=np.float32(np.nan))
            self._known[text] = float(link_odds(np.array([highest], np.float32))[0])
        return np.array([self._known[text] for text in texts], np.float32)


@cache
def link_model() -> LinkClassifier:
    """Return the model for links that is shipped."""
    return bundles.load_link()


def fitted_weight(odds: Float32s, links: Float32s, frauds: Bools) -> float:
    """Return what each log odds of a link adds to the log *odds* of rows: a logistic fit.

    Only rows with a link, above even odds, say anything; without any the weight is zero.
    """
    x = np.clip(np.nan_to_num(links), 0.0, MOST_LINK_ODDS).astype(np.float64)
    says = x > 0
    x, z, y = x[says], odds[says].astype(np.float64), frauds[says].astype(np.float64)
    weight = 0.0
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-np.clip(z + weight * x, -40, 40)))
        slope = ((y - p) * x).sum() - weight / _PRIOR**2
        bend = (p * (1 - p) * x * x).sum() + 1 / _PRIOR**2
        weight += slope / bend
    return round(float(np.clip(weight, 0.0, _MOST_WEIGHT)), 4)
