"""Scores calls with the velocity model, between the caller model and the rules.

The memory counts every call, scored or not. A model that breaks marks nothing; the first failure is
logged, the others are counted, and calls are decided without it.
"""

import logging
from collections.abc import Callable, Iterator
from typing import NamedTuple, Self

import numpy as np

from classifiers.interfaces import VelocityScorer
from classifiers.velocity.classifier import VelocityInputs, enough, facts, inputs_of
from classifiers.velocity.memory import CallerVelocity, VelocityMemory
from fanzha.tables import Bools, CallerActivity, Calls, Float32s, Int64s
from infra.safe_traceback import kind_and_places
from services.decision.shadow.models import Shadow, ShadowQuery

logger = logging.getLogger(__name__)


class VelocityModel(NamedTuple):
    """The velocity model in force, and perhaps its shadow."""

    model: VelocityScorer
    threshold: float
    shadow: Shadow[VelocityScorer] | None = None


class VelocityResult(NamedTuple):
    """The scores of the velocity model for a batch of calls."""

    reached: Bools
    """Calls whose score reaches the threshold."""
    scores: Float32s
    version: str
    blocks: bool
    """Whether such calls are blocked, and not only marked."""
    rows: Int64s
    """The rows that were scored: calls of callers that made enough of them lately."""
    inputs: VelocityInputs | None
    """The model's inputs for these rows; None without any, or when the model broke."""
    threshold: float
    shadow_query: ShadowQuery | None = None
    """The same batch for a shadow; None without one, or when it is not its turn."""

    def reached_inputs(self) -> Iterator[tuple[int, float, dict[str, float]]]:
        """Return row, score and inputs of each call that reaches the threshold."""
        rows = self.reached.nonzero()[0]
        if self.inputs is not None and len(rows):
            known = facts(self.inputs, np.searchsorted(self.rows, rows))
            yield from zip(rows.tolist(), self.scores[rows].tolist(), known, strict=True)


class VelocityStage:
    """The velocity model of a worker, and its memory of callers. One thread only."""

    def __init__(
        self,
        *,
        current: Callable[[], VelocityModel],
        memory: VelocityMemory,
        blocks: bool = False,
        home_country: str = "86",
        dry_run: bool = False,
    ) -> None:
        """Call *current* once for each batch; a *dry_run* counts no call and asks no shadow."""
        self.memory = memory
        self._current = current
        self._dry_run = dry_run
        self.blocks = blocks
        self._home_country = home_country
        self._faulted = False

    def for_dry_runs(self) -> Self:
        """Return a stage that scores by the same memory, and counts nothing in it."""
        return type(self)(
            current=self._current,
            memory=self.memory,
            blocks=self.blocks,
            home_country=self._home_country,
            dry_run=True,
        )

    def score(
        self,
        calls: Calls,
        activity: CallerActivity,
        implausible: Bools,
        failed: Callable[[], None],
    ) -> VelocityResult:
        """Score each call; when the model breaks, call *failed* and mark none.

        Most callers made too few calls lately to be scored.
        """
        velocity = self.memory.peek(calls) if self._dry_run else self.memory.observe(calls)
        model, threshold, shadow = self._current()
        rows = enough(velocity.attempts_hour).nonzero()[0]
        scores = np.zeros(len(calls), np.float32)
        inputs: VelocityInputs | None = None
        try:
            if len(rows):
                inputs = self._inputs(calls, velocity, activity, implausible, rows)
                scores[rows] = model.score(inputs)
        except Exception as error:
            # Whatever breaks in the model, traffic goes on without it.
            self._log_failure(error)
            failed()
        else:
            if self._faulted and len(rows):
                logger.info("the velocity model scores again")
                self._faulted = False
        return VelocityResult(
            reached=scores >= np.float32(threshold),
            scores=scores,
            version=model.version,
            blocks=self.blocks,
            rows=rows,
            inputs=inputs,
            threshold=threshold,
            shadow_query=_shadow_query(None if self._dry_run else shadow, len(calls), rows, inputs),
        )

    def _inputs(
        self,
        calls: Calls,
        velocity: CallerVelocity,
        activity: CallerActivity,
        implausible: Bools,
        rows: Int64s,
    ) -> VelocityInputs:
        return inputs_of(
            calls, velocity, activity, implausible, rows=rows, home_country=self._home_country
        )

    def _log_failure(self, error: Exception) -> None:
        # Logged once, then only counted: a line per batch would slow down what is left.
        if not self._faulted:
            logger.error(
                "the velocity model fails; it is only counted from now on: %s",
                kind_and_places(error),
            )
        self._faulted = True


def _shadow_query(
    shadow: Shadow[VelocityScorer] | None, calls: int, rows: Int64s, inputs: VelocityInputs | None
) -> ShadowQuery | None:
    if shadow is None or not shadow.takes_turn():
        return None
    model = shadow.model

    def score() -> tuple[Float32s, None]:
        scores = np.zeros(calls, np.float32)
        if inputs is not None:
            scores[rows] = model.score(inputs)
        return scores, None

    return ShadowQuery(shadow=shadow, score=score)


def always(model: VelocityScorer) -> Callable[[], VelocityModel]:
    """Return a source of models that is always *model*, with its own threshold."""
    in_force = VelocityModel(model, model.threshold)
    return lambda: in_force
