"""Asks a second model of a kind about the same traffic, to see what it would decide otherwise.

A shadow decides nothing. It costs its time on the decision path of the batches it sees, so the
share of batches is settable; which ones is counted out, not drawn.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Generic, TypeVar

import numpy as np

from classifiers.interfaces import CallerScorer, LinkScorer, TextScorer, VelocityScorer
from fanzha.decisions import Action, Reason
from fanzha.tables import CallerActivity, Float32s, Texts, Uint8s

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
    """A model that watches. One thread only."""

    def __init__(self, model: Scorer, threshold: float, share: float = 1.0) -> None:
        self.model: Scorer = model
        self.threshold = threshold
        self.share = share
        self.faulted = False
        """Whether it has failed before; one traceback in the log is enough."""
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
    """One batch, put to a shadow; nothing is scored before `ask`."""

    shadow: Shadow[Any]
    ask: Callable[[], tuple[Float32s, Uint8s | None]]
    """Scores, and of texts the fraud types."""


def about_calls(
    shadow: Shadow[CallerScorer] | None, activity: CallerActivity
) -> ShadowQuery | None:
    """Ask about callers; None without a shadow, or when it is not its turn."""
    if shadow is None or not shadow.takes_turn():
        return None
    model = shadow.model
    return ShadowQuery(shadow=shadow, ask=lambda: (model.score(activity), None))


def about_texts(shadow: Shadow[TextScorer] | None, texts: Texts) -> ShadowQuery | None:
    """Ask about texts, as `about_calls` does."""
    if shadow is None or not shadow.takes_turn():
        return None
    model = shadow.model

    def ask() -> tuple[Float32s, Uint8s]:
        scores = model.score(texts)
        return scores.p_fraud, scores.fraud_types

    return ShadowQuery(shadow=shadow, ask=ask)


def about_links(shadow: Shadow[LinkScorer] | None, urls: Sequence[str]) -> ShadowQuery | None:
    """Ask about links, as `about_calls` does."""
    if shadow is None or not shadow.takes_turn():
        return None
    model = shadow.model
    return ShadowQuery(shadow=shadow, ask=lambda: (model.score(urls), None))


def changes(actions: Uint8s, otherwise: Uint8s) -> Uint8s:
    """Return the `ShadowDifference` of each row from *actions* to what a shadow would do."""
    blocked, would_block = actions == np.uint8(Action.BLOCK), otherwise == np.uint8(Action.BLOCK)
    found = np.full(len(actions), ShadowDifference.SAME, np.uint8)
    found[would_block & ~blocked] = ShadowDifference.WOULD_BLOCK
    found[blocked & ~would_block] = ShadowDifference.WOULD_ALLOW
    return found


def mark_changes(reasons: Uint8s, otherwise: Uint8s) -> Uint8s:
    """Return the `MarkChange` of each call from its reason to the one a shadow would give.

    Calls that are decided by something else are the same, whatever their moment.
    """
    marked, would_mark = (
        reasons == np.uint8(Reason.VELOCITY),
        otherwise == np.uint8(Reason.VELOCITY),
    )
    found = np.full(len(reasons), MarkChange.SAME, np.uint8)
    found[would_mark & ~marked] = MarkChange.WOULD_MARK
    found[marked & ~would_mark] = MarkChange.WOULD_CLEAR
    return found
