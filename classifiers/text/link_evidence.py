"""Scores the links inside texts with the model for links.

A link that scores as fraud blocks its text unless the words speak against it. Neither model alone
could set so low a threshold: of legitimate texts a few hold a link that scores high, and more hold
words that score a little, but no legitimate text of a real source among the training and
validation rows has both. The two figures were chosen there; what they do per source is shown by
`python -m classifiers.training.text.links_in_texts`.

Where the words do speak against it, a link that reaches the threshold of its own channel marks its
text: it would be blocked when opened. Links are scored only where that can change the decision, and
once each while they are remembered: a campaign sends one link in many texts.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from classifiers.interfaces import LinkScorer
from fanzha.tables import Bools, Float32s, Int64s

LINK_SCORE = np.float32(0.98)
"""From this score on, a link is evidence against its text."""
WORD_SCORE = np.float32(0.03)
"""Below this score of its words, a text is let through whatever its link."""


KNOWN_LINKS = 4096
"""Scores of at most this many links are kept."""


class ScoredLink(NamedTuple):
    """A link in a text, and its score by the model for links, which is single precision."""

    score: float
    url: str


class LinkScores:
    """Scores of links by one model, made once each. One thread only."""

    def __init__(self, most: int = KNOWN_LINKS) -> None:
        self._most = most
        self._model: LinkScorer | None = None
        self._known: dict[str, ScoredLink] = {}

    def of(self, model: LinkScorer, urls: Sequence[str]) -> list[ScoredLink]:
        """Return each canonical URL with its score by *model*; forget those of any other model."""
        if model is not self._model or len(self._known) >= self._most:
            self._model, self._known = model, {}
        known = self._known
        try:
            return [known[url] for url in urls]
        except KeyError:
            new = [url for url in dict.fromkeys(urls) if url not in known]
        found = zip(model.score(new).tolist(), new, strict=True)
        known |= {url: ScoredLink(score, url) for score, url in found}
        return [known[url] for url in urls]


def highest(
    score: Callable[[Sequence[str]], Sequence[ScoredLink]],
    urls: Sequence[str],
    owners: Int64s,
    word_scores: Float32s,
    threshold: float | Float32s,
) -> dict[int, ScoredLink]:
    """Return the highest-scoring link of each text that its words do not block, by row.

    *score* returns each link with its score. *urls* are canonical, *owners* the row of the text of
    each; *word_scores* are NaN where there is none, and *threshold* is theirs, one for all texts or
    a column.
    """
    # Comparisons with NaN are false: without a model for words the text is let through.
    is_open = (word_scores < np.asarray(threshold, np.float32)).tolist()
    pairs = zip(owners.tolist(), urls, strict=True)
    candidates = [(row, url) for row, url in pairs if is_open[row]]
    if not candidates:
        return {}
    found: dict[int, ScoredLink] = {}
    scored = score([url for _, url in candidates])
    for (row, _), link in zip(candidates, scored, strict=True):
        before = found.get(row)
        if before is None or link.score > before.score:
            found[row] = link
    return found


def blocking(word_scores: Float32s, found: Mapping[int, ScoredLink]) -> Bools | None:
    """Return a mask of texts that their link blocks; None without any."""
    reached = _reached(len(word_scores), found, LINK_SCORE)
    return None if reached is None else reached & (word_scores >= WORD_SCORE)


def marking(rows: int, found: Mapping[int, ScoredLink], link_threshold: float) -> Bools | None:
    """Return a mask of texts with a link that its own channel blocks; None without any."""
    return _reached(rows, found, np.float32(link_threshold))


def _reached(rows: int, found: Mapping[int, ScoredLink], score: np.float32) -> Bools | None:
    # Scores are single precision; compared as Python's numbers, few cost next to nothing.
    least = float(score)
    reached = [row for row, link in found.items() if link.score >= least]
    if not reached:
        return None
    column = np.zeros(rows, np.bool_)
    column[reached] = True
    return column
