"""What the second stage knows of a text besides its words: its links, and who sent it.

Each fact adds to the log odds of fraud by a weight of the bundle's card. An unknown fact adds
exactly zero, and so does all of a bundle without weights. A fact that the author of a text can
choose only ever adds: a harmless link is no alibi, and neither is a sender never seen before.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from classifiers.text.sender_classes import SenderClass, sender_classes
from fanzha.tables import Float32s, Int64s

MOST_LINK_ODDS = 6.0
"""Log odds of a link beyond this add no more: one link never decides alone."""


class TextFacts(NamedTuple):
    """Facts of some texts, a value each; NaN stands for unknown."""

    link_odds: Float32s
    """Log odds of the link that the model for links scores highest."""
    blocked_share: Float32s
    """Of the sender's texts since the first that was blocked, those that were, 0 to 1."""


FactsOf = Callable[[Sequence[int]], TextFacts]
"""Returns the facts of rows of a batch, asked for uncertain ones only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactWeights:
    """What facts add to the log odds of the second stage."""

    link: float = 0.0
    """Of each log odds of fraud of the link, from even odds on."""
    history: float = 0.0
    """Of a sender all of whose texts were blocked."""
    classes: Mapping[SenderClass, float] = field(default_factory=dict)
    """Of the sender's class; a class that is missing adds nothing."""

    def added(self, facts: TextFacts, senders: Int64s) -> Float32s:
        """Return what the *facts* of texts and their *senders* (keys) add, float32."""
        links = np.clip(np.nan_to_num(facts.link_odds), 0.0, MOST_LINK_ODDS)
        shares = np.clip(np.nan_to_num(facts.blocked_share), 0.0, 1.0)
        found = self.link * links + self.history * shares
        if self.classes:
            table = np.zeros(len(SenderClass), np.float64)
            for kind, weight in self.classes.items():
                table[kind] = weight
            table[SenderClass.UNKNOWN] = 0.0
            found = found + table[sender_classes(senders)]
        added: Float32s = found.astype(np.float32)
        return added


NO_WEIGHTS = FactWeights()


def strongest(rows: Sequence[int]) -> TextFacts:
    """Return the facts that add most, for what a score can have been at the most."""
    return TextFacts(np.full(len(rows), MOST_LINK_ODDS, np.float32), np.ones(len(rows), np.float32))


def link_odds(scores: Float32s) -> Float32s:
    """Return the log odds of the scores of links, bounded; NaN stays NaN."""
    p = np.clip(scores.astype(np.float64), 1e-6, 1 - 1e-6)
    odds: Float32s = np.log(p / (1 - p)).astype(np.float32)
    return odds
