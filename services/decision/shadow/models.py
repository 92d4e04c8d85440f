"""A second model of a kind that scores the same traffic and decides nothing.

A shadow takes time on the decision path for each batch it sees, so the share of batches is a
setting; batches are picked at regular intervals, not at random.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Generic, TypeVar

import numpy as np

from classifiers.interfaces import CallerScorer, LinkScorer, TextScorer, VelocityScorer
from classifiers.text.facts import FactsOf
from fanzha.decisions import Action, Reason
from fanzha.tables import CallerActivity, Float32s, Links, Texts, Uint8s
from services.decision.host_facts import WeighFacts

Scorer = TypeVar("Scorer", CallerScorer, TextScorer, LinkScorer, VelocityScorer)


class ShadowDifference(IntEnum):
    """What a shadow would have done with a row."""

    SAME = 0
    WOULD_BLOCK = 1
    WOULD_ALLOW = 2


class MarkChange(IntEnum):
    """What the shadow of a velocity model would have done with a call."""

    SAME = 0
    WOULD_MARK = 1
    WOULD_CLEAR = 2


class Shadow(Generic[Scorer]):
    """A shadow model. One thread only."""

    def __init__(self, model: Scorer, threshold: float, share: float = 1.0) -> None:
        self.model: Scorer = model
        self.threshold = threshold
        self.share = share
        self.faulted = False
        """Whether it has failed before; only the first failure is logged."""
        self._credit = 0.0

    def takes_turn(self) -> bool:
        """Tell whether the next batch is among the share of batches it sees."""
        self._credit += self.share
        if self._credit < 1.0:
            return False
        self._credit -= 1.0
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadows:
    """The shadow of each channel, where there is one."""

    caller: Shadow[CallerScorer] | None = None
    text: Shadow[TextScorer] | None = None
    link: Shadow[LinkScorer] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowQuery:
    """One batch for a shadow; nothing is scored before `score` is called."""

    shadow: Shadow[Any]
    score: Callable[[], tuple[Float32s, Uint8s | None]]
    """Returns scores, and of texts the fraud types."""


def query_calls(
    shadow: Shadow[CallerScorer] | None, activity: CallerActivity
) -> ShadowQuery | None:
    """Return the query for a batch of calls; None without a shadow, or when it is not its turn."""
    if shadow is None or not shadow.takes_turn():
        return None
    model = shadow.model
    return ShadowQuery(shadow=shadow, score=lambda: (model.score(activity), None))


def query_texts(
    shadow: Shadow[TextScorer] | None, texts: Texts, facts: FactsOf
) -> ShadowQuery | None:
    """Return the query for a batch of texts, as `query_calls` does."""
    if shadow is None or not shadow.takes_turn():
        return None
    model = shadow.model

    def score() -> tuple[Float32s, Uint8s]:
        scores = model.score(texts, facts)
        return scores.p_fraud, scores.fraud_types

    return ShadowQuery(shadow=shadow, score=score)


def query_links(
    shadow: Shadow[LinkScorer] | None, links: Links, weigh: WeighFacts
) -> ShadowQuery | None:
    """Return the query for a batch of links, as `query_calls` does.

    *weigh* lets what is told of their hosts move scores, as it does those of the active model.
    """
    if shadow is None or not shadow.takes_turn():
        return None
    model = shadow.model

    def score() -> tuple[Float32s, None]:
        scores = model.score(links.urls)
        found = weigh(links, scores, shadow.threshold)
        return (scores if found is None else found.scores), None

    return ShadowQuery(shadow=shadow, score=score)


def changes(actions: Uint8s, otherwise: Uint8s) -> Uint8s:
    """Return the `ShadowDifference` of each row from *actions* to what a shadow would do."""
    blocked, would_block = actions == np.uint8(Action.BLOCK), otherwise == np.uint8(Action.BLOCK)
    found = np.full(len(actions), ShadowDifference.SAME, np.uint8)
    found[would_block & ~blocked] = ShadowDifference.WOULD_BLOCK
    found[blocked & ~would_block] = ShadowDifference.WOULD_ALLOW
    return found


def mark_changes(reasons: Uint8s, otherwise: Uint8s) -> Uint8s:
    """Return the `MarkChange` of each call from its reason to the one a shadow would give.

    A call that something else decides is the same, whatever its velocity.
    """
    marked, would_mark = (
        reasons == np.uint8(Reason.VELOCITY),
        otherwise == np.uint8(Reason.VELOCITY),
    )
    found = np.full(len(reasons), MarkChange.SAME, np.uint8)
    found[would_mark & ~marked] = MarkChange.WOULD_MARK
    found[marked & ~would_mark] = MarkChange.WOULD_CLEAR
    return found
