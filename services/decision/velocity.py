"""Asks the velocity model about calls, between the caller model and the policy.

Its memory counts every call, heard or not. A model that breaks says nothing, is told of once and
counted; the calls go on without it.
"""

import logging
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from classifiers.interfaces import VelocityScorer
from classifiers.velocity.classifier import VelocityInputs, enough, facts, inputs_of
from classifiers.velocity.memory import VelocityMemory
from fanzha.tables import Bools, CallerActivity, Calls, Float32s, Int64s
from infra.safe_traceback import kind_and_places
from services.decision.shadow.models import Shadow, ShadowQuery

logger = logging.getLogger(__name__)


class VelocityModel(NamedTuple):
    """The velocity model in force, and perhaps one that watches."""

    model: VelocityScorer
    threshold: float
    shadow: Shadow[VelocityScorer] | None = None


class Suspicion(NamedTuple):
    """What the velocity model believes of a batch of calls."""

    reached: Bools
    """Calls whose score reaches the threshold."""
    scores: Float32s
    version: str
    blocks: bool
    """Whether such calls are blocked, and not only marked."""
    rows: Int64s
    """Calls that were scored: those whose callers made enough of them lately."""
    inputs: VelocityInputs | None
    """What the model was told of these; None when it was not asked, or broke."""
    question: ShadowQuery | None = None
    """The same batch, put to a shadow; None without one, or when it is not its turn."""

    def told(self) -> Iterator[tuple[int, float, dict[str, float]]]:
        """Return row, score and what the model was told, of the calls that are suspicious."""
        rows = self.reached.nonzero()[0]
        if self.inputs is not None and len(rows):
            known = facts(self.inputs, np.searchsorted(self.rows, rows))
            yield from zip(rows.tolist(), self.scores[rows].tolist(), known, strict=True)


class VelocityStage:
    """The velocity model of a worker, and what it remembers. One thread only."""

    def __init__(
        self,
        *,
        current: Callable[[], VelocityModel],
        memory: VelocityMemory,
        blocks: bool = False,
        home_country: str = "86",
    ) -> None:
        """Make the stage; *current* is asked once for each batch."""
        self.memory = memory
        self._current = current
        self._blocks = blocks
        self._home_country = home_country
        self._faulted = False

    def ask(
        self,
        calls: Calls,
        activity: CallerActivity,
        implausible: Bools,
        failed: Callable[[], None],
    ) -> Suspicion:
        """Score each call; none is suspicious, and *failed* is called, when the model breaks.

        Calls of callers that made too few of them lately are not scored, and most are such.
        """
        moment = self.memory.observe(calls)
        model, threshold, shadow = self._current()
        rows = enough(moment.attempts_hour).nonzero()[0]
        scores = np.zeros(len(calls), np.float32)
        inputs: VelocityInputs | None = None
        try:
            if len(rows):
                inputs = inputs_of(
                    calls,
                    moment,
                    activity,
                    implausible,
                    rows=rows,
                    home_country=self._home_country,
                )
                scores[rows] = model.score(inputs)
        except Exception as error:
            # Whatever breaks in the model, traffic goes on without it.
            self._tell(error)
            failed()
        else:
            if self._faulted and len(rows):
                logger.info("the velocity model is heard again")
                self._faulted = False
        return Suspicion(
            reached=scores >= np.float32(threshold),
            scores=scores,
            version=model.version,
            blocks=self._blocks,
            rows=rows,
            inputs=inputs,
            question=_question(shadow, len(calls), rows, inputs),
        )

    def _tell(self, error: Exception) -> None:
        # Told once, then only counted: a line per batch would slow down what is left.
        if not self._faulted:
            logger.error("no velocity model is heard from now on: %s", kind_and_places(error))
        self._faulted = True


def _question(
    shadow: Shadow[VelocityScorer] | None, calls: int, rows: Int64s, inputs: VelocityInputs | None
) -> ShadowQuery | None:
    if shadow is None or not shadow.takes_turn():
        return None
    model = shadow.model

    def ask() -> tuple[Float32s, None]:
        scores = np.zeros(calls, np.float32)
        if inputs is not None:
            scores[rows] = model.score(inputs)
        return scores, None

    return ShadowQuery(shadow=shadow, ask=ask)


def always(model: VelocityScorer) -> Callable[[], VelocityModel]:
    """Return what says that *model* is in force, with its own threshold."""
    in_force = VelocityModel(model, model.threshold)
    return lambda: in_force
